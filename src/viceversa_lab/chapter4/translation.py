"""One drawn world translated both ways by one CycleGAN: shared by apples_oranges, summer_winter and neutral_smiling."""

from dataclasses import dataclass
from typing import Any

from viceversa.methods.protocol import SIDES
from viceversa.worlds.scenes import WORLDS

from ..blocks import Animation, Block, Figure, Finding, Table
from ..experiment import Results
from ..interval import Interval, interval
from ..workspace import Workspace
from .trained import COLUMNS, animation_frames, draw_scenes, enlarged, gallery, learn, score_run, with_sign

SCORES = {"input": "input", "best colours": "colour", "CycleGAN": "translation"}  # row of the table to score


@dataclass(frozen=True)
class Settings:
    """The networks and losses of preset `quickstart` on one drawn world, in steps of one image."""

    world: str
    size: int = 64
    scenes: int = 400
    steps: int = 3000
    sheets: int = 24  # frames of the animation
    seeds: tuple[int, ...] = (0, 1, 2)
    change: tuple[str, ...] = ()


def measure(s: Settings, work: Workspace) -> dict[str, Any]:
    """Scores of every seed in both directions; images and animation of the first seed."""
    data = draw_scenes(work, s.world, size=s.size, count=s.scenes)

    def one(seed: int) -> dict[str, dict[str, float]]:
        change = (*s.change, f"train.samples={s.sheets if seed == s.seeds[0] else 0}")
        run = learn(work, f"seed-{seed}", data, size=s.size, steps=s.steps, seed=seed, change=change)
        if seed == s.seeds[0]:
            for to in SIDES:
                work.save_image(f"to-{to}", gallery(run, data, to))
            for i, frame in enumerate(animation_frames(run, s.size)):
                work.save_image(f"frame-{i:02}", frame)
        return score_run(run, data)

    return {"scores": work.map("seed", [(seed,) for seed in s.seeds], one)}


def direction_names(results: Results) -> dict[str, str]:
    """The side that a direction translates to, and its name."""
    a, b = WORLDS[results.settings.world].domains
    return {"B": f"{a} → {b}", "A": f"{b} → {a}"}


def mean(results: Results, to: str, score: str) -> Interval:
    """One score over the seeds."""
    return interval(scores[to][score] for scores in results["scores"])


def gain(results: Results, to: str, score: str, baseline: str) -> Interval:
    """By how much one score exceeds another, over the seeds."""
    return interval(scores[to][score] - scores[to][baseline] for scores in results["scores"])


def figures(results: Results) -> list[Block]:
    """The first test scenes in both directions, and the animation."""
    s, names = results.settings, direction_names(results)
    a, b = WORLDS[s.world].domains
    frames = sorted(path.stem for path in (results.folder / "images").glob("frame-*.png"))
    directions = [
        Figure(
            enlarged(results.image(f"to-{to}")),
            f"{name}, the first {COLUMNS} test scenes. Rows from above: input, translation, cycle, truth. "
            f"Seed {s.seeds[0]}.",
            alt=f"Test scenes {name}: input, translation, cycle, and truth in four rows",
            wide=True,
        )
        for to, name in names.items()
    ]
    animation = Figure(
        Animation([enlarged(results.image(name)) for name in frames], milliseconds=200),
        f"The same test scenes while both generators learn, from the first step to step {s.steps:,}: above four {a} "
        f"and four {b} scenes, below their translations.",
        alt="An animation of eight test scenes whose translations take on the look of the other domain",
        wide=True,
    )
    return [*directions, animation]


def numbers(results: Results) -> list[Block]:
    """The table of scores and the gain over the best change of colours."""
    names, n = direction_names(results), len(results.settings.seeds)
    rows: list[list[Any]] = []
    for suffix, where in (("", ""), (" changed", ", changed parts")):
        for label, score in SCORES.items():
            rows.append([label + where, *(f"{mean(results, to, score + suffix):.1f}" for to in names)])
    rows.append(["cycle error", *(f"{mean(results, to, 'cycle'):.3f}" for to in names)])

    gains = [f"{with_sign(gain(results, to, 'translation', 'colour'))} for {name}" for to, name in names.items()]
    changed = [with_sign(gain(results, to, "translation changed", "colour changed")) for to in names]
    return [
        Table(
            ["PSNR, dB", *names.values()],
            rows,
            "PSNR of all test scenes against the truth. The best colours are a global change fitted on the truth. "
            "Changed parts are those where scene and truth differ. "
            f"Last row: mean absolute error of $F(G(a))$, $G(F(b))$ in [−1, 1]. n = {n}.",
        ),
        Finding(
            f"Against the best change of colours the translation reaches {' and '.join(gains)}; over the pixels that "
            f"must change, {' and '.join(changed)} (n = {n})."
        ),
    ]

"""One world translated both ways by one CycleGAN: apples_oranges, summer_winter and neutral_smiling share it."""

from dataclasses import dataclass
from typing import Any

from viceversa.methods.protocol import SIDES
from viceversa.worlds.scenes import WORLDS

from ..experiment import Found
from ..interval import Interval, interval
from ..parts import Figure, Film, Finding, Part, Table
from ..work import Work
from .trained import COLUMNS, draw, film, gallery, judge, larger, learn, signed

ANSWERS = {"input": "input", "best colours": "colour", "CycleGAN": "translation"}  # row to score


@dataclass(frozen=True)
class Settings:
    """The networks and losses of preset `quickstart` on one drawn world, in steps of one picture."""

    world: str
    size: int = 64
    scenes: int = 400
    steps: int = 3000
    sheets: int = 24  # frames of the film
    seeds: tuple[int, ...] = (0, 1, 2)
    change: tuple[str, ...] = ()


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """Scores of every seed both ways; pictures and film of the first."""
    data = draw(work, s.world, size=s.size, count=s.scenes)

    def one(seed: int) -> dict[str, dict[str, float]]:
        change = (*s.change, f"train.samples={s.sheets if seed == s.seeds[0] else 0}")
        run = learn(
            work, f"seed-{seed}", data, preset="quickstart", size=s.size, steps=s.steps, seed=seed, change=change
        )
        if seed == s.seeds[0]:
            for to in SIDES[::-1]:
                work.picture(f"to-{to}", gallery(run, data, to))
            for i, frame in enumerate(film(run, s.size)):
                work.picture(f"film-{i:02}", frame)
        return judge(run, data)

    return {"scores": work.each("seed", [(seed,) for seed in s.seeds], one)}


def ways(found: Found) -> dict[str, str]:
    """The side a direction leads to, and its name."""
    a, b = WORLDS[found.settings.world].domains
    return {"B": f"{a} → {b}", "A": f"{b} → {a}"}


def over(found: Found, to: str, score: str, other: str) -> Interval:
    """How far one score lies above another, over the seeds."""
    return interval(scores[to][score] - scores[to][other] for scores in found["scores"])


def pictures(found: Found) -> list[Part]:
    """Both directions as rows of unpicked test scenes, and the film."""
    names, seed = ways(found), found.settings.seeds[0]
    frames = sorted(path.stem for path in (found.folder / "pictures").glob("film-*.png"))
    shown: list[Part] = [
        Figure(
            larger(found.picture(f"to-{to}")),
            f"{names[to]}, the first {COLUMNS} test scenes. Rows from above: input, translation, there and back, "
            f"truth. Seed {seed}.",
            alt=f"Test scenes {names[to]}: input, translation, back again, and truth in four rows",
            wide=True,
        )
        for to in "BA"
    ]
    a, b = WORLDS[found.settings.world].domains
    shown.append(
        Figure(
            Film([larger(found.picture(name)) for name in frames], milliseconds=200),
            f"The same test scenes while both generators learn, from the first step to step {found.settings.steps:,}: "
            f"above four {a} and four {b} scenes, below what they become.",
            alt="An animation of eight test scenes whose translations take on the other domain’s look",
            wide=True,
        )
    )
    return shown


def numbers(found: Found) -> list[Part]:
    """The table of scores and the distance to the best change of colours."""
    names, n = ways(found), len(found.settings.seeds)
    rows: list[list[Any]] = []
    for suffix, where in (("", ""), (" changed", ", changed parts")):
        for label, score in ANSWERS.items():
            rows.append([label + where, *(f"{mean(found, to, score + suffix):.1f}" for to in "BA")])
    rows.append(["error there and back", *(f"{mean(found, to, 'cycle'):.3f}" for to in "BA")])
    gains = {to: over(found, to, "translation", "colour") for to in "BA"}
    changed = {to: over(found, to, "translation changed", "colour changed") for to in "BA"}
    return [
        Table(
            ["PSNR, dB", *(names[to] for to in "BA")],
            rows,
            "Nearness to the truth of all test scenes. The best colours are a global change fitted on the truth. "
            "Changed parts are those where scene and truth differ. "
            f"Last row: mean absolute error of $F(G(a))$, $G(F(b))$ in [−1, 1]. n = {n}.",
        ),
        Finding(
            "Against the best change of colours the translation stands at "
            + " and ".join(f"{signed(gains[to])} from {names[to]}" for to in "BA")
            + "; counted only where something must change, at "
            + " and ".join(signed(changed[to]) for to in "BA")
            + f" (n = {n})."
        ),
    ]


def mean(found: Found, to: str, score: str) -> Interval:
    """One score over the seeds."""
    return interval(scores[to][score] for scores in found["scores"])

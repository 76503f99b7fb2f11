"""What are pairs worth? The report leaves them to pix2pix; here both methods learn from the same street fronts."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ..blocks import Block, Claim, Figure, Finding, Formula, Table, Text
from ..experiment import Experiment, Results
from ..figures import axes, points
from ..interval import interval, paired_difference
from ..workspace import Workspace
from .trained import (
    COLUMNS,
    SMALL,
    draw_scenes,
    learn,
    rows_below,
    save_test_rows,
    save_translations,
    score_run,
    with_sign,
)

OBJECTIVE = (
    r"\min_G \; \max_D \; \mathcal{L}_\text{cGAN}(G, D) + \lambda \, \mathbb{E}_{a,b} [\lVert b - G(a) \rVert_1]",
    r"\mathcal{L}_\text{cGAN}(G, D) = \mathbb{E}_{a,b} [\log D(a, b)] + \mathbb{E}_{a} [\log (1 - D(a, G(a)))]",
)
METHODS = {"CycleGAN": "quickstart", "pix2pix": "pix2pix-quick"}  # name to preset
TASKS = {"labels-day": ("labels", "day"), "day-night": ("day", "night")}
TASK_NAMES = {"labels-day": "labels → day", "day-night": "day → night"}
BASELINES = {"input": "input", "colours": "colour"}  # label to score


@dataclass(frozen=True)
class Settings:
    """Both methods have the same generator and take as many steps; CycleGAN trains four networks, pix2pix two."""

    size: int = 64
    scenes: int = 400
    steps: int = 1200
    seeds: tuple[int, ...] = (0, 1, 2)
    change: tuple[str, ...] = ()


def measure(s: Settings, work: Workspace) -> dict[str, Any]:
    """Scores of A -> B for every task, method and seed; translations of the first seed."""
    results: dict[str, Any] = {}
    for task, domains in TASKS.items():
        data = draw_scenes(work, "facades", size=s.size, count=s.scenes, domains=domains, paired=True)
        save_test_rows(work, data, "B", task + "-{}")
        results[task] = {
            method: work.map(
                f"{task} {method}", [(seed,) for seed in s.seeds], partial(train_and_score, s, work, task, method, data)
            )
            for method in METHODS
        }
    return results


def train_and_score(s: Settings, work: Workspace, task: str, method: str, data: Path, seed: int) -> dict[str, float]:
    """Scores of one training; the first seed also saves its first translations."""
    name, preset = f"{task}-{method}", METHODS[method]
    run = learn(work, f"{name}-{seed}", data, size=s.size, steps=s.steps, seed=seed, change=s.change, preset=preset)
    if seed == s.seeds[0]:
        save_translations(work, name, run, data, "B")
    return score_run(run, data)["B"]


def psnr(results: Results, task: str) -> dict[str, list[float]]:
    """PSNR of every seed by label; input and colours need no training and have one value."""
    by_label = {label: [results[task]["pix2pix"][0][name]] for label, name in BASELINES.items()}
    by_label |= {method: [scores["translation"] for scores in results[task][method]] for method in METHODS}
    return by_label


def plot(results: Results, task: str) -> Any:
    """PSNR of the baselines and of both methods."""
    values = psnr(results, task)
    figure, ax = axes("", "PSNR to the truth, dB", size="panel")
    points(ax, list(values), list(values.values()), joined=False)
    ax.set_xlim(-0.5, len(values) - 0.5)
    return figure


def translations(results: Results, task: str) -> Figure:
    """The first test scenes: input, CycleGAN, pix2pix, truth."""
    return Figure(
        rows_below(results, [f"{task}-{row}" for row in ("input", *METHODS, "truth")]),
        f"{TASK_NAMES[task]}, the first {COLUMNS} test scenes. Rows from above: input, CycleGAN, pix2pix, truth. "
        f"Seed {results.settings.seeds[0]}.",
        alt=f"Street fronts, {TASK_NAMES[task]}: input, both translations and the truth in rows",
        wide=True,
    )


def write(results: Results) -> list[Block]:
    s, n = results.settings, len(results.settings.seeds)
    values = {task: psnr(results, task) for task in TASKS}
    gains = {task: paired_difference(v["pix2pix"], v["CycleGAN"]) for task, v in values.items()}
    over_colours = [interval(value - v["colours"][0] for value in v["pix2pix"]) for v in values.values()]
    wins = [p > c for v in values.values() for p, c in zip(v["pix2pix"], v["CycleGAN"], strict=True)]
    labels = list(values["day-night"])
    rows: list[list[str]] = [[label, *(f"{interval(v[label]):.1f}" for v in values.values())] for label in labels]
    rows.append(["pix2pix − CycleGAN", *(with_sign(gain) for gain in gains.values())])
    return [
        Text(
            "If each image of A comes with its true translation, the network can be given the answer. pix2pix asks for "
            "two things: the translation must be close to the truth in $L_1$, and a discriminator that sees the input "
            "*beside* the output must not distinguish it from the truth."
        ),
        *(Formula(latex) for latex in OBJECTIVE),
        Text(
            f"Here it is compared with CycleGAN on the same {s.scenes} street fronts, which CycleGAN sees unpaired. "
            f"Both have the same generator and learn for {s.steps:,} steps of one image; a step of "
            "CycleGAN trains two GANs and takes more than twice as long. Two tasks: a photograph from a map of "
            "labels, and night from day. The first has many correct answers: nothing in the labels gives the colour of "
            "a wall, and the answer nearest to all of them is a pale one in between."
        ),
        *(translations(results, task) for task in TASKS),
        Figure(
            [plot(results, task) for task in TASKS],
            "PSNR of the test scenes to the truth: the input as it is, the best global change of colours (fitted on "
            "the truth, so nothing of this kind is better), and both methods: every seed, mean and 95 % interval, "
            f"n = {n}.",
            alt="PSNR of input, best colours, CycleGAN and pix2pix to the truth, one panel per task",
            titles=list(TASK_NAMES.values()),
        ),
        Table(["PSNR, dB", *TASK_NAMES.values()], rows),
        Finding(
            "What pairs are worth: "
            + " and ".join(f"{gain:.1f} dB for {TASK_NAMES[task]}" for task, gain in gains.items())
            + f" (n = {n}). Against the best change of colours pix2pix reaches "
            + " and ".join(with_sign(gain) for gain in over_colours)
            + "."
        ),
        Claim(
            claimed="Paired translation needs no cycle: pix2pix solves it effectively.",
            measured=f"pix2pix is nearer to the truth in {sum(wins)} of {len(wins)} comparisons (by task and seed).",
            holds=all(wins),
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="paired",
    chapter=4,
    title="What are pairs worth?",
    full=FULL,
    quick=replace(FULL, size=32, scenes=100, steps=500, seeds=(0,), change=SMALL),
    measure=measure,
    write=write,
)

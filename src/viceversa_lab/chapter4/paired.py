"""What are pairs worth? The report leaves them to pix2pix; here both methods learn from the same street fronts."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from viceversa import images

from ..experiment import Experiment, Found
from ..figures import axes, points
from ..interval import interval, paired
from ..parts import Claim, Figure, Finding, Formula, Part, Table, Text
from ..work import Work
from .trained import COLUMNS, SMALL, answers, draw, judge, larger, learn, signed, tests

OBJECTIVE = (
    r"\min_G \; \max_D \; \mathcal{L}_\text{cGAN}(G, D) + \lambda \, \mathbb{E}_{a,b} [\lVert b - G(a) \rVert_1]",
    r"\mathcal{L}_\text{cGAN}(G, D) = \mathbb{E}_{a,b} [\log D(a, b)] + \mathbb{E}_{a} [\log (1 - D(a, G(a)))]",
)
METHODS = {"CycleGAN": "quickstart", "pix2pix": "pix2pix-quick"}  # name to preset
TASKS = {"labels-day": ("labels", "day"), "day-night": ("day", "night")}
TOLD = {"labels-day": "labels → day", "day-night": "day → night"}
LADDER = {"input": "input", "colours": "colour", "CycleGAN": "CycleGAN", "pix2pix": "pix2pix"}  # label to score


@dataclass(frozen=True)
class Settings:
    """Both methods have the same generator and take as many steps; one of CycleGAN trains four networks, not two."""

    size: int = 64
    scenes: int = 400
    steps: int = 1200
    seeds: tuple[int, ...] = (0, 1, 2)
    change: tuple[str, ...] = ()


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """Scores of A -> B for every task, method and seed."""
    found = {}
    for name, domains in TASKS.items():
        data = draw(work, "facades", size=s.size, count=s.scenes, domains=domains, paired=True)
        for what, row in zip(("input", "truth"), tests(data, "B"), strict=True):
            work.picture(f"{name}-{what}", images.grid([list(row[:COLUMNS])]))
        found[name] = {
            method: work.each(
                f"{name} {method}", [(seed,) for seed in s.seeds],
                lambda seed, name=name, method=method, data=data: score(s, work, name, method, data, seed),
            )
            for method in METHODS
        }  # fmt: skip
    return found


def score(s: Settings, work: Work, name: str, method: str, data: Path, seed: int) -> dict[str, float]:
    """One training and its scores; the first seed also shows the first test scenes."""
    run = learn(
        work, f"{name}-{method}-{seed}", data, preset=METHODS[method], size=s.size, steps=s.steps, seed=seed,
        change=s.change,
    )  # fmt: skip
    if seed == s.seeds[0]:
        work.picture(f"{name}-{method}", images.grid([answers(run, data, "B")]))
    return judge(run, data)["B"]


def values(found: Found, name: str, method: str) -> list[float]:
    """PSNR of every seed; "input" and "colour" need no training and are the same for all."""
    if method in METHODS:
        return [scores["translation"] for scores in found[name][method]]
    return [found[name]["pix2pix"][0][method]]


def rungs(found: Found, name: str) -> Any:
    """PSNR of the four answers to one task."""
    figure, ax = axes("", "PSNR to the truth, dB", size="panel")
    points(ax, list(LADDER), [values(found, name, method) for method in LADDER.values()], joined=False)
    ax.set_xlim(-0.5, len(LADDER) - 0.5)
    return figure


def sheet(found: Found, name: str) -> Any:
    """The first test scenes: input, CycleGAN, pix2pix, truth."""
    rows = [found.picture(f"{name}-{what}") for what in ("input", *METHODS, "truth")]
    return larger(np.concatenate([row[:, 1:] for row in rows], axis=1))


def pictures(found: Found, name: str) -> Figure:
    """The rows of one task."""
    return Figure(
        sheet(found, name),
        f"{TOLD[name]}, the first {COLUMNS} test scenes. Rows from above: input, CycleGAN, pix2pix, truth. "
        f"Seed {found.settings.seeds[0]}.",
        alt=f"Street fronts, {TOLD[name]}: input, both translations and the truth in rows",
        wide=True,
    )


def ladder(found: Found) -> Figure:
    """The four answers to both tasks."""
    return Figure(
        [rungs(found, name) for name in TASKS],
        "How near four answers come to the truth of the test scenes: the input as it is, the best global change of "
        "colours (fitted on the truth, so nothing of this kind is better), and both methods: every seed, mean and "
        f"95 % interval, n = {len(found.settings.seeds)}.",
        alt="Nearness of input, best colours, CycleGAN and pix2pix to the truth, one panel per task",
        titles=[TOLD[name] for name in TASKS],
    )


def write(found: Found) -> list[Part]:
    """The objective, the pictures, and the distance between the two rungs."""
    s, n = found.settings, len(found.settings.seeds)
    psnr = {name: {label: values(found, name, method) for label, method in LADDER.items()} for name in TASKS}
    ahead = {name: paired(psnr[name]["pix2pix"], psnr[name]["CycleGAN"]) for name in TASKS}
    pairs = [(p, c) for name in TASKS for p, c in zip(psnr[name]["pix2pix"], psnr[name]["CycleGAN"], strict=True)]
    wins = sum(p > c for p, c in pairs)
    over = {name: interval(value - psnr[name]["colours"][0] for value in psnr[name]["pix2pix"]) for name in TASKS}
    rows: list[list[str]] = [[label, *(f"{interval(psnr[name][label]):.1f}" for name in TASKS)] for label in LADDER]
    rows.append(["pix2pix − CycleGAN", *(signed(ahead[name]) for name in TASKS)])
    return [
        Text(
            "If each picture of A comes with its true translation, a network can simply be told the answer. pix2pix "
            "asks for two things: the translation must lie near the truth in $L_1$, and a discriminator that sees the "
            "input *beside* the output must not tell it from the truth."
        ),
        *(Formula(latex) for latex in OBJECTIVE),
        Text(
            f"Here it is compared with CycleGAN on the same {s.scenes} street fronts, which CycleGAN sees unpaired. "
            f"Both have the same generator and learn for {s.steps:,} steps of one picture; a step of "
            "CycleGAN trains two GANs and takes more than twice as long. Two tasks: a photograph from a map of "
            "labels, and night from day. The first has many right answers: nothing in the labels tells the colour of "
            "a wall, and the answer nearest to all of them is a pale one in between."
        ),
        *(pictures(found, name) for name in TASKS),
        ladder(found),
        Table(
            ["PSNR, dB", *(TOLD[name] for name in TASKS)],
            rows,
        ),
        Finding(
            "What pairs are worth: "
            + " and ".join(f"{ahead[name]:.1f} dB from {TOLD[name]}" for name in TASKS)
            + f" (n = {n}). Against the best change of colours pix2pix stands at "
            + " and ".join(signed(over[name]) for name in TASKS)
            + "."
        ),
        Claim(
            claimed="Paired translation needs no cycle: pix2pix solves it effectively.",
            measured=f"pix2pix is nearer to the truth in {wins} of {len(pairs)} comparisons (by task and seed).",
            holds=wins == len(pairs),
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

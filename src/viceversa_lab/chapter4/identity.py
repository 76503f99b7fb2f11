"""Does the identity loss keep colours in place? The report names it for landscapes, and breaks off there."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from viceversa import images
from viceversa.methods.protocol import SIDES

from ..experiment import Experiment, Found
from ..interval import interval, paired
from ..parts import Claim, Figure, Finding, Formula, Part, Table, Text
from ..work import Work
from .trained import COLUMNS, SMALL, answers, both, draw, judge, larger, learn, tests

LOSS = r"\mathcal{L}_\text{idt} = \mathbb{E}_b [\lVert G(b) - b \rVert_1] + \mathbb{E}_a [\lVert F(a) - a \rVert_1]"
SCORES = {
    "mean error where nothing may change": "translation kept",
    "PSNR where something must change, dB": "translation changed",
    "PSNR of the whole picture, dB": "translation",
}


@dataclass(frozen=True)
class Settings:
    """The paper's generator and weights on the orchard: lambda 10, identity 0 or half of it."""

    weights: tuple[float, float] = (0.0, 5.0)
    size: int = 48
    scenes: int = 300
    steps: int = 2000
    seeds: tuple[int, ...] = (0, 1, 2)
    change: tuple[str, ...] = ("method.generator=resnet", "method.lambda_cyc=10")


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """Scores of both weights and every seed; both directions of the first seed."""
    data = draw(work, "orchard", size=s.size, count=s.scenes)
    for to in SIDES[::-1]:
        for what, row in zip(("input", "truth"), tests(data, to), strict=True):
            work.picture(f"{what}-{to}", images.grid([list(row[:COLUMNS])]))

    def one(weight: float, seed: int) -> dict[str, dict[str, float]]:
        run = learn(
            work, f"identity-{weight:g}-{seed}", data, preset="quickstart", size=s.size, steps=s.steps, seed=seed,
            change=(*s.change, f"method.lambda_idt={weight:g}", "train.samples=0"),
        )  # fmt: skip
        if seed == s.seeds[0]:
            for to in SIDES[::-1]:
                work.picture(f"{weight:g}-{to}", images.grid([answers(run, data, to)]))
        return judge(run, data)

    return {"scores": work.sweep("identity", s.weights, s.seeds, one)}


def sheet(found: Found, to: str) -> Any:
    """The first test scenes: input, without, with, truth."""
    without, with_it = (f"{weight:g}-{to}" for weight in found.settings.weights)
    names = (f"input-{to}", without, with_it, f"truth-{to}")
    return larger(np.concatenate([found.picture(name)[:, 1:] for name in names], axis=1))


def write(found: Found) -> list[Part]:
    """Pictures side by side and the error where nothing may change."""
    s, n = found.settings, len(found.settings.seeds)
    values = {score: [[both(scores, score) for scores in row] for row in found["scores"]] for score in SCORES.values()}
    without, with_it = values["translation kept"]
    less = paired(without, with_it)
    return [
        Text(
            "Neither discriminators nor cycle forbid a tint: if $G$ makes every picture colder and $F$ warmer, there "
            "and back is still the same. A third term asks that a picture which already is in the target domain be "
            "left alone:"
        ),
        Formula(LOSS),
        Text(
            "The generator of `quickstart` starts at the identity and does not need this term. Here the paper’s "
            f"generator learns with it (weight {s.weights[1]:g}) and without. Apples and oranges show the "
            "difference on cloth, leaves and bowls, which no translation may recolour."
        ),
        *(
            Figure(
                sheet(found, to),
                f"{way}, the first {COLUMNS} test scenes. Rows from above: input, without identity loss, with it, "
                f"truth. Seed {s.seeds[0]}, {s.steps:,} steps.",
                alt="Rows of fruit: the input, two translations, the truth",
                wide=True,
            )
            for to, way in (("B", "Apples → oranges"), ("A", "Oranges → apples"))
        ),
        Table(
            ["", "without", "with identity loss"],
            [[label, *(interval(row) for row in values[score])] for label, score in SCORES.items()],
            f"Mean of both directions; errors are absolute, in [−1, 1]. n = {n}.",
        ),
        Finding(
            f"Where nothing may change, the translation errs by {interval(without):.3f} without the identity loss and "
            f"by {interval(with_it):.3f} with it: {less:.3f} less (n = {n})."
        ),
        Claim(
            claimed="The identity loss preserves colours.",
            measured=f"{sum(b < a for a, b in zip(without, with_it, strict=True))} of {n} seeds err less with it.",
            holds=less.low > 0,
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="identity",
    chapter=4,
    title="Does the identity loss keep colours in place?",
    full=FULL,
    quick=replace(FULL, size=32, scenes=100, steps=400, seeds=(0,), change=(*FULL.change, *SMALL)),
    measure=measure,
    write=write,
)

"""Does the identity loss keep colours in place? The report names it for landscapes, and breaks off there."""

from dataclasses import dataclass, replace
from typing import Any

from viceversa.methods.protocol import SIDES

from ..blocks import Block, Claim, Figure, Finding, Formula, Table, Text
from ..experiment import Experiment, Results
from ..interval import interval, paired_difference
from ..workspace import Workspace
from .trained import (
    COLUMNS,
    SMALL,
    draw_scenes,
    learn,
    mean_of_directions,
    rows_below,
    save_test_rows,
    save_translations,
    score_run,
)

LOSS = r"\mathcal{L}_\text{idt} = \mathbb{E}_b [\lVert G(b) - b \rVert_1] + \mathbb{E}_a [\lVert F(a) - a \rVert_1]"
SCORES = {
    "mean error where nothing may change": "translation kept",
    "PSNR where something must change, dB": "translation changed",
    "PSNR of the whole image, dB": "translation",
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


def measure(s: Settings, work: Workspace) -> dict[str, Any]:
    """Scores of both weights and every seed; both directions of the first seed."""
    data = draw_scenes(work, "orchard", size=s.size, count=s.scenes)
    for to in SIDES:
        save_test_rows(work, data, to, "{}-" + to)

    def one(weight: float, seed: int) -> dict[str, dict[str, float]]:
        change = (*s.change, f"method.lambda_idt={weight:g}", "train.samples=0")
        run = learn(work, f"identity-{weight:g}-{seed}", data, size=s.size, steps=s.steps, seed=seed, change=change)
        if seed == s.seeds[0]:
            for to in SIDES:
                save_translations(work, f"{weight:g}-{to}", run, data, to)
        return score_run(run, data)

    return {"scores": work.sweep("identity", s.weights, s.seeds, one)}


def write(results: Results) -> list[Block]:
    s, n = results.settings, len(results.settings.seeds)
    values = {
        name: [[mean_of_directions(scores, name) for scores in row] for row in results["scores"]]
        for name in SCORES.values()
    }
    without, with_it = values["translation kept"]
    gain = paired_difference(without, with_it)
    rows = ("input", *(f"{weight:g}" for weight in s.weights), "truth")
    return [
        Text(
            "Neither discriminators nor cycle forbid a tint: if $G$ makes every image colder and $F$ warmer, the cycle "
            "still returns the input. A third term asks that an image which already is in the target domain be left "
            "alone:"
        ),
        Formula(LOSS),
        Text(
            "The generator of `quickstart` starts at the identity and does not need this term. Here the paper’s "
            f"generator learns with it (weight {s.weights[1]:g}) and without. Apples and oranges show the "
            "difference on cloth, leaves and bowls, which no translation may recolour."
        ),
        *(
            Figure(
                rows_below(results, [f"{row}-{to}" for row in rows]),
                f"{name}, the first {COLUMNS} test scenes. Rows from above: input, without identity loss, with it, "
                f"truth. Seed {s.seeds[0]}, {s.steps:,} steps.",
                alt="Rows of fruit: the input, two translations, the truth",
                wide=True,
            )
            for to, name in (("B", "Apples → oranges"), ("A", "Oranges → apples"))
        ),
        Table(
            ["", "without", "with identity loss"],
            [[label, *(interval(row) for row in values[name])] for label, name in SCORES.items()],
            f"Mean of both directions; errors are absolute, in [−1, 1]. n = {n}.",
        ),
        Finding(
            f"Where nothing may change, the error of the translation is {interval(without):.3f} without the identity "
            f"loss and {interval(with_it):.3f} with it: {gain:.3f} less (n = {n})."
        ),
        Claim(
            claimed="The identity loss preserves colours.",
            measured=f"{sum(b < a for a, b in zip(without, with_it, strict=True))} of {n} seeds have a smaller error "
            "with it.",
            holds=gain.low > 0,
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

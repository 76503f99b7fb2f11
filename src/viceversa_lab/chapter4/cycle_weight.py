"""How much should the cycle loss weigh? The report takes lambda = 10 from the paper; here it is varied."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ..blocks import Block, Claim, Figure, Finding, Formula, Text
from ..experiment import Experiment, Results
from ..figures import axes, legend, points
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

OBJECTIVE = (
    r"\mathcal{L} = \mathcal{L}_\text{GAN}(G, D_B) + \mathcal{L}_\text{GAN}(F, D_A) + \lambda \left( "
    r"\mathbb{E}_a [\lVert F(G(a)) - a \rVert_1] + \mathbb{E}_b [\lVert G(F(b)) - b \rVert_1] \right)"
)
CLAIMED = 10.0
NAMES = {"resnet": "the paper’s generator", "painting": "the painting generator"}
NOTES = {
    "resnet": "The paper’s generator must learn even to copy its input.",
    "painting": "The generator of `quickstart` paints a change onto its input, so it begins at the identity.",
}
ONLY_PAINTING = "The paper’s generator needs more steps than a quick run has: at this length it gave no clear order."


@dataclass(frozen=True)
class Settings:
    """`quickstart` on the orchard with other weights of the cycle loss."""

    lambdas: tuple[float, ...] = (0.0, 1.0, 3.0, 10.0, 30.0, 100.0)
    generators: tuple[str, ...] = ("resnet", "painting")
    size: int = 48
    scenes: int = 300
    steps: int = 1500
    seeds: tuple[int, ...] = (0, 1, 2)
    change: tuple[str, ...] = ()


def measure(s: Settings, work: Workspace) -> dict[str, Any]:
    """Scores of every generator, weight and seed; apples -> oranges of the first seed."""
    data = draw_scenes(work, "orchard", size=s.size, count=s.scenes)
    save_test_rows(work, data, "B")

    def one(generator: str, weight: float, seed: int) -> dict[str, dict[str, float]]:
        name = f"{generator}-{weight:g}"
        change = (*s.change, f"method.generator={generator}", f"method.lambda_cyc={weight:g}", "train.samples=0")
        run = learn(work, f"{name}-{seed}", data, size=s.size, steps=s.steps, seed=seed, change=change)
        if seed == s.seeds[0]:
            save_translations(work, name, run, data, "B")
        return score_run(run, data)

    return {generator: work.sweep(generator, s.lambdas, s.seeds, partial(one, generator)) for generator in s.generators}


def rows(results: Results, generator: str, score: str) -> list[list[float]]:
    """A score, mean of both directions: a row per weight, a number per seed."""
    return [[mean_of_directions(scores, score) for scores in row] for row in results[generator]]


def plot(results: Results, score: str, label: str) -> Any:
    """A score over the weight."""
    s = results.settings
    figure, ax = axes("λ", label, size="panel", height=260)
    for series, generator in enumerate(s.generators):
        name = NAMES[generator] if len(s.generators) > 1 else ""
        points(ax, [f"{x:g}" for x in s.lambdas], rows(results, generator, score), name, series)
    if len(s.generators) > 1 and score == "translation":
        legend(ax)
    return figure


def translations(results: Results, generator: str) -> Figure:
    """The first test scenes: input, a row per weight, truth."""
    s = results.settings
    weights = [f"{weight:g}" for weight in s.lambdas]
    return Figure(
        rows_below(results, ["input", *(f"{generator}-{weight}" for weight in weights), "truth"]),
        f"Apples → oranges with {NAMES[generator]}, the first {COLUMNS} test scenes. Rows from above: input, "
        f"λ = {', '.join(weights)}, truth. Seed {s.seeds[0]}.",
        alt="Rows of translated fruit for growing weights of the cycle loss",
        wide=True,
    )


def claim(results: Results, generator: str) -> Claim:
    """Whether 10 is best, or cannot be distinguished from the best."""
    lambdas, psnr = results.settings.lambdas, rows(results, generator, "translation")
    best, ten = max(range(len(psnr)), key=lambda i: interval(psnr[i]).mean), lambdas.index(CLAIMED)
    loss = paired_difference(psnr[best], psnr[ten])
    other = "" if best == ten else f"; {CLAIMED:g} reaches {interval(psnr[ten]):.1f} dB, {loss:.1f} dB less"
    return Claim(
        claimed=f"λ ≈ {CLAIMED:g} gives the best results.",
        measured=f"With {NAMES[generator]}, {lambdas[best]:g} is best, {interval(psnr[best]):.1f} dB{other}. "
        f"n = {loss.n}.",
        holds=best == ten or (loss.n > 1 and loss.low <= 0),
    )


def write(results: Results) -> list[Block]:
    s, n = results.settings, len(results.settings.seeds)
    first = s.generators[0]
    cycle, psnr = rows(results, first, "cycle"), rows(results, first, "translation")
    notes = [NOTES[generator] for generator in s.generators]
    if "resnet" not in s.generators:
        notes.append(ONLY_PAINTING)
    return [
        Text(
            "Fooling the discriminators alone does not tie a translation to its input: any orange will do. The cycle "
            "loss asks that the other generator lead back to the input, with a weight:"
        ),
        Formula(OBJECTIVE),
        Text(
            f"In @1 every row was trained for {s.steps:,} steps with another λ, from the same start. {' '.join(notes)}"
        ),
        *(translations(results, generator) for generator in s.generators),
        Figure(
            [plot(results, "translation", "PSNR to the truth, dB"), plot(results, "cycle", "cycle error")],
            "PSNR to the truth, and mean absolute error of the cycle, by λ: mean of both directions, every seed, 95 % "
            f"interval, n = {n}.",
            alt="Two curves over the weight of the cycle loss: PSNR to the truth, and the error of the cycle",
            titles=("truth", "cycle"),
        ),
        Finding(
            f"With {NAMES[first]} the cycle error goes from {interval(cycle[0]):.3f} (λ = {s.lambdas[0]:g}) to "
            f"{interval(cycle[-1]):.3f} (λ = {s.lambdas[-1]:g}); the PSNR to the truth from {interval(psnr[0]):.1f} to "
            f"{interval(psnr[-1]):.1f} dB (n = {n})."
        ),
        *(claim(results, generator) for generator in s.generators),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="lambda",
    chapter=4,
    title="How much should the cycle loss weigh?",
    full=FULL,
    quick=replace(
        FULL,
        lambdas=(0.0, 1.0, 10.0, 100.0),
        generators=("painting",),
        size=32,
        scenes=100,
        steps=400,
        seeds=(0,),
        change=SMALL,
    ),
    measure=measure,
    write=write,
)

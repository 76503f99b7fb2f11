"""Which adversarial loss? The report writes logarithms; the paper trains with least squares."""

from dataclasses import dataclass, replace
from typing import Any

from ..blocks import Block, Claim, Figure, Finding, Formula, Text
from ..experiment import Experiment, Results
from ..figures import axes, points
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
    with_sign,
)

LOG = r"\mathcal{L}_\text{GAN}(G, D_B) = \mathbb{E}_{b} [\log D_B(b)] + \mathbb{E}_{a} [\log (1 - D_B(G(a)))]"
SQUARES = (
    r"\min_{D_B} \; \mathbb{E}_b [(D_B(b) - 1)^2] + \mathbb{E}_a [D_B(G(a))^2], \quad "
    r"\min_G \; \mathbb{E}_a [(D_B(G(a)) - 1)^2]"
)
LOSSES = {"lsgan": "least squares", "nonsaturating": "−log D", "minimax": "log(1 − D)"}  # setting to name


@dataclass(frozen=True)
class Settings:
    """`quickstart` on the orchard with another adversarial loss."""

    size: int = 48
    scenes: int = 300
    steps: int = 2000
    seeds: tuple[int, ...] = (0, 1, 2)
    change: tuple[str, ...] = ()


def measure(s: Settings, work: Workspace) -> dict[str, Any]:
    """Scores of every loss and seed; apples -> oranges of the first seed."""
    data = draw_scenes(work, "orchard", size=s.size, count=s.scenes)
    save_test_rows(work, data, "B")

    def one(loss: str, seed: int) -> dict[str, dict[str, float]]:
        change = (*s.change, f"method.loss={loss}", "train.samples=0")
        run = learn(work, f"{loss}-{seed}", data, size=s.size, steps=s.steps, seed=seed, change=change)
        if seed == s.seeds[0]:
            save_translations(work, loss, run, data, "B")
        return score_run(run, data)

    return {"scores": work.sweep("loss", LOSSES, s.seeds, one)}


def write(results: Results) -> list[Block]:
    s, n = results.settings, len(results.settings.seeds)
    psnr = [[mean_of_directions(scores, "translation") for scores in row] for row in results["scores"]]
    squares, log_d, minimax = psnr
    inputs, colours = (mean_of_directions(results["scores"][0][0], name) for name in ("input", "colour"))
    gains = [paired_difference(squares, other) for other in (log_d, minimax)]
    lead = f"{with_sign(gains[0])} over −log D, {with_sign(gains[1])} over log(1 − D) (n = {n})"
    figure, ax = axes("", "PSNR to the truth, dB", height=240)
    points(ax, list(LOSSES.values()), psnr, joined=False)
    ax.set_xlim(-0.5, len(LOSSES) - 0.5)
    return [
        Text("The report writes the adversarial loss with logarithms, as Goodfellow did:"),
        Formula(LOG),
        Text(
            "The generator then lowers $\\log (1 - D_B(G(a)))$, which is flat where the discriminator is confident, or "
            "raises $\\log D_B(G(a))$ instead, which is not. The paper’s authors replaced both by least squares, for a "
            "more stable training:"
        ),
        Formula(SQUARES),
        Text(f"@1 shows the three on the same data, all else being equal: {s.steps:,} steps, λ as in `quickstart`."),
        Figure(
            rows_below(results, ("input", *LOSSES, "truth")),
            f"Apples → oranges, the first {COLUMNS} test scenes. Rows from above: input, "
            f"{', '.join(LOSSES.values())}, truth. Seed {s.seeds[0]}.",
            alt="Rows of fruit: the input, three translations, the truth",
            wide=True,
        ),
        Figure(
            figure,
            f"PSNR to the truth, mean of both directions: every seed, mean and 95 % interval, n = {n}.",
            alt="PSNR to the truth for three adversarial losses",
        ),
        Finding(
            f"Least squares reach {interval(squares):.1f} dB, the best change of colours {colours:.1f} dB. Their lead: "
            f"{lead}."
        ),
        Claim(
            claimed="CycleGAN learns from the logarithmic loss as the report writes it.",
            measured=f"log(1 − D) reaches {interval(minimax):.1f} dB; the inputs as they are, {inputs:.1f} dB.",
            holds=interval(minimax).low > inputs,
        ),
        Claim(
            claimed="Least squares give better images than logarithms.",
            measured=f"Their lead: {lead}.",
            holds=all(gain.low > 0 for gain in gains),
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="log-loss",
    chapter=4,
    title="Logarithms or least squares?",
    full=FULL,
    quick=replace(FULL, size=32, scenes=100, steps=400, seeds=(0,), change=SMALL),
    measure=measure,
    write=write,
)

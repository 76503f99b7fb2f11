"""Which adversarial loss? The report writes logarithms; the paper trains with least squares."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from viceversa import images

from ..experiment import Experiment, Found
from ..figures import axes, points
from ..interval import interval, paired
from ..parts import Claim, Figure, Finding, Formula, Part, Text
from ..work import Work
from .trained import COLUMNS, SMALL, answers, both, draw, judge, larger, learn, signed, tests

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


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """Scores of every loss and seed; both directions of the first seed."""
    data = draw(work, "orchard", size=s.size, count=s.scenes)
    for what, row in zip(("input", "truth"), tests(data, "B"), strict=True):
        work.picture(what, images.grid([list(row[:COLUMNS])]))

    def one(loss: str, seed: int) -> dict[str, dict[str, float]]:
        run = learn(
            work, f"{loss}-{seed}", data, preset="quickstart", size=s.size, steps=s.steps, seed=seed,
            change=(*s.change, f"method.loss={loss}", "train.samples=0"),
        )  # fmt: skip
        if seed == s.seeds[0]:
            work.picture(loss, images.grid([answers(run, data, "B")]))
        return judge(run, data)

    return {"scores": work.sweep("loss", LOSSES, s.seeds, one)}


def claims(found: Found, psnr: dict[str, list[float]]) -> list[Part]:
    """The report's formula, and the paper's preference."""
    squares, plain, report = psnr.values()
    n, untouched = len(squares), both(found["scores"][0][0], "input")
    leads = [paired(squares, other) for other in (plain, report)]
    return [
        Claim(
            claimed="CycleGAN learns from the logarithmic loss as the report writes it.",
            measured=f"log(1 − D) reaches {interval(report):.1f} dB; the inputs as they are, {untouched:.1f} dB.",
            holds=interval(report).low > untouched,
        ),
        Claim(
            claimed="Least squares give better pictures than logarithms.",
            measured=f"Their lead: {signed(leads[0])} over −log D, {signed(leads[1])} over log(1 − D) (n = {n}).",
            holds=all(lead.low > 0 for lead in leads),
        ),
    ]


def write(found: Found) -> list[Part]:
    """Pictures and nearness to the truth of the three."""
    s, n = found.settings, len(found.settings.seeds)
    psnr = {
        name: [both(scores, "translation") for scores in row]
        for name, row in zip(LOSSES.values(), found["scores"], strict=True)
    }
    colour = both(found["scores"][0][0], "colour")
    squares, others = psnr[LOSSES["lsgan"]], [psnr[LOSSES[loss]] for loss in ("nonsaturating", "minimax")]
    ahead = [paired(squares, other) for other in others]
    sheet = np.concatenate([found.picture(name)[:, 1:] for name in ("input", *LOSSES, "truth")], axis=1)
    figure, ax = axes("", "PSNR to the truth, dB", height=240)
    points(ax, list(psnr), list(psnr.values()), joined=False)
    ax.set_xlim(-0.5, len(psnr) - 0.5)
    return [
        Text("The report writes the adversarial loss with logarithms, as Goodfellow did:"),
        Formula(LOG),
        Text(
            "The generator then lowers $\\log (1 - D_B(G(a)))$, which is flat where the discriminator is sure, or "
            "raises $\\log D_B(G(a))$ instead, which is not. The paper’s authors replaced both by least squares, for a "
            "steadier training:"
        ),
        Formula(SQUARES),
        Text(f"@1 shows the three on the same data, all else being equal: {s.steps:,} steps, λ as in `quickstart`."),
        Figure(
            larger(sheet),
            f"Apples → oranges, the first {COLUMNS} test scenes. Rows from above: input, "
            f"{', '.join(LOSSES.values())}, truth. Seed {s.seeds[0]}.",
            alt="Rows of fruit: the input, three translations, the truth",
            wide=True,
        ),
        Figure(
            figure,
            f"Nearness to the truth, mean of both directions: every seed, mean and 95 % interval, n = {n}.",
            alt="Nearness to the truth for three adversarial losses",
        ),
        Finding(
            f"Least squares reach {interval(squares):.1f} dB, the best change of colours {colour:.1f} dB. Their lead "
            f"over −log D is {signed(ahead[0])}, over log(1 − D) {signed(ahead[1])} (n = {n})."
        ),
        *claims(found, psnr),
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

"""What does the generator learn from while the discriminator wins? The report's remedy repeats the loss it replaces."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from viceversa.losses.adversarial import ADVERSARIAL
from viceversa.metrics.wasserstein import gaussian_distance
from viceversa.optimize import Player

from ..experiment import Experiment, Found
from ..figures import axes, band, legend, line
from ..interval import Interval, interval
from ..parts import Claim, Figure, Finding, Formula, Part, Table, Text
from ..work import Work
from .players import BATCH, smooth_judge

TWO = r"\min_G \, E_z \log (1 - D(G(z))) \qquad \text{or} \qquad \min_G \, -E_z \log D(G(z))"
LOSSES = {"minimax": "log(1 − D), minimax", "nonsaturating": "−log D, non-saturating"}
OPTIMISERS = {"sgd": "plain descent", "adam": "Adam"}
RATES = {"sgd": 0.05, "adam": 0.01}  # of the generator
LOOKS = 50  # at the generator on its way


@dataclass(frozen=True)
class Settings:
    """A generator a z + b that starts `start` deviations away from the real N(0, 1)."""

    seeds: tuple[int, ...] = tuple(range(10))
    start: float = 6.0
    head_start: int = 200  # steps in which only the discriminator learns
    steps: int = 1000


def slopes(loss: str, answers: torch.Tensor) -> list[float]:
    """|d loss / d score| of the generator where D(G(z)) gives these answers; the score is what enters the sigmoid."""
    score = torch.logit(answers).requires_grad_()
    # One picture at a time: a mean would divide by their number.
    (found,) = torch.autograd.grad(torch.stack([ADVERSARIAL[loss].g_loss(s) for s in score]).sum(), score)
    return [float(x) for x in found.abs()]


def play(loss: str, optimizer: str, seed: int, s: Settings) -> list[float]:
    """How far the generated density is from the real one, at `LOOKS` + 1 moments of the game."""
    D = smooth_judge(seed)
    G = nn.Linear(1, 1)
    nn.init.ones_(G.weight)
    nn.init.constant_(G.bias, s.start)
    generator = Player([G], RATES[optimizer], (0.5, 0.999), optimizer=optimizer)
    discriminator = Player([D], 1e-3, (0.5, 0.999))
    d_loss, g_loss = ADVERSARIAL[loss]
    distances = []
    for step in range(-s.head_start, s.steps + 1):
        if step >= 0 and step % (s.steps // LOOKS) == 0:
            distances.append(gaussian_distance(0, 1, G.bias.item(), abs(G.weight.item())))
        with discriminator.turn() as update:
            update(d_loss(D(torch.randn(BATCH, 1)), D(G(torch.randn(BATCH, 1)))))
        if step >= 0:
            with generator.turn() as update:
                update(g_loss(D(G(torch.randn(BATCH, 1)))))
    return distances


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """Slopes by automatic differentiation, and games with both losses and two optimisers."""
    answers = torch.linspace(0.005, 0.995, 199, dtype=torch.double)
    keys = [(loss, optimizer, seed) for optimizer in OPTIMISERS for loss in LOSSES for seed in s.seeds]
    games = work.each("game", keys, lambda loss, optimizer, seed: play(loss, optimizer, seed, s))
    named: dict[str, list[list[float]]] = {}
    for (loss, optimizer, _), game in zip(keys, games, strict=True):
        named.setdefault(f"{loss} {optimizer}", []).append(game)
    return {"answers": answers, "slopes": {loss: slopes(loss, answers) for loss in LOSSES}, "games": named}


def forces(found: Found) -> Any:
    """What either loss passes on to the generator."""
    figure, ax = axes("D(G(z)), its answer to a fake", "slope of the loss", height=230)
    for series, (loss, name) in enumerate(LOSSES.items()):
        line(ax, found["answers"], found["slopes"][loss], name.split(",")[0], series)
    ax.set_ylim(-0.03, 1.25)
    legend(ax, "upper center")
    return figure


def course(found: Found, optimizer: str) -> Any:
    """Distance to the real density while the game goes on."""
    s = found.settings
    figure, ax = axes("step", "distance to real", size="panel")
    steps = np.linspace(0, s.steps, LOOKS + 1)
    for series, (loss, name) in enumerate(LOSSES.items()):
        band(
            ax, list(steps), list(zip(*found["games"][f"{loss} {optimizer}"], strict=True)), name.split(",")[0], series
        )
    ax.set_ylim(-0.3, s.start * 1.3)
    legend(ax, "upper right")
    return figure


def left(found: Found, loss: str, optimizer: str, when: float) -> Interval:
    """Distance after this share of the game."""
    return interval(game[round(when * LOOKS)] for game in found["games"][f"{loss} {optimizer}"])


def write(found: Found) -> list[Part]:
    """The two slopes, two games, and what the draft says."""
    s = found.settings
    return [
        Text(
            "At first the fakes are bad, the discriminator is sure, and $D(G(z))$ is close to 0. There the second term "
            "of the game is flat: it hardly changes when a fake gets a little better. Goodfellow and others therefore "
            "let the generator minimise another quantity, with the same goal:"
        ),
        Formula(TWO),
        Text(
            "With a score $s$ and $D = 1 / (1 + e^{-s})$ the slopes are $D$ for the first and $1 - D$ for the second "
            f"(@1, by automatic differentiation). @2 is the game itself: real numbers from a Gaussian, a generator "
            f"$a z + b$ that starts {s.start:g} deviations away, and a discriminator with a head start of "
            f"{s.head_start} steps."
        ),
        Figure(
            forces(found),
            "The slope that reaches a generated picture, against the discriminator’s answer to it.",
            alt="Two straight lines that cross at one half: the minimax slope vanishes at zero, the other is one there",
        ),
        Figure(
            [course(found, optimizer) for optimizer in OPTIMISERS],
            "How far the generator is from the real density (Wasserstein distance, closed form) in the course of the "
            f"game; mean and 95 % interval of {len(s.seeds)} seeds.",
            alt="Courses of both losses with plain descent, and beside them those with Adam",
            titles=list(OPTIMISERS.values()),
        ),
        Table(
            ["distance left at the end", *OPTIMISERS.values()],
            [[name, *(f"{left(found, loss, o, 1.0):.2f}" for o in OPTIMISERS)] for loss, name in LOSSES.items()],
        ),
        *answer(found),
    ]


def answer(found: Found) -> list[Part]:
    """The finding, and the formula that the draft repeats."""
    s = found.settings
    early = int(np.argmin(np.abs(np.array(found["answers"]) - 0.01)))
    weak, strong = (found["slopes"][loss][early] for loss in LOSSES)
    halfway, adam = ({loss: left(found, loss, o, 0.5) for loss in LOSSES} for o in OPTIMISERS)
    return [
        Finding(
            f"At $D(G(z))$ = 0.01 the second loss pushes {strong / weak:.0f} times as hard as the first. With plain "
            f"descent, {halfway['minimax']:.2f} of {s.start:g} deviations are left halfway with the first, "
            f"{halfway['nonsaturating']:.2f} with the second (95 % interval, n = {len(s.seeds)}). Adam divides a "
            f"gradient by its usual size, so that a small one is no small step: there it is {adam['minimax']:.2f} and "
            f"{adam['nonsaturating']:.2f}."
        ),
        Claim(
            claimed="The report’s draft: where log(1 − D(G(z))) saturates, “replacing it by log(1 − D(G(z)))” solves "
            "the problem.",
            measured="That is the same formula twice, and leaves everything as it is. Meant is −log D(G(z)), whose "
            f"slope at $D(G(z))$ = 0.01 is {strong:.2f} instead of {weak:.2f}.",
            holds=False,
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="saturation",
    chapter=3,
    title="What can the generator learn while the discriminator wins?",
    full=FULL,
    quick=replace(FULL, seeds=(0, 1), steps=400),
    measure=measure,
    write=write,
)

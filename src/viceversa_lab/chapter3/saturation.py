"""What does the generator learn from while the discriminator wins? The report's remedy repeats the loss it replaces."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from viceversa.losses.adversarial import ADVERSARIAL
from viceversa.metrics.wasserstein import gaussian_distance
from viceversa.optimize import Player

from ..blocks import Block, Claim, Figure, Finding, Formula, Table, Text
from ..experiment import Experiment, Results
from ..figures import axes, band, legend, line
from ..interval import Interval, interval
from ..workspace import Workspace
from .toy_networks import BATCH, smooth_mlp

LOSS_FORMULAS = r"\min_G \, E_z \log (1 - D(G(z))) \qquad \text{or} \qquad \min_G \, -E_z \log D(G(z))"
LOSSES = {"minimax": "log(1 − D), minimax", "nonsaturating": "−log D, non-saturating"}
OPTIMIZERS = {"sgd": "plain descent", "adam": "Adam"}
RATES = {"sgd": 0.05, "adam": 0.01}  # of the generator
INTERVALS = 50  # between measured distances


@dataclass(frozen=True)
class Settings:
    """A generator a z + b that starts `start` deviations away from the real N(0, 1)."""

    seeds: tuple[int, ...] = tuple(range(10))
    start: float = 6.0
    warmup_steps: int = 200  # in which only the discriminator learns
    steps: int = 1000


def gradients(loss: str, outputs: torch.Tensor) -> list[float]:
    """|d loss / d logit| of the generator where D(G(z)) has these values."""
    logits = torch.logit(outputs).requires_grad_()
    # One by one, because the loss takes the mean over a batch.
    total = torch.stack([ADVERSARIAL[loss].g_loss(logit) for logit in logits]).sum()
    (gradient,) = torch.autograd.grad(total, logits)
    return [float(x) for x in gradient.abs()]


def play(loss: str, optimizer: str, seed: int, s: Settings) -> list[float]:
    """The Wasserstein distance of the generated density from the real one, `INTERVALS` + 1 times during the game."""
    D = smooth_mlp(seed)
    G = nn.Linear(1, 1)
    nn.init.ones_(G.weight)
    nn.init.constant_(G.bias, s.start)
    generator = Player([G], RATES[optimizer], (0.5, 0.999), optimizer=optimizer)
    discriminator = Player([D], 1e-3, (0.5, 0.999))
    d_loss, g_loss = ADVERSARIAL[loss]
    distances = []
    for step in range(-s.warmup_steps, s.steps + 1):
        if step >= 0 and step % (s.steps // INTERVALS) == 0:
            distances.append(gaussian_distance(0, 1, G.bias.item(), abs(G.weight.item())))
        with discriminator.turn() as update:
            update(d_loss(D(torch.randn(BATCH, 1)), D(G(torch.randn(BATCH, 1)))))
        if step >= 0:
            with generator.turn() as update:
                update(g_loss(D(G(torch.randn(BATCH, 1)))))
    return distances


def measure(s: Settings, work: Workspace) -> dict[str, Any]:
    """Gradients by automatic differentiation, and games with both losses and two optimisers."""
    outputs = torch.linspace(0.005, 0.995, 199, dtype=torch.double)
    pairs = [(loss, optimizer) for optimizer in OPTIMIZERS for loss in LOSSES]

    def game(pair: tuple[str, str], seed: int) -> list[float]:
        return play(*pair, seed, s)

    games = work.sweep("game", pairs, s.seeds, game)
    return {
        "outputs": outputs,
        "gradients": {loss: gradients(loss, outputs) for loss in LOSSES},
        "games": {f"{loss} {optimizer}": rows for (loss, optimizer), rows in zip(pairs, games, strict=True)},
    }


def plot_gradients(results: Results) -> Any:
    """The gradient of either loss for the generator."""
    figure, ax = axes("D(G(z))", "gradient of the loss", height=230)
    for series, (loss, name) in enumerate(LOSSES.items()):
        line(ax, results["outputs"], results["gradients"][loss], name.split(",")[0], series)
    ax.set_ylim(-0.03, 1.25)
    legend(ax, "upper center")
    return figure


def plot_distance(results: Results, optimizer: str) -> Any:
    """Distance to the real density during the game."""
    s = results.settings
    figure, ax = axes("step", "distance to real", size="panel")
    steps = list(np.linspace(0, s.steps, INTERVALS + 1))
    for series, (loss, name) in enumerate(LOSSES.items()):
        rows = list(zip(*results["games"][f"{loss} {optimizer}"], strict=True))
        band(ax, steps, rows, name.split(",")[0], series)
    ax.set_ylim(-0.3, s.start * 1.3)
    legend(ax, "upper right")
    return figure


def distance_at(results: Results, loss: str, optimizer: str, share: float) -> Interval:
    """Distance after this share of the game."""
    return interval(game[round(share * INTERVALS)] for game in results["games"][f"{loss} {optimizer}"])


def write(results: Results) -> list[Block]:
    s = results.settings
    return [
        Text(
            "At first the fakes are bad, the discriminator is confident, and $D(G(z))$ is close to 0. There the second "
            "term of the game is flat: it hardly changes when a fake gets a little better. Goodfellow and others "
            "therefore let the generator minimise another quantity, with the same goal:"
        ),
        Formula(LOSS_FORMULAS),
        Text(
            "With a logit $s$ and $D = 1 / (1 + e^{-s})$ the gradients are $D$ for the first and $1 - D$ for the "
            "second (@1, by automatic differentiation). @2 is the game itself: real numbers from a Gaussian, a "
            f"generator $a z + b$ that starts {s.start:g} deviations away, and a discriminator that learns alone for "
            f"the first {s.warmup_steps} steps."
        ),
        Figure(
            plot_gradients(results),
            "The gradient that reaches a generated sample, against the discriminator’s output for it.",
            alt="Two straight lines that cross at one half: at zero the minimax gradient vanishes, the other is one",
        ),
        Figure(
            [plot_distance(results, optimizer) for optimizer in OPTIMIZERS],
            "Distance of the generator from the real density (Wasserstein distance, closed form) during the game; mean "
            f"and 95 % interval of {len(s.seeds)} seeds.",
            alt="Distance with both losses and plain descent, and beside it with Adam",
            titles=list(OPTIMIZERS.values()),
        ),
        Table(
            ["distance at the end", *OPTIMIZERS.values()],
            [
                [name, *(f"{distance_at(results, loss, o, 1.0):.2f}" for o in OPTIMIZERS)]
                for loss, name in LOSSES.items()
            ],
        ),
        *answer(results),
    ]


def answer(results: Results) -> list[Block]:
    """The finding, and the formula that the draft repeats."""
    s = results.settings
    early = int(np.argmin(np.abs(np.array(results["outputs"]) - 0.01)))
    weak, strong = (results["gradients"][loss][early] for loss in LOSSES)
    sgd, adam = ([distance_at(results, loss, o, 0.5) for loss in LOSSES] for o in OPTIMIZERS)
    return [
        Finding(
            f"At $D(G(z))$ = 0.01 the gradient of the second loss is {strong / weak:.0f} times as large as that of the "
            f"first. With plain descent, {sgd[0]:.2f} of {s.start:g} deviations are left halfway with the first, "
            f"{sgd[1]:.2f} with the second (95 % interval, n = {len(s.seeds)}). Adam divides a gradient by its usual "
            f"size, so that a small one is no small step: there it is {adam[0]:.2f} and {adam[1]:.2f}."
        ),
        Claim(
            claimed="The report’s draft: where log(1 − D(G(z))) saturates, “replacing it by log(1 − D(G(z)))” solves "
            "the problem.",
            measured="That is the same formula twice, and leaves everything as it is. Meant is −log D(G(z)), whose "
            f"gradient at $D(G(z))$ = 0.01 is {strong:.2f} instead of {weak:.2f}.",
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

"""Why a distance? On Arjovsky's two lines the discriminator's answer is the same near and far."""

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from viceversa.losses.adversarial import ADVERSARIAL
from viceversa.losses.wasserstein import gradient_penalty
from viceversa.optimize import Player

from ..blocks import Block, Claim, Figure, Finding, Formula, Text
from ..experiment import Experiment, Results
from ..figures import INK, axes, legend, points
from ..interval import interval
from ..workspace import Workspace
from .toy_networks import BATCH, decaying_steps, smooth_mlp

KNOWN = r"\mathrm{JSD}(p, q_\theta) = \log 2 \ \ (\theta \ne 0), \quad W(p, q_\theta) = |\theta|"


@dataclass(frozen=True)
class Settings:
    """Distances of the fake line from the real one, to the right; both are 1 long."""

    seeds: tuple[int, ...] = (0, 1, 2)
    distances: tuple[float, ...] = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0)
    steps: int = 600
    weight: float = 100.0  # of the penalty


def on_line(theta: float) -> Tensor:
    """Points (BATCH, 2) of {theta} x [0, 1]."""
    return torch.stack([torch.full((BATCH,), theta), torch.rand(BATCH)], 1)


def train_discriminator(theta: float, seed: int, s: Settings) -> dict[str, float]:
    """The Jensen-Shannon divergence as a trained discriminator estimates it, and its gradient on the fake line."""
    D = smooth_mlp(seed, inputs=2)
    player = Player([D], 5e-3, (0.9, 0.999))
    d_loss, g_loss = ADVERSARIAL["minimax"]
    for _ in decaying_steps(player, s.steps):
        with player.turn() as update:
            update(d_loss(D(on_line(0.0)), D(on_line(theta))))

    fake = on_line(theta).requires_grad_()
    (gradient,) = torch.autograd.grad(g_loss(D(fake)) * BATCH, fake)
    with torch.no_grad():
        value = -d_loss(D(on_line(0.0)), D(on_line(theta))).item()
    return {"distance": (value + math.log(4)) / 2, "gradient": gradient[:, 0].mean().abs().item()}


def train_critic(theta: float, seed: int, s: Settings) -> dict[str, float]:
    """The Wasserstein distance as a trained critic estimates it, and its gradient on the fake line."""
    f = smooth_mlp(seed, inputs=2)
    player = Player([f], 3e-3, (0.0, 0.9))
    d_loss, g_loss = ADVERSARIAL["wasserstein"]
    for _ in decaying_steps(player, s.steps):
        real, fake = on_line(0.0), on_line(theta)
        with player.turn() as update:
            update(d_loss(f(real), f(fake)))
            update(s.weight * gradient_penalty(f, real, fake, torch.rand(BATCH), one_sided=True))

    fake = on_line(theta).requires_grad_()
    (gradient,) = torch.autograd.grad(g_loss(f(fake)) * BATCH, fake)
    with torch.no_grad():
        value = -d_loss(f(on_line(0.0)), f(on_line(theta))).item()
    return {"distance": value, "gradient": gradient[:, 0].mean().abs().item()}


def measure(s: Settings, work: Workspace) -> dict[str, Any]:
    """Both networks at every distance."""

    def discriminator(theta: float, seed: int) -> dict[str, float]:
        return train_discriminator(theta, seed, s)

    def critic(theta: float, seed: int) -> dict[str, float]:
        return train_critic(theta, seed, s)

    return {
        "discriminator": work.sweep("discriminator", s.distances, s.seeds, discriminator),
        "critic": work.sweep("critic", s.distances, s.seeds, critic),
    }


def plot(results: Results, name: str, label: str) -> Any:
    """The estimate or the gradient of both networks against the distance of the lines."""
    figure, ax = axes("distance of the lines, θ", label, size="panel", height=260)
    distances = results.settings.distances
    for series, network in enumerate(("discriminator", "critic")):
        shown = [i for i, theta in enumerate(distances) if theta or name == "distance"]
        rows = [[t[name] for t in results[network][i]] for i in shown]
        points(ax, [distances[i] for i in shown], rows, network, series)
    ax.set_ylim(bottom=-0.05)
    if name == "distance":
        ax.axhline(math.log(2), color=INK, linewidth=0.8)
        ax.text(distances[-1], math.log(2) + 0.03, "log 2", ha="right", va="bottom")
    legend(ax, "upper left" if name == "distance" else "center right")
    return figure


def write(results: Results) -> list[Block]:
    s = results.settings
    near, far = s.distances.index(min(d for d in s.distances if d > 0)), len(s.distances) - 1
    divergence, distance = (
        [interval(t["distance"] for t in results[network][i]) for i in (near, far)]
        for network in ("discriminator", "critic")
    )
    weak, strong = (interval(t["gradient"] for t in results[network][far]) for network in ("discriminator", "critic"))
    theta, growth = [s.distances[i] for i in (near, far)], [d[1].mean - d[0].mean for d in (divergence, distance)]
    return [
        Text(
            "Real points lie on a vertical line, fake ones on a parallel line at the distance θ. The generator has a "
            "single number to learn, θ = 0. Unless it has learnt it, no point is on both lines, and the two "
            "quantities that a network can estimate behave differently (Arjovsky and others, 2017, example 1):"
        ),
        Formula(KNOWN),
        Figure(
            [plot(results, "distance", "estimate"), plot(results, "gradient", "gradient on the fake line")],
            "Left: the estimates of trained networks, $V/2 + \\log 2$ for the discriminator, the critic’s value for "
            f"WGAN. Right: how strongly the generator’s loss changes as the fake line moves. {len(s.seeds)} seeds.",
            alt="The discriminator’s curve is flat at log 2 for every distance above zero, the critic’s is a diagonal",
        ),
        Finding(
            f"At θ = {theta[0]:g} and θ = {theta[1]:g} the discriminator estimates {divergence[0]:.3f} and "
            f"{divergence[1]:.3f} (log 2 is {math.log(2):.3f}). The critic estimates {distance[0]:.3f} and "
            f"{distance[1]:.3f}. Its gradient on the far line is {strong:.2f}, that of log(1 − D) {weak:.3f} (95 % "
            f"interval, n = {len(s.seeds)})."
        ),
        Claim(
            claimed="Where real and fake do not overlap, the divergence of a GAN saturates, the Wasserstein distance "
            "does not.",
            measured=f"From θ = {theta[0]:g} to {theta[1]:g} the first grows by {growth[0]:.3f}, the second by "
            f"{growth[1]:.3f}.",
            holds=growth[0] < 0.1 and abs(growth[1] - (theta[1] - theta[0])) < 0.1,
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="parallel-lines",
    chapter=3,
    title="Why measure a distance instead of classifying?",
    full=FULL,
    quick=replace(FULL, seeds=(0, 1), distances=(0.0, 0.5, 1.0, 2.0), steps=300),
    measure=measure,
    write=write,
)

"""Why a distance instead of a verdict? Arjovsky's two lines, on which the verdict is the same near and far."""

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from viceversa.losses.adversarial import ADVERSARIAL
from viceversa.losses.wasserstein import gradient_penalty
from viceversa.optimize import Player

from ..experiment import Experiment, Found
from ..figures import INK, axes, legend, points
from ..interval import interval
from ..parts import Claim, Figure, Finding, Formula, Part, Text
from ..work import Work
from .players import BATCH, rounds, smooth_judge

KNOWN = r"\mathrm{JSD}(p, q_\theta) = \log 2 \ \ (\theta \ne 0), \quad W(p, q_\theta) = |\theta|"


@dataclass(frozen=True)
class Settings:
    """The fake line stands `apart` to the right of the real one; both are 1 long."""

    seeds: tuple[int, ...] = (0, 1, 2)
    apart: tuple[float, ...] = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0)
    steps: int = 600
    weight: float = 100.0  # of the penalty


def on_line(theta: float) -> Tensor:
    """Points (BATCH, 2) of {theta} x [0, 1]."""
    return torch.stack([torch.full((BATCH,), theta), torch.rand(BATCH)], 1)


def verdict(theta: float, seed: int, s: Settings) -> dict[str, float]:
    """Jensen and Shannon's divergence as a trained discriminator sees it, and its pull on the fake line."""
    D = smooth_judge(seed, inputs=2)
    player = Player([D], 5e-3, (0.9, 0.999))
    d_loss, g_loss = ADVERSARIAL["minimax"]
    for _ in rounds(player, s.steps):
        with player.turn() as update:
            update(d_loss(D(on_line(0.0)), D(on_line(theta))))
    fake = on_line(theta).requires_grad_()
    (pull,) = torch.autograd.grad(g_loss(D(fake)) * BATCH, fake)
    with torch.no_grad():
        value = -d_loss(D(on_line(0.0)), D(on_line(theta))).item()
    return {"distance": (value + math.log(4)) / 2, "pull": pull[:, 0].mean().abs().item()}


def transport(theta: float, seed: int, s: Settings) -> dict[str, float]:
    """The Wasserstein distance as a trained critic sees it, and its pull on the fake line."""
    f = smooth_judge(seed, inputs=2)
    player = Player([f], 3e-3, (0.0, 0.9))
    d_loss, g_loss = ADVERSARIAL["wasserstein"]
    for _ in rounds(player, s.steps):
        real, fake = on_line(0.0), on_line(theta)
        with player.turn() as update:
            update(d_loss(f(real), f(fake)))
            update(s.weight * gradient_penalty(f, real, fake, torch.rand(BATCH), one_sided=True))
    fake = on_line(theta).requires_grad_()
    (pull,) = torch.autograd.grad(g_loss(f(fake)) * BATCH, fake)
    with torch.no_grad():
        value = -d_loss(f(on_line(0.0)), f(on_line(theta))).item()
    return {"distance": value, "pull": pull[:, 0].mean().abs().item()}


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """Both at every distance."""
    return {
        "verdict": work.sweep("verdict", s.apart, s.seeds, lambda theta, seed: verdict(theta, seed, s)),
        "transport": work.sweep("transport", s.apart, s.seeds, lambda theta, seed: transport(theta, seed, s)),
    }


def curves(found: Found, name: str, label: str) -> Any:
    """A number of both against the distance of the lines."""
    figure, ax = axes("distance of the lines, θ", label, size="panel", height=260)
    for series, (kind, title) in enumerate((("verdict", "discriminator"), ("transport", "critic"))):
        shown = [i for i, theta in enumerate(found.settings.apart) if theta or name == "distance"]
        rows = [[t[name] for t in found[kind][i]] for i in shown]
        points(ax, [found.settings.apart[i] for i in shown], rows, title, series)
    ax.set_ylim(bottom=-0.05)
    if name == "distance":
        ax.axhline(math.log(2), color=INK, linewidth=0.8)
        ax.text(found.settings.apart[-1], math.log(2) + 0.03, "log 2", ha="right", va="bottom")
    legend(ax, "upper left" if name == "distance" else "center right")
    return figure


def write(found: Found) -> list[Part]:
    """Two lines, two measures."""
    s = found.settings
    near, far = s.apart.index(min(a for a in s.apart if a > 0)), len(s.apart) - 1
    seen = {place: interval(t["distance"] for t in found["verdict"][place]) for place in (near, far)}
    carried = {place: interval(t["distance"] for t in found["transport"][place]) for place in (near, far)}
    pulls = {kind: interval(t["pull"] for t in found[kind][far]) for kind in ("verdict", "transport")}
    return [
        Text(
            "Real points lie on an upright line, fake ones on a parallel line at the distance θ. The generator has a "
            "single number to learn, θ = 0. Unless it has learnt it, no point is on both lines, and the two "
            "quantities that a judge can measure behave differently (Arjovsky and others, 2017, example 1):"
        ),
        Formula(KNOWN),
        Figure(
            [curves(found, "distance", "what the judge measures"), curves(found, "pull", "pull on the fake line")],
            f"Left: what trained networks measure, $V/2 + \\log 2$ for the discriminator, the critic’s value for WGAN. "
            f"Right: how strongly the generator’s loss changes as the fake line moves. {len(s.seeds)} seeds.",
            alt="The discriminator’s curve is flat at log 2 for every distance above zero, the critic’s is a diagonal",
        ),
        Finding(
            f"At θ = {s.apart[near]:g} and θ = {s.apart[far]:g} the discriminator measures {seen[near]:.3f} and "
            f"{seen[far]:.3f} (log 2 is {math.log(2):.3f}). The critic measures {carried[near]:.3f} and "
            f"{carried[far]:.3f}. Its pull on the far line is {pulls['transport']:.2f}, that of log(1 − D) "
            f"{pulls['verdict']:.3f} (95 % interval, n = {len(s.seeds)})."
        ),
        Claim(
            claimed="Where real and fake do not overlap, the divergence of a GAN saturates, the Wasserstein distance "
            "does not.",
            measured=f"From θ = {s.apart[near]:g} to {s.apart[far]:g} the first grows by "
            f"{seen[far].mean - seen[near].mean:.3f}, the second by {carried[far].mean - carried[near].mean:.3f}.",
            holds=seen[far].mean - seen[near].mean < 0.1
            and abs(carried[far].mean - carried[near].mean - (s.apart[far] - s.apart[near])) < 0.1,
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="parallel-lines",
    chapter=3,
    title="Why measure a distance instead of giving a verdict?",
    full=FULL,
    quick=replace(FULL, seeds=(0, 1), apart=(0.0, 0.5, 1.0, 2.0), steps=300),
    measure=measure,
    write=write,
)

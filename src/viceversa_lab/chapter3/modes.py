"""Which modes does a generator find? Eight points on a ring, where every lost one can be counted."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from viceversa.health.probe import still
from viceversa.methods.gan import GAN, GANConfig
from viceversa.metrics.modes import modes
from viceversa.networks.points import PointDiscriminator, PointGenerator
from viceversa.worlds.gaussians import GaussianBatches, ring

from ..experiment import Experiment, Found
from ..figures import INK, RED, axes, points
from ..interval import interval
from ..parts import Claim, Figure, Finding, Part, Table, Text
from ..work import Work

STEADY = {"beta1": 0.0, "lr_g": 5e-4, "lr_d": 5e-4}
CASES: dict[str, dict[str, Any]] = {
    "driven": {"beta1": 0.9, "lr_g": 1e-3, "lr_d": 1e-4},
    "plain": STEADY,
    "relativistic": {**STEADY, "loss": "relativistic", "r1": 0.1, "r2": 0.1},
}
TITLES = {"driven": "GAN, G ten times as fast", "plain": "GAN, equal rates", "relativistic": "relativistic, R1 + R2"}
MOMENTS = 4  # of the strip
DRAWN, COUNTED = 250, 2500  # samples of a panel, and those in which modes are counted
BATCH = 128


@dataclass(frozen=True)
class Settings:
    """Steps of 128 points."""

    seeds: tuple[int, ...] = (0, 1, 2)
    steps: int = 8000


def samples(method: GAN, count: int) -> NDArray[Any]:
    """Points (count, 2) from noise that does not depend on the training."""
    z = torch.randn(count, method.latent, generator=torch.Generator().manual_seed(0))
    with still(method.nets["G"]):
        found: NDArray[Any] = method.nets["G"](z).numpy()
    return found


def one(case: str, seed: int, steps: int) -> dict[str, Any]:
    """Train one case; modes at the end, and points at a few moments."""
    torch.manual_seed(seed)
    world = ring()
    config = GANConfig(channels=1, latent=2, **CASES[case])
    method = GAN(config, size=28, nets=(PointGenerator(2), PointDiscriminator()))
    drawn = GaussianBatches(world, BATCH, seed)
    moments = {steps * (i + 1) // MOMENTS for i in range(MOMENTS)}
    strip = []
    for step in range(steps):
        method.step(*drawn.batch(step))
        if step + 1 in moments:
            strip.append(samples(method, DRAWN).round(3))
    found = modes(samples(method, COUNTED), world.centres, world.deviation)
    return {"covered": found.covered, "held": found.held, "quality": found.quality, "strip": strip}


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """Every case from every seed."""
    return {
        case: work.each("ring", [(case, seed) for seed in s.seeds], lambda case, seed: one(case, seed, s.steps))
        for case in CASES
    }


def strip(found: Found, case: str) -> Any:
    """Samples at four moments side by side; circles mark the modes."""
    figure, ax = axes(size="wide", height=190)
    s, centres = found.settings, ring().centres
    for i, values in enumerate(found[case][0]["strip"]):
        shown = np.clip(values, -1.6, 1.6)
        ax.scatter(centres[:, 0] + 4 * i, centres[:, 1], s=130, facecolors="none", edgecolors=INK, linewidths=0.8)
        ax.scatter(shown[:, 0] + 4 * i, shown[:, 1], s=6, color=RED, alpha=0.6, linewidths=0)
        ax.text(4 * i, -2.1, f"step {s.steps * (i + 1) // MOMENTS:,}", ha="center", va="top")
    ax.set(xticks=[], yticks=[], xlim=(-2, 4 * MOMENTS - 2), ylim=(-2.7, 1.75), aspect="equal")
    ax.spines[:].set_visible(False)
    ax.grid(visible=False)
    return figure


def counts(found: Found) -> Any:
    """Modes that are covered at the end."""
    figure, ax = axes("", "modes covered, of 8", height=250)
    names = ["GAN,\nG ten times as fast", "GAN,\nequal rates", "relativistic,\nR1 + R2"]
    points(ax, names, [[t["covered"] for t in found[case]] for case in CASES], joined=False)
    ax.set(ylim=(0, 8.4), xlim=(-0.5, 2.5))
    return figure


def write(found: Found) -> list[Part]:
    """Strips, counts and what follows."""
    s = found.settings
    ends = {case: {k: interval(t[k] for t in found[case]) for k in ("covered", "quality")} for case in CASES}
    return [
        Text(
            "On pictures one has to guess what a kind is. On a plane it is known: the real points lie in eight tight "
            "heaps on a ring (deviation 0.01). Two small perceptrons play the game three times: with a generator ten "
            "times as fast as its judge and much momentum, with equal rates, and with these rates and the relativistic "
            "loss with penalties on D’s slope at real and made points (Huang and others, 2024)."
        ),
        *(
            Figure(
                strip(found, case),
                f"{TITLES[case]}: {DRAWN} samples from the same noise at four moments (red); circles are the heaps. "
                "Points outside the frame are drawn at its edge.",
                alt=f"Four panels of samples of the {TITLES[case]} training around eight circles",
                wide=True,
            )
            for case in CASES
        ),
        Figure(
            counts(found),
            f"Heaps with at least one of {COUNTED:,} samples within three deviations. n = {len(s.seeds)}.",
            alt="Modes covered by three kinds of training",
        ),
        Table(
            ["", "modes covered", "samples within 3 deviations"],
            [[TITLES[case], e["covered"], f"{e['quality']:.1%}"] for case, e in ends.items()],
            caption="The protocol of VEEGAN and PacGAN; a perfect sampler has 8 modes and 98.9 %.",
        ),
        Finding(
            f"After {s.steps:,} steps the driven GAN covers {ends['driven']['covered']:.1f} of 8 modes, the same GAN "
            f"with equal rates {ends['plain']['covered']:.1f}, the relativistic one "
            f"{ends['relativistic']['covered']:.1f} (95 % interval, n = {len(s.seeds)})."
        ),
        Claim(
            claimed="The relativistic loss with R1 and R2 keeps all modes (Huang and others, 2024).",
            measured=f"Modes covered: {ends['relativistic']['covered']:.1f} of 8; "
            f"{ends['relativistic']['quality']:.1%} of the samples lie within three deviations.",
            holds=all(t["covered"] == 8 for t in found["relativistic"]),
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="modes",
    chapter=3,
    title="Which modes does a generator find?",
    full=FULL,
    quick=replace(FULL, seeds=(0,), steps=1500),
    measure=measure,
    write=write,
)

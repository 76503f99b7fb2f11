"""Which modes does a generator cover? Eight Gaussians on a ring, where every lost one can be counted."""

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

from ..blocks import Block, Claim, Figure, Finding, Table, Text
from ..experiment import Experiment, Results
from ..figures import INK, RED, axes, points
from ..interval import interval
from ..workspace import Workspace

EQUAL_RATES = {"beta1": 0.0, "lr_g": 5e-4, "lr_d": 5e-4}
CASES: dict[str, dict[str, Any]] = {
    "fast generator": {"beta1": 0.9, "lr_g": 1e-3, "lr_d": 1e-4},
    "equal rates": EQUAL_RATES,
    "relativistic": {**EQUAL_RATES, "loss": "relativistic", "r1": 0.1, "r2": 0.1},
}
TITLES = ("GAN, G ten times as fast", "GAN, equal rates", "relativistic, R1 + R2")
PANELS = 4  # of the strip
DRAWN, COUNTED = 250, 2500  # samples of a panel, and those in which modes are counted
BATCH = 128


@dataclass(frozen=True)
class Settings:
    """Steps of 128 points."""

    seeds: tuple[int, ...] = (0, 1, 2)
    steps: int = 8000


def samples(method: GAN, count: int) -> NDArray[Any]:
    """Generated points (count, 2), from the same noise for every training."""
    z = torch.randn(count, method.latent, generator=torch.Generator().manual_seed(0))
    with still(method.nets["G"]):
        points: NDArray[Any] = method.nets["G"](z).numpy()
    return points


def train(case: str, seed: int, steps: int) -> dict[str, Any]:
    """Train one case; modes at the end, and samples at a few steps."""
    torch.manual_seed(seed)
    mixture = ring()
    config = GANConfig(channels=1, latent=2, **CASES[case])
    method = GAN(config, size=28, nets=(PointGenerator(2), PointDiscriminator()))
    real = GaussianBatches(mixture, BATCH, seed)
    shown = {steps * (i + 1) // PANELS for i in range(PANELS)}
    strip = []
    for step in range(steps):
        method.step(*real.batch(step))
        if step + 1 in shown:
            strip.append(samples(method, DRAWN).round(3))

    counts = modes(samples(method, COUNTED), mixture.centres, mixture.deviation)
    return {"covered": counts.covered, "held": counts.held, "quality": counts.quality, "strip": strip}


def measure(s: Settings, work: Workspace) -> dict[str, Any]:
    """Every case and seed."""
    rows = work.sweep("ring", CASES, s.seeds, lambda case, seed: train(case, seed, s.steps))
    return dict(zip(CASES, rows, strict=True))


def plot_samples(results: Results, case: str) -> Any:
    """Samples at four steps side by side; circles mark the modes."""
    figure, ax = axes(size="wide", height=190)
    s, centres = results.settings, ring().centres
    for i, values in enumerate(results[case][0]["strip"]):
        inside = np.clip(values, -1.6, 1.6)
        ax.scatter(centres[:, 0] + 4 * i, centres[:, 1], s=130, facecolors="none", edgecolors=INK, linewidths=0.8)
        ax.scatter(inside[:, 0] + 4 * i, inside[:, 1], s=6, color=RED, alpha=0.6, linewidths=0)
        ax.text(4 * i, -2.1, f"step {s.steps * (i + 1) // PANELS:,}", ha="center", va="top")
    ax.set(xticks=[], yticks=[], xlim=(-2, 4 * PANELS - 2), ylim=(-2.7, 1.75), aspect="equal")
    ax.spines[:].set_visible(False)
    ax.grid(visible=False)
    return figure


def plot_modes(results: Results) -> Any:
    """Modes that are covered at the end."""
    figure, ax = axes("", "modes covered, of 8", height=250)
    names = [title.replace(", ", ",\n") for title in TITLES]
    points(ax, names, [[t["covered"] for t in results[case]] for case in CASES], joined=False)
    ax.set(ylim=(0, 8.4), xlim=(-0.5, 2.5))
    return figure


def write(results: Results) -> list[Block]:
    s = results.settings
    covered = [interval(t["covered"] for t in results[case]) for case in CASES]
    quality = [interval(t["quality"] for t in results[case]) for case in CASES]
    return [
        Text(
            "On images one has to guess what a mode is. On a plane it is known: the real points lie in eight tight "
            "clusters on a ring (deviation 0.01). Two small perceptrons play the game three times: with a generator "
            "ten times as fast as its discriminator and much momentum, with equal rates, and with these rates and the "
            "relativistic loss with penalties on D’s gradient at real and generated points (Huang and others, 2024)."
        ),
        *(
            Figure(
                plot_samples(results, case),
                f"{title}: {DRAWN} samples from the same noise at four steps (red); circles are the clusters. Points "
                "outside the frame are drawn at its edge.",
                alt=f"Four panels of samples of the {title} training around eight circles",
                wide=True,
            )
            for case, title in zip(CASES, TITLES, strict=True)
        ),
        Figure(
            plot_modes(results),
            f"Clusters with at least one of {COUNTED:,} samples within three deviations. n = {len(s.seeds)}.",
            alt="Modes covered by three kinds of training",
        ),
        Table(
            ["", "modes covered", "samples within 3 deviations"],
            [[title, count, f"{share:.1%}"] for title, count, share in zip(TITLES, covered, quality, strict=True)],
            caption="The protocol of VEEGAN and PacGAN; a perfect sampler has 8 modes and 98.9 %.",
        ),
        Finding(
            f"After {s.steps:,} steps the GAN with a fast generator covers {covered[0]:.1f} of 8 modes, the same GAN "
            f"with equal rates {covered[1]:.1f}, the relativistic one {covered[2]:.1f} (95 % interval, "
            f"n = {len(s.seeds)})."
        ),
        Claim(
            claimed="The relativistic loss with R1 and R2 keeps all modes (Huang and others, 2024).",
            measured=f"Modes covered: {covered[2]:.1f} of 8; {quality[2]:.1%} of the samples lie within three "
            "deviations.",
            holds=all(t["covered"] == 8 for t in results["relativistic"]),
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="modes",
    chapter=3,
    title="Which modes does a generator cover?",
    full=FULL,
    quick=replace(FULL, seeds=(0,), steps=1500),
    measure=measure,
    write=write,
)

"""Where does the game end? The report says: at minus log 4, with a discriminator whose output is one half."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from viceversa.losses.adversarial import ADVERSARIAL
from viceversa.networks.mlp import MLP
from viceversa.optimize import Player

from ..blocks import Block, Claim, Figure, Finding, Formula, Text
from ..experiment import Experiment, Results
from ..figures import BLUE, INK, RED, axes, legend, line, points
from ..interval import Interval, interval
from ..workspace import Workspace
from .toy_networks import BATCH, decaying_steps, smooth_mlp

Array = NDArray[np.float64]
GAME = r"\min_G \max_D V = E_{x \sim p} \log D(x) + E_{x \sim q} \log (1 - D(x))"
BEST = r"D^*(x) = \frac{p(x)}{p(x) + q(x)}, \quad V(D^*) = -\log 4 + 2 \, \mathrm{JSD}(p, q)"
LINE = np.linspace(-8, 12, 4001)  # where densities are integrated
MINUS_LOG_4 = -math.log(4)


@dataclass(frozen=True)
class Settings:
    """Two Gaussian mixtures, real and fake; then two Gaussians at these distances, in standard deviations."""

    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    distances: tuple[float, ...] = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
    steps: int = 1500


def gaussian(x: Array, mean: float, deviation: float = 1.0) -> Array:
    """The density of a Gaussian."""
    density: Array = np.exp(-(((x - mean) / deviation) ** 2) / 2) / (deviation * math.sqrt(2 * math.pi))
    return density


def real_density(x: Array) -> Array:
    return 0.6 * gaussian(x, -1.5, 0.6) + 0.4 * gaussian(x, 1.5, 0.8)


def fake_density(x: Array) -> Array:
    return gaussian(x, 0.5, 1.2)


def value(p: Array, q: Array, logits: Array) -> float:
    """V of a discriminator with these logits, by the trapezoidal rule."""
    log_d, log_not_d = -np.logaddexp(0, -logits), -np.logaddexp(0, logits)
    return float(np.trapezoid(p * log_d + q * log_not_d, LINE))


def best_logits(p: Array, q: Array) -> Array:
    """Logits of D*."""
    return np.log(p + 1e-300) - np.log(q + 1e-300)


def train(p: Array, q: Array, seed: int, steps: int) -> MLP:
    """A discriminator trained on samples of p and q."""
    D = smooth_mlp(seed)
    player = Player([D], lr=5e-3, betas=(0.9, 0.999))
    rng = np.random.default_rng(seed)
    for _ in decaying_steps(player, steps):
        real, fake = (torch.from_numpy(samples(density, rng)) for density in (p, q))
        with player.turn() as update:
            update(ADVERSARIAL["minimax"].d_loss(D(real), D(fake)))
    return D


def samples(density: Array, rng: np.random.Generator) -> NDArray[np.float32]:
    """Samples (BATCH, 1) of a density on `LINE`, through its quantiles."""
    cumulative = np.cumsum(density)
    return np.interp(rng.random(BATCH), cumulative / cumulative[-1], LINE)[:, None].astype(np.float32)


def logits_on_line(D: MLP) -> Array:
    """Logits along `LINE`."""
    with torch.no_grad():
        logits: Array = D(torch.from_numpy(LINE[:, None]).float())[:, 0].double().numpy()
    return logits


def measure(s: Settings, work: Workspace) -> dict[str, Any]:
    """The best discriminator by its formula, and trained ones."""
    p, q = real_density(LINE), fake_density(LINE)

    def mixtures(seed: int) -> dict[str, Any]:
        logits = logits_on_line(train(p, q, seed, s.steps))
        error = np.abs(1 / (1 + np.exp(-logits)) - p / (p + q + 1e-300))
        return {"value": value(p, q, logits), "scores": logits, "error": float(np.trapezoid(error * (p + q) / 2, LINE))}

    def gaussians(distance: float, seed: int) -> dict[str, float]:
        real, fake = gaussian(LINE, 0), gaussian(LINE, distance)
        logits = logits_on_line(train(real, fake, seed, s.steps))
        outputs = 1 / (1 + np.exp(-logits))
        mean = float(np.trapezoid(outputs * (real + fake) / 2, LINE))
        spread = math.sqrt(np.trapezoid((outputs - 0.5) ** 2 * (real + fake) / 2, LINE))
        return {"value": value(real, fake, logits), "mean": mean, "spread": spread}

    def best_value(distance: float) -> float:
        real, fake = gaussian(LINE, 0), gaussian(LINE, distance)
        return value(real, fake, best_logits(real, fake))

    distances = np.linspace(0, max(s.distances), 41)
    trained = work.map("mixtures", [(seed,) for seed in s.seeds], mixtures)
    work.save_array("scores", np.array(trained[0].pop("scores")))
    return {
        "best": value(p, q, best_logits(p, q)),
        "mixtures": [{"value": t["value"], "error": t["error"]} for t in trained],
        "distances": distances,
        "known": [best_value(distance) for distance in distances],
        "gaussians": work.sweep("gaussians", s.distances, s.seeds, gaussians),
    }


def plot_densities() -> Any:
    """The real and the fake density."""
    figure, ax = axes("x", "density", size="panel")
    x = LINE[np.abs(LINE) < 4.5]
    for series, (density, name) in enumerate(((real_density, "real, p"), (fake_density, "fake, q"))):
        line(ax, list(x), list(density(x)), name, series)
        ax.fill_between(x, density(x), color=(BLUE, RED)[series], alpha=0.1, linewidth=0)
    ax.set_ylim(0, 0.55)
    legend(ax)
    return figure


def plot_outputs(results: Results) -> Any:
    """D* and the trained discriminator of the first seed."""
    figure, ax = axes("x", "D(x)", size="panel")
    shown = np.abs(LINE) < 4.5
    p, q = real_density(LINE), fake_density(LINE)
    line(ax, list(LINE[shown]), list((p / (p + q))[shown]), "p / (p + q)", 0)
    line(ax, list(LINE[shown]), list((1 / (1 + np.exp(-results.array("scores"))))[shown]), "trained", 1)
    ax.axhline(0.5, color=INK, linewidth=0.8)
    ax.set_ylim(-0.03, 1.2)
    legend(ax)
    return figure


def plot_values(results: Results) -> Any:
    """The value of the game against the distance of two Gaussians."""
    figure, ax = axes("distance of the means, deviations", "V", height=250)
    line(ax, results["distances"], results["known"], "best discriminator", 0)
    rows = [[t["value"] for t in row] for row in results["gaussians"]]
    points(ax, results.settings.distances, rows, "trained", 1, joined=False)
    ax.axhline(MINUS_LOG_4, color=INK, linewidth=0.8)
    ax.text(results.settings.distances[-1], MINUS_LOG_4 + 0.02, "−log 4", ha="right", va="bottom")
    legend(ax, "upper left")
    return figure


def signed(number: float | Interval) -> str:
    """Four decimals, with a true minus."""
    return f"{number:.4f}".replace("-", "−")


def write(results: Results) -> list[Block]:
    """The theorem, and networks that come near it."""
    s = results.settings
    reached = interval(t["value"] for t in results["mixtures"])
    error = interval(t["error"] for t in results["mixtures"])
    at_zero = results["gaussians"][s.distances.index(0.0)]
    end, output, spread = (interval(t[name] for t in at_zero) for name in ("value", "mean", "spread"))
    return [
        Text(
            "The generator turns noise into samples of a density $q$; the real ones have the density $p$. The "
            "discriminator estimates the probability $D(x)$ that $x$ is real. Goodfellow and others (2014) let both "
            "play for one value:"
        ),
        Formula(GAME),
        Text("For a fixed generator, one can write down the best discriminator and what it achieves:"),
        Formula(BEST),
        Text(
            "On the line, where $p$ and $q$ can be chosen and integrated, this is checked. @1 shows a network of two "
            f"layers that has only seen samples, {BATCH} of each kind in {s.steps} steps, beside the formula."
        ),
        Figure(
            [plot_densities(), plot_outputs(results)],
            "Left: the two densities. Right: the best discriminator, and a trained one. Where neither density has "
            "samples the network is not trained, and its output is arbitrary.",
            alt="Two-peaked real density and one-peaked fake one; the trained discriminator follows the optimal curve",
        ),
        Finding(
            f"The best discriminator reaches $V$ = {signed(results['best'])}, trained ones {signed(reached)} (95 % "
            f"interval, n = {reached.n}); they miss $D^*$ by {error:.3f} on average over $p$ and $q$."
        ),
        Figure(
            plot_values(results),
            "The value of the game where $p$ and $q$ are Gaussians of deviation 1. The generator wants it small and "
            "can get it down to −log 4, by making $q$ equal to $p$. It tends to 0 where nothing overlaps.",
            alt="The value grows from minus log 4 at distance zero towards zero; trained points lie on the curve",
        ),
        Claim(
            claimed="The game has one equilibrium: −log 4, with a discriminator whose output is 0.5 for every image.",
            measured=f"At $p = q$ trained discriminators reach {signed(end)} (−log 4 = {signed(MINUS_LOG_4)}); their "
            f"mean output is {output:.3f}, with a deviation of {spread:.3f}.",
            holds=abs(end.mean - MINUS_LOG_4) < 0.01 and abs(output.mean - 0.5) < 0.02 and spread.mean < 0.05,
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="equilibrium",
    chapter=3,
    title="Where does the game of generator and discriminator end?",
    full=FULL,
    quick=replace(FULL, seeds=(0, 1), distances=(0.0, 1.0, 2.0, 4.0), steps=600),
    measure=measure,
    write=write,
)

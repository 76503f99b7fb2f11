"""Where does the game end? The report: minus log 4 for the generator, and a discriminator that answers one half."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from viceversa.losses.adversarial import ADVERSARIAL
from viceversa.networks.mlp import MLP
from viceversa.optimize import Player

from ..experiment import Experiment, Found
from ..figures import BLUE, INK, RED, axes, legend, line, points
from ..interval import Interval, interval
from ..parts import Claim, Figure, Finding, Formula, Part, Text
from ..work import Work
from .players import BATCH, rounds, smooth_judge

Numbers = NDArray[np.float64]
GAME = r"\min_G \max_D V = E_{x \sim p} \log D(x) + E_{x \sim q} \log (1 - D(x))"
BEST = r"D^*(x) = \frac{p(x)}{p(x) + q(x)}, \quad V(D^*) = -\log 4 + 2 \, \mathrm{JSD}(p, q)"
LINE = np.linspace(-8, 12, 4001)  # where integrals are taken
EQUAL = -math.log(4)


@dataclass(frozen=True)
class Settings:
    """Real numbers come from two hills, fake ones from one; then from two Gaussians so many deviations apart."""

    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    apart: tuple[float, ...] = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
    steps: int = 1500


def hill(x: Numbers, mean: float, deviation: float = 1.0) -> Numbers:
    """The density of a Gaussian."""
    found: Numbers = np.exp(-(((x - mean) / deviation) ** 2) / 2) / (deviation * math.sqrt(2 * math.pi))
    return found


def real_density(x: Numbers) -> Numbers:
    return 0.6 * hill(x, -1.5, 0.6) + 0.4 * hill(x, 1.5, 0.8)


def fake_density(x: Numbers) -> Numbers:
    return hill(x, 0.5, 1.2)


def value(p: Numbers, q: Numbers, scores: Numbers) -> float:
    """V of a discriminator with these logits, by the trapezoidal rule."""
    log_d, log_not_d = -np.logaddexp(0, -scores), -np.logaddexp(0, scores)
    return float(np.trapezoid(p * log_d + q * log_not_d, LINE))


def best(p: Numbers, q: Numbers) -> Numbers:
    """Logits of D*."""
    return np.log(p + 1e-300) - np.log(q + 1e-300)


def train(p: Numbers, q: Numbers, seed: int, steps: int) -> MLP:
    """A discriminator that has only seen samples of p and q."""
    D = smooth_judge(seed)
    player = Player([D], lr=5e-3, betas=(0.9, 0.999))
    rng = np.random.default_rng(seed)
    for _ in rounds(player, steps):
        real, fake = (torch.from_numpy(draw(density, rng)) for density in (p, q))
        with player.turn() as update:
            update(ADVERSARIAL["minimax"].d_loss(D(real), D(fake)))
    return D


def draw(density: Numbers, rng: np.random.Generator) -> NDArray[np.float32]:
    """Samples (BATCH, 1) of a density on `LINE`, through its quantiles."""
    below = np.cumsum(density)
    return np.interp(rng.random(BATCH), below / below[-1], LINE)[:, None].astype(np.float32)


def scores(D: MLP) -> Numbers:
    """Logits along `LINE`."""
    with torch.no_grad():
        found: Numbers = D(torch.from_numpy(LINE[:, None]).float())[:, 0].double().numpy()
    return found


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """The best discriminator by its formula, and trained ones."""
    p, q = real_density(LINE), fake_density(LINE)

    def hills(seed: int) -> dict[str, Any]:
        found = scores(train(p, q, seed, s.steps))
        error = np.abs(1 / (1 + np.exp(-found)) - p / (p + q + 1e-300))
        return {"value": value(p, q, found), "scores": found, "error": float(np.trapezoid(error * (p + q) / 2, LINE))}

    def gaussians(apart: float, seed: int) -> dict[str, float]:
        real, fake = hill(LINE, 0), hill(LINE, apart)
        found = scores(train(real, fake, seed, s.steps))
        answers = 1 / (1 + np.exp(-found))
        mean = float(np.trapezoid(answers * (real + fake) / 2, LINE))
        spread = math.sqrt(np.trapezoid((answers - 0.5) ** 2 * (real + fake) / 2, LINE))
        return {"value": value(real, fake, found), "mean": mean, "spread": spread}

    places = np.linspace(0, max(s.apart), 41)
    trained = work.each("hills", [(seed,) for seed in s.seeds], hills)
    work.array("scores", np.array(trained[0].pop("scores")))
    return {
        "best": value(p, q, best(p, q)),
        "hills": [{"value": t["value"], "error": t["error"]} for t in trained],
        "places": places,
        "known": [value(hill(LINE, 0), hill(LINE, m), best(hill(LINE, 0), hill(LINE, m))) for m in places],
        "gaussians": work.sweep("gaussians", s.apart, s.seeds, gaussians),
    }


def densities() -> Any:
    """What is real and what is fake."""
    figure, ax = axes("x", "density", size="panel")
    shown = np.abs(LINE) < 4.5
    for series, (density, name) in enumerate(((real_density, "real, p"), (fake_density, "fake, q"))):
        line(ax, list(LINE[shown]), list(density(LINE)[shown]), name, series)
        ax.fill_between(LINE[shown], density(LINE)[shown], color=(BLUE, RED)[series], alpha=0.1, linewidth=0)
    ax.set_ylim(0, 0.55)
    legend(ax)
    return figure


def answers(found: Found) -> Any:
    """D* and the trained discriminator of the first seed."""
    figure, ax = axes("x", "D(x)", size="panel")
    shown = np.abs(LINE) < 4.5
    p, q = real_density(LINE), fake_density(LINE)
    line(ax, list(LINE[shown]), list((p / (p + q))[shown]), "p / (p + q)", 0)
    line(ax, list(LINE[shown]), list((1 / (1 + np.exp(-found.array("scores"))))[shown]), "trained", 1)
    ax.axhline(0.5, color=INK, linewidth=0.8)
    ax.set_ylim(-0.03, 1.2)
    legend(ax)
    return figure


def values(found: Found) -> Any:
    """The value of the game against the distance of two Gaussians."""
    figure, ax = axes("distance of the means, deviations", "V", height=250)
    line(ax, found["places"], found["known"], "best discriminator", 0)
    rows = [[t["value"] for t in row] for row in found["gaussians"]]
    points(ax, found.settings.apart, rows, "trained", 1, joined=False)
    ax.axhline(EQUAL, color=INK, linewidth=0.8)
    ax.text(found.settings.apart[-1], EQUAL + 0.02, "−log 4", ha="right", va="bottom")
    legend(ax, "upper left")
    return figure


def signed(number: float | Interval) -> str:
    """Four digits after the point, with a true minus."""
    return f"{number:.4f}".replace("-", "−")


def write(found: Found) -> list[Part]:
    """The theorem, and networks that come near it."""
    s = found.settings
    reached = interval(t["value"] for t in found["hills"])
    error = interval(t["error"] for t in found["hills"])
    equal = s.apart.index(0.0)
    end = interval(t["value"] for t in found["gaussians"][equal])
    answer = interval(t["mean"] for t in found["gaussians"][equal])
    spread = interval(t["spread"] for t in found["gaussians"][equal])
    return [
        Text(
            "The generator turns noise into samples of a density $q$; the real ones have the density $p$. The "
            "discriminator answers with the probability $D(x)$ that $x$ is real. Goodfellow and others (2014) let "
            "both play for one value:"
        ),
        Formula(GAME),
        Text("For a fixed generator, one can write down the best discriminator and what it achieves:"),
        Formula(BEST),
        Text(
            "On the line, where $p$ and $q$ can be chosen and integrated, this is checked. @1 shows a network of two "
            f"layers that has only seen samples, {BATCH} of each kind in {s.steps} steps, beside the formula."
        ),
        Figure(
            [densities(), answers(found)],
            "Left: the two densities. Right: the best discriminator, and a trained one. Where neither density has "
            "samples nothing teaches the network, and it goes its own way.",
            alt="Two-peaked real density and one-peaked fake one; the trained discriminator follows the optimal curve",
        ),
        Finding(
            f"The best discriminator reaches $V$ = {signed(found['best'])}, trained ones {signed(reached)} (95 % "
            f"interval, n = {reached.n}); they miss $D^*$ by {error:.3f} on average over $p$ and $q$."
        ),
        Figure(
            values(found),
            "The value of the game where $p$ and $q$ are Gaussians of deviation 1. The generator wants it small and "
            "can get it down to −log 4, by making $q$ equal to $p$. It tends to 0 where nothing overlaps.",
            alt="The value grows from minus log 4 at distance zero towards zero; trained points lie on the curve",
        ),
        Claim(
            claimed="The game has one equilibrium: −log 4, with a discriminator that answers 0.5 to every picture.",
            measured=f"At $p = q$ trained discriminators get {signed(end)} (−log 4 = {signed(EQUAL)}), and answer "
            f"{answer:.3f} with a deviation of {spread:.3f}.",
            holds=abs(end.mean - EQUAL) < 0.01 and abs(answer.mean - 0.5) < 0.02 and spread.mean < 0.05,
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="equilibrium",
    chapter=3,
    title="Where does the game of generator and discriminator end?",
    full=FULL,
    quick=replace(FULL, seeds=(0, 1), apart=(0.0, 1.0, 2.0, 4.0), steps=600),
    measure=measure,
    write=write,
)

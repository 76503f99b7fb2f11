"""Does the Wasserstein distance make better digits? Not in the report, to its authors' surprise."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..blocks import Block, Claim, Figure, Finding, Formula, Table, Text
from ..experiment import Experiment, Results
from ..figures import GREEN, axes, points
from ..interval import Interval, interval, paired_difference
from ..workspace import Workspace
from . import digit_runs
from .digit_runs import CONFIDENT, RealDigits

OBJECTIVE = r"\min_G \max_f \; E_{x \sim p} f(x) - E_z f(G(z))"
NAMES = {"dcgan": "DCGAN", "wgan": "WGAN, clipping", "wgan-gp": "WGAN, penalty"}  # preset to name
SHOWN = 36  # digits on a sheet


@dataclass(frozen=True)
class Settings:
    """Steps of DCGAN, of WGAN with clipping and of WGAN with a penalty: chosen so that each takes about as long."""

    data: str = "handwritten"
    seeds: tuple[int, ...] = (0, 1, 2)
    steps: tuple[int, int, int] = (2500, 1300, 1150)
    classifier_steps: int = 600
    count: int = 2000  # generated digits that are scored
    change: tuple[str, ...] = ()  # of all presets


def measure(s: Settings, work: Workspace) -> dict[str, Any]:
    """Three methods on the same digits, scored by the same classifier."""
    real = digit_runs.prepare(work, s.data)
    classifier = digit_runs.restore(digit_runs.learn(work, real, "cnn", s.classifier_steps, seed=0))
    change = (*s.change, "train.samples=0")

    def one(method: str, steps: int, seed: int) -> dict[str, Any]:
        run = digit_runs.learn(work, real, method, steps, seed, change)
        generated = digit_runs.sample(digit_runs.restore(run), s.count)
        if seed == s.seeds[0]:
            work.save_image(method, digit_runs.sheet(generated[:SHOWN], 6))
        scores = digit_runs.score(classifier, generated)
        return scores | distance(generated, real) | {"seconds per step": digit_runs.seconds_per_step(run)}

    trainings = {
        method: work.map("score", [(method, steps, seed) for seed in s.seeds], one)
        for method, steps in zip(NAMES, s.steps, strict=True)
    }
    return {
        "name": real.name,
        "accuracy": digit_runs.accuracy(classifier, real),
        "real": digit_runs.score(classifier, real.test) | distance(real.test, real),
        **trainings,
    }


def distance(x: Any, real: RealDigits) -> dict[str, float]:
    """The median distance to the nearest training digit."""
    return {"distance": float(np.median(digit_runs.nearest(x, real)[0]))}


def by_seed(results: Results, method: str, score: str) -> list[float]:
    return [t[score] for t in results[method]]


def plot(results: Results, score: str, label: str, scale: float = 1.0) -> Any:
    """One score of the three methods, and of real digits as a line."""
    figure, ax = axes("", label, size="panel")
    rows = [[scale * v for v in by_seed(results, method, score)] for method in NAMES]
    real = scale * results["real"][score]
    points(ax, [name.replace(", ", ",\n") for name in NAMES.values()], rows, joined=False)
    ax.axhline(real, color=GREEN, linewidth=1.2, linestyle=(0, (1, 1.6)))
    ax.text(2.4, real, "real", color=GREEN, ha="right", va="bottom")
    ax.set_xlim(-0.5, 2.5)
    return figure


def row(title: str, trainings: Sequence[dict[str, Any]], seconds: Interval | None) -> list[str]:
    """A row of the table."""
    names = ("recognised", "confidence", "imbalance", "distance")
    recognised, confidence, imbalance, distance = (interval(t[name] for t in trainings) for name in names)
    rarest = interval(min(t["classes"]) for t in trainings)
    time = f"{seconds.mean:.0f} s" if seconds else ""
    scores = [f"{share:.1%}" for share in (recognised, confidence, rarest)]
    return [title, time, *scores, f"{imbalance:.3f}", f"{distance:.3f}"]


def write(results: Results) -> list[Block]:
    return [*comparison(results), *answer(results)]


def comparison(results: Results) -> list[Block]:
    """Samples and scores of all three."""
    s = results.settings
    seconds = {
        method: interval(steps * t for t in by_seed(results, method, "seconds per step"))
        for method, steps in zip(NAMES, s.steps, strict=True)
    }
    return [
        Text("WGAN keeps DCGAN’s networks and replaces the discriminator by [a critic](#wasserstein):"),
        Formula(OBJECTIVE),
        Text(
            "Its critic learns several times for each step of the generator, so a step costs more. All three therefore "
            f"learn from the same {results['name']} digits for about the same time, measured on one core, and are "
            f"scored by a classifier again ({interval([results['accuracy']]):.1%} correct on held-out real digits)."
        ),
        Figure(
            [results.image(method) for method in NAMES],
            f"{SHOWN} digits of each, from the same noise, not picked.",
            alt="Three sheets of generated digits",
            titles=list(NAMES.values()),
            sharp=True,
        ),
        Figure(
            [
                plot(results, "recognised", "at least 90 % confidence, % of digits", 100),
                plot(results, "imbalance", "imbalance of the classes"),
            ],
            f"Left: share of the digits that the classifier recognises. Right: Kullback–Leibler divergence of the "
            f"classes from ten equal shares, 0 where all are equally frequent. {s.count:,} digits of each training, "
            f"n = {len(s.seeds)}.",
            alt="Points of three methods for recognised share and class imbalance",
        ),
        Table(
            ["", "time", "recognised", "confidence", "rarest", "imbalance", "nearest"],
            [
                *(row(name.removeprefix("WGAN, "), results[m], seconds[m]) for m, name in NAMES.items()),
                row("real", [results["real"]], None),
            ],
            caption="Recognised digits, mean confidence, share of the rarest class, and the median distance to the "
            "nearest training digit, as [before](#dcgan); real digits are those held out.",
        ),
    ]


def answer(results: Results) -> list[Block]:
    """The finding and both claims."""
    s = results.settings
    recognised = {method: by_seed(results, method, "recognised") for method in NAMES}
    shares = {method: interval(values) for method, values in recognised.items()}
    gains = {method: paired_difference(recognised[method], recognised["dcgan"]) for method in ("wgan", "wgan-gp")}
    changes = {method: f"{gain:.1%}".replace("-", "−") for method, gain in gains.items()}
    confidence = interval(by_seed(results, "wgan-gp", "confidence"))
    rarest = interval([min(min(t["classes"]) for t in results["wgan-gp"])])
    return [
        Finding(
            "Against DCGAN’s share of recognised digits, seed by seed, clipping makes a difference of "
            f"{changes['wgan']} and the penalty one of {changes['wgan-gp']} (percent of the digits, 95 % interval, "
            f"n = {len(s.seeds)})."
        ),
        Claim(
            claimed="WGAN is no better than DCGAN (the report, with surprise).",
            measured=f"Recognised: DCGAN {shares['dcgan']:.1%}, clipping {shares['wgan']:.1%}, penalty "
            f"{shares['wgan-gp']:.1%}.",
            holds=all(gain.low <= 0 for gain in gains.values()),
        ),
        Claim(
            claimed="With a penalty, digits are recognised with at least 90 % confidence, and all ten classes occur.",
            measured=f"Mean confidence {confidence:.1%}; {shares['wgan-gp']:.1%} of the digits reach 90 % alone; "
            f"rarest class {rarest:.1%}.",
            holds=confidence.mean >= CONFIDENT and rarest.mean > 0.01,
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="wgan",
    chapter=3,
    title="Does the Wasserstein distance make better digits?",
    full=FULL,
    quick=replace(FULL, seeds=(0,), steps=(400, 170, 130), classifier_steps=250, count=1000),
    measure=measure,
    write=write,
)

"""Can two convolutional networks teach each other to write digits? The report left its results out (Fig. 3.5)."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from viceversa import images
from viceversa.worlds.digits import CLASSES

from ..blocks import Animation, Block, Claim, Figure, Finding, Table, Text
from ..experiment import Experiment, Results
from ..figures import INK, SERIES, axes, band, legend, points, ticks
from ..interval import Interval, interval
from ..workspace import Workspace
from . import digit_runs
from .digit_runs import CONFIDENT, LEVELS, RealDigits

SHOWN = 64  # generated and real digits side by side
COPIES = 8  # pairs of a generated digit and its nearest real one
ROWS = 5  # digits that are followed through the training


@dataclass(frozen=True)
class Settings:
    """Steps of 64 digits; `count` generated digits of each training are scored."""

    data: str = "handwritten"
    seeds: tuple[int, ...] = (0, 1, 2)
    steps: int = 2500
    classifier_steps: int = 600
    count: int = 2000
    frames: int = 30  # of the animation
    change: tuple[str, ...] = ()  # of the preset


def measure(s: Settings, work: Workspace) -> dict[str, Any]:
    """Generators of all seeds scored by one classifier, and images of the first seed."""
    real = digit_runs.prepare(work, s.data)
    classifier = digit_runs.restore(digit_runs.learn(work, real, "cnn", s.classifier_steps, seed=0))
    change = (*s.change, f"train.samples={s.frames}")
    runs = {seed: digit_runs.learn(work, real, "dcgan", s.steps, seed, change) for seed in s.seeds}

    def score(seed: int) -> dict[str, Any]:
        generated = digit_runs.sample(digit_runs.restore(runs[seed]), s.count)
        distance, _ = digit_runs.nearest(generated, real)
        return digit_runs.score(classifier, generated) | {"distance": np.median(distance)}

    scores = work.map("score", [(seed,) for seed in s.seeds], score)
    first = runs[s.seeds[0]]
    save_images(work, real, first)
    distance, _ = digit_runs.nearest(real.test, real)
    return {
        "name": real.name,
        "train": len(real.train),
        "accuracy": digit_runs.accuracy(classifier, real),
        "real": digit_runs.score(classifier, real.test) | {"distance": np.median(distance)},
        "generated": scores,
        "seconds per step": work.cached("seconds per step", lambda: digit_runs.seconds_per_step(first)),
    }


def save_images(work: Workspace, real: RealDigits, run: Path) -> None:
    """Generated and real digits, the nearest pairs, and the frames of the training."""
    generated = digit_runs.sample(digit_runs.restore(run), 500)
    work.save_image("generated", digit_runs.sheet(generated[:SHOWN]))
    order = torch.randperm(len(real.train), generator=torch.Generator().manual_seed(0))
    work.save_image("real", digit_runs.sheet(real.train[order[:SHOWN]]))

    distance, index = digit_runs.nearest(generated, real)
    closest = np.argsort(distance)[:COPIES]
    pairs = torch.cat([generated[closest], real.train[index[closest]]])
    work.save_image("pairs", digit_runs.sheet(pairs, COPIES))

    frames = digit_runs.sample_sheets(run)
    for i, rows in enumerate(frames):
        work.save_image(f"frame-{i}", images.grid(rows, gap=1))
    columns = [frames[round(i)] for i in np.linspace(0, len(frames) - 1, min(11, len(frames)))]
    work.save_image("strip", images.grid([[rows[k][0] for rows in columns] for k in range(ROWS)], gap=1))


def plot_classes(results: Results) -> Any:
    """How often the classifier predicts each class."""
    figure, ax = axes("predicted class", "share of the digits, %", size="panel")
    rows = [[100 * t["classes"][k] for t in results["generated"]] for k in range(CLASSES)]
    points(ax, range(CLASSES), rows, "generated", 1, joined=False)
    real = [100 * share for share in results["real"]["classes"]]
    ax.plot(range(CLASSES), real, "_", color=INK, markersize=13, label="real")
    ticks(ax, range(CLASSES))
    ax.set_ylim(bottom=0)
    legend(ax, "lower center")
    return figure


def plot_confidence(results: Results) -> Any:
    """The share of the digits on which the classifier is at least so confident."""
    figure, ax = axes("confidence of the classifier, at least", "share of the digits, %", size="panel")
    rows = [[100 * t["curve"][i] for t in results["generated"]] for i in range(len(LEVELS))]
    ax.plot(LEVELS, [100 * c for c in results["real"]["curve"]], color=SERIES[0], label="real, held out")
    band(ax, list(LEVELS), rows, "generated", 1)
    ax.axvline(CONFIDENT, color=INK, linewidth=0.8)
    ax.set_ylim(0, 103)
    legend(ax, "lower left")
    return figure


def write(results: Results) -> list[Block]:
    return [*samples(results), *scores(results), *answer(results)]


def samples(results: Results) -> list[Block]:
    """Digits from the same noise, as an animation and as a strip."""
    s = results.settings
    seconds = results["seconds per step"] * s.steps
    frames = [results.image(f"frame-{i}") for i in range(s.frames + 1)]
    return [
        Text(
            "DCGAN (Radford and others, 2016) builds both networks of convolutions: the generator doubles the side of "
            "a small map by transposed convolutions until it is an image, the discriminator halves it by strides. "
            f"Both learn here from {results['train']:,} {results['name']} digits, in {s.steps:,} steps of 64, about "
            f"{seconds:.0f} seconds on one CPU core."
        ),
        Figure(
            [Animation(frames, 200), results.image("real")],
            f"Left: {SHOWN} digits from the same noise while the generator learns, not picked. Right: as many real "
            "ones.",
            alt="An animation in which grey noise turns into white digits on black, beside real digits",
            titles=("generated", "real"),
            sharp=True,
        ),
        Figure(
            results.image("strip"),
            f"The same training as a strip: each row is one noise, each column a later moment, from step 0 to "
            f"{s.steps:,}.",
            alt="Rows in which a grey square becomes a digit from left to right",
            sharp=True,
            wide=True,
        ),
    ]


def scores(results: Results) -> list[Block]:
    """How confident the classifier is, of which classes, and whether the digits are copies."""
    s, real = results.settings, results["real"]
    recognised, confidence, rarest, distance = mean_scores(results)
    return [
        Text(
            "How are the digits scored? By a convolutional classifier that has learnt the real digits, and classifies "
            f"{interval([results['accuracy']]):.1%} of those held out correctly. Its confidence is its largest "
            f"probability. A digit counts as recognised from {100 * CONFIDENT:.0f} % on (@3). It is not that confident "
            "on every real digit either, and a shape between two digits, which nobody would write, lowers its "
            "confidence."
        ),
        Figure(
            [plot_confidence(results), plot_classes(results)],
            f"Left: confidence of the classifier; the line marks {100 * CONFIDENT:.0f} %. Right: its predictions for "
            f"{s.count:,} digits of each training.",
            alt="Confidence on generated and on real digits, and how often each of the ten classes is predicted",
        ),
        Table(
            ["", "recognised", "mean confidence", "rarest class", "nearest training digit"],
            [
                ["generated", f"{recognised:.1%}", f"{confidence:.1%}", f"{rarest:.1%}", f"{distance:.3f}"],
                [
                    "real, held out",
                    f"{interval([real['recognised']]):.1%}",
                    f"{interval([real['confidence']]):.1%}",
                    f"{interval([min(real['classes'])]):.1%}",
                    f"{real['distance']:.3f}",
                ],
            ],
            caption=f"Mean and 95 % interval over trainings (n = {len(s.seeds)}), {s.count:,} digits each. The last "
            "column is a median distance, root mean square of the difference of the pixels from −1 to 1.",
        ),
        Figure(
            results.image("pairs"),
            "Are they copies? Above, those of 500 generated digits that are nearest to a training digit; below, that "
            "training digit.",
            alt="Eight generated digits and below each the most similar real digit",
            sharp=True,
            wide=True,
        ),
    ]


def mean_scores(results: Results) -> tuple[Interval, ...]:
    """Share recognised, mean confidence, share of the rarest class, distance to the nearest training digit."""
    trainings = results["generated"]
    names = ("recognised", "confidence", "distance")
    recognised, confidence, distance = (interval(t[name] for t in trainings) for name in names)
    return recognised, confidence, interval([min(min(t["classes"]) for t in trainings)]), distance


def answer(results: Results) -> list[Block]:
    """The finding and the claim."""
    real = results["real"]
    recognised, confidence, rarest, distance = mean_scores(results)
    return [
        Finding(
            f"The mean confidence on a generated digit is {confidence:.1%}, and it is at least {100 * CONFIDENT:.0f} % "
            f"on {recognised:.1%} of them (95 % interval, n = {confidence.n}). The rarest class has {rarest:.1%} of "
            f"the digits. Half of them are nearer to a training digit than {distance:.3f}; of real digits that were "
            f"held out, half are nearer than {real['distance']:.3f}."
        ),
        Claim(
            claimed="DCGAN’s digits are recognised with at least 90 % confidence, and all ten classes occur.",
            measured=f"Mean confidence {confidence:.1%}; {recognised:.1%} of the digits reach 90 % alone; rarest class "
            f"{rarest:.1%}.",
            holds=confidence.mean >= CONFIDENT and rarest.mean > 0.01,
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="dcgan",
    chapter=3,
    title="Can two networks teach each other to write digits?",
    full=FULL,
    quick=replace(FULL, seeds=(0,), steps=500, classifier_steps=250, count=1000, frames=10),
    measure=measure,
    write=write,
)

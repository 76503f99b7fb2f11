"""Where to start? The report compared normal and uniform first weights."""

from dataclasses import dataclass, replace
from functools import partial
from math import sqrt
from typing import Any

from viceversa.methods.classifier import ClassifierConfig

from ..experiment import Experiment, Found
from ..figures import SOFT, axes, legend, points
from ..interval import interval
from ..parts import Figure, Finding, Formula, Part, Text
from ..work import Work
from .trials import accuracies, apart, best, called, gaussian, percent, pictures, trial

SHAPES = ("normal", "uniform")


@dataclass(frozen=True)
class Settings:
    """Standard deviations of the first weights of all layers."""

    seeds: tuple[int, ...] = tuple(range(50))
    data: str = "handwritten"
    deviations: tuple[float, ...] = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
    width: int = 64
    depth: int = 2
    epochs: int = 20
    lr: float = 1e-3


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """Test accuracy of every deviation and seed for both shapes, and of weights that all start at zero."""

    def one(shape: str, deviation: float, seed: int) -> dict[str, float]:
        config = ClassifierConfig(network="mlp", width=s.width, depth=s.depth, lr=s.lr)
        start = gaussian(deviation, shape)
        return trial(config, pictures(s.data, seed), seed=seed, epochs=s.epochs, start=start)

    trials = {shape: work.sweep(shape, s.deviations, s.seeds, partial(one, shape)) for shape in SHAPES}
    inputs = pictures(s.data, s.seeds[0]).train_x[0].size
    zeros = work.sweep("zeros", [0.0], s.seeds, lambda value, seed: one("normal", value, seed))
    return trials | {"zeros": zeros, "inputs": inputs}


def write(found: Found) -> list[Part]:
    """Accuracy by deviation."""
    s, zeros = found.settings, accuracies(found["zeros"])[0]
    shares = {shape: accuracies(found[shape]) for shape in SHAPES}
    figure, ax = axes("standard deviation of the first weights", "test accuracy, %", log="x")
    for series, shape in enumerate(SHAPES):
        points(ax, s.deviations, percent(shares[shape]), shape, series)
    for fan_in in (found["inputs"], s.width):
        ax.axvline(sqrt(2 / fan_in), color=SOFT, linewidth=1, linestyle=(0, (2, 2)))
    ax.annotate(
        "He", (sqrt(2 / sqrt(found["inputs"] * s.width)), 0.03), xycoords=("data", "axes fraction"), ha="center",
        color=SOFT, fontsize=11.5,
    )  # fmt: skip
    legend(ax, "lower left")
    top = best(shares["normal"])
    gaps = [apart(a, b) for a, b in zip(*shares.values(), strict=True)]
    widest = max(gaps, key=lambda gap: abs(gap.mean))
    told = sum(gap.low > 0 or gap.high < 0 for gap in gaps)
    return [
        Text(
            "All weights at zero cannot work: every neuron of a layer then gets the same correction and stays like its "
            "neighbours. So the first weights are drawn, and two things can be chosen: the shape of the distribution "
            "and its width. For layers of $n$ inputs with ReLU, He et al. (2015) derived the deviation that keeps the "
            "signal as large behind the layer as before it:"
        ),
        Formula(r"\sigma = \sqrt{2 / n}"),
        Figure(
            figure,
            f"Accuracy after {s.epochs} epochs ({called(s.data)}), {s.depth} hidden layers of {s.width}: every seed, "
            f"mean and 95 % interval, n = {len(s.seeds)}. Dashed: the rule of He et al. for the first layer and for "
            "the others.",
            alt="Both shapes give the same curve over the deviation: a plateau in the middle, worse at the ends",
        ),
        Finding(
            f"From zero the network names {interval(zeros):.1%} of the digits rightly. Normal weights do best with "
            f"a deviation of {s.deviations[top]:g}: {interval(shares['normal'][top]):.1%}, against "
            f"{interval(shares['normal'][0]):.1%} with {s.deviations[0]:g} and {interval(shares['normal'][-1]):.1%} "
            f"with {s.deviations[-1]:g}. Between normal and uniform the greatest difference is "
            f"{abs(widest.mean):.1f} ± {widest.half:.1f} points; at {told} of {len(gaps)} deviations its interval "
            f"excludes zero. The width {'matters, the shape not' if told <= 1 else 'matters, and so does the shape'}."
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="initialisation",
    chapter=1,
    title="Does it matter how the first weights are drawn?",
    full=FULL,
    quick=replace(FULL, seeds=(0, 1, 2, 3, 4), deviations=(0.001, 0.01, 0.1, 1.0), epochs=6),
    measure=measure,
    write=write,
)

"""Where to start? The report compares normal and uniform initial weights."""

from dataclasses import replace
from functools import partial
from math import sqrt
from typing import Any

from torch import Tensor, nn

from ..blocks import Block, Figure, Finding, Formula, Text
from ..classifiers import load_digits
from ..experiment import Experiment, Results
from ..figures import SOFT
from ..interval import interval
from ..sweep import Settings, Sweep, caption, difference
from ..workspace import Workspace


def random_weights(weights: Tensor, shape: str, deviation: float) -> Tensor:
    """Fill with random numbers of mean 0 and this standard deviation, `normal` or `uniform`."""
    if shape == "normal":
        return nn.init.normal_(weights, 0.0, deviation)
    return nn.init.uniform_(weights, -(3**0.5) * deviation, 3**0.5 * deviation)


def train(s: Settings, shape: str, deviation: float, seed: int) -> dict[str, float]:
    return s.train(seed, init=partial(random_weights, shape=shape, deviation=deviation))


SWEEP = Sweep(
    label="standard deviation of the initial weights",
    train=train,
    series={"normal": "normal", "uniform": "uniform"},
    log="x",
    ticks="",
)


def measure(s: Settings, work: Workspace) -> dict[str, Any]:
    """Both shapes at every deviation, and weights that all start at zero."""
    zeros = work.sweep("zeros", [0.0], s.seeds, partial(train, s, "normal"))
    return SWEEP.measure(s, work) | {"zeros": zeros, "inputs": load_digits(s.data, s.seeds[0]).train_x[0].size}


def plot(results: Results) -> Any:
    """Accuracy by deviation, and the rule of He et al. for both kinds of layers."""
    inputs, width = results["inputs"], results.settings.width
    figure = SWEEP.plot(*SWEEP.curves(results), size="full")
    (ax,) = figure.axes
    for fan_in in (inputs, width):
        ax.axvline(sqrt(2 / fan_in), color=SOFT, linewidth=1, linestyle=(0, (2, 2)))
    middle = (sqrt(2 / sqrt(inputs * width)), 0.03)
    ax.annotate("He", middle, xycoords=("data", "axes fraction"), ha="center", color=SOFT, fontsize=11.5)
    return figure


def write(results: Results) -> list[Block]:
    s, (normal, uniform) = results.settings, SWEEP.curves(results)
    zeros = interval(trial["accuracy"] for trial in results["zeros"][0])
    gaps = [difference(a, b) for a, b in zip(normal.accuracy, uniform.accuracy, strict=True)]
    widest = max(gaps, key=lambda gap: abs(gap.mean))
    significant = sum(gap.low > 0 or gap.high < 0 for gap in gaps)
    conclusion = "matters, the shape does not" if significant <= 1 else "matters, and so does the shape"
    return [
        Text(
            "All weights at zero cannot work: every neuron of a layer then gets the same correction and stays equal to "
            "its neighbours. So the initial weights are random, and two things can be chosen: the shape of the "
            "distribution and its width. For layers of $n$ inputs with ReLU, He et al. (2015) derived the deviation "
            "that keeps the signal as large behind the layer as before it:"
        ),
        Formula(r"\sigma = \sqrt{2 / n}"),
        Figure(
            plot(results),
            caption(
                f"Accuracy with {s.depth} hidden layers of {s.width}",
                s,
                "Dashed: the rule of He et al. for the first layer and for the others.",
            ),
            alt="Both shapes give the same curve over the deviation: a plateau in the middle, worse at the ends",
        ),
        Finding(
            f"From zero the network classifies {zeros:.1%} of the digits correctly. Normal weights do best with a "
            f"deviation of {s.values[normal.best]:g}: {normal.mean(normal.best):.1%}, against {normal.mean(0):.1%} "
            f"with {s.values[0]:g} and {normal.mean(-1):.1%} with {s.values[-1]:g}. Between normal and uniform the "
            f"greatest difference is {abs(widest.mean):.1f} ± {widest.half:.1f} points; at {significant} of "
            f"{len(gaps)} deviations its interval excludes zero. The width {conclusion}."
        ),
    ]


FULL = Settings(values=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0), seeds=tuple(range(50)), epochs=20, width=64, depth=2)
EXPERIMENT = Experiment(
    name="initialisation",
    chapter=1,
    title="Does it matter how the initial weights are drawn?",
    full=FULL,
    quick=replace(FULL, values=(0.001, 0.01, 0.1, 1.0), seeds=(0, 1, 2, 3, 4), epochs=6),
    measure=measure,
    write=write,
)

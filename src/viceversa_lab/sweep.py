"""A sweep: a classifier of digits is trained for every value of one setting and every seed, and tested.

An experiment states the values, how one classifier is trained, its texts and its claims; this file measures, draws the
figures and compares.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

import numpy as np
from torch import Tensor

from viceversa.methods.classifier import ClassifierConfig

from .blocks import Claim
from .classifiers import dataset_name, load_digits, train_and_test
from .experiment import Results
from .figures import Size, axes, legend, points, ticks
from .interval import Interval, interval, paired_difference
from .workspace import Workspace

Rows = list[list[float]]  # a row per value, a number per seed


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is trained for every value and seed. None: the network has no such setting, or it is the one that varies."""

    values: tuple[Any, ...]  # of the setting that varies
    seeds: tuple[int, ...]
    data: str = "handwritten"
    count: int | None = None  # training digits; None: all
    shrink: int = 1  # 2: images of half the side
    epochs: int
    lr: float | None = 1e-3
    width: int | None = None  # neurons of a hidden layer
    depth: int | None = None  # hidden layers
    conv_widths: str | None = None  # kernels of each convolution; None: a multi-layer perceptron
    kernel: int | None = None  # side of the kernels, pixels

    def train(
        self, seed: int, crop: int = 0, batch: int = 32, init: Callable[[Tensor], Tensor] | None = None, **changes: Any
    ) -> dict[str, float]:
        """Train and test one classifier with these changes of its configuration; accuracy and CPU seconds."""
        names = ("lr", "width", "depth", "conv_widths", "kernel")
        fixed = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        config = ClassifierConfig(network="cnn" if self.conv_widths else "mlp", **(fixed | changes))
        data = load_digits(self.data, seed, count=self.count, crop=crop, shrink=self.shrink)
        return train_and_test(config, data, seed=seed, epochs=self.epochs, batch=batch, init=init)


@dataclass(frozen=True)
class Curve:
    """One series of a sweep: for each value and seed, accuracy (0 to 1) on test images and CPU seconds of training."""

    label: str
    index: int  # of the series, for its colour
    values: Sequence[Any]
    names: Sequence[str]  # of the values, in texts
    trials: list[list[dict[str, float]]]

    @property
    def accuracy(self) -> Rows:
        return [[trial["accuracy"] for trial in row] for row in self.trials]

    @property
    def seconds(self) -> Rows:
        return [[trial["seconds"] for trial in row] for row in self.trials]

    @property
    def best(self) -> int:
        """Index of the value with the highest mean accuracy."""
        return int(np.argmax([np.mean(row) for row in self.accuracy]))

    def mean(self, i: int) -> Interval:
        return interval(self.accuracy[i])

    def mean_seconds(self, i: int) -> float:
        return interval(self.seconds[i]).mean

    def gain(self, better: int, worse: int) -> Interval:
        """By how many percentage points one value does better than another."""
        return difference(self.accuracy[better], self.accuracy[worse])

    def claim(self, claimed: str, better: int, worse: int) -> Claim:
        """The claim that one value does better than another."""
        gain = self.gain(better, worse)
        measured = f"{self.names[better]} against {self.names[worse]}: {describe(gain)}."
        if self.names[better] == self.names[worse]:
            measured = f"{self.names[better]} does best."
        return Claim(claimed, measured.capitalize(), holds=gain.low > 0)

    def select(self, indices: Sequence[int]) -> "Curve":
        """The curve with some of the values."""
        return replace(
            self,
            values=[self.values[i] for i in indices],
            names=[self.names[i] for i in indices],
            trials=[self.trials[i] for i in indices],
        )


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """A setting that is varied; each of `series` varies it under another condition, as a curve of its own."""

    label: str  # of the setting, on the x axis
    train: Callable[[Any, str, Any, int], dict[str, float]]  # settings, series, value, seed -> accuracy and seconds
    series: Mapping[str, str] = field(default_factory=lambda: {"trials": ""})  # name to label in the legend
    name: str = "{}"  # of a value, in texts
    log: Literal["", "x"] = ""
    ticks: str = "g"  # format of the values on the x axis; "" leaves the ticks to matplotlib
    shift: float = 0.0  # of the points of each further series, in units of x
    legend: str = "lower left"

    def measure(self, s: Any, work: Workspace) -> dict[str, Any]:
        """Accuracy and seconds of every series, value and seed."""
        return {name: work.sweep(name, s.values, s.seeds, partial(self.train, s, name)) for name in self.series}

    def curves(self, results: Results) -> list[Curve]:
        """The curve of every series."""
        values = results.settings.values
        names = [self.name.format(value) for value in values]
        labels = enumerate(self.series.items())
        return [Curve(label, index, values, names, results[series]) for index, (series, label) in labels]

    def plot(self, *curves: Curve, size: Size = "panel", height: int | None = None) -> Any:
        """Accuracy over the values."""
        figure, ax = axes(self.label, "test accuracy, %", size=size, height=height, log=self.log)
        for i, curve in enumerate(curves):
            joined = not isinstance(curve.values[0], str)
            points(ax, curve.values, percent(curve.accuracy), curve.label, curve.index, i * self.shift, joined)
        self._set_ticks(ax, curves[0].values)
        if len(curves) > 1:
            legend(ax, self.legend)
        return figure

    def plot_seconds(self, curve: Curve) -> Any:
        """CPU seconds of one training over the values."""
        figure, ax = axes(self.label, "seconds to train", size="panel", log=self.log)
        points(ax, curve.values, curve.seconds)
        self._set_ticks(ax, curve.values)
        ax.set_ylim(bottom=0)
        return figure

    def _set_ticks(self, ax: Any, values: Sequence[Any]) -> None:
        if self.ticks:
            shown = values[:: 1 + len(values) // 9]
            ticks(ax, shown, [format(value, self.ticks) for value in shown])


def caption(what: str, s: Settings, more: str = "") -> str:
    """A caption with the length of the training, the dataset and the number of seeds."""
    seeds = f"every seed, mean and 95 % interval, n = {len(s.seeds)}"
    return f"{what}, {s.epochs} epochs ({dataset_name(s.data)}): {seeds}. {more}".rstrip()


def percent(rows: Sequence[Sequence[float]]) -> Rows:
    """Fractions as percentages."""
    return [[100 * value for value in row] for row in rows]


def difference(left: Sequence[float], right: Sequence[float]) -> Interval:
    """The difference left - right of two series of accuracies in percentage points, seed by seed."""
    return paired_difference(*percent([left, right]))


def describe(change: Interval) -> str:
    """A change in percentage points with sign and interval, and whether the seeds alone could explain it."""
    text = f"{change.mean:+.1f} ± {change.half:.1f} points".replace("-", "−")
    return text if change.low > 0 or change.high < 0 else f"{text}, within the spread of the seeds"

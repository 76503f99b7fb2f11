"""The 95 % confidence interval of a mean over seeds, from Student's t."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from viceversa.metrics.student_t import quantile


@dataclass(frozen=True)
class Interval:
    """Mean, half width of its 95 % interval (0 for a single value, which has none), and number of values."""

    mean: float
    half: float
    n: int

    @property
    def low(self) -> float:
        return self.mean - self.half

    @property
    def high(self) -> float:
        return self.mean + self.half

    def __format__(self, spec: str) -> str:
        """`f"{interval:.1f}"` is "97.3 ± 0.4"; with `%` both numbers share the sign: "97.3 ± 0.4 %"."""
        if spec.endswith("%"):
            digits = spec[:-1] + "f"
            scaled = Interval(self.mean * 100, self.half * 100, self.n)
            return f"{scaled:{digits}}\u202f%"
        mean = format(self.mean, spec or ".3g")
        return f"{mean} ± {format(self.half, spec or '.2g')}" if self.n > 1 else mean

    def __str__(self) -> str:
        return format(self, "")


def interval(values: Iterable[float | None]) -> Interval:
    """Mean and 95 % interval over seeds; None (a value that was not finite) is left out."""
    finite = np.array([v for v in values if v is not None], float)
    n = len(finite)
    if n < 2:
        return Interval(float(finite.mean()) if n else math.nan, 0.0, n)
    return Interval(float(finite.mean()), quantile(n - 1) * float(finite.std(ddof=1)) / math.sqrt(n), n)


def paired_difference(left: Iterable[float], right: Iterable[float]) -> Interval:
    """The interval of the difference left - right, seed by seed, of two series over the same seeds."""
    return interval([a - b for a, b in zip(left, right, strict=True)])

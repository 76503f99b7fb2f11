"""The 95 % interval of a mean over seeds, from Student's t."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

# The 97.5 % quantile of Student's t for 1 to 30 degrees of freedom.
QUANTILES = (
    12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281,
    2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860,
    2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
)  # fmt: skip
NORMAL = 1.959964


def quantile(freedom: int) -> float:
    """t_{0.975}; above 30 degrees of freedom the series of Abramowitz and Stegun 26.7.5, exact to four digits."""
    if freedom <= len(QUANTILES):
        return QUANTILES[freedom - 1]
    z = NORMAL
    terms = ((z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96, (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384)
    return z + sum((term / float(freedom**i) for i, term in enumerate(terms, 1)), 0.0)


@dataclass(frozen=True)
class Interval:
    """Mean, half width of its 95 % interval (0 with one value, which has none), and the number of values."""

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
        """`f"{interval:.1f}"` is "97.3 ± 0.4"; a % format shares its sign: "97.3 ± 0.4 %"."""
        if spec.endswith("%"):
            digits = spec[:-1] + "f"
            scaled = Interval(self.mean * 100, self.half * 100, self.n)
            return f"{scaled:{digits}}\u202f%"
        mean = format(self.mean, spec or ".3g")
        return f"{mean} ± {format(self.half, spec or '.2g')}" if self.n > 1 else mean

    def __str__(self) -> str:
        return format(self, "")


def interval(values: Iterable[float | None]) -> Interval:
    """Mean and 95 % interval over seeds; None (a number that was not finite) is left out."""
    found = np.array([v for v in values if v is not None], float)
    n = len(found)
    if n < 2:
        return Interval(float(found.mean()) if n else math.nan, 0.0, n)
    return Interval(float(found.mean()), quantile(n - 1) * float(found.std(ddof=1)) / math.sqrt(n), n)


def paired(left: Iterable[float], right: Iterable[float]) -> Interval:
    """The interval of the difference left - right, seed by seed: two series over the same seeds are compared so."""
    return interval([a - b for a, b in zip(left, right, strict=True)])

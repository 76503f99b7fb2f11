"""Confidence intervals for the answers of people, by the bootstrap over people and their trials, and test power.

`right` and `trials` are (P,): the number of a person's trials with the answer that is counted, and of all trials.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .student_t import quantile

Array = NDArray[np.float64]
BLOCK = 2_000_000  # random numbers drawn at a time
MAX_PEOPLE = 1_000_000  # `people_needed` gives up above


@dataclass(frozen=True)
class Spread:
    """Standard deviations over people: `total` of their observed shares, `between` of their true shares (skills)."""

    total: float
    between: float


def spread(right: ArrayLike, trials: ArrayLike) -> Spread:
    """`Spread` of P people with k of n each; both are 0 for a single person.

    With p = k / n: total^2 = var(p), between^2 = max(0, total^2 - mean(p (1 - p) / (n - 1))). The term subtracted is
    the binomial variance, by which shares of n trials differ even among people of equal skill.
    """
    k, n = np.asarray(right, float), np.asarray(trials, float)
    if len(k) < 2:
        return Spread(0.0, 0.0)

    p = k / n
    total = float(p.var(ddof=1))
    binomial = float((p * (1 - p) / np.maximum(n - 1, 1)).mean())
    return Spread(math.sqrt(total), math.sqrt(max(0.0, total - binomial)))


def resample_means(right: ArrayLike, trials: ArrayLike, draws: int = 10_000, seed: int = 0) -> Array:
    """(draws,) bootstrap means over people: P people are drawn with replacement, then the trials of each.

    The observed shares already contain the binomial variance that the second stage adds again (Davison and Hinkley
    1997, section 3.8). They are therefore first shrunk towards their mean until they vary as skills do
    (`spread().between`). ValueError for a person without trials or with more right ones than trials.
    """
    k, n = np.asarray(right, float), np.asarray(trials, np.int64)
    if len(k) == 0 or (n < 1).any() or (k > n).any() or (k < 0).any():
        raise ValueError("every person needs at least one trial, and no more right ones than trials")
    rng = np.random.default_rng(seed)

    shares, deviation = k / n, float((k / n).std())
    shrinkage = min(1.0, spread(k, n).between / deviation) if deviation > 0 else 0.0
    skills = shares.mean() + shrinkage * (shares - shares.mean())

    means = []
    most_rows = max(1, BLOCK // len(k))
    for start in range(0, draws, most_rows):
        rows = min(draws - start, most_rows)
        people = rng.integers(len(k), size=(rows, len(k)))
        means.append((rng.binomial(n[people], np.clip(skills[people], 0, 1)) / n[people]).mean(1))
    return np.concatenate(means)


def interval(draws: Array) -> tuple[float, float]:
    """The 2.5 % and 97.5 % quantiles of bootstrap draws: (low, high)."""
    low, high = np.quantile(draws, (0.025, 0.975))
    return float(low), float(high)


def power(difference: float, deviation: float, people: int, others: int | None = None) -> float:
    """Power of a two-sided t-test at 5 % for a true `difference` of two groups, or of one group from a fixed share.

    Phi(d / se - t) + Phi(-d / se - t), with se = deviation sqrt(1 / n1 + 1 / n2) and t the 97.5 % quantile of Student's
    t with n1 + n2 - 2 degrees of freedom; for one group, `others` None, se = deviation / sqrt(n) and n - 1.
    `deviation` is that of people's shares (`spread().total`). NaN where a group has fewer than two.
    """
    if people < 2 or (others is not None and others < 2):
        return math.nan
    if deviation == 0:
        return 1.0 if difference else 0.05

    if others is None:
        inverse, freedom = 1 / people, people - 1
    else:
        inverse, freedom = 1 / people + 1 / others, people + others - 2
    z, t = difference / (deviation * math.sqrt(inverse)), quantile(freedom)
    return _normal(z - t) + _normal(-z - t)


def people_needed(difference: float, deviation: float, groups: int = 2, chance: float = 0.8) -> int:
    """The smallest number of people, in each of two groups or in one, with which `power` reaches `chance`.

    ValueError if that is more than MAX_PEOPLE.
    """

    def enough(n: int) -> bool:
        return power(difference, deviation, n, n if groups == 2 else None) >= chance

    low, high = 1, 2
    while not enough(high):
        low, high = high, high * 2
        if high > MAX_PEOPLE:
            raise ValueError(f"a difference of {difference} would need more than {MAX_PEOPLE} people")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _normal(z: float) -> float:
    """Phi(z), the standard normal distribution function."""
    return math.erfc(-z / math.sqrt(2)) / 2

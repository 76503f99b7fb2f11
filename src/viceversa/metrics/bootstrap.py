"""What the answers of some people say of all people: the bootstrap over people and their trials, and the power.

`right` and `trials` are (P,): how many of a person's trials went the way that is counted, and how many there were.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .student_t import quantile

Array = NDArray[np.float64]
BLOCK = 2_000_000  # numbers drawn at a time
MOST = 1_000_000  # people; more were never asked


@dataclass(frozen=True)
class Spread:
    """How people differ: `total` is the deviation of their shares, `between` that of their skills alone."""

    total: float
    between: float


def spread(right: ArrayLike, trials: ArrayLike) -> Spread:
    """Of P people with k of n each: total^2 = var(k / n), between^2 = total^2 - mean(p (1 - p) / (n - 1)), not below 0.

    A person's share p wavers by the luck of n trials even at constant skill; `between` is what is left without it.
    Both are 0 for a single person.
    """
    k, n = np.asarray(right, float), np.asarray(trials, float)
    if len(k) < 2:
        return Spread(0.0, 0.0)
    p = k / n
    total = float(p.var(ddof=1))
    luck = float((p * (1 - p) / np.maximum(n - 1, 1)).mean())
    return Spread(math.sqrt(total), math.sqrt(max(0.0, total - luck)))


def resample_means(right: ArrayLike, trials: ArrayLike, draws: int = 10_000, seed: int = 0) -> Array:
    """`draws` means over people, resampled twice: P people with replacement, then each one's trials. (draws,)

    Two such stages count the luck of trials twice, since the shares of the people drawn contain it already (Davison
    and Hinkley 1997, section 3.8). Their shares are therefore first drawn towards the mean until they spread as skills
    do (`spread().between`); then fair coins give the binomial error, and people who differ give theirs on top.
    """
    k, n = np.asarray(right, float), np.asarray(trials, np.int64)
    if len(k) == 0 or (n < 1).any() or (k > n).any() or (k < 0).any():
        raise ValueError("every person needs at least one trial, and no more right ones than trials")
    dice = np.random.default_rng(seed)
    shares, found = k / n, float((k / n).std())
    towards = min(1.0, spread(k, n).between / found) if found > 0 else 0.0
    skills = shares.mean() + towards * (shares - shares.mean())
    means = []
    for start in range(0, draws, max(1, BLOCK // len(k))):
        rows = min(draws - start, max(1, BLOCK // len(k)))
        who = dice.integers(len(k), size=(rows, len(k)))
        means.append((dice.binomial(n[who], np.clip(skills[who], 0, 1)) / n[who]).mean(1))
    return np.concatenate(means)


def interval(draws: Array) -> tuple[float, float]:
    """The middle 95 % of bootstrap draws."""
    low, high = np.quantile(draws, (0.025, 0.975))
    return float(low), float(high)


def power(difference: float, deviation: float, people: int, others: int | None = None) -> float:
    """The chance that a two-sided test at 5 % sees `difference` between two groups, or of one from a fixed share.

    Phi(d / se - t) + Phi(-d / se - t), with se = deviation sqrt(1 / n1 + 1 / n2) and t the 97.5 % quantile of Student's
    t with n1 + n2 - 2 degrees of freedom; for one group, `others` None, se = deviation / sqrt(n) and n - 1.
    `deviation` is that of people's shares (`spread().total`). NaN where a group has fewer than two.
    """
    if people < 2 or (others is not None and others < 2):
        return math.nan
    if deviation == 0:
        return 1.0 if difference else 0.05
    inverse, freedom = (1 / people, people - 1) if others is None else (1 / people + 1 / others, people + others - 2)
    z, t = difference / (deviation * math.sqrt(inverse)), quantile(freedom)
    return _normal(z - t) + _normal(-z - t)


def people_needed(difference: float, deviation: float, groups: int = 2, chance: float = 0.8) -> int:
    """The fewest people in each of two groups, or in one, with which `power` reaches `chance`."""

    def enough(n: int) -> bool:
        return power(difference, deviation, n, n if groups == 2 else None) >= chance

    low, high = 1, 2
    while not enough(high):
        low, high = high, high * 2
        if high > MOST:
            raise ValueError(f"a difference of {difference} would need more than {MOST} people")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _normal(z: float) -> float:
    """Phi(z)."""
    return math.erfc(-z / math.sqrt(2)) / 2

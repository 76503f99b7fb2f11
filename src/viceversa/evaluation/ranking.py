"""Which of several runs is the best in one direction, and is the difference more than chance?"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..metrics.student_t import quantile
from .verdict import LEAST_PICTURES, enough_to_tell, pictures_needed

HIGHER_IS_BETTER = {"PSNR": True, "KID": False}  # the measures of a ranking, the first that all rows have counts


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A mean with its 95 % interval: over seeds by Student's t; of one run the interval over its test pictures."""

    mean: float
    deviation: float | None = None  # over the seeds; none for one
    low: float | None = None  # none where it was not computed
    high: float | None = None

    @property
    def margin(self) -> float | None:
        """Half of the interval's width."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2


def over_seeds(values: Sequence[float]) -> Estimate:
    """Mean and deviation of one value per seed; with two or more the interval of the mean by Student's t."""
    numbers = np.array(values, float)
    mean, n = float(numbers.mean()), len(numbers)
    if n < 2:
        return Estimate(mean=mean)
    deviation = float(numbers.std(ddof=1))
    margin = quantile(n - 1) * deviation / math.sqrt(n)
    return Estimate(mean=mean, deviation=deviation, low=mean - margin, high=mean + margin)


def over_pictures(values: Sequence[float]) -> Estimate:
    """Mean of one value per picture, with its interval by Student's t; no deviation, which is that over seeds."""
    e = over_seeds(values)
    return Estimate(mean=e.mean, low=e.low, high=e.high)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One row of a comparison, as far as a ranking needs it."""

    name: str
    estimate: Estimate
    seeds: int
    pictures: int
    each: dict[str, float] | None = None  # the measure by picture, of a single run


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """The best entry beside the next best. `gain` is by how much it is better, with its 95 % interval."""

    source: str
    target: str
    measure: str
    first: str
    second: str
    value: float
    second_value: float
    gain: float
    low: float
    high: float
    interval: str  # how that was computed
    count: int  # of pictures, or of seeds
    unit: str

    @property
    def decided(self) -> bool:
        """True where the interval excludes 0."""
        return self.low > 0

    @property
    def needed(self) -> int | None:
        """Pictures or seeds with which this gain would be significant; none for more than 10,000."""
        return pictures_needed(self.count, self.gain, self.low, self.high)

    def as_dict(self) -> dict[str, Any]:
        """Every number and the sentence, for JSON."""
        return {"sentence": sentence(self), "decided": self.decided, **asdict(self), "needed": self.needed}


def rank(source: str, target: str, measure: str, entries: Sequence[Entry]) -> Ranking | None:
    """The best entry against the next best; none for one entry, too few pictures, or no interval."""
    if len(entries) < 2:
        return None
    sign = 1 if HIGHER_IS_BETTER[measure] else -1
    first, second = sorted(entries, key=lambda e: -sign * e.estimate.mean)[:2]
    gain = sign * (first.estimate.mean - second.estimate.mean)
    by_seed = max(first.seeds, second.seeds) > 1
    if not by_seed and min(first.pictures, second.pictures) < LEAST_PICTURES[measure]:
        return None

    paired = _paired_margin(first, second)
    if paired is not None and not by_seed:
        margin, interval = paired, "95 % interval of the mean difference over the pictures by Student's t"
    elif first.estimate.margin is None or second.estimate.margin is None:
        return None
    else:
        margin = math.hypot(first.estimate.margin, second.estimate.margin)
        over = "over seeds by Student's t" if by_seed else "by bootstrap over the pictures"
        interval = f"95 %, from the intervals of both ({over}) as if they were independent, so at most this wide"

    return Ranking(
        source=source,
        target=target,
        measure=measure,
        first=first.name,
        second=second.name,
        value=first.estimate.mean,
        second_value=second.estimate.mean,
        gain=gain,
        low=gain - margin,
        high=gain + margin,
        interval=interval,
        count=max(1, min(first.seeds, second.seeds)) if by_seed else min(first.pictures, second.pictures),
        unit="seeds" if by_seed else "test pictures",
    )


def _paired_margin(first: Entry, second: Entry) -> float | None:
    """Half of the interval of the mean difference picture by picture; none where these are not the same pictures."""
    if not first.each or not second.each or first.each.keys() != second.each.keys() or len(first.each) < 2:
        return None
    return over_seeds([value - second.each[picture] for picture, value in first.each.items()]).margin


def sentence(r: Ranking) -> str:
    """The ranking for a reader who knows no metric."""
    goal = "the true translations" if r.measure == "PSNR" else f"real pictures of {r.target}"
    start = f"{r.source} to {r.target}: " if r.source != "noise" else f"{r.target}: "
    unit, name = (" dB", "PSNR") if r.measure == "PSNR" else ("", "KID × 1000")
    numbers = (
        f"{name} {r.value:.1f} instead of {r.second_value:.1f}{unit} (95 % interval of the difference "
        f"{r.low:.1f} to {r.high:.1f})"
    ).replace("-", "−")
    enough = enough_to_tell(r.count, r.needed, r.unit, r.decided)
    first, second = (f"'{name}'" if "," in name else name for name in (r.first, r.second))
    if r.decided:
        return f"{start}{first} comes nearest to {goal}, before {second}: {numbers}. {enough}"
    return f"{start}too close to call. {first} seems nearer to {goal} than {second}: {numbers}. {enough}"

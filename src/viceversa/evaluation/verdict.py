"""The verdict on a direction: is it better than a baseline, by how much, and are there enough pictures to tell?"""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..metrics.kid import kid, kid_difference
from ..metrics.student_t import NORMAL, quantile
from .extractors import Features
from .translations import DirectionInputs, DirectionResults

MOST_PICTURES = 10_000  # a difference that needs more to be seen is too small to matter
LEAST_PICTURES = {"KID": 10, "PSNR": 2}  # that an interval can be computed from: a bootstrap of fewer means nothing
BOOTSTRAP = "95 % bootstrap interval over the pictures, widened for few of them (Hesterberg 2015)"
STUDENT = "95 % interval of the mean over the pictures by Student's t"

Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A score beside that of a baseline. `gain` is positive where the score is better, whatever the measure."""

    source: str
    target: str
    measure: str  # "PSNR" in dB, or "KID" x 1000
    baseline: str  # "colour" or "real"
    value: float
    baseline_value: float
    gain: float
    low: float  # 95 % interval of the gain
    high: float
    interval: str  # how that was computed
    pictures: int  # compared; of two sets their harmonic mean
    training: bool = False  # there is no test set: these are training pictures

    @property
    def better(self) -> bool | None:
        """True or False where the interval excludes 0, else none."""
        if self.too_few or self.low <= 0 <= self.high:
            return None
        return self.gain > 0

    @property
    def too_few(self) -> bool:
        """True where the interval means nothing."""
        return self.pictures < LEAST_PICTURES[self.measure]

    @property
    def needed(self) -> int | None:
        """Pictures with which a gain of this size would be significant; none for more than MOST_PICTURES."""
        if self.too_few:
            return LEAST_PICTURES[self.measure]
        return pictures_needed(self.pictures, self.gain, self.low, self.high)

    def as_dict(self) -> dict[str, Any]:
        """Every number and the sentence, for JSON."""
        words = {"sentence": sentence(self), "headline": headline(self), "detail": detail(self)}
        return words | {"better": self.better, **asdict(self), "needed": self.needed}


def pictures_needed(pictures: int, gain: float, low: float, high: float) -> int | None:
    """The smallest n whose interval would exclude 0, its width falling as 1 / sqrt(n); none above MOST_PICTURES.

    n = pictures (margin / gain)^2, where margin is the distance from the gain to the end of the interval nearer to 0;
    it is at most `pictures` exactly where the interval excludes 0 already.
    """
    if not gain:
        return None
    margin = max(0.0, gain - low if gain > 0 else high - gain)
    exact = pictures * (margin / gain) ** 2
    return None if exact >= MOST_PICTURES else max(2, math.floor(exact) + 1)


def psnr_verdict(source: str, target: str, psnr: Numbers, colour_psnr: Numbers) -> Verdict | None:
    """The translations against the best colour change, by the PSNR of each picture; none for fewer than two."""
    n = len(psnr)
    if n < 2:
        return None
    gains = psnr - colour_psnr
    gain, margin = float(gains.mean()), quantile(n - 1) * float(gains.std(ddof=1)) / math.sqrt(n)
    return Verdict(
        source=source,
        target=target,
        measure="PSNR",
        baseline="colour",
        value=float(psnr.mean()),
        baseline_value=float(colour_psnr.mean()),
        gain=gain,
        low=gain - margin,
        high=gain + margin,
        interval=STUDENT,
        pictures=n,
    )


def kid_verdict(
    source: str,
    target: str,
    made: Features,
    other: Features,
    real: Features,
    *,
    baseline: str,
    seed: int = 0,
    training: bool = False,
) -> Verdict | None:
    """Translations (or generated pictures) against recoloured inputs ("colour", row by row) or other real pictures.

    By KID x 1000 to the `real` ones; none where a set has fewer than two pictures.
    """
    if min(map(len, (made, other, real))) < 2:
        return None
    difference = kid_difference(other, made, real, seed, paired=baseline == "colour")
    low, high = (
        difference.value + widening(len(made), len(real)) * (end - difference.value)
        for end in (difference.low, difference.high)
    )
    return Verdict(
        source=source,
        target=target,
        measure="KID",
        baseline=baseline,
        value=1000 * kid(made, real, draws=0).value,
        baseline_value=1000 * kid(other, real, draws=0).value,
        gain=1000 * difference.value,
        low=1000 * low,
        high=1000 * high,
        interval=BOOTSTRAP,
        pictures=round(2 / (1 / len(made) + 1 / len(real))),
        training=training,
    )


def widening(*counts: int) -> float:
    """Factor on a bootstrap interval, which is too narrow for few pictures: t / z sqrt(n / (n - 1)), the smallest n.

    What makes the interval of a mean that of Student's t with the unbiased deviation (Hesterberg 2015, sec. 3.3).
    """
    n = min(counts)
    return quantile(n - 1) / NORMAL * math.sqrt(n / (n - 1))


def translation_verdict(
    inputs: DirectionInputs, results: DirectionResults, real: Features, seed: int
) -> Verdict | None:
    """Against the best colour change: by PSNR where truths are known, else by KID to the `real` images."""
    psnr, colour_psnr = results.each("psnr"), results.each("colour_psnr")
    if psnr is not None and colour_psnr is not None:
        return psnr_verdict(inputs.source, inputs.target, psnr, colour_psnr)
    if not results.colour_features:
        return None
    made, recoloured = np.concatenate(results.output_features), np.concatenate(results.colour_features)
    return kid_verdict(
        inputs.source,
        inputs.target,
        made,
        recoloured,
        real,
        baseline="colour",
        seed=seed,
        training=inputs.training,
    )


def as_json(verdict: Verdict | None) -> dict[str, Any] | None:
    """A verdict as a dict, or none."""
    return verdict.as_dict() if verdict else None


def summary(verdicts: Iterable[dict[str, Any] | None]) -> dict[str, Any]:
    """The `verdict` of an evaluation: {"sentence": all of them, "numbers": [one for each direction]}."""
    numbers = [v for v in verdicts if v]
    text = (
        " ".join(_capital(v["sentence"]) for v in numbers) or "No verdict: fewer than two pictures could be compared."
    )
    return {"sentence": text, "numbers": numbers}


def sentence(v: Verdict) -> str:
    """The verdict for a reader who knows no metric, and in brackets the numbers."""
    about = v.target if v.baseline == "real" else f"{v.source} to {v.target}"
    numbers = f" ({detail(v)})" if detail(v) else ""
    return f"{about}: {headline(v)}{numbers}"


def headline(v: Verdict) -> str:
    """Better or not, by how much, and whether there are enough pictures to tell."""
    if v.too_few:
        return f"{v.pictures} pictures are too few to tell; it takes at least {LEAST_PICTURES[v.measure]}."
    if v.baseline == "real":
        return _generated(v)
    goal = "the true translations" if v.measure == "PSNR" else f"real pictures of {v.target}"
    change = "the best plain colour change" if v.measure == "PSNR" else "a plain colour change"
    word = "nearer to" if v.gain > 0 else "farther from"
    if v.better is None:
        return f"too close to call. The translations seem {word} {goal} than {change} is, but {enough(v)}"
    answer = "yes" if v.better else "no"
    return f"{answer}, the translations are {word} {goal} than {change} is{how_much(v)}. {enough(v)}"


def _generated(v: Verdict) -> str:
    """The headline where there is no input: against other real pictures."""
    if v.better is None:
        return f"the generated pictures cannot be told from real ones by this measure. {enough(v)}"
    if v.better:
        start = "nearer to the real pictures than other real ones are, so some may be copies"
    else:
        start = "farther from real pictures than other real ones are"
    return f"the generated pictures are {start}. {enough(v)}"


def how_much(v: Verdict) -> str:
    """By how much in everyday terms; nothing where the baseline's distance is too small to be a measure."""
    if v.measure == "PSNR":
        less, more = 100 * (1 - 10 ** (-v.gain / 10)), 10 ** (-v.gain / 10)
        error = f"{less:.0f} % less squared error" if v.gain > 0 else f"{more:.1f} times its squared error"
        return f", by {abs(v.gain):.1f} dB: {error}"
    if not _has_share(v):
        return ""
    share = v.gain / v.baseline_value
    if share < -1:
        return f": their distance is {1 - share:.1f} times as large"
    return f": their distance is {abs(100 * share):.0f} % {'smaller' if v.gain > 0 else 'larger'}"


def detail(v: Verdict) -> str:
    """The numbers with the 95 % interval of the difference, as the headline has it; none where they mean nothing."""
    if v.too_few:
        return ""
    low, high = (v.low, v.high) if v.gain > 0 else (-v.high, -v.low)
    name, unit = ("PSNR", " dB") if v.measure == "PSNR" else ("KID × 1000", "")
    numbers = f"{name} {v.value:.1f} instead of {v.baseline_value:.1f}{unit}"
    text = f"{numbers}; 95 % interval of the difference {low:.1f} to {high:.1f}{unit}"
    if v.measure == "KID" and _has_share(v):
        text += f", that is {100 * low / v.baseline_value:.0f} to {100 * high / v.baseline_value:.0f} %"
    return text.replace("-", "−")


def _has_share(v: Verdict) -> bool:
    """True where the baseline's distance is more than the uncertainty, so that a share of it means something."""
    return v.baseline_value > max(v.high - v.gain, v.gain - v.low)


def enough(v: Verdict) -> str:
    """Whether the pictures are enough to tell, and how many would do."""
    kind = "training pictures" if v.training else "pictures" if v.baseline == "real" else "test pictures"
    text = enough_to_tell(v.pictures, v.needed, kind, v.better is not None)
    return f"{text} There is no test set: new pictures may come out worse." if v.training else text


def enough_to_tell(count: int, needed: int | None, unit: str, decided: bool) -> str:
    """Whether `count` pictures or seeds are enough to tell, and how many would do."""
    if decided:
        return f"{count:,} {unit} are enough to tell."
    if needed is None:
        return (
            f"{count:,} {unit} are too few to tell, and it would take more than {MOST_PICTURES:,}: the difference is "
            "too small to matter."
        )
    return f"{count:,} {unit} are too few to tell; about {two_digits(needed):,} would do."


def two_digits(n: int) -> int:
    """Rounded up to two significant digits: 101 -> 110."""
    unit: int = 10 ** max(0, len(str(n)) - 2)
    return -(-n // unit) * unit


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

"""Measure the values of a domain: number type, channels, and the range that is the same for all of its files."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import images
from ..errors import DataError, UsageError
from ..images import ImageError, Values
from ..images.values import full_span, missing_pixels

HEADERS = 200  # files, evenly spaced, whose number type and channels are read
SAMPLED = 64  # files, evenly spaced, whose values are read where 8 bits do not say the range
PER_FILE = 50_000  # values of a file that are kept, evenly spaced
TAIL = 0.05  # percent of the values on each side that may be outliers
FAR = 0.5  # outliers lie further from the others than this share of their range
ISOLATED = 2.0  # a number that stands for missing pixels lies further than this many ranges from the others
REPEATED = 1e-4  # and makes up more than this share of the values
MEASURED_LEVELS = 16  # different values that measurements have at least; masks and labels have fewer
SPECK = 0.01  # a high number alone is metal or a saturated pixel up to this share of the values
HOUNSFIELD_TOPS = (1023.0, 2047.0, 3071.0)  # metal may lie above
FULLEST = 0.25  # of 0..1 and -1..1 that values must reach for this to be their range

Span = tuple[float, float]


@dataclass
class ValueSample:
    """Values of some files of a domain, without those that state to be missing."""

    values: NDArray[np.float64]
    least: float
    largest: float
    is_whole: bool  # all are whole numbers
    nodata: float | None = None  # what the files state


def measure_values(
    paths: Sequence[Path], domain: str, *, given: str = "auto", nodata: float | None = None, key: str = "data.range_a"
) -> Values:
    """The values of a domain from a sample of its training files.

    Files of 8 bits are 0..255. Others get the range that holds all but 0.05 % of outliers, snapped to what the numbers
    plainly are: 0..1, -1..1, 0..2^n - 1, Hounsfield units; or the one `given` as "LOW,HIGH". DataError where files have
    different channels, or where one number far from all others looks like missing pixels.
    """
    kinds = kinds_of(paths)
    if not kinds:
        return Values()
    channels = common_channels(kinds, domain)
    types = {number_type for number_type, _ in kinds.values()}
    number_type = common_type(types)
    span = parse_range(given, key)

    if span is None and nodata is None and types <= {"uint8"}:
        return Values(channels=channels)
    sample = sample_values(paths, nodata)
    stated = sample.nodata if nodata is None else nodata
    if span is None:
        sample = without_specks(sample)
        require_no_hidden_nodata(sample, domain, key)
        span = snap(sample, number_type)
    is_relative = types <= {"uint8", "uint16"} and span == full_span(number_type)
    return Values(
        number_type=number_type, channels=channels, low=span[0], high=span[1], relative=is_relative, nodata=stated
    )


def evenly_spaced(paths: Sequence[Path], count: int) -> list[Path]:
    """`count` of the files at most, from all over the list."""
    return [paths[i * len(paths) // count] for i in range(count)] if len(paths) > count else list(paths)


def kinds_of(paths: Sequence[Path]) -> dict[Path, tuple[str, int]]:
    """Number type and channels of a sample of the files that can be read."""
    kinds = {}
    for path in evenly_spaced(paths, HEADERS):
        try:
            kinds[path] = images.describe(path)
        except ImageError:
            continue  # training names it when it comes to it
    return kinds


def common_channels(kinds: dict[Path, tuple[str, int]], domain: str) -> int:
    """Channels of all files: 3 of grey and RGB together. DataError for any other mixture."""
    first = {channels: path for path, (_, channels) in reversed(kinds.items())}
    if len(first) == 1:
        return next(iter(first))
    if set(first) == {1, 3}:
        return 3
    (a, file_a), (b, file_b) = sorted(first.items())[:2]
    raise DataError(
        f"{domain} mixes files of {a} and {b} channels ({images.printable_path(file_a)}, "
        f"{images.printable_path(file_b)}); a domain has one number of channels: separate them"
    )


def common_type(types: set[str]) -> str:
    """The number type that holds the values of all files."""
    return str(np.result_type(*(np.dtype(name) for name in types)))


def parse_range(given: str, key: str) -> Span | None:
    """ "LOW,HIGH" as two numbers, none for "auto". UsageError for anything else."""
    if given == "auto":
        return None
    try:
        low, high = (float(part) for part in given.split(","))
    except ValueError:
        low, high = 0.0, 0.0
    if not -np.inf < low < high < np.inf:
        raise UsageError(f"{key} is '{given}'; write auto, or the lowest and the highest value: {key}=-1024,3071")
    return low, high


def sample_values(paths: Sequence[Path], nodata: float | None) -> ValueSample:
    """Values from up to SAMPLED files. DataError where none can be read."""
    parts, reasons, stated = [], [], nodata
    least, largest, is_whole = np.inf, -np.inf, True
    for path in evenly_spaced(paths, SAMPLED):
        try:
            decoded = images.read_sample(path)
        except ImageError as e:
            reasons.append(e.reason)
            continue
        number = decoded.nodata if nodata is None else nodata
        stated = number if stated is None else stated
        mask = missing_pixels(decoded.samples, number)
        known = decoded.samples.reshape(-1) if mask is None else decoded.samples[~mask].reshape(-1)
        if known.size:
            least, largest = min(least, float(known.min())), max(largest, float(known.max()))
            part = known[:: -(-known.size // PER_FILE)].astype(np.float64)
            is_whole = is_whole and bool((part == np.rint(part)).all())
            parts.append(part)
    if not parts:
        reason = next(iter(reasons), "every pixel is missing")
        raise DataError(f"no value of {images.printable_path(paths[0].parent)} can be read; the first: {reason}")

    return ValueSample(values=np.concatenate(parts), least=least, largest=largest, is_whole=is_whole, nodata=stated)


def others_of(sample: ValueSample, extreme: float) -> NDArray[np.float64] | None:
    """All values but `extreme`, the least or the largest, where it repeats and lies far from them; else none."""
    rest = sample.values[sample.values != extreme]
    share = 1 - len(rest) / len(sample.values)
    if share <= REPEATED or len(np.unique(rest)) < MEASURED_LEVELS:
        return None
    low, high = np.percentile(rest, [TAIL, 100 - TAIL])
    gap = min(abs(extreme - rest.min()), abs(extreme - rest.max()))
    return rest if gap > ISOLATED * max(high - low, 1e-12) else None


def without_specks(sample: ValueSample) -> ValueSample:
    """The sample without metal in a slice and saturated pixels: one high number, far from all others, and rare."""
    rest = others_of(sample, sample.largest)
    if rest is None or len(sample.values) - len(rest) > SPECK * len(sample.values):
        return sample
    return replace(sample, values=rest, largest=float(rest.max()))


def require_no_hidden_nodata(sample: ValueSample, domain: str, key: str) -> None:
    """DataError where one number, far from all others, makes up part of the values: -9999 for missing pixels."""
    for extreme in (sample.least, sample.largest):
        rest = others_of(sample, extreme)
        if rest is None:
            continue
        share = 1 - len(rest) / len(sample.values)
        low, high = rounded_outwards(float(rest.min()), float(rest.max()))
        raise DataError(
            f"{share:.2%} of the values of {domain} are {extreme:g}, far from all others ({rest.min():g} to "
            f"{rest.max():g}); if they stand for missing pixels --set data.nodata={extreme:g}, "
            f"else --set {key}={low:g},{high:g}"
        )


def bulk(sample: ValueSample) -> Span:
    """Least and largest value, without outliers that lie far from the others."""
    low, high = (float(v) for v in np.percentile(sample.values, [TAIL, 100 - TAIL]))
    far = FAR * (high - low)
    return (
        sample.least if sample.least >= low - far else low,
        sample.largest if sample.largest <= high + far else high,
    )


def snap(sample: ValueSample, number_type: str) -> Span:
    """The range of a sample, as what its numbers plainly are."""
    low, high = bulk(sample)
    if is_hounsfield(sample.values, low, high):
        densest = float(np.percentile(sample.values, 100 - TAIL))
        return -1024.0, next((top for top in HOUNSFIELD_TOPS if densest <= top), HOUNSFIELD_TOPS[-1])
    kind = np.dtype(number_type)
    is_count = kind.kind == "u" or (sample.is_whole and low >= 0 and high > 1)
    if is_count and low < 0.5 * high and high <= 65535:
        return 0.0, next(float(2**bits - 1) for bits in range(8, 17) if high <= 2**bits - 1)
    if kind.kind == "f":
        largest = max(-low, high)
        if low >= 0 and FULLEST <= high <= 1:
            return 0.0, 1.0
        if low < 0 and FULLEST <= largest <= 1:
            return -1.0, 1.0
    return rounded_outwards(low, high)


def is_hounsfield(values: NDArray[np.float64], low: float, high: float) -> bool:
    """Whether values are Hounsfield units: from air, with metal in few pixels and one number that pads the scanner."""
    if not (-3100 <= low <= -900 and high >= 200 and np.percentile(values, 99) <= HOUNSFIELD_TOPS[-1]):
        return False
    below_air = (values < -1200) & (values > values.min())
    return bool(below_air.mean() < 0.01)


def rounded_outwards(low: float, high: float) -> Span:
    """The range with two digits of its width; from 0 where it nearly begins there."""
    if high <= low:
        return low, low + 1
    if 0 <= low < 0.1 * high:
        low = 0.0
    step = 10.0 ** (np.floor(np.log10(high - low)) - 1)
    return float(f"{np.floor(low / step) * step:.10g}"), float(f"{np.ceil(high / step) * step:.10g}")

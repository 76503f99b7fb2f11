"""Images at half their size by means of 2 x 2 pixels, in the precision of their numbers."""

from typing import Any, cast

import numpy as np

from .arrays import Array
from .values import missing_pixels, nodata_fits


def halved(samples: Array, nodata: float | None = None) -> Array:
    """(H, W, C) at half its size, rounded up, each pixel the mean of the up to four that it covers.

    Means of integers are rounded, halves upwards; means of float32 and float64 are computed in their type. Pixels that
    are NaN, infinite or `nodata` in a channel count for nothing; where all four are missing, so is their mean.
    """
    height, width, _ = samples.shape
    if height % 2 or width % 2:  # the last pixels count twice, which leaves their mean as it is
        samples = np.pad(samples, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    missing = missing_pixels(samples, nodata)
    if missing is None:
        return _beside(_mean(samples), nodata)

    quarters = [samples[row::2, column::2] for row in (0, 1) for column in (0, 1)]
    known = [~missing[row::2, column::2, None] for row in (0, 1) for column in (0, 1)]
    counts = np.sum(known, axis=0, dtype=samples.dtype)
    parts = [np.where(is_known, part, 0).astype(samples.dtype) for part, is_known in zip(quarters, known, strict=True)]
    mean = _beside(_mean_of_known(parts, np.maximum(counts, 1)), nodata)
    with np.errstate(over="ignore"):
        number = np.array(np.nan if nodata is None else nodata).astype(samples.dtype)
    return np.where(counts > 0, mean, number)


def _mean(samples: Array) -> Array:
    """The mean of each 2 x 2 pixels, where all are known; of floats the same bits as beside missing pixels."""
    dtype = samples.dtype
    if dtype.kind == "f" or dtype.itemsize >= 4:
        quarters = [samples[row::2, column::2] for row in (0, 1) for column in (0, 1)]
        return _mean_of_known(quarters, np.array(4, dtype))

    height, width, channels = samples.shape
    means = np.empty((height // 2, width // 2, channels), dtype)
    rows = np.add(samples[0::2], samples[1::2], dtype=cast(Any, f"i{2 * dtype.itemsize}"))
    for channel in range(channels):  # one after the other is three times as fast as all at once
        means[..., channel] = (rows[:, 0::2, channel] + rows[:, 1::2, channel] + 2) >> 2
    return means


def _mean_of_known(parts: list[Array], counts: Array) -> Array:
    """The sum of four arrays over the number of those that count, without a number larger than their type holds."""
    dtype = parts[0].dtype
    total: Any
    if dtype.kind == "f":
        weight = 1 / counts.astype(np.promote_types(dtype, np.float32))
        total = sum(part * weight for part in parts)
        return cast(Array, total.astype(dtype))
    total, rest = sum(part // counts for part in parts), sum(part % counts for part in parts)
    return cast(Array, (total + (2 * rest + counts) // (2 * counts)).astype(dtype))


def _beside(means: Array, nodata: float | None) -> Array:
    """The means, where they are the number of missing pixels the next number: they are known."""
    if nodata is None or not nodata_fits(nodata, means.dtype.name):
        return means
    number = means.dtype.type(nodata)
    if means.dtype.kind == "f":
        means[means == number] = np.nextafter(number, means.dtype.type(np.inf))
    else:
        means[means == number] = number + 1 if number < np.iinfo(means.dtype).max else number - 1
    return means

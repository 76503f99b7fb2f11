"""Images at half their size by means of 2 x 2 pixels, in the precision of their numbers."""

from typing import Any, cast

import numpy as np

from .arrays import Array
from .values import missing_pixels


def halved(samples: Array, nodata: float | None = None) -> Array:
    """(H, W, C) at half its size, rounded up, each pixel the mean of the up to four that it covers.

    Means of integers are rounded, halves upwards; means of float32 and float64 are computed in their type. Pixels that
    are NaN, infinite or `nodata` in a channel count for nothing; where all four are missing, so is their mean.
    """
    height, width, _ = samples.shape
    if height % 2 or width % 2:  # the last pixels count twice, which leaves their mean as it is
        samples = np.pad(samples, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    quarters = [samples[row::2, column::2] for row in (0, 1) for column in (0, 1)]
    missing = missing_pixels(samples, nodata)
    if missing is None:
        return _mean(quarters)

    known = [~missing[row::2, column::2, None] for row in (0, 1) for column in (0, 1)]
    counts = np.sum(known, axis=0, dtype=samples.dtype)
    number = np.nan if nodata is None else nodata
    with np.errstate(all="ignore"):
        parts = [
            np.where(is_known, part, 0).astype(samples.dtype) for part, is_known in zip(quarters, known, strict=True)
        ]
        mean = _mean_of_known(parts, np.maximum(counts, 1))
        stored = np.array(number).astype(samples.dtype)
        mean[mean == stored] = _beside(stored)  # numbers that are known do not become the one that says "missing"
    return np.where(counts > 0, mean, stored).astype(samples.dtype)


def _mean(parts: list[Array]) -> Array:
    """The mean of four arrays of a type."""
    dtype = parts[0].dtype
    if dtype.kind == "f":
        total: Any = sum(part.astype(np.promote_types(dtype, np.float32)) * np.float32(0.25) for part in parts)
        return cast(Array, total.astype(dtype))
    if dtype.itemsize < 4:
        total = sum(part.astype(np.int16 if dtype.itemsize == 1 else np.int32) for part in parts)
        return cast(Array, ((total + 2) >> 2).astype(dtype))
    return _mean_of_known(parts, np.array(4, dtype))


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


def _beside(number: Array) -> Array:
    """The next number of a type."""
    if number.dtype.kind == "f":
        return np.nextafter(number, np.inf, dtype=number.dtype)
    limits = np.iinfo(cast(Any, number.dtype))
    return cast(Array, number + number.dtype.type(1) if number < limits.max else number - number.dtype.type(1))

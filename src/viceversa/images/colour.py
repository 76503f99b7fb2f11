"""Samples of a file with an ICC profile as sRGB, and sRGB back to that profile."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .arrays import Array
from .profiles import Conversion

OUTSIDE = 1 / 4 / 65_535  # a colour less than that beyond sRGB is on its border


@dataclass(frozen=True, kw_only=True)
class Outside:
    """What clipping to sRGB removed from the pixels whose colours are more saturated."""

    positions: Array  # (N,) int32: pixel numbers, row by row
    excess: Array  # (N, C) float32: unclipped - clipped sRGB, of [0, 1]


def to_srgb(samples: Array, profile: Conversion) -> tuple[Array, Outside | None]:
    """Samples (H, W, 1 | 3) of a profile as sRGB, float32 in [0, 1], and what was clipped, which `from_srgb` restores.

    Samples are uint8, uint16, or float in [0, 1]. Relative colorimetric, with black point compensation.
    """
    height, width, channels = samples.shape
    flat = samples.reshape(-1, channels)
    srgb = np.empty((channels, len(flat)), np.float32)
    positions, excess = [], []

    for start in range(0, len(flat), profile.strip):
        strip = profile.to_srgb(flat[start : start + profile.strip].T)
        inside = np.clip(strip, 0, 1, out=srgb[:, start : start + profile.strip])
        beyond = np.flatnonzero((np.abs(strip - inside) > OUTSIDE).any(axis=0))
        if len(beyond):
            positions.append((beyond + start).astype(np.int32))
            excess.append((strip[:, beyond] - inside[:, beyond]).T)

    outside = Outside(positions=np.concatenate(positions), excess=np.concatenate(excess)) if positions else None
    return srgb.reshape(channels, height, width).transpose(1, 2, 0), outside


def from_srgb(
    srgb: Array, profile: Conversion, outside: Outside | None = None, dtype: npt.DTypeLike = np.float32
) -> Array:
    """sRGB (H, W, 1 | 3) in [0, 1] as samples of a profile: the inverse of `to_srgb`.

    `dtype` is uint8, uint16 or a float type, whose samples lie in [0, 1]. What `to_srgb` clipped comes back from
    `outside` where a channel is still at or near its limit, see `restore_outside`.
    """
    dtype = np.dtype(dtype)
    full = 1 if dtype.kind == "f" else np.iinfo(dtype).max
    height, width, channels = srgb.shape
    planes = np.ascontiguousarray(srgb.transpose(2, 0, 1), np.float32).reshape(channels, -1)
    samples = np.empty(planes.shape, dtype)
    for start in range(0, planes.shape[1], profile.strip):
        stop = start + profile.strip
        strip = planes[:, start:stop]
        if outside is not None:
            first, last = np.searchsorted(outside.positions, np.array([start, stop], np.int32))  # no copy of positions
            strip = restore_outside(strip, outside.positions[first:last] - start, outside.excess[first:last])
        values = profile.from_srgb(strip, is_8_bit=dtype == np.uint8)
        samples[:, start:stop] = values if full == 1 else np.rint(values * np.float32(full))
    return samples.reshape(channels, height, width).transpose(1, 2, 0)


def restore_outside(planes: Array, positions: Array, excess: Array) -> Array:
    """Give the clipped channels of sRGB (C, N) their excess e back: x becomes min(x, 2 x + e) where e is negative.

    So an unchanged channel (x = 0) becomes e again, one that was moved into the gamut by |e| or more stays as it is,
    and between them the map is continuous and monotone; at 1 the same, mirrored.
    """
    if not len(positions):
        return planes
    restored = planes.copy()
    x, e = planes[:, positions], excess.T
    below, above = np.minimum(x, 2 * x + e), np.maximum(x, 2 * x - 1 + e)
    restored[:, positions] = np.where(e < 0, below, np.where(e > 0, above, x))
    return restored

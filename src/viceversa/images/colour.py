"""Samples of a file with an ICC profile as pixels in sRGB, and pixels back to samples of that profile."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from .arrays import Array
from .profiles import Conversion, UnusableProfile, conversion
from .values import Span, fill_missing, full_span

Colour = Literal["managed", "raw"]  # what a profile does: its colours become sRGB and come back; nothing
OUTSIDE = 1 / 4 / 65_535  # a colour less than that beyond sRGB is on its border


@dataclass(frozen=True, kw_only=True)
class Outside:
    """What clipping to sRGB removed from the pixels of more saturated colours."""

    size: tuple[int, int]  # height and width of the image
    positions: Array  # (N,) int32: pixel numbers, row by row, rising
    excess: Array  # (N, C) float32: unclipped - clipped values of sRGB, whose full scale is 1

    def columns(self, first: int, stop: int) -> "Outside":
        """The same for the columns `first` to `stop` of the image."""
        rows, columns = np.divmod(self.positions, self.size[1])
        kept = (columns >= first) & (columns < stop)
        positions = rows[kept] * (stop - first) + columns[kept] - first
        size = (self.size[0], stop - first)
        return Outside(size=size, positions=positions.astype(np.int32), excess=self.excess[kept])


def conversion_for(icc: bytes | None, samples: Array, span: Span) -> tuple[Conversion | None, tuple[str, ...]]:
    """How a profile is to be applied to samples (H, W, C); None for sRGB and whatever is no photograph.

    A photograph has one or three channels, whose numbers go from 0 to full. A note says why a profile is of no use.
    """
    kind, channels = samples.dtype, samples.shape[2]
    is_photograph = kind.kind == "f" or kind in (np.uint8, np.uint16)
    if not icc or not is_photograph or channels not in (1, 3) or span != full_span(kind.name):
        return None, ()
    try:
        return conversion(icc, channels), ()
    except UnusableProfile as error:
        return None, (f"colour profile not used: {error}",)


def to_srgb(
    samples: Array, profile: Conversion, missing: Array | None = None, *, clip: bool = False
) -> tuple[Array, Outside | None]:
    """Samples (H, W, 1 | 3) of a profile as sRGB pixels (C, H, W), float32 in [-1, 1].

    Samples are uint8, uint16, or float in [0, 1]. The second result is what was clipped, for `from_srgb`; with `clip`
    it is forgotten. Relative colorimetric, with black point compensation. Missing pixels (H, W) get the mean of the
    others.
    """
    height, width, channels = samples.shape
    known = samples if missing is None else np.nan_to_num(samples, posinf=0, neginf=0)
    flat = known.reshape(-1, channels)
    pixels = np.empty((channels, len(flat)), np.float32)
    positions, excess = [], []

    for start in range(0, len(flat), profile.strip):
        strip = profile.to_srgb(flat[start : start + profile.strip].T)
        inside = np.clip(strip, 0, 1, out=pixels[:, start : start + profile.strip])
        if not clip:
            beyond = np.flatnonzero((np.abs(strip - inside) > OUTSIDE).any(axis=0))
            positions.append((beyond + start).astype(np.int32))
            excess.append((strip[:, beyond] - inside[:, beyond]).T)
        inside *= 2
        inside -= 1

    image = pixels.reshape(channels, height, width)
    if missing is not None:
        fill_missing(image, missing, -1)
    outside = None
    if any(map(len, positions)):
        size = (height, width)
        outside = Outside(size=size, positions=np.concatenate(positions), excess=np.concatenate(excess))
    return image, outside


def from_srgb(pixels: Array, profile: Conversion, outside: Outside | None, dtype: npt.DTypeLike) -> Array:
    """sRGB pixels (C, H, W) in [-1, 1] as samples (H, W, C) of a profile: the inverse of `to_srgb`.

    `dtype` is uint8, uint16 or a float type, whose samples lie in [0, 1]. What was clipped comes back from `outside`
    where a channel is still at or near its limit, see `restore_outside`; it counts for an image of the same size only.
    """
    channels, height, width = pixels.shape
    planes = np.ascontiguousarray(pixels, np.float32).reshape(channels, -1)
    samples = np.empty((height * width, channels), dtype)
    full = full_span(samples.dtype.name)[1]

    for start in range(0, planes.shape[1], profile.strip):
        stop = start + profile.strip
        strip = np.clip(planes[:, start:stop], -1, 1)
        strip += 1
        strip /= 2
        if outside is not None and outside.size == (height, width):
            first, last = np.searchsorted(outside.positions, np.array([start, stop], np.int32))  # no copy of positions
            restore_outside(strip, outside.positions[first:last] - start, outside.excess[first:last])
        values = profile.from_srgb(strip)
        if full > 1:
            values *= np.float32(full)
            np.rint(values, out=values)
        samples[start:stop] = values.T
    return samples.reshape(height, width, channels)


def restore_outside(planes: Array, positions: Array, excess: Array) -> None:
    """Give the clipped channels of sRGB (C, N) their excess e back: x becomes min(x, 2 x + e) where e is negative.

    So an unchanged channel (x = 0) becomes e again, one that was moved into the gamut by |e| or more stays as it is,
    and between them the map is continuous and monotone; at 1 the same, mirrored.
    """
    x, e = planes[:, positions], excess.T
    below, above = np.minimum(x, 2 * x + e), np.maximum(x, 2 * x - 1 + e)
    planes[:, positions] = np.where(e < 0, below, np.where(e > 0, above, x))

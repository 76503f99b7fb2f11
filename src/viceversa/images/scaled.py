"""A windowed image at another scale than its own, such as a slide at 0.5 µm per pixel."""

from dataclasses import replace
from math import ceil, floor

import numpy as np
from PIL import Image

from .arrays import Array
from .decoded import Decoded
from .values import missing_pixels
from .windows import Window, WindowedImage, level_for

SAME = 0.01  # a level whose scale differs by at most this share is taken as it is
SUPPORT = 2  # pixels of the smaller scale on each side that bicubic interpolation reaches


class ScaledImage:
    """`image` with one pixel for `downsample` full pixels on a side, read by windows like the image itself.

    Read from the coarsest level that has the detail, and reduced from there by antialiased bicubic interpolation. The
    windows do not change the pixels, but for rounding.
    """

    def __init__(self, image: WindowedImage, downsample: float = 1.0) -> None:
        self.image, self.level = image, level_for(image.about, downsample)
        level = image.about.levels[self.level]
        factor = downsample / level.downsample
        self.is_level = abs(factor - 1) <= SAME
        factor = 1.0 if self.is_level else factor
        self.size = max(1, round(level.height / factor)), max(1, round(level.width / factor))
        self.factors = level.height / self.size[0], level.width / self.size[1]  # pixels of the level per pixel

    @property
    def mpp(self) -> tuple[float, float] | None:
        """Micrometres per pixel, across and down, where the file states them."""
        about, downsample = self.image.about, self.image.about.levels[self.level].downsample
        if about.mpp is None:
            return None
        down, across = self.factors
        return about.mpp[0] * downsample * across, about.mpp[1] * downsample * down

    def read(self, window: Window) -> Decoded:
        """The samples of a window that lies inside of `size`, in the number type of the file."""
        if self.is_level:
            return self.image.read(window, self.level)

        level = self.image.about.levels[self.level]
        (top, height), (low_y, high_y) = span(window.top, window.height, self.factors[0], level.height)
        (left, width), (low_x, high_x) = span(window.left, window.width, self.factors[1], level.width)
        decoded = self.image.read(Window(top, left, height, width), self.level)
        box, size = (low_x, low_y, high_x, high_y), (window.height, window.width)
        alpha = decoded.alpha
        if alpha is not None:
            alpha = np.clip(resampled(alpha[..., None].astype(np.float32), size, box)[..., 0], 0, 1)
        return replace(decoded, samples=resize_samples(decoded, size, box), alpha=alpha)


def span(start: int, length: int, factor: float, limit: int) -> tuple[tuple[int, int], tuple[float, float]]:
    """Start and length, among `limit` pixels, of what a span of pixels depends on; and where the span lies in that."""
    low, high = start * factor, min((start + length) * factor, float(limit))
    margin = SUPPORT * factor + 1
    first, last = max(0, floor(low - margin)), min(limit, ceil(high + margin))
    return (first, last - first), (low - first, high - first)


def resize_samples(decoded: Decoded, size: tuple[int, int], box: tuple[float, float, float, float]) -> Array:
    """Samples (H, W, C) of a box as (h, w, C) in their number type; what depends on a missing pixel is missing."""
    samples = decoded.samples
    wide = samples.astype(np.float64 if samples.dtype.itemsize > 4 else np.float32)
    missing = missing_pixels(samples, decoded.nodata)
    if missing is not None:
        wide[missing] = np.nan

    small = resampled(wide, size, box)
    unknown = ~np.isfinite(small)
    if unknown.any():
        small[unknown] = np.nan if decoded.nodata is None else decoded.nodata
    if samples.dtype.kind in "ui":
        limits = np.iinfo(samples.dtype)
        small = np.clip(np.rint(np.nan_to_num(small)), limits.min, limits.max)
    return small.astype(samples.dtype)


def resampled(samples: Array, size: tuple[int, int], box: tuple[float, float, float, float]) -> Array:
    """(H, W, C) as (h, w, C) by antialiased bicubic interpolation in float32."""
    planes = [Image.fromarray(np.ascontiguousarray(samples[..., i], np.float32)) for i in range(samples.shape[2])]
    resized = [np.asarray(plane.resize(size[::-1], Image.Resampling.BICUBIC, box)) for plane in planes]
    return np.stack(resized, axis=-1)

"""Images of any size at a reduced scale: from the coarsest level that is enough, by windows, in bounded memory."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
from PIL import Image

from .arrays import Array
from .decoded import Decoded
from .values import missing_pixels
from .windows import Window, WindowedImage

LARGE = 50_000_000  # pixels above which a file is not decoded as a whole where a part or a smaller copy is enough
SIDES_KEPT = 3  # as many times the side that is wanted are kept, as of reduced JPEGs
SAMPLE_GRID, SAMPLE_SIDE = 12, 256  # windows of a large image on a side, and their pixels on a side
BAND_BYTES = 2**26  # of the samples that are read at a time


def read_reduced(image: WindowedImage, side: int, *, sides: int = SIDES_KEPT, strip: bool = False) -> Decoded:
    """An image whose shorter side is at least `sides` times `side`, at the coarsest level that has as much.

    A level with more pixels than `LARGE` is reduced further, by means over boxes of whole pixels.
    """
    index = coarsest_level(image, sides * side)
    level = image.about.levels[index]
    factor = min(level.height, level.width) // (sides * side) if level.height * level.width > LARGE else 1
    if factor > 1:
        decoded = _mean_of_boxes(image, index, factor)
    else:
        factor, decoded = 1, image.read(Window(0, 0, level.height, level.width), index)
    decoded = replace(decoded, exif=None) if strip else decoded
    if factor == 1 and index == 0:
        return decoded
    scale = level.downsample * factor
    height, width = image.about.size
    h, w = decoded.samples.shape[:2]
    return replace(
        decoded,
        reduction=max(2, round(scale)),
        full_size=image.about.size,
        box=(0.0, 0.0, min(w, width / scale), min(h, height / scale)),
    )


def coarsest_level(image: WindowedImage, side: int) -> int:
    """The number of the coarsest level whose shorter side is at least `side`; the full one where none is."""
    fitting = [i for i, level in enumerate(image.about.levels) if min(level.height, level.width) >= side]
    return fitting[-1] if fitting else 0


def reduce_to(image: WindowedImage, side: int) -> Array:
    """Samples (H, W, C) in the image's own numbers, shorter side `side`, from the coarsest level that is enough.

    Means over the pixels that have values; transparent ones are mixed with the highest number, which is white. An
    image with fewer pixels stays as it is.
    """
    decoded = read_reduced(image, side, sides=1)
    samples = decoded.samples
    if decoded.alpha is not None:
        samples = _on_white(samples, decoded.alpha)
    height, width = image.about.size
    scale = side / min(height, width)
    if scale >= 1:
        return samples
    size = max(1, round(width * scale)), max(1, round(height * scale))
    # a mean with missing pixels would be neither value nor missing
    kernel = Image.Resampling.BOX if missing_pixels(samples, decoded.nodata) is None else Image.Resampling.NEAREST
    planes = [Image.fromarray(np.ascontiguousarray(samples[..., i], np.float32)) for i in range(samples.shape[2])]
    resized: Array = np.stack([np.asarray(plane.resize(size, kernel, decoded.box)) for plane in planes], axis=-1)
    return _as_type(resized, samples.dtype)


def sample_windows(image: WindowedImage) -> Decoded:
    """All samples of an image of at most `LARGE` pixels; of a larger one a grid of windows, one below the other."""
    height, width = image.about.size
    if height * width <= LARGE:
        return image.read(Window(0, 0, height, width))
    side = min(SAMPLE_SIDE, height, width)
    tops, lefts = (np.linspace(0, whole - side, SAMPLE_GRID).astype(int).tolist() for whole in (height, width))
    parts = [image.read(Window(top, left, side, side)) for top in tops for left in lefts]
    alpha = None if parts[0].alpha is None else np.concatenate([p.alpha for p in parts if p.alpha is not None])
    return replace(parts[0], samples=np.concatenate([part.samples for part in parts]), alpha=alpha)


def _on_white(samples: Array, alpha: Array) -> Array:
    top = np.iinfo(samples.dtype).max if samples.dtype.kind in "ui" else 1.0
    return _as_type(top + (samples.astype(np.float64) - top) * alpha[..., None], samples.dtype)


def _as_type(values: Array, dtype: np.dtype[np.generic]) -> Array:
    """Means as numbers of a type, rounded where these are whole."""
    result: Array = (np.rint(values) if dtype.kind in "ui" else values).astype(dtype)
    return result


def _mean_of_boxes(image: WindowedImage, index: int, factor: int) -> Decoded:
    """A level reduced by means over boxes of `factor` x `factor` pixels, weighted by alpha, without missing pixels."""
    level = image.about.levels[index]
    means = _BoxMeans(-(-level.height // factor), -(-level.width // factor), image.about.channels, factor)
    for window in _bands(image, index):
        decoded = image.read(window, index)
        means.add(decoded, window.top)
    return means.result(decoded)


class _BoxMeans:
    """Sums of samples over boxes, band by band."""

    def __init__(self, height: int, width: int, channels: int, factor: int) -> None:
        self.factor = factor
        self.samples: Array = np.zeros((height, width, channels))
        self.weight: Array = np.zeros((height, width, 1))  # of pixels with a value, by their alpha
        self.present: Array = np.zeros((height, width, 1))  # pixels with a value

    def add(self, decoded: Decoded, top: int) -> None:
        """The rows of a level from `top` on."""
        samples, missing = decoded.samples, missing_pixels(decoded.samples, decoded.nodata)
        rows = slice(top // self.factor, -(-(top + len(samples)) // self.factor))
        present = np.broadcast_to(np.float32(1), (*samples.shape[:2], 1)) if missing is None else ~missing[..., None]
        weight = present if decoded.alpha is None else present * decoded.alpha[..., None]
        if missing is not None or decoded.alpha is not None:
            samples = np.where(present > 0, samples, 0) * weight
        for sums, values in ((self.samples, samples), (self.weight, weight), (self.present, present)):
            sums[rows] += _box_sums(values, top, self.factor)

    def result(self, like: Decoded) -> Decoded:
        """The means, with what else is known of the image."""
        dtype = like.samples.dtype
        empty = (
            np.nan if like.nodata is None and dtype.kind == "f" else like.nodata or 0
        )  # where every pixel is missing
        with np.errstate(divide="ignore", invalid="ignore"):
            means = np.where(self.weight > 0, self.samples / self.weight, np.where(self.present > 0, 0, empty))
            shares = np.where(self.present > 0, self.weight / self.present, 0)
        alpha = None if like.alpha is None else shares[..., 0].astype(np.float32)
        return replace(like, samples=_as_type(means, dtype), alpha=alpha)


def _bands(image: WindowedImage, index: int) -> Iterator[Window]:
    """Windows of full width from top to bottom, whose samples take `BAND_BYTES` at most."""
    level = image.about.levels[index]
    row = level.width * image.about.channels * np.dtype(image.about.number_type).itemsize
    rows = max(1, BAND_BYTES // row)
    for top in range(0, level.height, rows):
        yield Window(top, 0, min(rows, level.height - top), level.width)


def _box_sums(values: Array, top: int, factor: int) -> Array:
    """Sums over boxes, whose rows are counted from `top` rows above: (rows of boxes, columns of boxes, C)."""
    first, last = top // factor, -(-(top + len(values)) // factor)
    edges = np.clip(np.arange(first, last + 1) * factor - top, 0, len(values))
    rows = [values[start:stop].sum(0, dtype=np.float64) for start, stop in pairwise(edges)]
    sums: Array = np.add.reduceat(np.stack(rows), np.arange(0, values.shape[1], factor), axis=1)
    return sums

"""Convert PIL images and NumPy arrays to a Picture, and results back to the same type."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, overload

import numpy as np
from PIL import Image

from ..errors import UsageError
from .arrays import Array, to_uint8
from .formats import apply_orientation, read_orientation, read_samples
from .picture import Picture, exif_or_note, picture_from_samples, to_samples


def to_pil(pixels: Array) -> Image.Image:
    """Convert (1 | 3, H, W) in [-1, 1] to an 8-bit PIL image."""
    u8 = to_uint8(pixels)
    return Image.fromarray(u8[0] if len(u8) == 1 else np.ascontiguousarray(u8.transpose(1, 2, 0)))


@overload
def to_picture(
    image: Image.Image, value_range: tuple[float, float] | None = None
) -> tuple[Picture, Callable[[Picture], Image.Image]]: ...


@overload
def to_picture(
    image: Array, value_range: tuple[float, float] | None = None
) -> tuple[Picture, Callable[[Picture], Array]]: ...


def to_picture(
    image: Image.Image | Array, value_range: tuple[float, float] | None = None
) -> tuple[Picture, Callable[[Picture], Any]]:
    """A PIL image or NumPy array as a Picture, and a function that converts a Picture back to the same type.

    PIL: any mode, turned upright; comes back as L, LA, RGB, RGBA, I;16, I or F (palette, CMYK: RGB), with its EXIF.
    NumPy: (H, W) or (H, W, 1 | 2 | 3 | 4) of uint8, uint16 or float. A float range is `value_range`, by default that of
    `range_of_array`. Raises UsageError for anything else and for values outside `value_range`.
    """
    if isinstance(image, Image.Image):
        image.load()
        samples, icc, notes = read_samples(image)
        orientation = read_orientation(image)
        samples = apply_orientation(samples, orientation)
        exif, exif_notes = exif_or_note(image, (samples.shape[1], samples.shape[0]))
        picture = picture_from_samples(samples, icc=icc, exif=exif, notes=(*notes, *exif_notes))
        return picture, lambda result: to_pil_like(result, image.mode)
    if not isinstance(image, np.ndarray):
        kinds = "a path, a PIL image, a NumPy array, a tensor, the bytes of a file or a list of these"
        raise UsageError(f"an image is {kinds}, not {type(image).__name__}")
    return _from_array(image, value_range), lambda result: _to_array(result, image)


def to_pil_like(picture: Picture, mode: str = "") -> Image.Image:
    """A PIL image like one of `mode`; 16-bit colour does not exist in PIL and becomes 8 bit."""
    if picture.depth != "uint8" and (picture.alpha is not None or len(picture.pixels) == 3):
        picture = replace(picture, depth="uint8", low=0.0, high=255.0)
    samples = to_samples(picture)
    if mode == "I" and samples.shape[2] == 1:
        samples = np.rint(samples).astype(np.int32)
    image = Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples)
    if picture.icc:
        image.info["icc_profile"] = picture.icc
    if picture.exif:
        image.info["exif"] = picture.exif.block()
    return image


def _from_array(array: Array, value_range: tuple[float, float] | None) -> Picture:
    samples = array[..., None] if array.ndim == 2 else array
    if samples.ndim != 3 or samples.shape[2] not in (1, 2, 3, 4) or 0 in samples.shape:
        raise UsageError(f"an image array is (H, W) or (H, W, 1 | 2 | 3 | 4), not {array.shape}")
    if array.dtype in (np.uint8, np.uint16):
        if value_range not in (None, (0, np.iinfo(array.dtype).max)):
            raise UsageError(f"value_range={value_range}: the range of {array.dtype} is fixed; leave value_range out")
        return picture_from_samples(samples)
    if array.dtype.kind != "f":
        raise UsageError(f"an image array holds uint8, uint16 or float numbers, not {array.dtype}")
    if value_range is None:
        return picture_from_samples(samples, range_of_array(samples))

    colour = _colour_of(samples)
    least, largest, margin = float(colour.min()), float(colour.max()), 1e-3 * (value_range[1] - value_range[0]) / 2
    if not value_range[0] - margin <= least <= largest <= value_range[1] + margin:  # false for NaN, too
        raise UsageError(f"a float array holds values from {least:g} to {largest:g}, outside value_range={value_range}")
    return picture_from_samples(samples, value_range)


def range_of_array(samples: Array) -> tuple[float, float]:
    """The first of 0..1, -1..1, 0..255 and the own min..max that holds all float values (..., 1 | 2 | 3 | 4)."""
    colour = _colour_of(samples)
    low, high = float(colour.min()), float(colour.max())
    if not np.isfinite(low + high):
        raise UsageError("an image array must hold finite numbers")
    for least, largest in ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)):
        if least <= low and high <= largest:
            return least, largest
    return low, high


def _colour_of(samples: Array) -> Array:
    """The samples without alpha."""
    return samples[..., :-1] if samples.shape[-1] in (2, 4) else samples


def _to_array(picture: Picture, like: Array) -> Array:
    samples = to_samples(picture).astype(like.dtype)
    return samples[..., 0] if like.ndim == 2 and samples.shape[2] == 1 else samples

"""Convert PIL images and NumPy arrays to a Picture, and results back to the same type."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from ..errors import UsageError
from .arrays import Array, to_uint8
from .decoded import Decoded
from .formats.pillow import apart, apply_orientation, exif_or_note, read_orientation, read_samples
from .picture import Picture, picture_of, to_samples
from .values import Values, full_span


def to_pil(pixels: Array) -> Image.Image:
    """Convert (1 | 3, H, W) in [-1, 1] to an 8-bit PIL image."""
    u8 = to_uint8(pixels)
    return Image.fromarray(u8[0] if len(u8) == 1 else np.ascontiguousarray(u8.transpose(1, 2, 0)))


def to_picture(
    image: Image.Image | Array, value_range: tuple[float, float] | None = None, values: Values | None = None
) -> tuple[Picture, Callable[[Picture], Any]]:
    """A PIL image or NumPy array as a Picture, and a function that converts a Picture back to the same type.

    PIL: any mode, turned upright; comes back as L, LA, RGB, RGBA, I;16, I or F (palette, CMYK: RGB), with its EXIF.

    NumPy: (H, W) or (H, W, C). `values` are those of the domain it belongs to: its numbers mean what they mean there,
    and one channel more than the domain has is alpha. Without them C is 1 to 4, alpha last of 2 and 4, of uint8, uint16
    or float, whose range is `value_range`, by default that of `range_of_array`.

    Raises UsageError for anything else and for values outside `value_range`.
    """
    if isinstance(image, Image.Image):
        image.load()
        samples, icc, notes = read_samples(image)
        orientation = read_orientation(image)
        samples = apply_orientation(samples, orientation)
        exif, exif_notes = exif_or_note(image, (samples.shape[1], samples.shape[0]))
        colour, alpha = apart(samples)
        decoded = Decoded(samples=colour, alpha=alpha, icc=icc, exif=exif, notes=(*notes, *exif_notes))
        return picture_of(decoded, values, "PNG"), lambda result: to_pil_like(result, image.mode)
    if not isinstance(image, np.ndarray):
        kinds = "a path, a PIL image, a NumPy array, a tensor, the bytes of a file or a list of these"
        raise UsageError(f"an image is {kinds}, not {type(image).__name__}")
    return _from_array(image, value_range, values), lambda result: _to_array(result, image)


def to_pil_like(picture: Picture, mode: str = "") -> Image.Image:
    """A PIL image like one of `mode`; 16-bit colour does not exist in PIL and becomes 8 bit.

    UsageError for bands and measurements that PIL cannot hold without changing what they mean.
    """
    channels = len(picture.pixels)
    if channels not in (1, 3) or (channels == 3 and (picture.low, picture.high) != full_span(picture.depth)):
        kinds = "the numbers as a NumPy array, or the bytes of a file"
        raise UsageError(f"PIL has no image of {channels} channels of {picture.depth}; translate {kinds}")
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


def _from_array(array: Array, value_range: tuple[float, float] | None, values: Values | None) -> Picture:
    samples = array[..., None] if array.ndim == 2 else array
    if samples.ndim != 3 or 0 in samples.shape or (values is None and samples.shape[2] > 4):
        raise UsageError(f"an image array is (H, W) or (H, W, 1 | 2 | 3 | 4), not {array.shape}")
    colour, alpha = apart(samples) if values is None or _has_alpha(samples, values) else (samples, None)
    decoded = Decoded(samples=colour, alpha=alpha)

    if values is not None and not values.relative and value_range is None:
        if array.dtype.kind not in "uif":
            raise UsageError(f"an image array holds numbers, not {array.dtype}")
        return picture_of(decoded, values, "TIFF")
    if array.dtype in (np.uint8, np.uint16):
        if value_range not in (None, (0, np.iinfo(array.dtype).max)):
            raise UsageError(f"value_range={value_range}: the range of {array.dtype} is fixed; leave value_range out")
        return picture_of(decoded, None, "PNG")
    if array.dtype.kind != "f":
        raise UsageError(f"an image array holds uint8, uint16 or float numbers, not {array.dtype}")

    low, high = value_range or range_of_array(colour)
    least, largest, margin = float(colour.min()), float(colour.max()), 1e-3 * (high - low) / 2
    if not low - margin <= least <= largest <= high + margin:  # false for NaN, too
        raise UsageError(f"a float array holds values from {least:g} to {largest:g}, outside value_range={value_range}")
    if alpha is not None and low == 0:  # opaque is then the largest number
        decoded = replace(decoded, alpha=alpha / np.float32(high))
    own = Values(number_type=array.dtype.name, channels=colour.shape[2], low=low, high=high, relative=False)
    return picture_of(decoded, own, "TIFF")


def _has_alpha(samples: Array, values: Values) -> bool:
    """Whether the last channel of an array is alpha: where it is one more than the grey or colours of its domain."""
    channels = samples.shape[2]
    return channels in (2, 4) and channels != values.channels


def range_of_array(samples: Array) -> tuple[float, float]:
    """The first of 0..1, -1..1, 0..255 and the own min..max that holds all float values, alpha left out."""
    low, high = float(samples.min()), float(samples.max())
    if not np.isfinite(low + high):
        raise UsageError("an image array must hold finite numbers")
    for least, largest in ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)):
        if least <= low and high <= largest:
            return least, largest
    return low, high


def _to_array(picture: Picture, like: Array) -> Array:
    samples = to_samples(picture)
    if picture.alpha is not None and like.dtype.kind == "f" and picture.low == 0:
        samples[..., -1] *= picture.high
    if like.dtype.kind == samples.dtype.kind == "f":
        samples = samples.astype(like.dtype)
    return samples[..., 0] if like.ndim == 2 and samples.shape[2] == 1 else samples

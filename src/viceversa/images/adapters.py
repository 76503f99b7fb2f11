"""PIL images and NumPy arrays as a Picture, and back to the same kind."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, overload

import numpy as np
from PIL import Image

from ..errors import UsageError
from .arrays import Array, to_uint8
from .formats import orientation, samples_of, upright
from .picture import Picture, _picture, to_samples


def to_pil(pixels: Array) -> Image.Image:
    """(1 | 3, H, W) in [-1, 1] to an 8-bit PIL image."""
    u8 = to_uint8(pixels)
    return Image.fromarray(u8[0] if len(u8) == 1 else np.ascontiguousarray(u8.transpose(1, 2, 0)))


@overload
def unpack(image: Image.Image) -> tuple[Picture, Callable[[Picture], Image.Image]]: ...


@overload
def unpack(image: Array) -> tuple[Picture, Callable[[Picture], Array]]: ...


def unpack(image: Image.Image | Array) -> tuple[Picture, Callable[[Picture], Any]]:
    """A PIL image or NumPy array as a Picture, and the way back to the same kind.

    PIL: any mode, turned upright; comes back as L, LA, RGB, RGBA, I;16, I or F (palette, CMYK: RGB).
    NumPy: (H, W) or (H, W, 1 | 2 | 3 | 4) of uint8, uint16 or float. A float range is the first of 0..1,
    -1..1, 0..255 and the array's own min..max that holds all values. Raises UsageError for anything else.
    """
    if isinstance(image, Image.Image):
        image.load()
        samples, icc, notes = samples_of(image)
        picture = _picture(upright(samples, orientation(image)), icc=icc, notes=notes)
        return picture, lambda result: _as_pil(result, image.mode)
    if not isinstance(image, np.ndarray):
        raise UsageError(f"an image is a PIL image, a NumPy array or a tensor, not {type(image).__name__}")
    return _array_picture(image), lambda result: _as_array(result, image)


def _as_pil(picture: Picture, mode: str) -> Image.Image:
    """Like an image of `mode`; 16-bit colour does not exist in PIL and becomes 8 bit."""
    if picture.depth != "uint8" and (picture.alpha is not None or len(picture.pixels) == 3):
        picture = replace(picture, depth="uint8", low=0.0, high=255.0)
    samples = to_samples(picture)
    if mode == "I":
        samples = np.rint(samples).astype(np.int32) if samples.shape[2] == 1 else samples
    image = Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples)
    if picture.icc:
        image.info["icc_profile"] = picture.icc
    return image


def _array_picture(array: Array) -> Picture:
    samples = array[..., None] if array.ndim == 2 else array
    if samples.ndim != 3 or samples.shape[2] not in (1, 2, 3, 4) or 0 in samples.shape:
        raise UsageError(f"an image array is (H, W) or (H, W, 1 | 2 | 3 | 4), not {array.shape}")
    if array.dtype in (np.uint8, np.uint16):
        return _picture(samples)
    if array.dtype.kind != "f":
        raise UsageError(f"an image array holds uint8, uint16 or float numbers, not {array.dtype}")
    colour = samples[..., :-1] if samples.shape[2] in (2, 4) else samples
    low, high = float(colour.min()), float(colour.max())
    if not np.isfinite(low + high):
        raise UsageError("an image array must hold finite numbers")
    spans = ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0))
    return _picture(samples, next((s for s in spans if s[0] <= low and high <= s[1]), (low, high)))


def _as_array(picture: Picture, like: Array) -> Array:
    samples = to_samples(picture).astype(like.dtype)
    return samples[..., 0] if like.ndim == 2 and samples.shape[2] == 1 else samples

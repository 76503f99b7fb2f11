"""Pixel arrays: conversion to and from 8 bits, channel counts, resizing."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Array = npt.NDArray[Any]


def to_uint8(x: Array) -> npt.NDArray[np.uint8]:
    """Convert [-1, 1] to 0..255, rounded and clipped, any shape."""
    scaled = np.clip(x, -1, 1).astype(np.float32)
    scaled += 1
    scaled *= 127.5
    return np.rint(scaled, out=scaled).astype(np.uint8)


def from_uint8(u8: Array) -> npt.NDArray[np.float32]:
    """Convert 0..255 to [-1, 1], any shape."""
    return u8.astype(np.float32) / np.float32(127.5) - 1


def to_channels(pixels: Array, n: int) -> Array:
    """Convert (1 | 3, H, W) to (n, H, W): grey is repeated, colour becomes its luma (ITU-R BT.601)."""
    if len(pixels) == n:
        return pixels
    if len(pixels) == 1:
        return np.repeat(pixels, n, axis=0)
    if n != 1 or len(pixels) != 3:
        raise ValueError(f"cannot turn {len(pixels)} channels into {n}")
    luma = np.array([0.299, 0.587, 0.114], np.float32)
    return np.tensordot(luma, pixels, axes=1)[None].astype(np.float32, copy=False)


def resize(
    pixels: Array, size: tuple[int, int], box: tuple[float, float, float, float] | None = None
) -> npt.NDArray[np.float32]:
    """Resize (C, H, W) to (C, h, w) by antialiased bicubic interpolation in float, clipped to [-1, 1].

    `box` is the part of `pixels` to take: left, top, right, bottom in pixels; the whole by default.
    """
    h, w = size
    planes = [Image.fromarray(np.ascontiguousarray(plane, np.float32)) for plane in pixels]
    resized: Array = np.stack([np.asarray(plane.resize((w, h), Image.Resampling.BICUBIC, box)) for plane in planes])
    return np.clip(resized, -1, 1).astype(np.float32)

"""Pixel arrays: conversion to and from stored numbers, channel counts, resizing."""

from collections.abc import Sequence
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


def to_stored(pixels: Array, number_type: str) -> Array:
    """[-1, 1] as uint8, uint16 or float32, any shape: what the training store keeps, see `from_stored`."""
    if number_type == "uint8":
        return to_uint8(pixels)
    if number_type == "uint16":
        levels: Array = np.rint((np.clip(pixels, -1, 1) + np.float32(1)) * np.float32(32767.5)).astype(np.uint16)
        return levels
    return pixels.astype(np.float32, copy=False)


def from_stored(stored: Array) -> npt.NDArray[np.float32]:
    """uint8 0..255, uint16 0..65535 or float32 in [-1, 1] as float32 in [-1, 1], any shape."""
    if stored.dtype == np.uint8:
        return from_uint8(stored)
    if stored.dtype == np.uint16:
        return stored.astype(np.float32) / np.float32(32767.5) - 1
    return stored


def channel_map(n_in: int, n_out: int) -> npt.NDArray[np.float32]:
    """The fixed linear map (n_out, n_in) from channels to another number of them; its rows sum to 1.

    The identity for equal numbers, grey repeated, luma of three (ITU-R BT.601); else each output is the mean of the
    inputs that it overlaps when both are spread over the same interval.
    """
    if (n_in, n_out) == (3, 1):
        return np.array([[0.299, 0.587, 0.114]], np.float32)
    edges_in, edges_out = np.arange(n_in + 1) / n_in, np.arange(n_out + 1) / n_out
    low = np.maximum(edges_in[None, :-1], edges_out[:-1, None])
    high = np.minimum(edges_in[None, 1:], edges_out[1:, None])
    overlap = np.maximum(high - low, 0)
    weights: npt.NDArray[np.float32] = (overlap / overlap.sum(1, keepdims=True)).astype(np.float32)
    return weights


def channels_fit(count: int, expected: int) -> bool:
    """Whether images of `count` channels can be those of a domain: as many, or grey and RGB."""
    return count == expected or {count, expected} == {1, 3}


def to_channels(pixels: Array, n: int) -> Array:
    """Convert (C, H, W) to (n, H, W) by `channel_map`: grey is repeated, colour becomes its luma."""
    if len(pixels) == n:
        return pixels
    if len(pixels) == 1:
        return np.repeat(pixels, n, axis=0)
    if (len(pixels), n) == (3, 1):
        luma = np.array([0.299, 0.587, 0.114], np.float32)
        return np.tensordot(luma, pixels, axes=1)[None].astype(np.float32, copy=False)
    return np.tensordot(channel_map(len(pixels), n), pixels, axes=1).astype(np.float32, copy=False)


def to_display(pixels: Array, show: Sequence[int] = ()) -> Array:
    """(C, H, W) as (1 | 3, H, W) for people: the channels `show`, from 1; else the first three, of two the first."""
    count = len(pixels)
    chosen = [n - 1 for n in show if 1 <= n <= count]
    if len(chosen) in (1, 3) and len(chosen) == len(show):
        return pixels[chosen]
    return pixels if count in (1, 3) else pixels[: 1 if count == 2 else 3]


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

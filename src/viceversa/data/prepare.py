"""From a file to what training loads: upright, right channels, right size."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from .. import images


def reader(load: int, fit: str, channels: int) -> Callable[[Path], np.ndarray]:
    """A function from a path to (channels, H, W) uint8.

    `fit` "cover": the shorter side becomes `load` and the aspect ratio stays; "squash": both sides become `load`.
    """

    def read(path: Path) -> np.ndarray:
        return images.to_uint8(fitted(images.read(path), load, fit, channels))

    return read


def fitted(picture: images.Picture, load: int, fit: str, channels: int) -> np.ndarray:
    """The pixels of a picture, (channels, H, W) in [-1, 1], its transparent parts on white."""
    pixels = images.to_channels(on_white(picture), channels)
    _, h, w = pixels.shape
    scale = load / min(h, w)
    size = (load, load) if fit == "squash" else (max(load, round(h * scale)), max(load, round(w * scale)))
    return pixels if size == (h, w) else images.resize(pixels, size)


def on_white(picture: images.Picture) -> np.ndarray:
    """Pixels with what is transparent laid on white."""
    if picture.alpha is None:
        return picture.pixels
    blended: np.ndarray = 1 + (picture.pixels - 1) * picture.alpha[None]
    return blended

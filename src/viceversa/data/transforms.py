"""From a file to what training loads: upright, right channels, right size."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from .. import images
from .labels import Palette, classes_of


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
    size = fitted_size(pixels, load, fit)
    return pixels if size == pixels.shape[1:] else images.resize(pixels, size)


def fitted_size(pixels: np.ndarray, load: int, fit: str) -> tuple[int, int]:
    """Height and width to which pixels (C, H, W) are brought."""
    _, h, w = pixels.shape
    scale = load / min(h, w)
    return (load, load) if fit == "squash" else (max(load, round(h * scale)), max(load, round(w * scale)))


def label_reader(load: int, fit: str, palette: Palette) -> Callable[[Path], np.ndarray]:
    """A function from the path of a label picture to class numbers (1, H, W) uint8, brought to size as by `reader`.

    Colours become numbers before anything is resized, and then the nearest pixel is taken: between two colours lies a
    third, which may mean another class.
    """

    def read(path: Path) -> np.ndarray:
        pixels = images.to_channels(images.read(path).pixels, 3)
        return chosen(classes_of(pixels, palette)[None], fitted_size(pixels, load, fit))

    return read


def chosen(numbers: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Class numbers (1, H, W) at another size, each the one at its place, never a mixture."""
    if numbers.shape[1:] == size:
        return numbers
    rows, columns = (
        ((np.arange(to) + 0.5) * of / to).astype(int) for to, of in zip(size, numbers.shape[1:], strict=True)
    )
    return numbers[:, rows[:, None], columns]


def on_white(picture: images.Picture) -> np.ndarray:
    """Pixels with what is transparent laid on white."""
    if picture.alpha is None:
        return picture.pixels
    blended: np.ndarray = 1 + (picture.pixels - 1) * picture.alpha[None]
    return blended

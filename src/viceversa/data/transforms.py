"""From a stored image to a training sample: a random crop, zoom and flip; and how label images are read."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import images
from .labels import Palette, classes_of
from .preparation import fit_size

Read = Callable[[Path], np.ndarray]


def label_reader(load: int, fit: str, palette: Palette) -> Read:
    """A function from the path of a label image to class numbers (1, H, W) uint8, resized as by `Preparation`.

    Colours become class numbers before they are resized, and then by the nearest pixel: a mixture of two colours may
    be the colour of a third class.
    """

    def read(path: Path) -> np.ndarray:
        picture = images.read(path)
        pixels = images.to_channels(picture.pixels, 3)
        return nearest_resize(classes_of(pixels, palette)[None], fit_size(picture, load, fit))

    return read


def nearest_resize(classes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Class numbers (1, H, W) resized to `size` by the nearest pixel, which never mixes two classes."""
    _, h, w = classes.shape
    if (h, w) == size:
        return classes
    rows = ((np.arange(size[0]) + 0.5) * h / size[0]).astype(int)
    columns = ((np.arange(size[1]) + 0.5) * w / size[1]).astype(int)
    return classes[:, rows[:, None], columns]


@dataclass(frozen=True)
class Augment:
    """Random crop to `size`, zoomed by up to `zoom`, and a horizontal flip.

    A crop is between `size` and `size * zoom` pixels wide, then resized to `size`. (C, H, W), both sides at least
    `size` -> (C, size, size) float32 in [-1, 1]. Arrays are those of `Preparation.stored`.
    """

    size: int
    flip: bool = True
    zoom: float = 1.0

    def __call__(self, picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        pixels = images.from_stored(self.crop(picture, rng))
        if pixels.shape[1] == self.size:
            return pixels
        # Pillow, not PyTorch: a second thread inside PyTorch's thread pool halves the speed of training
        return images.resize(pixels, (self.size, self.size))

    def labels(self, classes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The same for class numbers (1, H, W), resized by the nearest pixel: (1, size, size)."""
        return nearest_resize(self.crop(classes, rng), (self.size, self.size))

    def crop(self, picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The crop at its own size, flipped or not."""
        _, h, w = picture.shape
        side = min(round(self.size * rng.uniform(1.0, self.zoom)), h, w)
        top, left = int(rng.integers(h - side + 1)), int(rng.integers(w - side + 1))
        is_flipped = self.flip and rng.random() < 0.5
        crop = picture[:, top : top + side, left : left + side]
        return np.ascontiguousarray(crop[:, :, ::-1] if is_flipped else crop)

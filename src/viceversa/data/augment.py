"""Crops and flips of one picture, drawn from the generator it is given."""

from dataclasses import dataclass

import numpy as np

from .. import images
from .transforms import chosen


@dataclass(frozen=True)
class Augment:
    """Random crop to `size`, zoomed by up to `zoom`, and a mirror flip.

    A crop is between `size` and `size * zoom` pixels wide, then brought to `size`. (C, H, W) uint8, both sides at least
    `size` -> (C, size, size) float32 in [-1, 1].
    """

    size: int
    flip: bool = True
    zoom: float = 1.0

    def __call__(self, picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        pixels = images.from_uint8(self.cut(picture, rng))
        if pixels.shape[1] == self.size:
            return pixels
        # Pillow, not PyTorch: a second thread inside PyTorch's thread pool halves the pace of training
        return images.resize(pixels, (self.size, self.size))

    def numbers(self, numbers: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The same for class numbers (1, H, W), which are chosen and not blended: (1, size, size)."""
        return chosen(self.cut(numbers, rng), (self.size, self.size))

    def cut(self, picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The crop at its own size, mirrored or not."""
        _, h, w = picture.shape
        side = min(round(self.size * rng.uniform(1.0, self.zoom)), h, w)
        top, left = int(rng.integers(h - side + 1)), int(rng.integers(w - side + 1))
        mirrored = self.flip and rng.random() < 0.5
        crop = picture[:, top : top + side, left : left + side]
        return np.ascontiguousarray(crop[:, :, ::-1] if mirrored else crop)

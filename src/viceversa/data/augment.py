"""Crops and flips of one picture, drawn from the generator it is given."""

from dataclasses import dataclass

import numpy as np

from .. import images


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
        _, h, w = picture.shape
        side = min(round(self.size * rng.uniform(1.0, self.zoom)), h, w)
        top, left = int(rng.integers(h - side + 1)), int(rng.integers(w - side + 1))
        mirrored = self.flip and rng.random() < 0.5
        crop = picture[:, top : top + side, left : left + side]
        if mirrored:
            crop = crop[:, :, ::-1]
        pixels = images.from_uint8(np.ascontiguousarray(crop))
        if side == self.size:
            return pixels
        # Pillow, not PyTorch: a second thread inside PyTorch's thread pool halves the pace of training
        return images.resize(pixels, (self.size, self.size))

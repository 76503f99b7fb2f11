"""Translators whose exact answer is known."""

import numpy as np
from torch import Tensor, nn

from viceversa.translation.translator import Translator


class SwapRedBlue(nn.Module):
    """A generator with a known answer: red and blue are swapped, and the brightness is halved."""

    def forward(self, x: Tensor) -> Tensor:
        return (x.flip(1) + 1) / 2 - 1


class RecordShapes(SwapRedBlue):
    """It also records the shape of every batch."""

    def __init__(self) -> None:
        super().__init__()
        self.shapes: list[tuple[int, ...]] = []

    def forward(self, x: Tensor) -> Tensor:
        self.shapes.append(tuple(x.shape))
        return super().forward(x)


def swapping_translator(scale: str = "native") -> Translator:
    """Apples (A) to oranges (B) by SwapRedBlue; B to A changes nothing."""
    return Translator({"A": nn.Identity(), "B": SwapRedBlue()}, ("apples", "oranges"), (3, 3), 64, 1, scale=scale)


def expected_swap(rgb: np.ndarray) -> np.ndarray:
    """The exact answer for (H, W, 3) samples; a stored integer lies within a half of it."""
    return rgb[..., ::-1].astype(np.float64) / 2


def smooth_photo() -> np.ndarray:
    """(301, 250, 3) uint8, smooth, with four different corners."""
    y, x = np.mgrid[0:301, 0:250] / 301
    return np.stack([255 * x, 255 * y, 255 * (1 - x) * y], -1).round().astype(np.uint8)

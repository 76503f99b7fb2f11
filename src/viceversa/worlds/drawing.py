"""Images as functions of a place: drawn block by block, so that any window of any size can be had."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .lattice import BLOCK, Lattice

Pixels = NDArray[Any]  # (H, W, C)


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """An image of `side` pixels that is drawn where somebody looks at it."""

    side: int
    blank: tuple[int, ...]  # the channels where nothing is drawn
    dtype: str
    draw: Callable[[Lattice], Pixels | None]  # a block (BLOCK, BLOCK, C), None where it is blank

    def block(self, top: int, left: int) -> Pixels:
        """The block with this corner, multiples of BLOCK; (BLOCK, BLOCK, C)."""
        drawn = self.draw(Lattice(top, left))
        if drawn is None:
            return np.full((BLOCK, BLOCK, len(self.blank)), self.blank, self.dtype)
        return drawn

    def window(self, top: int, left: int, height: int, width: int, *, reduction: int = 1) -> Pixels:
        """Pixels (height, width, C), of any part; overlapping windows are equal in every bit.

        With a `reduction` of r, coordinates and size are those of an image of r times fewer pixels on a side, each the
        rounded mean of r x r. ValueError for an empty window and for one that reaches out of the image.
        """
        limit = self.side // reduction
        if top < 0 or left < 0 or height < 1 or width < 1 or top + height > limit or left + width > limit:
            raise ValueError(f"the window {left},{top},{width},{height} is not inside of {limit} x {limit} pixels")

        top, left, height, width = (reduction * number for number in (top, left, height, width))
        pixels = np.empty((height, width, len(self.blank)), self.dtype)
        for y in range(top // BLOCK * BLOCK, top + height, BLOCK):
            for x in range(left // BLOCK * BLOCK, left + width, BLOCK):
                first_row, last_row = max(y, top), min(y + BLOCK, top + height)
                first_column, last_column = max(x, left), min(x + BLOCK, left + width)
                part = self.block(y, x)[first_row - y : last_row - y, first_column - x : last_column - x]
                pixels[first_row - top : last_row - top, first_column - left : last_column - left] = part
        return reduced(pixels, reduction)


def reduced(pixels: Pixels, factor: int) -> Pixels:
    """Integers (H, W, C) as rounded means of factor x factor pixels; what is left over at the border is dropped."""
    if factor == 1:
        return pixels
    height, width = pixels.shape[0] // factor, pixels.shape[1] // factor
    total = np.zeros((height, width, pixels.shape[2]), np.uint32)
    for row in range(factor):
        for column in range(factor):
            total += pixels[row : height * factor : factor, column : width * factor : factor]
    total += factor * factor // 2
    total //= factor * factor
    return total.astype(pixels.dtype)

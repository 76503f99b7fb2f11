"""Drawn worlds of any size: images as functions of a place, drawn in blocks, of which any window can be had."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .colours import rgb
from .lattice import BLOCK, Lattice
from .scenes import LABEL_PICTURES

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
    """Integers (H, W, C) as rounded means of factor x factor pixels; rows and columns that are left over are dropped."""
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


@dataclass(frozen=True, kw_only=True)
class LargeWorld:
    """A drawn dataset of large images. `draw` takes the scene, the domain and whether it is drawn as truth."""

    name: str
    domains: tuple[str, str]
    units: tuple[str | None, str | None]
    labels: tuple[str, ...]
    palette: tuple[str, ...]  # the colour of each label, hexadecimal
    size: int  # defaults of `make`
    count: int
    test: int
    describe: Callable[[int, int], Any]  # the scene of a seed and a side in pixels
    draw: Callable[[Any, str, bool], Drawing]
    draw_labels: Callable[[Any], Drawing]
    options: Callable[[Any, str, bool], dict[str, Any]]  # of `write_pyramid`, for scene, domain, truth
    suffix: str

    def unit(self, domain: str) -> str | None:
        """The unit of the numbers of a domain; pictures have none."""
        return dict(zip(self.domains, self.units, strict=True)).get(domain)

    def drawing(self, scene: Any, domain: str, *, truth: bool = False) -> Drawing:
        """The image of a domain; "labels" is the label map in the colours of the palette. Truth is without noise."""
        return self.label_picture(scene) if domain == LABEL_PICTURES else self.draw(scene, domain, truth)

    def label_picture(self, scene: Any) -> Drawing:
        """The label map in the colours of the palette, RGB."""
        labels, colours = self.draw_labels(scene), rgb(self.palette)

        def draw(block: Lattice) -> Pixels | None:
            drawn = labels.draw(block)
            return None if drawn is None else colours[drawn[..., 0]]

        blank = tuple(colours[labels.blank[0]].tolist())
        return replace(labels, blank=blank, draw=draw)

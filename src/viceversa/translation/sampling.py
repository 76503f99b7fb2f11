"""Cells of an image of any size, and an order in which every few of them stand for all."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..images.arrays import Array
from ..images.windows import Window
from ..networks.translation import MULTIPLE, TranslationModule

Read = Callable[[Window], Array]  # (C, h, w) float32 in [-1, 1] of a window inside of the image
GRID, SPOT = 32, 16  # of a thumbnail without a smaller level: at most GRID x GRID spots of SPOT x SPOT pixels
SHADES = 8  # strata of brightness


class PaddedImage:
    """The input that the generator of a `TranslationModule` gets for a whole image, read in parts.

    `size` is the height and width of the image. Regions are cells with a halo, which ends where the padded image ends,
    so that the generator pads there as it does for the whole image.
    """

    def __init__(self, module: TranslationModule, read: Read, size: tuple[int, int], halo: int) -> None:
        self.read, self.margin, self.multiple = read, module.margin, module.multiple
        self.halo = -(-halo // self.multiple) * self.multiple
        self.rows, self.columns = padded_positions(size, module.margin, module.multiple)

    def cells(self, side: int) -> list[Window]:
        """Windows of at most `side` pixels, rounded up to the generator's multiple, that cover the padded image."""
        side = -(-side // self.multiple) * self.multiple
        h, w = len(self.rows), len(self.columns)
        return [
            Window(top, left, min(side, h - top), min(side, w - left))
            for top in range(0, h, side)
            for left in range(0, w, side)
        ]

    def region(self, cell: Window) -> Window:
        """A cell with its halo."""
        top, left = max(0, cell.top - self.halo), max(0, cell.left - self.halo)
        bottom = min(len(self.rows), cell.top + cell.height + self.halo)
        right = min(len(self.columns), cell.left + cell.width + self.halo)
        return Window(top, left, bottom - top, right - left)

    def pixels(self, region: Window) -> Array:
        """A region of the padded image: (C, h, w)."""
        rows, columns = (at[part] for at, part in zip((self.rows, self.columns), region.slices, strict=True))
        top, left = int(rows.min()), int(columns.min())
        block = self.read(Window(top, left, int(rows.max()) + 1 - top, int(columns.max()) + 1 - left))
        return np.ascontiguousarray(np.take(np.take(block, rows - top, 1), columns - left, 2))


def padded_positions(size: tuple[int, int], margin: int, multiple: int) -> list[NDArray[np.intp]]:
    """Which row of an image stands at each row of its padded input, and the same for columns."""
    inner = [side + 2 * margin for side in size]
    smallest = max(16, multiple)
    outer = [max(-(-side // multiple) * multiple, smallest) for side in inner]
    reflects = all(after < 2 * before for before, after in zip(inner, outer, strict=True))

    positions = []
    for side, before, after in zip(size, inner, outer, strict=True):
        at = np.arange(after)
        if reflects:
            at = np.where(at < before, at, 2 * (before - 1) - at)
        positions.append(np.clip(at - margin, 0, side - 1))
    return positions


def spread_order(cells: Sequence[Window], brightness: NDArray[np.float64], seed: int) -> list[int]:
    """The indices of cells in an order of which the first n, the next n, ... each stand for all cells.

    Cells are sorted by strata of `brightness` and within them by their place; a radical inverse with a random start
    (van der Corput 1935; Cranley, Patterson 1976) visits this list ever more densely.
    """
    sorted_cells = sorted_by_stratum(cells, brightness)
    count = len(sorted_cells)
    bits = max(1, (count - 1).bit_length())
    points = np.arange(2**bits)
    inverse = sum(((points >> bit) & 1) / 2 ** (bit + 1) for bit in range(bits))

    start = np.random.default_rng((seed, count)).random()
    places = np.floor((inverse + start) % 1.0 * count).astype(int)
    return [sorted_cells[place] for place in dict.fromkeys(places.tolist())]


def sorted_by_stratum(cells: Sequence[Window], brightness: NDArray[np.float64]) -> list[int]:
    """Indices of cells by shade, each as many cells, and within a shade row by row in a serpentine."""
    ranks = np.argsort(np.argsort(np.round(brightness, 2), kind="stable"), kind="stable")
    shades = ranks * SHADES // max(1, len(cells))
    rows = {top: i for i, top in enumerate(sorted({cell.top for cell in cells}))}
    keys = [
        (shade, rows[cell.top], cell.left if rows[cell.top] % 2 == 0 else -cell.left)
        for shade, cell in zip(shades.tolist(), cells, strict=True)
    ]
    return sorted(range(len(cells)), key=keys.__getitem__)


def read_thumbnail(read: Read, size: tuple[int, int]) -> Array:
    """Mean colours of small spots on a grid over an image, (C, rows, columns), for images without smaller levels."""
    counts = [min(GRID, -(-side // SPOT)) for side in size]
    tops, lefts = (
        [(2 * i + 1) * side // (2 * count) for i in range(count)] for side, count in zip(size, counts, strict=True)
    )

    def spot(centre: int, side: int) -> tuple[int, int]:
        length = min(SPOT, side)
        return min(max(0, centre - length // 2), side - length), length

    def colour(y: int, x: int) -> Array:
        (top, height), (left, width) = spot(y, size[0]), spot(x, size[1])
        return np.asarray(read(Window(top, left, height, width)).mean((1, 2)))

    return np.stack([np.stack([colour(y, x) for x in lefts], 1) for y in tops], 1)


def values_at(cells: Sequence[Window], picture: Array, size: tuple[int, int], margin: int) -> list[Array]:
    """The part of a small picture (h, w) of an image of `size` that shows each cell of its padded input."""
    h, w = picture.shape

    def span(start: int, length: int, side: int, small: int) -> slice:
        first = min(max(0, start - margin), side - 1) * small // side
        end = -(-min(max(1, start - margin + length), side) * small // side)
        return slice(first, max(first + 1, end))

    return [picture[span(cell.top, cell.height, size[0], h), span(cell.left, cell.width, size[1], w)] for cell in cells]


__all__ = ["MULTIPLE", "PaddedImage", "Read", "read_thumbnail", "spread_order", "values_at"]

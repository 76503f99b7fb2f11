"""Cells of an image of any size, and an order in which every few of them stand for all."""

from collections.abc import Sequence
from itertools import pairwise
from math import lcm

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..images.arrays import Array
from ..images.windows import Window
from ..networks.receptive_field import receptive_field
from ..networks.translation import TranslationModule
from .tiles import Read, read_padded

GRID, SPOT = 32, 16  # of a thumbnail without a smaller level: at most GRID x GRID spots of SPOT x SPOT pixels
SHADES = 8  # strata of brightness


class PaddedImage:
    """The input that the generator of a `TranslationModule` gets for a whole image, read in parts.

    `size` is the height and width of the image. Regions are cells with a halo, which ends where the padded image ends,
    so that the generator pads there as it does for the whole image. Without `halo` it is that of the generator;
    UsageError where this is not known.
    """

    def __init__(self, module: TranslationModule, read: Read, size: tuple[int, int], halo: int | None = None) -> None:
        try:
            field = receptive_field(module.generator)
        except TypeError as e:
            raise UsageError(f"this network cannot be translated in tiles: {e}; use a smaller --scale") from None
        self.read, self.margin = read, module.margin
        self.multiple = lcm(field.multiple, module.multiple)
        self.halo = -(-(field.halo if halo is None else halo) // self.multiple) * self.multiple
        self.rows, self.columns = (module.padded_rows(size, axis) for axis in (0, 1))

    def cells(self, side: int) -> list[Window]:
        """Windows of about `side` pixels and of nearly the same size that cover the padded image."""
        rows, columns = (self.cuts(len(positions), side) for positions in (self.rows, self.columns))
        return [
            Window(top, left, bottom - top, right - left)
            for top, bottom in pairwise(rows)
            for left, right in pairwise(columns)
        ]

    def cuts(self, length: int, side: int) -> list[int]:
        """0, the cuts between cells at multiples of the generator's, `length`."""
        count = max(1, round(length / side))
        return sorted({round(i * length / count / self.multiple) * self.multiple for i in range(count + 1)})

    def region(self, cell: Window) -> Window:
        """A cell with its halo."""
        top, left = max(0, cell.top - self.halo), max(0, cell.left - self.halo)
        bottom = min(len(self.rows), cell.top + cell.height + self.halo)
        right = min(len(self.columns), cell.left + cell.width + self.halo)
        return Window(top, left, bottom - top, right - left)

    def pixels(self, region: Window) -> Array:
        """A region of the padded image: (C, h, w)."""
        return np.ascontiguousarray(read_padded(self.read, (self.rows, self.columns), region))


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

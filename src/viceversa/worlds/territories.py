"""Voronoi diagrams of jittered grids, on the lattice: tubules of a tissue, fields of a landscape."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .lattice import Lattice, hashed, uniform

Fields = NDArray[np.float64]
Indices = NDArray[np.intp]
NEIGHBOURS = [(i, j) for i in range(-2, 3) for j in range(-2, 3)]


@dataclass(frozen=True)
class Territories:
    """The cells around a block. Fields (N, N) on the lattice; of the cells (K,): indices are into these."""

    y: Fields  # of the points, after bending
    x: Fields
    own: Indices  # the cell that a point lies in
    rival: Indices  # the nearest cell of another name
    border: Fields  # pixels to the border of that
    centre_y: Fields
    centre_x: Fields
    names: NDArray[np.uint32]  # cells that are joined have one name
    named_row: NDArray[np.int64]  # the place in the grid that gives a cell its name
    named_column: NDArray[np.int64]


def territories(
    seed: int, block: Lattice, pitch: float, *, bend: float, joined: tuple[float, float] = (0.0, 0.0)
) -> Territories:
    """Cells of about `pitch` pixels, whose borders a noise bends by up to half of `bend` pixels.

    `joined` are the shares of cells that belong to their lower and to their right neighbour.
    """
    warp = bend * (np.stack([block.noise(seed + i, 2 * pitch, 2) for i in (0, 5)]) - 0.5)
    y, x = block.y[:, None] + warp[0], block.x[None] + warp[1]
    row, column = np.floor(y / pitch).astype(np.int64), np.floor(x / pitch).astype(np.int64)
    rows, columns = np.arange(row.min() - 2, row.max() + 3), np.arange(column.min() - 2, column.max() + 3)
    grid = rows.repeat(len(columns)), np.tile(columns, len(rows))
    centre_y, centre_x = ((at + 0.15 + 0.7 * uniform(seed + 10 + i, *grid)) * pitch for i, at in enumerate(grid))
    link = uniform(seed + 12, *grid)
    named = grid[0] + (link > 1 - joined[0]), grid[1] + (link < joined[1])
    names = hashed(seed + 13, *named)

    width, first = len(columns), (row - rows[0]) * len(columns) + column - columns[0]
    own, least = first, np.full(first.shape, np.inf)
    around = [first + i * width + j for i, j in NEIGHBOURS]
    squares = []
    for near in around:
        square = (y - centre_y[near]) ** 2 + (x - centre_x[near]) ** 2
        own = np.where(square < least, near, own)
        least = np.minimum(least, square)
        squares.append(square)

    name, own_y, own_x = names[own], centre_y[own], centre_x[own]
    rival, border = own, np.full(first.shape, np.inf)
    for near, square in zip(around, squares, strict=True):
        apart = np.sqrt((centre_y[near] - own_y) ** 2 + (centre_x[near] - own_x) ** 2) + 1e-9
        to_border: NDArray[Any] = np.where(names[near] == name, np.inf, (square - least) / (2 * apart))
        rival = np.where(to_border < border, near, rival)
        border = np.minimum(border, to_border)
    return Territories(y, x, own, rival, border, centre_y, centre_x, names, *named)

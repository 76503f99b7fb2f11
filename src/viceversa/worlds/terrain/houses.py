"""Houses: one in most cells of a grid in towns, a few elsewhere, each with a roof of two sides and a shadow."""

from dataclasses import dataclass
from math import pi

import numpy as np
from numpy.typing import NDArray

from ..lattice import BLOCK, Lattice, place, uniform
from ..scenes.noise import Floats
from ..territories import Fields

PITCH = 27  # pixels between two houses
REACH = 15  # pixels from the middle of a house to the end of its shadow
ROOFS = ("tiles", "slate", "concrete")
SHARES = (0.62, 0.84)  # of roofs, cumulative
SHADOW = (-3.2, 2.4)  # pixels that a shadow falls to the north and to the east


@dataclass(frozen=True)
class Houses:
    """Roofs and shadows of a block, each (BLOCK, BLOCK)."""

    roofs: tuple[Floats, Floats, Floats]  # share of each pixel, by kind
    light: Floats  # on the roof: its two sides differ
    shadow: Floats

    @property
    def cover(self) -> Floats:
        """Share of each pixel that any roof covers."""
        return self.roofs[0] + self.roofs[1] + self.roofs[2]


def houses_of(seed: int, block: Lattice, town: Fields, wet: Fields, wood: Fields, roads: Fields) -> Houses:
    """The houses that touch a block; fields on the lattice are pixels inside of towns, water, woods, and to a road."""
    rows, columns = (
        np.arange((at - REACH) // PITCH, (at + BLOCK + REACH) // PITCH + 1) for at in (block.top, block.left)
    )
    grid = rows.repeat(len(columns)), np.tile(columns, len(rows))
    random = [uniform(seed + 60 + i, *grid) for i in range(6)]
    y = (grid[0] + 0.5 + 0.12 * (random[0] - 0.5)) * PITCH
    x = (grid[1] + 0.5 + 0.12 * (random[1] - 0.5)) * PITCH

    density, to_road = block.at(town, y, x), block.at(roads, y, x)
    here = random[2] < np.where(density > 8, 0.86, np.where(density > -130, 0.05, 0.002))
    here &= (block.at(wet, y, x) < -14) & (block.at(wood, y, x) < -6) & (to_road > 15)
    y, x, grid = y[here], x[here], (grid[0][here], grid[1][here])
    turn = pi * uniform(seed + 70, grid[0] // 9, grid[1] // 9) + pi / 2 * np.round(random[3][here])
    length, width = 6.0 + 4.2 * random[4][here], 4.0 + 2.2 * random[5][here]
    kind = np.searchsorted(SHARES, uniform(seed + 71, *grid))
    return _drawn(block, y, x, turn, length, width, kind)


def _drawn(
    block: Lattice, y: Fields, x: Fields, turn: Fields, length: Fields, width: Fields, kind: NDArray[np.intp]
) -> Houses:
    canvases = np.zeros((5, BLOCK, BLOCK), np.float32)
    side = 2 * REACH
    top, left = np.floor(y).astype(int) - REACH, np.floor(x).astype(int) - REACH
    at = np.arange(side) + 0.5
    dy, dx = (top - y)[:, None, None] + at[:, None], (left - x)[:, None, None] + at
    cos, sin = np.cos(turn)[:, None, None], np.sin(turn)[:, None, None]
    half = length[:, None, None], width[:, None, None]

    def distance(dy: Fields, dx: Fields) -> tuple[Fields, Fields]:
        u, v = dx * cos + dy * sin, dy * cos - dx * sin
        return np.maximum(np.abs(u) - half[0], np.abs(v) - half[1]), v

    outside, across = distance(dy, dx)
    roof = np.clip(0.5 - outside, 0, 1).astype(np.float32)
    facing = np.clip(across, -1, 1) * np.sign(cos + sin)
    light = (roof * (1 + 0.2 * facing)).astype(np.float32)
    shadow = np.clip(0.5 - distance(dy - SHADOW[0], dx - SHADOW[1])[0], 0, 1).astype(np.float32)
    for index in range(len(y)):
        for canvas, patch in ((kind[index], roof), (3, light), (4, shadow)):
            place(canvases[canvas], patch[index], top[index] - block.top, left[index] - block.left)
    covered = canvases[:3].sum(0)
    return Houses((canvases[0], canvases[1], canvases[2]), canvases[3] + (1 - covered), canvases[4] * (1 - covered))

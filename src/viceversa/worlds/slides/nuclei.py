"""Nuclei: where they lie, of which kind, and how they are drawn.

Each cell of a fine grid offers one place. Places in epithelium move to the middle of the wall, so that nuclei stand in
a row. Of places that are too near to each other the one with the highest random number stays, twice (Matérn's second
process, then once more in the gaps): no two nuclei overlap, and each block finds the same ones.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..lattice import BLOCK, PERIOD, STEP, Lattice, place, texture, uniform
from ..scenes.noise import Floats
from .layout import Fields, Slide
from .tubules import Tissue

PITCH = 9  # pixels between two places
REACH = 14  # pixels from the middle of a nucleus to the farthest that it is drawn
MARGIN = REACH + 2 * 3 * PITCH  # pixels around a block in which places decide on its nuclei
NONE, EPITHELIAL, STROMAL, LYMPHOCYTE, MUSCLE, TUFT = range(6)
APART = np.array([0.0, 17.0, 19.0, 12.5, 17.0, 13.5])  # pixels between nuclei, by kind
LONGER = np.array([1.0, 6.2, 8.4, 4.9, 9.0, 5.6])  # half axes in pixels
SHORTER = np.array([1.0, 5.2, 2.7, 4.5, 2.5, 4.4])
DARKNESS = np.array([0.0, 0.78, 0.92, 1.15, 0.88, 0.95])


@dataclass(frozen=True)
class Nuclei:
    """Nuclei in and around a block, each array (N,)."""

    y: Fields  # pixels
    x: Fields
    kind: NDArray[np.intp]
    turn: Fields  # cosine and sine of the longer axis, (2, N)
    longer: Fields
    shorter: Fields
    darkness: Fields
    offset: NDArray[np.intp]  # into the texture, (2, N)

    def __len__(self) -> int:
        return len(self.y)


def nuclei_of(slide: Slide, block: Lattice, tissue: Tissue) -> Nuclei:
    """The nuclei that touch a block."""
    rows = np.arange((block.top - MARGIN) // PITCH, (block.top + BLOCK + MARGIN) // PITCH + 1)
    columns = np.arange((block.left - MARGIN) // PITCH, (block.left + BLOCK + MARGIN) // PITCH + 1)
    grid = rows[:, None] + 0 * columns, columns + 0 * rows[:, None]
    random = [uniform(slide.seed + 80 + i, *grid) for i in range(8)]
    low_y, low_x = block.y[0] + STEP, block.x[0] + STEP
    y = np.clip((grid[0] + random[0]) * PITCH, low_y, block.y[-1] - STEP - 0.01)
    x = np.clip((grid[1] + random[1]) * PITCH, low_x, block.x[-1] - STEP - 0.01)

    depth = block.at(tissue.depth, y, x)
    slope_y = (block.at(tissue.depth, y + 4, x) - block.at(tissue.depth, y - 4, x)) / 8
    slope_x = (block.at(tissue.depth, y, x + 4) - block.at(tissue.depth, y, x - 4)) / 8
    steep = np.sqrt(slope_y**2 + slope_x**2) + 1e-6
    kind, move = _kinds(block, tissue, y, x, depth, random)
    step = np.where(steep > 0.4, move / steep, 0)
    y, x = y + step * slope_y / steep, x + step * slope_x / steep

    kept = _apart(y, x, kind, random[2])
    chosen = kept & (y > block.top - REACH) & (y < block.top + BLOCK + REACH)
    chosen &= (x > block.left - REACH) & (x < block.left + BLOCK + REACH)
    k = kind[chosen]
    size = 0.86 + 0.28 * random[3][chosen]
    across = np.stack([-slope_y / steep, slope_x / steep])[:, chosen]  # along the wall
    tilt = 0.7 * (random[4][chosen] - 0.5)
    turn = np.stack([across[0] - tilt * across[1], across[1] + tilt * across[0]])
    turn /= np.sqrt((turn**2).sum(0)) + 1e-9
    return Nuclei(
        y=y[chosen],
        x=x[chosen],
        kind=k,
        turn=turn,
        longer=LONGER[k] * size * (0.92 + 0.2 * random[5][chosen]),
        shorter=SHORTER[k] * size,
        darkness=DARKNESS[k] * (0.8 + 0.4 * random[6][chosen]),
        offset=(np.stack([random[4][chosen], random[5][chosen]]) * (PERIOD - 40)).astype(np.intp),
    )


def _kinds(
    block: Lattice, tissue: Tissue, y: Fields, x: Fields, depth: Fields, random: list[Fields]
) -> tuple[NDArray[np.intp], Fields]:
    """The kind of nucleus that each place would have, and how many pixels deeper it moves."""
    row = np.round((y - block.y[0]) / STEP).astype(np.intp)
    column = np.round((x - block.x[0]) / STEP).astype(np.intp)
    wall, muscle, membrane = (tissue.attributes[key][row, column] for key in ("wall", "muscle", "membrane"))
    inside, tuft = block.at(tissue.inside, y, x), block.at(tissue.tuft, y, x)
    fibrosis, cells = tissue.fibrosis[row, column], tissue.cells[row, column]

    target = np.maximum(0.42 * wall, 5.5)
    move = np.clip(target - depth, -6, 6)
    in_wall = (wall > 6) & (np.abs(target - depth) < 7)
    kind = np.zeros(y.shape, np.intp)
    between = depth < -1.5
    kind[between & (random[7] < 0.35 + 0.3 * fibrosis)] = STROMAL
    kind[between & (depth < -3) & (random[7] < 0.95 * cells)] = LYMPHOCYTE
    kind[in_wall & (random[7] < 0.8)] = EPITHELIAL
    in_muscle = (muscle > 0.5) & (depth > 2) & (depth < wall)
    kind[in_muscle] = MUSCLE
    kind[(tuft > 5) & (random[7] < 0.75)] = TUFT
    kind[(inside < 9) | ((membrane < 0.6) & (muscle < 0.5) & (random[7] > 0.05))] = NONE
    return kind, np.where(kind == EPITHELIAL, move, 0.0)


def _apart(y: Fields, x: Fields, kind: NDArray[np.intp], priority: Fields) -> NDArray[np.bool_]:
    """Which of the places stay, in two rounds."""
    radius, alive = APART[kind], kind != NONE
    kept = np.zeros(y.shape, bool)
    for _ in range(2):
        rank = np.where(alive, priority, -1.0)
        beaten, crowded = np.zeros(y.shape, bool), []
        for i in range(-3, 4):
            for j in range(-3, 4):
                if not (i or j):
                    continue
                here = slice(max(0, -i), y.shape[0] - max(0, i)), slice(max(0, -j), y.shape[1] - max(0, j))
                there = slice(max(0, i), y.shape[0] - max(0, -i)), slice(max(0, j), y.shape[1] - max(0, -j))
                square = (y[here] - y[there]) ** 2 + (x[here] - x[there]) ** 2
                near = square < (0.5 * (radius[here] + radius[there])) ** 2
                beaten[here] |= near & (rank[there] > rank[here])
                crowded.append((here, there, near))
        winners = alive & ~beaten
        kept |= winners
        alive = alive & ~winners
        for here, there, near in crowded:
            alive[here] &= ~(near & winners[there])
    return kept


def draw(nuclei: Nuclei, block: Lattice, seed: int) -> tuple[Floats, Floats]:
    """Share of each pixel that a nucleus covers, and its chromatin, each (BLOCK, BLOCK)."""
    cover, chromatin = np.zeros((2, BLOCK, BLOCK), np.float32)
    if not len(nuclei):
        return cover, chromatin
    side = 2 * REACH
    top, left = np.floor(nuclei.y).astype(int) - REACH, np.floor(nuclei.x).astype(int) - REACH
    at = np.arange(side) + 0.5
    dy = (top - nuclei.y)[:, None, None].astype(np.float32) + at[:, None].astype(np.float32)
    dx = (left - nuclei.x)[:, None, None].astype(np.float32) + at.astype(np.float32)
    cos, sin = (part[:, None, None].astype(np.float32) for part in nuclei.turn)
    longer, shorter = (part[:, None, None].astype(np.float32) for part in (nuclei.longer, nuclei.shorter))
    u, v = (dx * cos + dy * sin) / longer, (dy * cos - dx * sin) / shorter

    grains, lumps = (_cut(texture(seed, sigma), nuclei.offset, side) for sigma in (1.1, 3.2))
    radius = np.sqrt(u * u + v * v) * (1 + 0.09 * lumps)
    depth = (1 - radius) * shorter
    share = np.clip(0.5 + 0.55 * depth, 0, 1)
    rim = np.clip(1 - np.abs(depth - 1.0), 0, 1)
    dark = nuclei.darkness[:, None, None].astype(np.float32) * (0.82 + 0.17 * grains + 0.10 * lumps + 0.28 * rim)
    dark *= share
    for index in range(len(nuclei)):
        place(cover, share[index], top[index] - block.top, left[index] - block.left)
        place(chromatin, dark[index], top[index] - block.top, left[index] - block.left)
    return cover, chromatin


def _cut(tile: Floats, offset: NDArray[np.intp], side: int) -> Floats:
    """Windows (N, side, side) of a texture."""
    windows = np.lib.stride_tricks.sliding_window_view(tile, (side, side))
    result: Floats = windows[offset[0], offset[1]]
    return result

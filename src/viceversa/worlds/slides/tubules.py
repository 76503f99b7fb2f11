"""Tubules, vessels, fat cells and glomeruli of a kidney, as fields on the lattice.

Tubules are the cells of a Voronoi diagram of a jittered grid, in coordinates that a slow noise has bent. Some
neighbours are one tubule. `depth` is the distance to the basement membrane, inside of it positive.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..lattice import Lattice, noise_at, uniform
from ..territories import territories
from .layout import Fields, Slide

PITCH = 104.0  # pixels between two tubules
GLOMERULUS_PITCH = 620.0
CAPSULE = 13.0  # pixels between Bowman's capsule and the tuft


@dataclass(frozen=True)
class Kind:
    """One kind of tubule or hollow: thickness of its wall in pixels, and what is in it."""

    wall: float
    gap: float  # pixels of tissue around it
    cytoplasm: float = 0.0  # density of the wall
    brush: float = 0.0  # brush border along the lumen
    membrane: float = 1.0
    cast: float = 0.0  # protein in the lumen
    blood: float = 0.0  # red blood cells in the lumen
    muscle: float = 0.0  # a wall of muscle instead of epithelium


KINDS = (
    Kind(25, 8.0, 1.15, brush=1.0),  # proximal tubule
    Kind(25, 7.5, 1.05, brush=0.8),
    Kind(15, 8.5, 0.75),  # distal tubule
    Kind(14, 8.5, 0.62),  # collecting duct
    Kind(9, 9.0, 0.6, cast=1.0),
    Kind(24, 17.0, 0.8, membrane=0.5, blood=0.8, muscle=1.0),  # artery
    Kind(3, 11.0, 0.5, membrane=0.4, blood=1.0, muscle=1.0),  # vein
    Kind(0.2, 5.4, membrane=0.45),  # fat cell
)
SHARES = (0.36, 0.60, 0.77, 0.89, 0.925, 0.955, 1.0)  # of all kinds but fat, cumulative
FAT = len(KINDS) - 1
ATTRIBUTES = ("wall", "gap", "cytoplasm", "brush", "membrane", "cast", "blood", "muscle")


@dataclass(frozen=True)
class Tissue:
    """Fields on the lattice, all (N, N)."""

    inside: Fields  # pixels inside of the edge of the tissue
    depth: Fields  # pixels inside of the basement membrane
    attributes: dict[str, Fields]  # those of `Kind`
    tuft: Fields  # pixels inside of the tuft of a glomerulus
    fibrosis: Fields  # 0 to 1
    cells: Fields  # density of small round cells between the tubules, 0 to 1
    fold: Fields  # pixels inside of a fold
    ink: Fields  # pixels inside of a stroke of the pen


def nearest_tubule(slide: Slide, block: Lattice) -> tuple[Fields, NDArray[np.uint32], NDArray[np.bool_]]:
    """Distance to the border of the nearest tubule's territory, a hash that names the tubule, and whether it is fat."""
    cells = territories(slide.seed + 30, block, PITCH, bend=70, joined=(0.2, 0.22))
    fat = is_fat(slide, cells.named_row * PITCH, cells.named_column * PITCH)
    return cells.border, cells.names[cells.own], fat[cells.own]


def is_fat(slide: Slide, y: NDArray[Any], x: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether fat grows around these places."""
    return noise_at(slide.seed + 60, y, x, 1500, 3) > 0.8 - 0.5 * slide.fat


def tissue_of(slide: Slide, block: Lattice, inside: Fields, fold: Fields, ink: Fields) -> Tissue:
    """All fields of a block."""
    border, name, fat = nearest_tubule(slide, block)
    kinds = np.searchsorted(SHARES, uniform(slide.seed + 44, name))
    kinds = np.where(fat, FAT, np.minimum(kinds, FAT - 1))
    own = uniform(slide.seed + 45, name) - 0.5
    attributes = {key: values[kinds] for key, values in _tables().items()}
    attributes["wall"] = attributes["wall"] * (1 + 0.4 * own)
    attributes["cytoplasm"] = attributes["cytoplasm"] * (1 + 0.3 * (uniform(slide.seed + 46, name) - 0.5))

    fibrosis = np.clip(2.6 * (block.noise(slide.seed + 50, 900, 3) - 0.72 + 0.3 * slide.fibrosis), 0, 1)
    fibrosis = np.where(fat, 0, fibrosis)
    depth = _smooth(_smooth(border)) - 3.2 - attributes["gap"] - 26 * fibrosis
    depth, tuft = _glomeruli(slide, block, depth, attributes)
    lymph = np.clip(5 * (block.noise(slide.seed + 55, 380, 2) - 0.66), 0, 1)
    return Tissue(inside, depth, attributes, tuft, fibrosis, lymph, fold, ink)


@lru_cache(maxsize=1)
def _tables() -> dict[str, Fields]:
    """Each attribute of all kinds."""
    return {key: np.array([getattr(kind, key) for kind in KINDS]) for key in ATTRIBUTES}


def _smooth(field: Fields) -> Fields:
    """The mean of 3 x 3 points; corners become round."""
    padded = np.pad(field, 1, mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    return (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9


def _glomeruli(slide: Slide, block: Lattice, depth: Fields, attributes: dict[str, Fields]) -> tuple[Fields, Fields]:
    """Cut balls out of the tubules: depth with Bowman's capsules in it, and pixels inside of the tufts."""
    rows, columns = (
        np.arange(np.floor(at[0] / GLOMERULUS_PITCH) - 1, np.floor(at[-1] / GLOMERULUS_PITCH) + 2, dtype=np.int64)
        for at in (block.y, block.x)
    )
    wobble = 34 * (block.noise(slide.seed + 70, 150, 2) - 0.5)
    ball = np.full(depth.shape, -1e9)
    cells = rows.repeat(len(columns)), np.tile(columns, len(rows))
    here, y, x, radius = (uniform(slide.seed + 71 + i, *cells) for i in range(4))
    y, x = ((cell + 0.25 + 0.5 * at) * GLOMERULUS_PITCH for cell, at in zip(cells, (y, x), strict=True))
    for index in np.flatnonzero((here < 0.5) & ~is_fat(slide, y, x)):
        distance = np.sqrt((block.y[:, None] - y[index]) ** 2 + (block.x[None] - x[index]) ** 2)
        ball = np.maximum(ball, 108 + 42 * radius[index] - distance)
    ball = ball + wobble

    within = ball > -7
    for key, value in (("wall", 2.0), ("cytoplasm", 0.6), ("brush", 0.0), ("membrane", 1.0), ("cast", 0.0)):
        attributes[key] = np.where(within, value, attributes[key])
    for key in ("blood", "muscle"):
        attributes[key] = np.where(within, 0.0, attributes[key])
    return np.where(within, ball, np.minimum(depth, -ball - 12)), ball - CAPSULE

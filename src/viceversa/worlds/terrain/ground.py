"""What covers the ground of a landscape, and how it lies to the sun: shares of pixels, the same in every season."""

from dataclasses import dataclass
from math import pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..lattice import BLOCK, HALO, PERIOD, STEP, Lattice, texture_of, uniform
from ..scenes.noise import Floats, SceneRng
from ..territories import Fields, Territories, territories
from .houses import Houses, houses_of

FIELD = 210.0  # pixels between the middles of two fields
MEADOW, FALLOW = 4, 5  # numbers of crops
ROADS = 900.0  # pixels between two roads


@dataclass(frozen=True, kw_only=True)
class Landscape:
    """The scene of `side` pixels of one metre."""

    seed: int
    side: int
    woods: float  # share of the land, about
    towns: float
    lakes: float
    relief: float  # metres between valleys and hills
    snow: float  # share of the land in winter, about


def describe(seed: int, side: int) -> Landscape:
    """Generate the landscape of a seed: `side` pixels high and wide."""
    rng = SceneRng(seed)
    return Landscape(
        seed=rng.seed(),
        side=side,
        woods=rng.uniform(0.15, 0.45),
        towns=rng.uniform(0.1, 0.3),
        lakes=rng.uniform(0.0, 0.2),
        relief=rng.uniform(120, 520),
        snow=rng.uniform(0.05, 0.35),
    )


@dataclass(frozen=True)
class Ground:
    """A block, each array (BLOCK, BLOCK): shares from 0 to 1 unless said otherwise."""

    crop: NDArray[np.uint8]  # index into `covers.CROPS`
    plants: Floats  # over the soil of the field
    dry: Floats
    track: Floats
    hedge: Floats
    wood: Floats
    conifers: Floats
    crowns: Floats  # light on the trees, 1 on average
    water: Floats
    turbid: Floats
    town: Floats
    pavement: Floats
    road: Floats
    houses: Houses
    slope: tuple[Floats, Floats]  # rise to the south and to the east
    height: Floats  # metres
    patches: Floats  # noise of standard deviation 1


def ground_of(scene: Landscape, block: Lattice) -> Ground:
    """The ground of a block."""
    seed = scene.seed
    fine, mid, wide = (texture_of(block, 21 + i, sigma) for i, sigma in enumerate((1.0, 2.4, 7.0)))
    height: Fields = scene.relief * block.noise(seed + 1, 2600, 5)
    south, east = (np.asarray(slope) for slope in np.gradient(height, STEP))

    wet, wood, town, lake = _regions(scene, block, height)
    fields = territories(seed + 100, block, FIELD, bend=26, joined=(0.25, 0.25))
    roads = territories(seed + 200, block, ROADS, bend=330)
    where, to_field = _sharp(fields, block)
    _, to_road = _sharp(roads, block)
    crop, plants, dry = _crops(scene, fields, where, block, (fine, mid, wide))

    border = to_field + 0.6 * wide
    hedge_here = _ramp(block.enlarge(40 * (block.noise(seed + 30, 260, 2) - 0.52)), 0.3)
    to_road = to_road + 0.15 * wide
    water = _ramp(block.enlarge(wet) + 2.2 * wide + mid, 0.5)
    land = 1 - water
    forest = _ramp(block.enlarge(wood) + 6 * wide + 2.5 * mid, 0.35) * land
    built = _ramp(block.enlarge(town) + 5 * wide, 0.12) * land * (1 - forest)
    hedge = _ramp(5.5 + 2.5 * mid - border, 0.5) * hedge_here * land * (1 - built)
    return Ground(
        crop=crop,
        plants=plants,
        dry=dry,
        track=_ramp(2.0 - border, 0.7) * (1 - hedge_here) * land * (1 - built),
        hedge=hedge,
        wood=forest,
        conifers=_ramp(block.enlarge(200 * (block.noise(seed + 40, 700, 3) - 0.5)) + 6 * wide, 0.2),
        crowns=np.clip(1 + 0.22 * mid + 0.14 * fine, 0.3, 1.8),
        water=water,
        turbid=_ramp(block.enlarge(lake), 0.02),
        town=built,
        pavement=_ramp(mid + 0.2, 0.8),
        road=_ramp(3.6 - to_road, 0.8) * (1 - water * (1 - _ramp(block.enlarge(lake), 0.02))),
        houses=houses_of(scene.seed, block, town, wet, wood, roads.border),
        slope=(block.enlarge(south), block.enlarge(east)),
        height=block.enlarge(height),
        patches=wide,
    )


def _regions(scene: Landscape, block: Lattice, height: Fields) -> tuple[Fields, Fields, Fields, Fields]:
    """Pixels inside of water, woods and towns, and how turbid water is; on the lattice."""
    seed = scene.seed
    winding = block.noise(seed + 10, 2300, 4)
    river = 17 + 14 * (block.noise(seed + 14, 900) - 0.5) - 1150 * np.abs(winding - 0.5)
    lake = 900 * (block.noise(seed + 16, 1300, 3) - 1 + scene.lakes + 0.08)
    wood = 480 * (block.noise(seed + 20, 1100, 5) - 0.74 + 0.5 * scene.woods)
    town = 700 * (block.noise(seed + 25, 1100, 3) - 0.74 + 0.5 * scene.towns)
    return np.maximum(river, lake), wood, town, river - lake


def _ramp(distance: Floats, steepness: float) -> Floats:
    """0 outside to 1 inside of an edge, from a signed distance in pixels."""
    share: Floats = np.clip(0.5 + np.float32(steepness) * distance, 0, 1)
    return share


def _sharp(cells: Territories, block: Lattice) -> tuple[NDArray[np.intp], Floats]:
    """The cell of every pixel, of the two nearest to the next point of the lattice, and pixels to its border."""
    inner = slice(HALO // STEP, HALO // STEP + BLOCK // STEP + 1)

    def spread(values: NDArray[Any]) -> NDArray[Any]:
        half = STEP // 2
        rows = values[inner, inner].repeat(STEP, 0)[half : half + BLOCK]
        return rows.repeat(STEP, 1)[:, half : half + BLOCK]

    y, x = block.enlarge(cells.y - block.top), block.enlarge(cells.x - block.left)
    own, rival = spread(cells.own), spread(cells.rival)
    centre_y, centre_x = (
        (centres - corner).astype(np.float32)
        for centres, corner in ((cells.centre_y, block.top), (cells.centre_x, block.left))
    )
    squares = [(y - centre_y[index]) ** 2 + (x - centre_x[index]) ** 2 for index in (own, rival)]
    apart = np.hypot(centre_y[own] - centre_y[rival], centre_x[own] - centre_x[rival]) + np.float32(1e-3)
    beyond = (squares[1] - squares[0]) / (2 * apart)
    return np.where(beyond >= 0, own, rival), np.abs(beyond)


def _crops(
    scene: Landscape,
    fields: Territories,
    where: NDArray[np.intp],
    block: Lattice,
    noises: tuple[Floats, Floats, Floats],
) -> tuple[NDArray[np.uint8], Floats, Floats]:
    """Crop, share of plants and dryness of the soil, in rows along the direction of each field."""
    seed, name, (fine, mid, wide) = scene.seed, fields.names, noises
    crop = np.searchsorted((0.14, 0.34, 0.46, 0.72, 0.92), uniform(seed + 50, name)).astype(np.uint8)
    density = 0.72 + 0.28 * uniform(seed + 51, name)
    density[crop == FALLOW] = 0.05
    turn = pi * uniform(seed + 52, name)
    spacing = 2 * pi / (5 + 7 * uniform(seed + 53, name))
    striped = 0.05 * (crop != MEADOW)
    rows = np.arange(BLOCK, dtype=np.float32)[:, None] + np.float32(block.top % PERIOD)
    columns = np.arange(BLOCK, dtype=np.float32) + np.float32(block.left % PERIOD)
    south, east = (np.round(spacing * part(turn) * PERIOD / (2 * pi)) * 2 * pi / PERIOD for part in (np.sin, np.cos))
    stripes = np.sin(columns * east.astype(np.float32)[where] + rows * south.astype(np.float32)[where])
    growth = 0.05 * wide + 0.04 * mid + stripes * striped.astype(np.float32)[where]
    plants: Floats = np.clip(density.astype(np.float32)[where] + growth, 0, 1)
    dry: Floats = np.clip(uniform(seed + 54, name).astype(np.float32)[where] + 0.12 * wide + 0.05 * fine, 0, 1)
    return crop[where], plants, dry

"""A landscape from above: reflectance in six bands (A), and surface temperature in kelvin (B).

Temperature follows from what covers the ground, how densely plants cover it, and how it faces the sun: no linear map of
the bands. Some images of either side miss the corner of a swath or scan lines; those pixels hold a number of their own.
"""

from dataclasses import dataclass
from math import cos, pi, sin
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..scenes.noise import Floats, SceneRng, fractal_noise, noise, smoothstep
from ..scenes.painting import Canvas, mix
from . import covers as c
from . import sensor
from .covers import BANDS, LABELS, PALETTE, PLANES, TEMPERATURE
from .shapes import outline, random_waves

__all__ = ["BANDS", "LABELS", "PALETTE", "PLANES", "Landscape", "describe", "paint", "record", "tags"]
NODATA_A = -9999.0
NODATA_B = 0.0  # kelvin
FIELD_M = 7680.0  # side of the image in metres
CROPS = (c.green_crop, c.green_crop, c.maize, c.rape, c.ripe_cereal, c.ripe_cereal, c.grass, c.grass)


@dataclass(frozen=True, kw_only=True)
class Town:
    """Houses along a grid of streets."""

    x: float
    y: float
    r: float
    turn: float
    seed: int


@dataclass(frozen=True, kw_only=True)
class Landscape:
    """The scene: fields, woods, waters, towns and roads, and the gaps of both instruments."""

    turn: float  # of the fields
    parcel: float  # size of a field
    woods: float  # share of the land, about
    relief: float
    river: tuple[float, float, float] | None  # turn, offset, half width
    lake: tuple[float, float, float] | None  # x, y, radius
    towns: tuple[Town, ...]
    roads: tuple[tuple[float, float, float], ...]  # turn, offset, half width
    swath: tuple[float, float] | None  # turn and offset of the border, beyond which A misses pixels
    lines: tuple[float, float] | None  # turn and offset of the scan lines that B misses
    seed: int


def describe(seed: int) -> Landscape:
    """Generate the scene of a seed."""
    rng = SceneRng(seed)
    towns = tuple(_town(rng, index) for index in range(rng.choice((0, 1, 1, 2))))
    roads = [_road_through(rng, town) for town in towns]
    if not roads or rng.chance(0.4):
        roads.append((rng.uniform(0, pi), rng.uniform(-0.3, 0.3), 0.005))
    return Landscape(
        turn=rng.uniform(0, pi),
        parcel=rng.uniform(0.8, 1.4),
        woods=rng.uniform(0.05, 0.55),
        relief=rng.uniform(0.1, 1.0) ** 2,
        river=(rng.uniform(0, pi), rng.uniform(-0.3, 0.3), rng.uniform(0.012, 0.028)) if rng.chance(0.6) else None,
        lake=(rng.uniform(0.1, 0.9), rng.uniform(0.1, 0.9), rng.uniform(0.06, 0.17)) if rng.chance(0.4) else None,
        towns=towns,
        roads=tuple(roads),
        swath=(rng.uniform(0, 2 * pi), rng.uniform(0.22, 0.5)) if rng.chance(0.4) else None,
        lines=(rng.uniform(-0.3, 0.3), rng.uniform(0.3, 0.6)) if rng.chance(0.3) else None,
        seed=rng.seed(),
    )


def _town(rng: SceneRng, index: int) -> Town:
    r = rng.uniform(0.12, 0.24) if index == 0 else rng.uniform(0.07, 0.12)
    return Town(x=rng.uniform(0.1, 0.9), y=rng.uniform(0.1, 0.9), r=r, turn=rng.uniform(0, pi), seed=rng.seed())


def _road_through(rng: SceneRng, town: Town) -> tuple[float, float, float]:
    turn = rng.uniform(0, pi)
    return turn, (town.y - 0.5) * cos(turn) - (town.x - 0.5) * sin(turn), rng.uniform(0.005, 0.008)


def paint(scene: Landscape, canvas: Canvas) -> None:
    """Draw reflectance and temperature of the ground, then the light of the sun on the relief."""
    _paint_fields(scene, canvas)
    _paint_woods(scene, canvas)
    _paint_waters(scene, canvas)
    for town in scene.towns:
        _paint_town(town, canvas)
    for turn, offset, half in scene.roads:
        along, across = _rotated(canvas, turn)
        bend = 0.06 * (fractal_noise(scene.seed + 21, along * 2 + 9, 0 * along + offset, 2) - 0.5)
        canvas.paint(c.asphalt.values, canvas.coverage(np.abs(across - offset - bend) - half), c.ROAD)

    height = fractal_noise(scene.seed + 30, canvas.x * 3.2, canvas.y * 3.2, 4)
    slope_y, slope_x = np.gradient(height, canvas.sample_size)
    to_sun = (slope_x + slope_y).astype(np.float32)
    sunlit = np.clip(1 + 0.1 * scene.relief * to_sun, 0.4, 1.5)
    sunlit = np.where(canvas.labels == c.WATER, 1, sunlit)
    canvas.light[:TEMPERATURE] *= sunlit
    canvas.light[TEMPERATURE] += 18 * (sunlit - 1)
    canvas.light[TEMPERATURE:] = sensor.blur(canvas.light[TEMPERATURE:], 0.006 / canvas.sample_size)  # a coarser sensor


def _rotated(canvas: Canvas, turn: float) -> tuple[Floats, Floats]:
    """Coordinates along and across a direction, from the middle of the image."""
    x, y = canvas.x - 0.5, canvas.y - 0.5
    return x * cos(turn) + y * sin(turn), y * cos(turn) - x * sin(turn)


def _paint_fields(scene: Landscape, canvas: Canvas) -> None:
    """Parcels in strips, each of one crop over soil; between them tracks and hedges."""
    rng = SceneRng(scene.seed)
    u, v = _rotated(canvas, scene.turn)
    sway = 0.05 * (noise(scene.seed + 1, canvas.x * 2.5, canvas.y * 2.5) - 0.5)
    u, v = u + sway, v - sway
    strip_ends = _breaks(rng, 0.09 * scene.parcel, 0.2 * scene.parcel)
    parcel_ends = [_breaks(rng, 0.06 * scene.parcel, 0.24 * scene.parcel) for _ in range(len(strip_ends) + 1)]

    strip = np.searchsorted(strip_ends, u)
    keys = np.concatenate([np.asarray(ends) + 4 * index for index, ends in enumerate(parcel_ends)])
    parcel = np.searchsorted(keys, v + 4 * strip)
    count = len(keys) + 1
    crops = [rng.choice(CROPS) for _ in range(count)]
    plants = np.stack([crop.values[:, 0, 0] for crop in crops], 1)
    dryness = np.array([rng.uniform() for _ in range(count)], np.float32)
    density = np.array([rng.choice((0.0, 0.0, rng.uniform(0.3, 0.9), 1.0, 1.0, 1.0)) for _ in range(count)], np.float32)

    growth = fractal_noise(scene.seed + 2, canvas.x * 7, canvas.y * 7)
    cover = np.clip(density[parcel] * (0.75 + 0.5 * growth), 0, 1)
    dry = np.clip(dryness[parcel] + 0.8 * (growth - 0.5), 0, 1)
    soil = mix(c.moist_soil.values, c.dry_soil.values, dry)
    canvas.light[:TEMPERATURE] = mix(soil[:TEMPERATURE], plants[:TEMPERATURE][:, parcel], cover)
    canvas.light[TEMPERATURE] = mix(soil[TEMPERATURE], plants[TEMPERATURE][parcel], cover**0.4)  # few plants cool much
    labels = np.array([crop.label for crop in crops], np.uint8)[parcel]
    canvas.labels[:] = np.where(cover > 0.3, labels, c.SOIL)

    edge = np.minimum(_to_nearest(strip_ends, u), _to_nearest(keys, v + 4 * strip))
    line = canvas.coverage(edge - 0.0022)
    hedge = smoothstep(0.5, 0.52, noise(scene.seed + 3, canvas.x * 6, canvas.y * 6))
    canvas.paint(c.track.values, line * (1 - hedge), c.SOIL)
    canvas.paint(c.broadleaves.values, canvas.coverage(edge - 0.004) * hedge, c.FOREST)


def _breaks(rng: SceneRng, least: float, most: float) -> list[float]:
    """Increasing positions from -0.9 to beyond 0.9."""
    ends = [-0.9 + rng.uniform(0, most)]
    while ends[-1] < 0.9:
        ends.append(ends[-1] + rng.uniform(least, most))
    return ends


def _to_nearest(ends: Any, at: Floats) -> Floats:
    """Distance to the nearest of increasing positions."""
    ends = np.asarray(ends, np.float32)
    above = np.clip(np.searchsorted(ends, at), 1, len(ends) - 1)
    nearest: Floats = np.minimum(np.abs(at - ends[above - 1]), np.abs(ends[above] - at))
    return nearest


def _paint_woods(scene: Landscape, canvas: Canvas) -> None:
    """Woods of conifers and broadleaves with crowns that shade each other."""
    edge = fractal_noise(scene.seed + 4, canvas.x * 3.5, canvas.y * 3.5, 4)
    mask = smoothstep(-0.006, 0.006, edge - (0.68 - 0.3 * scene.woods))
    kind = smoothstep(0.42, 0.58, fractal_noise(scene.seed + 8, canvas.x * 5, canvas.y * 5))
    crowns = 0.75 + 0.5 * noise(scene.seed + 12, canvas.x * 60, canvas.y * 60)
    trees = mix(c.conifers.values, c.broadleaves.values, kind)
    trees[:TEMPERATURE] *= crowns
    canvas.paint(trees, mask, c.FOREST)


def _paint_waters(scene: Landscape, canvas: Canvas) -> None:
    """A river between meadows and sand banks; a lake that is clear in the middle."""
    silt = fractal_noise(scene.seed + 15, canvas.x * 4, canvas.y * 4)
    if scene.river is not None:
        turn, offset, half = scene.river
        along, across = _rotated(canvas, turn)
        bend = fractal_noise(scene.seed + 16, along * 3.2 + 20, 0 * along + 0.5, 2)
        centre = offset + 0.3 * (bend - 0.5)
        distance = np.abs(across - centre) - half * (0.7 + 0.6 * silt)
        plain = smoothstep(0.055, 0.03, distance + 0.05 * (silt - 0.5))
        canvas.paint(c.grass.values, plain * 0.9, c.MEADOW)
        bank = canvas.coverage(distance - 0.010) * smoothstep(0.5, 0.62, bend + 0.3 * (silt - 0.5))
        canvas.paint(c.sand.values, bank, c.SAND)
        water = mix(c.clear_water.values, c.turbid_water.values, smoothstep(0.3, 0.7, silt))
        canvas.paint(water, canvas.coverage(distance), c.WATER)
    if scene.lake is not None:
        x, y, r = scene.lake
        waves = random_waves(SceneRng(scene.seed + 17), 0.15, 0.25, 0.15, 0.1, 0.07)
        shore = outline(canvas, x, y, r, 0.8 * r, waves) + 0.02 * (silt - 0.5)
        canvas.paint(c.sand.values, canvas.coverage(shore - 0.006) * smoothstep(0.45, 0.6, silt), c.SAND)
        shallow = smoothstep(-0.05, 0, shore) * 0.8
        canvas.paint(mix(c.clear_water.values, c.turbid_water.values, shallow), canvas.coverage(shore), c.WATER)


def _paint_town(town: Town, canvas: Canvas) -> None:
    """Streets, gardens, roofs; denser and larger towards the middle."""
    reach = 1.35 * town.r
    part = canvas.around(town.x, town.y, reach)
    if not part.labels.size:
        return
    distance = np.hypot(part.x - town.x, part.y - town.y) / town.r
    distance = distance + 0.9 * (fractal_noise(town.seed, part.x * 9, part.y * 9) - 0.5)
    built = smoothstep(1.0, 0.85, distance)
    land = part.labels != c.WATER
    u, v = _rotated(part, town.turn)
    random = SceneRng(town.seed).generator.random((6, 64, 64)).astype(np.float32)

    green = smoothstep(0.3, 0.7, noise(town.seed + 2, part.x * 22, part.y * 22)) * smoothstep(0.2, 0.7, distance)
    part.paint(mix(c.pavement.values, c.garden.values, green), built * land * 0.9, c.TOWN)
    _paint_roofs(part, random, u, v, 0.021, built * land * (distance > 0.25))
    _paint_roofs(part, random[3:], u, v, 0.05, built * land * (distance <= 0.25))
    street = np.minimum(_to_line(u, 0.084), _to_line(v, 0.105)) - 0.0028
    part.paint(c.asphalt.values, part.coverage(street) * smoothstep(1.02, 0.95, distance) * land, c.ROAD)


def _to_line(at: Floats, spacing: float) -> Floats:
    """Distance to the nearest of parallel lines."""
    scaled = at / spacing
    distance: Floats = np.abs(scaled - np.round(scaled)) * spacing
    return distance


def _paint_roofs(part: Canvas, random: Floats, u: Floats, v: Floats, spacing: float, where: Floats) -> None:
    """One roof in most cells of a grid."""
    cu, cv = u / spacing, v / spacing
    row, column = np.floor(cu).astype(int) & 63, np.floor(cv).astype(int) & 63
    kind, width, depth = random[0][row, column], random[1][row, column], random[2][row, column]
    du = np.abs(cu - np.floor(cu) - 0.5) - (0.18 + 0.2 * width)
    dv = np.abs(cv - np.floor(cv) - 0.5) - (0.18 + 0.2 * depth)
    mask = part.coverage(np.maximum(du, dv) * spacing) * where
    roofs = np.stack([roof.values[:, 0, 0] for roof in (c.tiles, c.tiles, c.slate, c.concrete, c.white_roof)], 1)
    chosen = np.minimum((kind * 6).astype(int), 5)
    mask = mask * (chosen < 5)  # an empty cell
    part.paint(roofs[:, np.minimum(chosen, 4)], mask, c.BUILDING)


def record(scene: Landscape, planes: Floats, side: str, exact: bool) -> NDArray[np.float32]:
    """Reflectance (H, W, 6) of side A or kelvin (H, W) of side B, float32, with noise and missing pixels."""
    rng, shape = SceneRng(scene.seed + "AB".index(side)), planes.shape[1:]
    if side == "A":
        image = planes[:TEMPERATURE].transpose(1, 2, 0)
        if not exact:
            image = image + 0.002 * sensor.normal(rng, image.shape)
        image = _quantise(np.clip(image, 0, 1), 2**14)
        missing, nodata = _beyond_swath(scene, shape), NODATA_A
    else:
        image = planes[TEMPERATURE]
        if not exact:
            image = image + 0.2 * sensor.normal(rng, shape)
        image = _quantise(image, 2**7)
        missing, nodata = _missing_lines(scene, shape), NODATA_B
    if not exact and missing is not None:
        image[missing] = nodata
    return np.ascontiguousarray(image)


def _quantise(image: Floats, levels: int) -> NDArray[np.float32]:
    """Round to multiples of 1 / levels, which a float32 holds exactly and a file compresses well."""
    return (np.round(image * levels) / levels).astype(np.float32)


def _grid(shape: tuple[int, ...], turn: float) -> tuple[Floats, Floats]:
    """Pixel coordinates along and across a direction, from the middle of the image; the longer side is 1."""
    height, width = shape
    x = (np.arange(width, dtype=np.float32)[None] + (0.5 - width / 2)) / max(shape)
    y = (np.arange(height, dtype=np.float32)[:, None] + (0.5 - height / 2)) / max(shape)
    return x * cos(turn) + y * sin(turn), y * cos(turn) - x * sin(turn)


def _beyond_swath(scene: Landscape, shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
    """Pixels past the border of the swath."""
    if scene.swath is None:
        return None
    along, _ = _grid(shape, scene.swath[0])
    beyond: NDArray[np.bool_] = along > scene.swath[1]
    return beyond


def _missing_lines(scene: Landscape, shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
    """Scan lines that are missing on one side of the image, and widen towards its border."""
    if scene.lines is None:
        return None
    along, across = _grid(shape, scene.lines[0])
    width = 0.25 * (along - (scene.lines[1] - 0.4))
    missing: NDArray[np.bool_] = np.abs(across / 0.09 - np.round(across / 0.09)) < width
    return missing


def tags(size: int) -> dict[str, Any]:
    """Where the image lies: pixels of FIELD_M / size metres in UTM zone 33 north (EPSG:32633), as GeoTIFF tags."""
    metres = FIELD_M / size
    keys = (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32633)
    return {
        "extratags": [
            (33550, "d", 3, (metres, metres, 0.0), True),
            (33922, "d", 6, (0.0, 0.0, 0.0, 390000.0, 5820000.0, 0.0), True),
            (34735, "H", len(keys), keys, True),
        ]
    }

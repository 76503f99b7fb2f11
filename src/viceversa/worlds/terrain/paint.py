"""From the ground of a block to the reflectance of a season in six bands."""

import numpy as np
from numpy.typing import NDArray

from ..lattice import BLOCK, Lattice, texture_of
from ..measured import covers as june
from ..scenes.noise import Floats
from .covers import BANDS, CROPS, LABEL_OF_CROP, SNOW, spectra
from .ground import Ground, Landscape, ground_of
from .houses import ROOFS

UNITS = 10_000  # numbers of the file for a reflectance of 1
NOISE = 14.0  # the same units
SUN = {"summer": (0.62, 0.62), "winter": (1.25, 1.25)}  # how a slope of 1 to the south and east changes the light


def paint_season(scene: Landscape, block: Lattice, season: str, *, noise: bool) -> NDArray[np.uint16]:
    """Reflectance of a block, (BLOCK, BLOCK, 6), times UNITS."""
    ground = ground_of(scene, block)
    cover = spectra(season)
    light = _fields(ground, cover)
    _blend(light, cover["track"], ground.track)
    _blend(light, cover["hedge"] * ground.crowns, ground.hedge)
    _blend(light, cover["garden"], ground.town * 0.85)
    _blend(light, cover["pavement"], ground.town * ground.pavement * 0.8)
    trees = cover["broadleaves"] + ground.conifers * (cover["conifers"] - cover["broadleaves"])
    _blend(light, trees * ground.crowns, ground.wood)
    if season == "winter":
        _blend(light, np.array(SNOW, np.float32).reshape(6, 1, 1), _snow(scene, ground))
    water = cover["clear water"] + ground.turbid * (cover["turbid water"] - cover["clear water"])
    _blend(light, water, ground.water)
    _blend(light, cover["asphalt"], ground.road)
    for share, roof in zip(ground.houses.roofs, ROOFS, strict=True):
        _blend(light, cover[roof], share)

    south, east = SUN[season]
    sunlit = np.clip(1 + south * -ground.slope[0] + east * -ground.slope[1], 0.35, 1.6)
    sunlit = 1 + (sunlit - 1) * (1 - ground.water)
    light *= sunlit * ground.houses.light * (1 - 0.6 * ground.houses.shadow)
    return _stored(light, block, noise)


def _blend(light: Floats, colour: Floats, share: Floats) -> None:
    """Paint a cover over the light (6, H, W)."""
    if share.any():
        light += share * (colour - light)


def _fields(ground: Ground, cover: dict[str, Floats]) -> Floats:
    """Soil, and plants over it."""
    light: Floats = cover["moist soil"] + ground.dry * (cover["soil"] - cover["moist soil"])
    plants = np.stack([cover[crop][:, 0, 0] for crop in CROPS], 1)
    for band in range(len(BANDS)):
        light[band] += ground.plants * (plants[band][ground.crop] - light[band])
    return light


def _snow(scene: Landscape, ground: Ground) -> Floats:
    """Snow stays on slopes that face away from the sun, and high up; less under trees."""
    shade = ground.slope[0] + ground.slope[1]
    high = (ground.height / scene.relief - 0.5) * 0.5
    share = np.clip(4.5 * (2.4 * shade + 0.3 * high + 0.03 * ground.patches - 0.42 + 1.4 * scene.snow), 0, 1)
    kept: Floats = 0.92 * share * (1 - 0.75 * ground.wood) * (1 - 0.5 * ground.hedge)
    return kept.astype(np.float32)


def _stored(light: Floats, block: Lattice, noise: bool) -> NDArray[np.uint16]:
    """Numbers of the file, (BLOCK, BLOCK, 6)."""
    pixels = np.empty((BLOCK, BLOCK, len(BANDS)), np.uint16)
    for band in range(len(BANDS)):
        numbers = light[band] * np.float32(UNITS)
        if noise:
            numbers += np.float32(NOISE) * texture_of(block, 40 + band, 0.4)
        pixels[..., band] = np.clip(numbers + np.float32(0.5), 1, 65535)
    return pixels


def labels_of(ground: Ground) -> NDArray[np.uint8]:
    """The label map of a block: what covers more than half of a pixel."""
    labels = np.array(LABEL_OF_CROP, np.uint8)[ground.crop]
    for share, label in (
        (ground.hedge, june.FOREST),
        (ground.town, june.TOWN),
        (ground.wood, june.FOREST),
        (ground.water, june.WATER),
        (ground.road, june.ROAD),
        (ground.houses.cover, june.BUILDING),
    ):
        labels[share > 0.5] = label
    return labels

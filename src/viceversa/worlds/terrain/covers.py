"""Reflectance of the ground in six bands, in June and in January."""

import numpy as np

from ..measured import covers as june
from ..measured.covers import BANDS, LABELS, PALETTE
from ..scenes.noise import Floats

__all__ = ["BANDS", "CROPS", "LABELS", "PALETTE", "SEASONS", "SNOW", "spectra"]
SEASONS = ("summer", "winter")
Spectrum = tuple[float, float, float, float, float, float]

CROPS = ("beet", "maize", "rape", "cereal", "meadow", "fallow")  # the first cover of a field by its crop
LABEL_OF_CROP = (june.CROP, june.CROP, june.CROP, june.CROP, june.MEADOW, june.SOIL)

SUMMER: dict[str, Spectrum] = {
    "beet": june.green_crop.reflectance,
    "maize": june.maize.reflectance,
    "rape": june.rape.reflectance,
    "cereal": june.ripe_cereal.reflectance,
    "meadow": june.grass.reflectance,
    "fallow": june.dry_soil.reflectance,
    "soil": june.dry_soil.reflectance,
    "moist soil": june.moist_soil.reflectance,
    "track": june.track.reflectance,
    "hedge": june.broadleaves.reflectance,
    "broadleaves": june.broadleaves.reflectance,
    "conifers": june.conifers.reflectance,
    "clear water": june.clear_water.reflectance,
    "turbid water": june.turbid_water.reflectance,
    "asphalt": june.asphalt.reflectance,
    "pavement": june.pavement.reflectance,
    "garden": june.garden.reflectance,
    "tiles": june.tiles.reflectance,
    "slate": june.slate.reflectance,
    "concrete": june.concrete.reflectance,
}
WINTER: dict[str, Spectrum] = SUMMER | {
    "beet": june.moist_soil.reflectance,  # ploughed
    "maize": (0.090, 0.118, 0.150, 0.225, 0.300, 0.240),  # stubble
    "rape": (0.030, 0.066, 0.042, 0.330, 0.190, 0.095),  # green rosettes
    "cereal": (0.040, 0.072, 0.062, 0.260, 0.190, 0.115),  # the next one, sown in autumn
    "meadow": (0.050, 0.082, 0.082, 0.240, 0.230, 0.150),
    "fallow": june.moist_soil.reflectance,
    "soil": (0.062, 0.086, 0.115, 0.168, 0.220, 0.185),
    "track": (0.095, 0.120, 0.150, 0.205, 0.250, 0.220),
    "hedge": (0.052, 0.068, 0.082, 0.170, 0.190, 0.125),
    "broadleaves": (0.046, 0.060, 0.072, 0.150, 0.170, 0.110),  # bare branches
    "conifers": (0.016, 0.027, 0.019, 0.170, 0.075, 0.034),
    "clear water": (0.030, 0.027, 0.018, 0.009, 0.005, 0.003),
    "turbid water": (0.085, 0.098, 0.092, 0.050, 0.016, 0.010),
    "garden": (0.055, 0.075, 0.080, 0.190, 0.190, 0.130),
}
SNOW: Spectrum = (0.86, 0.85, 0.83, 0.74, 0.12, 0.07)


def spectra(season: str) -> dict[str, Floats]:
    """Reflectance of every cover in a season, each (6, 1, 1)."""
    chosen = SUMMER if season == "summer" else WINTER
    return {name: np.array(values, np.float32).reshape(6, 1, 1) for name, values in chosen.items()}

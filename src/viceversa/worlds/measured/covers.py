"""Covers of the ground: reflectance in six bands, surface temperature on a sunny morning, label."""

from dataclasses import dataclass

import numpy as np

from ..scenes.noise import Floats

BANDS = ("blue", "green", "red", "near infrared", "short-wave infrared 1", "short-wave infrared 2")
LABELS = ("water", "forest", "meadow", "crop", "bare soil", "road", "building", "town", "sand")
PALETTE = ("0040ff", "006020", "80e060", "ffe000", "a06030", "000000", "ff0000", "ff90c0", "ffffff")
WATER, FOREST, MEADOW, CROP, SOIL, ROAD, BUILDING, TOWN, SAND = range(9)
TEMPERATURE = len(BANDS)  # the plane after the bands
PLANES = TEMPERATURE + 1


@dataclass(frozen=True)
class Cover:
    """One kind of ground."""

    reflectance: tuple[float, float, float, float, float, float]
    kelvin: float
    label: int

    @property
    def values(self) -> Floats:
        """The planes of this cover, (7, 1, 1)."""
        return np.array([*self.reflectance, self.kelvin], np.float32).reshape(PLANES, 1, 1)


clear_water = Cover((0.040, 0.035, 0.022, 0.012, 0.006, 0.004), 291.0, WATER)
turbid_water = Cover((0.070, 0.085, 0.075, 0.035, 0.012, 0.008), 293.5, WATER)
conifers = Cover((0.018, 0.030, 0.020, 0.200, 0.085, 0.038), 294.5, FOREST)
broadleaves = Cover((0.022, 0.048, 0.026, 0.370, 0.165, 0.070), 296.0, FOREST)
grass = Cover((0.034, 0.075, 0.050, 0.360, 0.235, 0.125), 299.0, MEADOW)
green_crop = Cover((0.028, 0.070, 0.036, 0.460, 0.195, 0.095), 297.0, CROP)
maize = Cover((0.032, 0.062, 0.042, 0.400, 0.225, 0.110), 297.5, CROP)
rape = Cover((0.045, 0.150, 0.135, 0.430, 0.200, 0.100), 298.0, CROP)
ripe_cereal = Cover((0.075, 0.120, 0.165, 0.310, 0.330, 0.235), 302.5, CROP)
dry_soil = Cover((0.100, 0.140, 0.190, 0.260, 0.350, 0.310), 313.0, SOIL)
moist_soil = Cover((0.055, 0.078, 0.105, 0.155, 0.200, 0.165), 303.0, SOIL)
track = Cover((0.120, 0.155, 0.190, 0.260, 0.330, 0.290), 310.0, SOIL)
asphalt = Cover((0.085, 0.095, 0.105, 0.125, 0.145, 0.135), 314.0, ROAD)
pavement = Cover((0.120, 0.135, 0.150, 0.185, 0.210, 0.195), 311.0, TOWN)
garden = Cover((0.040, 0.075, 0.062, 0.280, 0.200, 0.120), 301.0, TOWN)
tiles = Cover((0.085, 0.105, 0.190, 0.245, 0.290, 0.265), 314.0, BUILDING)
slate = Cover((0.075, 0.082, 0.090, 0.105, 0.120, 0.115), 317.0, BUILDING)
concrete = Cover((0.190, 0.220, 0.250, 0.280, 0.310, 0.285), 309.5, BUILDING)
white_roof = Cover((0.420, 0.460, 0.480, 0.500, 0.460, 0.400), 303.5, BUILDING)
sand = Cover((0.150, 0.200, 0.255, 0.320, 0.400, 0.360), 305.0, SAND)

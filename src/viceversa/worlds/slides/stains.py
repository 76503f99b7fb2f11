"""Stains and light: Beer and Lambert's law with the stain vectors of colour deconvolution (Ruifrok & Johnston 2001).

The optical density of a pixel in red, green and blue is the sum over the stains of concentration times stain vector;
the light that passes is I = I0 * 10^-density.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..scenes.noise import Floats

HAEMATOXYLIN = (0.651, 0.701, 0.290)  # optical density in red, green and blue at concentration 1
EOSIN = (0.140, 0.870, 0.400)
SCHIFF = (0.300, 0.890, 0.345)  # the magenta of periodic acid-Schiff
GLASS = (244, 243, 245)  # levels of light that passed nothing
HIGHEST_DENSITY = 2.4  # a scanner sees no more


@dataclass(frozen=True, kw_only=True)
class Stain:
    """How a laboratory stains: the vector of each of two stains, and the strength of each."""

    vectors: tuple[tuple[float, float, float], tuple[float, float, float]]
    strengths: tuple[float, float] = (1.0, 1.0)
    glass: tuple[int, int, int] = GLASS


def optical_density(concentrations: tuple[Floats, Floats], stain: Stain) -> tuple[Floats, Floats, Floats]:
    """Density of red, green and blue, each (H, W), of the concentrations (H, W) of the two stains."""
    first, second = (plane * np.float32(k) for plane, k in zip(concentrations, stain.strengths, strict=True))
    a, b = stain.vectors
    red, green, blue = (first * np.float32(a[i]) + second * np.float32(b[i]) for i in range(3))
    return red, green, blue


def transmitted(
    densities: tuple[Floats, Floats, Floats], glass: tuple[int, int, int] = GLASS, noise: Floats | None = None
) -> NDArray[np.uint8]:
    """RGB (H, W, 3) of the light that passes optical densities (H, W); `noise` is added in levels."""
    picture = np.empty((*densities[0].shape, 3), np.uint8)
    for channel, (density, white) in enumerate(zip(densities, glass, strict=True)):
        exponent = np.minimum(density, np.float32(HIGHEST_DENSITY))
        exponent *= np.float32(-np.log(10))
        light = np.exp(exponent, out=exponent)
        light *= np.float32(white)
        if noise is not None:
            light += noise
        light += np.float32(0.5)
        picture[..., channel] = np.clip(light, 0, 255, out=light)
    return picture

"""A drawn landscape from above, in June (summer) and January (winter): reflectance in six bands, one metre per pixel.

What a field looks like in winter follows from its crop, and snow lies where slopes face away from the sun: no map of
the six numbers of a pixel gives it.
"""

import numpy as np
from numpy.typing import NDArray

from ..drawing import Drawing
from ..lattice import Lattice
from .covers import BANDS, LABELS, PALETTE, SEASONS
from .ground import Landscape, describe, ground_of
from .paint import UNITS, labels_of, paint_season

__all__ = ["BANDS", "LABELS", "PALETTE", "SEASONS", "UNITS", "Landscape", "describe", "draw", "draw_labels", "window"]


def draw(scene: Landscape, season: str, truth: bool = False) -> Drawing:
    """Reflectance times 10,000 in six bands, uint16; truth is without noise."""
    return Drawing(
        side=scene.side,
        blank=(0,) * len(BANDS),
        dtype="uint16",
        draw=lambda block: paint_season(scene, block, season, noise=not truth),
    )


def draw_labels(scene: Landscape) -> Drawing:
    """The label map of the landscape, one channel."""

    def block(at: Lattice) -> NDArray[np.uint8]:
        return labels_of(ground_of(scene, at))[..., None]

    return Drawing(side=scene.side, blank=(0,), dtype="uint8", draw=block)


def window(
    seed: int,
    side: int,
    top: int,
    left: int,
    height: int,
    width: int,
    season: str,
    *,
    truth: bool = False,
    reduction: int = 1,
) -> NDArray[np.uint16]:
    """Six bands (height, width, 6) of a window of the landscape that a seed draws; see `Drawing.window`."""
    return draw(describe(seed, side), season, truth).window(top, left, height, width, reduction=reduction)

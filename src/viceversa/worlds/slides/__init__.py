"""Drawn slides of kidney tissue in two stains, haematoxylin-eosin (he) and periodic acid-Schiff (pas).

Basement membranes and brush borders are magenta in `pas`; in `he` they are as pink as the tissue around them. So a
translation has to find them by where they lie, and no change of colours gives it.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..drawing import Drawing
from ..lattice import BLOCK, Lattice
from . import nuclei as cells
from .layout import MPP, STAINS, Slide, describe, standard
from .paint import GLASS, LABELS, fields_of, labels_of, paint_stain, reaches, structures
from .tubules import tissue_of

__all__ = ["LABELS", "MPP", "PALETTE", "STAINS", "Slide", "describe", "draw", "draw_labels", "nuclei_in", "window"]
PALETTE = ("ffffff", "f0a0c0", "c060a0", "ffffc0", "800060", "c0c0c0", "2020a0")


def draw(slide: Slide, stain: str, truth: bool = False) -> Drawing:
    """The slide in a stain, RGB: as this slide was stained and scanned, or without noise in the standard stain."""
    own = standard(stain) if truth else slide.own[stain]
    return Drawing(
        side=slide.side,
        blank=own.glass,
        dtype="uint8",
        draw=lambda block: paint_stain(slide, block, stain, own, noise=not truth),
    )


def draw_labels(slide: Slide) -> Drawing:
    """The label map of the slide, one channel."""

    def block(at: Lattice) -> NDArray[np.uint8] | None:
        drawn, _ = structures(slide, at)
        return None if drawn is None else labels_of(drawn)[..., None]

    return Drawing(side=slide.side, blank=(GLASS,), dtype="uint8", draw=block)


def window(
    seed: int,
    side: int,
    top: int,
    left: int,
    height: int,
    width: int,
    stain: str,
    *,
    truth: bool = False,
    reduction: int = 1,
) -> NDArray[np.uint8]:
    """RGB (height, width, 3) of a window of the slide of `side` pixels that a seed draws; see `Drawing.window`."""
    return draw(describe(seed, side), stain, truth).window(top, left, height, width, reduction=reduction)


def nuclei_in(slide: Slide, top: int, left: int, height: int, width: int) -> NDArray[Any]:
    """Rows (y, x, kind) of the nuclei whose middle lies in a window, in pixels of the window; kinds are in `nuclei`."""
    rows = []
    for y in range(top // BLOCK * BLOCK, top + height, BLOCK):
        for x in range(left // BLOCK * BLOCK, left + width, BLOCK):
            block = Lattice(y, x)
            inside, fold, ink = fields_of(slide, block)
            if not reaches(inside, 0):
                continue
            found = cells.nuclei_of(slide, block, tissue_of(slide, block, inside, fold, ink))
            own = (np.floor(found.y / BLOCK) * BLOCK == y) & (np.floor(found.x / BLOCK) * BLOCK == x)
            rows.append(np.stack([found.y[own], found.x[own], found.kind[own]], 1))
    middles = np.concatenate(rows) if rows else np.zeros((0, 3))
    middles -= (top, left, 0)
    return middles[((middles[:, :2] >= 0) & (middles[:, :2] < (height, width))).all(1)]

"""Slides in the structure of a scanner's files: tiles, levels, thumbnail and label, as Aperio's SVS has them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..pyramids import Storage
from .layout import MPP, Slide

MAKER = "Aperio Image Library, drawn by viceversa"  # readers know the structure by its first word
LABEL_SIDE = 400  # pixels
LABEL_INK = (20, 60, 200)  # of the printed label; nothing on the slide has this colour
JPEG = {"photometric": "rgb", "compression": "jpeg", "compressionargs": {"level": 90}, "subsampling": (2, 2)}
DEFLATE = {"photometric": "rgb", "compression": "zlib", "compressionargs": {"level": 4}, "predictor": True}


def storage(slide: Slide, truth: bool) -> Storage:
    """JPEG of quality 90 as scanners write it; without loss for a truth."""
    side = slide.side
    compression = DEFLATE if truth else JPEG
    how = "Deflate/RGB" if truth else "JPEG/RGB Q=90"
    about = f"{MAKER}\r\n{side}x{side} [0,0 {side}x{side}] (256x256) {how}|AppMag = {10 / MPP:g}|MPP = {MPP:g}"
    per_cm = 1e4 / MPP
    return Storage(
        compression=compression,
        factor=4,
        first={"description": about, "resolution": (per_cm, per_cm), "resolutionunit": "CENTIMETER"},
        levels={"description": about},
        thumbnail={
            "photometric": "rgb",
            "compression": "zlib",
            "description": f"{MAKER}\r\nthumbnail of {side}x{side}",
        },
        extra=(
            (
                _label(slide),
                {
                    "photometric": "rgb",
                    "compression": "zlib",
                    "subfiletype": 1,
                    "description": f"{MAKER}\r\nlabel {LABEL_SIDE}x{LABEL_SIDE}",
                },
            ),
        ),
    )


def _label(slide: Slide) -> NDArray[np.uint8]:
    """The paper label of the slide: bars that spell its seed."""
    page: NDArray[Any] = np.full((LABEL_SIDE, LABEL_SIDE, 3), 255, np.uint8)
    for bit in range(32):
        if slide.seed >> bit & 1:
            page[60:-60, 40 + 10 * bit : 48 + 10 * bit] = LABEL_INK
    return page

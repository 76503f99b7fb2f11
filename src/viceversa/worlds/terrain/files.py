"""Orthophotos as GeoTIFF: tiles without loss, overviews, and where the image lies."""

from typing import Any

from ..pyramids import Storage
from .ground import Landscape

METRES = 1.0  # per pixel
ZONE = 32633  # EPSG: UTM zone 33 north
EAST, NORTH = 380_000.0, 5_820_000.0  # metres; the upper left corner of the first landscape


def storage(scene: Landscape, truth: bool) -> Storage:
    """Deflate with a horizontal predictor, for images and truth alike."""
    tags: list[tuple[Any, ...]] = [
        (33550, "d", 3, (METRES, METRES, 0.0), True),
        (33922, "d", 6, (0.0, 0.0, 0.0, *corner(scene), 0.0), True),
        (34735, "H", 16, (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, ZONE), True),
    ]
    return Storage(
        compression={
            "photometric": "minisblack",
            "compression": "zlib",
            "compressionargs": {"level": 4},
            "predictor": True,
        },
        factor=2,
        first={"extratags": tags},
        levels={"subfiletype": 1},
    )


def corner(scene: Landscape) -> tuple[float, float]:
    """East and north of the upper left corner in metres: every landscape lies elsewhere in the zone."""
    return EAST + 1000.0 * (scene.seed % 97), NORTH + 1000.0 * (scene.seed // 97 % 89)

"""Embedded worlds: two styles of the same scenes, drawn by code, with the true pair and a label map."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from . import orchard, seasons
from .painting import Canvas, blank, develop

Side = Literal["A", "B"]
Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class World:
    """A description from a seed, and a painter that shows it as either domain."""

    name: str
    domains: tuple[str, str]
    labels: tuple[str, ...]
    describe: Callable[[int], Any]
    paint: Callable[[Any, Canvas, str], None]

    def draw(self, seed: int, size: int | tuple[int, int], side: Side) -> tuple[Picture, Picture]:
        """Pixels (H, W, 3) and label map (H, W), both uint8; `size` is (H, W), a square if one number.

        Both sides of a seed show the same scene, pixel by pixel; an oblong picture shows its middle.
        """
        canvas, samples = blank(size)
        self.paint(self.describe(seed), canvas, side)
        return develop(canvas, samples)


WORLDS: dict[str, World] = {
    "orchard": World("orchard", orchard.DOMAINS, orchard.LABELS, orchard.describe, orchard.paint),
    "seasons": World("seasons", seasons.DOMAINS, seasons.LABELS, seasons.describe, seasons.paint),
}

"""Embedded worlds: two styles of the same scenes, drawn by code, with the true pair and a label map or picture."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..colours import nearest, rgb
from . import facades, faces, orchard, seasons
from .painting import Canvas, blank, develop

Side = Literal["A", "B"]
Picture = NDArray[np.uint8]
LABEL_PICTURES = "labels"  # what every world can show besides its own two domains


@dataclass(frozen=True)
class World:
    """A description from a seed, and a painter that shows it as either domain."""

    name: str
    domains: tuple[str, str]
    labels: tuple[str, ...]
    palette: tuple[str, ...]  # the colour of each label, hexadecimal
    describe: Callable[[int], Any]
    paint: Callable[[Any, Canvas, str], None]

    def draw(self, seed: int, size: int | tuple[int, int], side: Side) -> tuple[Picture, Picture]:
        """Pixels (H, W, 3) and label map (H, W), both uint8; `size` is (H, W), a square if one number.

        Both sides of a seed show the same scene, pixel by pixel; an oblong picture shows its middle.
        """
        canvas, samples = blank(size)
        self.paint(self.describe(seed), canvas, side)
        return develop(canvas, samples)

    def show(self, seed: int, size: int | tuple[int, int], domain: str, beside: str) -> tuple[Picture, Picture]:
        """`draw`, with the side named: one of `domains`, or "labels" for the label picture of the side `beside`."""
        seen = beside if domain == LABEL_PICTURES else domain
        pixels, labels = self.draw(seed, size, "A" if seen == self.domains[0] else "B")
        return (self.label_picture(labels) if domain == LABEL_PICTURES else pixels), labels

    def label_picture(self, labels: Picture) -> Picture:
        """A label map (H, W) in the colours of the palette, (H, W, 3), without blending."""
        return self._colours[labels]

    def read_labels(self, picture: Picture) -> Picture:
        """The label map (H, W) of a label picture (H, W, 3), each pixel by the nearest colour of the palette."""
        return nearest(picture, self._colours)[0]

    @property
    def _colours(self) -> Picture:
        return rgb(self.palette)


WORLDS: dict[str, World] = {
    "facades": World("facades", facades.DOMAINS, facades.LABELS, facades.PALETTE, facades.describe, facades.paint),
    "faces": World("faces", faces.DOMAINS, faces.LABELS, faces.PALETTE, faces.describe, faces.paint),
    "orchard": World("orchard", orchard.DOMAINS, orchard.LABELS, orchard.PALETTE, orchard.describe, orchard.paint),
    "seasons": World("seasons", seasons.DOMAINS, seasons.LABELS, seasons.PALETTE, seasons.describe, seasons.paint),
}

"""Drawn worlds: each scene in two domains, with its true translation and a label map or label picture."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..colours import nearest, rgb
from . import facades, faces, orchard, seasons
from .painting import Canvas, blank_canvas, to_picture

Side = Literal["A", "B"]
Picture = NDArray[np.uint8]
LABEL_PICTURES = "labels"  # a third domain of every world


@dataclass(frozen=True)
class World:
    """A drawn dataset: `describe` turns a seed into a scene, `paint` draws it as either domain."""

    name: str
    domains: tuple[str, str]
    labels: tuple[str, ...]
    palette: tuple[str, ...]  # the colour of each label, hexadecimal
    describe: Callable[[int], Any]
    paint: Callable[[Any, Canvas, str], None]

    def draw(self, seed: int, size: int | tuple[int, int], side: Side) -> tuple[Picture, Picture]:
        """Pixels (H, W, 3) and label map (H, W), both uint8; `size` is (H, W), or one number for a square.

        Both sides of a seed show the same scene, aligned per pixel; a non-square image shows the middle of the square.
        """
        canvas, samples = blank_canvas(size)
        self.paint(self.describe(seed), canvas, side)
        return to_picture(canvas, samples)

    def show(self, seed: int, size: int | tuple[int, int], domain: str, other: str) -> tuple[Picture, Picture]:
        """`draw` for a domain by name; for "labels" the label picture of the side that shows the domain `other`."""
        visible = other if domain == LABEL_PICTURES else domain
        pixels, labels = self.draw(seed, size, "A" if visible == self.domains[0] else "B")
        if domain == LABEL_PICTURES:
            return self.label_picture(labels), labels
        return pixels, labels

    def truth(self, seed: int, size: int | tuple[int, int], domain: str, other: str) -> tuple[Picture, Picture]:
        """The true translation, and its label map: here the drawing itself."""
        return self.show(seed, size, domain, other)

    def label_picture(self, labels: Picture) -> Picture:
        """A label map (H, W) in the colours of the palette, (H, W, 3), without blending."""
        return rgb(self.palette)[labels]

    def read_labels(self, picture: Picture) -> Picture:
        """The label map (H, W) of a label picture (H, W, 3): each pixel takes the nearest colour of the palette."""
        return nearest(picture, rgb(self.palette))[0]


WORLDS: dict[str, World] = {
    "facades": World("facades", facades.DOMAINS, facades.LABELS, facades.PALETTE, facades.describe, facades.paint),
    "faces": World("faces", faces.DOMAINS, faces.LABELS, faces.PALETTE, faces.describe, faces.paint),
    "orchard": World("orchard", orchard.DOMAINS, orchard.LABELS, orchard.PALETTE, orchard.describe, orchard.paint),
    "seasons": World("seasons", seasons.DOMAINS, seasons.LABELS, seasons.PALETTE, seasons.describe, seasons.paint),
}

"""Drawn worlds whose files hold physical quantities: counts, reflectance and kelvin, Hounsfield units."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..colours import nearest, rgb
from ..scenes import LABEL_PICTURES
from ..scenes.noise import Floats
from ..scenes.painting import Canvas, average_samples, blank_canvas, middle_labels
from . import microscope, satellite, scanner
from .tiff import encode_tiff

Labels = NDArray[np.uint8]
Pixels = NDArray[Any]  # (H, W) or (H, W, C), in the number type of the domain


@dataclass(frozen=True)
class Domain:
    """What the files of one domain hold."""

    name: str
    channels: tuple[str, ...]
    unit: str
    dtype: str
    nodata: float | None = None  # the number of missing pixels


@dataclass(frozen=True)
class MeasuredWorld:
    """A drawn dataset of measurements: `paint` draws the quantities of both domains, `record` what a file holds.

    `record` takes the scene, the planes (P, H, W), the side and whether noise and missing pixels are left out.
    """

    name: str
    sides: tuple[Domain, Domain]
    labels: tuple[str, ...]
    palette: tuple[str, ...]  # the colour of each label, hexadecimal
    planes: int
    describe: Callable[[int], Any]
    paint: Callable[[Any, Canvas], None]
    record: Callable[[Any, Floats, str, bool], Pixels]
    tags: Callable[[int], dict[str, Any]] = field(default=lambda size: {})  # of a TIFF file of this size

    @property
    def domains(self) -> tuple[str, str]:
        """The names of A and B."""
        a, b = self.sides
        return a.name, b.name

    def unit(self, domain: str) -> str | None:
        """The unit of the numbers of a domain; label pictures have none."""
        return next((side.unit for side in self.sides if side.name == domain), None)

    def draw(
        self, seed: int, size: int | tuple[int, int], side: Literal["A", "B"], *, exact: bool = False
    ) -> tuple[Pixels, Labels]:
        """Pixels (H, W) or (H, W, C) and label map (H, W); with `exact` without noise, defects and missing pixels.

        Both sides of a seed show the same scene, aligned per pixel.
        """
        scene = self.describe(seed)
        canvas, samples = blank_canvas(size, self.planes)
        self.paint(scene, canvas)
        planes = average_samples(canvas.light, samples)
        return self.record(scene, planes, side, exact), middle_labels(canvas, samples)

    def show(self, seed: int, size: int, domain: str, other: str) -> tuple[Pixels, Labels]:
        """`draw` for a domain by name; "labels" is the label picture (H, W, 3), for either other domain the same."""
        return self._show(seed, size, domain, exact=False)

    def truth(self, seed: int, size: int, domain: str, other: str) -> tuple[Pixels, Labels]:
        """`show` without noise, defects and missing pixels."""
        return self._show(seed, size, domain, exact=True)

    def _show(self, seed: int, size: int, domain: str, exact: bool) -> tuple[Pixels, Labels]:
        pixels, labels = self.draw(seed, size, "B" if domain == self.domains[1] else "A", exact=exact)
        return (self.label_picture(labels) if domain == LABEL_PICTURES else pixels), labels

    def label_picture(self, labels: Labels) -> Labels:
        """A label map (H, W) in the colours of the palette, (H, W, 3), without blending."""
        return rgb(self.palette)[labels]

    def read_labels(self, picture: Labels) -> Labels:
        """The label map (H, W) of a label picture (H, W, 3): each pixel takes the nearest colour of the palette."""
        return nearest(picture, rgb(self.palette))[0]

    def encode(self, pixels: Pixels, domain: str) -> bytes:
        """The TIFF file of an image of this domain."""
        side = self.sides[self.domains.index(domain)]
        return encode_tiff(pixels, side.nodata, self.tags(max(pixels.shape[:2])))


MEASURED_WORLDS: dict[str, MeasuredWorld] = {
    "microscope": MeasuredWorld(
        "microscope",
        (
            Domain("stains", ("nuclei", "membranes"), "counts", "uint16"),
            Domain("antibody", ("antibody",), "counts", "uint16"),
        ),
        microscope.LABELS,
        microscope.PALETTE,
        microscope.PLANES,
        microscope.describe,
        microscope.paint,
        microscope.record,
        microscope.tags,
    ),
    "satellite": MeasuredWorld(
        "satellite",
        (
            Domain("bands", satellite.BANDS, "reflectance", "float32", satellite.NODATA_A),
            Domain("temperature", ("temperature",), "K", "float32", satellite.NODATA_B),
        ),
        satellite.LABELS,
        satellite.PALETTE,
        satellite.PLANES,
        satellite.describe,
        satellite.paint,
        satellite.record,
        satellite.tags,
    ),
    "scanner": MeasuredWorld(
        "scanner",
        (Domain("mr", ("signal",), "arbitrary units", "uint16"), Domain("ct", ("attenuation",), "HU", "int16")),
        scanner.LABELS,
        scanner.PALETTE,
        scanner.PLANES,
        scanner.describe,
        scanner.paint,
        scanner.record,
    ),
}

"""How many micrometres the pixels of a TIFF page have, and what a slide scanner says of itself."""

import re

from .tiff_ome import pixel_size as ome_pixel_size
from .tiff_pages import APERIO, MAX_DESCRIPTION, imagej_values
from .tiff_tags import DESCRIPTION, RESOLUTION_UNIT, X_RESOLUTION, Y_RESOLUTION, Directory

PER_UNIT = {2: 25_400.0, 3: 10_000.0}  # micrometres, by resolution unit
COARSEST = 25.0  # micrometres: coarser resolutions are those of flatbed scanners, printers and screens
APERIO_MPP = re.compile(r"\bMPP *= *(\d*\.?\d+)")
APERIO_OBJECTIVE = re.compile(r"\bAppMag *= *(\d*\.?\d+)")
IMAGEJ_UNITS = {"micron": 1.0, "um": 1.0, "µm": 1.0, "μm": 1.0, r"\u00b5m": 1.0, "nm": 1e-3, "mm": 1e3}


def pixel_size(kind: str, first: Directory, directory: Directory, image: int) -> tuple[float, float] | None:
    """Micrometres across and down of a pixel; none where the file does not say so plainly.

    `kind` is that of the pages ("ome", "imagej"), `first` the directory that describes them, `image` the number of the
    series.
    """
    text = description_of(first)
    if kind == "ome":
        try:
            return ome_pixel_size(text, image)
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):  # a damaged document says nothing
            return None
    if kind == "imagej":
        unit = IMAGEJ_UNITS.get(imagej_values(text).get("unit", "").strip().lower(), 0.0)
        return _by_resolution(first, unit) if unit else None
    if text.startswith(APERIO):
        stated = APERIO_MPP.search(text)
        size = float(stated[1]) if stated else 0.0
        return (size, size) if size > 0 else None
    size_by_tags = _by_resolution(directory, PER_UNIT.get(directory.number(RESOLUTION_UNIT, 2), 0.0))
    return size_by_tags if size_by_tags and max(size_by_tags) < COARSEST else None


def slide_properties(first: Directory) -> tuple[tuple[str, str], ...]:
    """Vendor and objective of a slide; empty for other files."""
    text = description_of(first)
    if not text.startswith(APERIO):
        return ()
    objective = APERIO_OBJECTIVE.search(text)
    return (("vendor", "aperio"), *((("objective", objective[1]),) if objective else ()))


def description_of(directory: Directory) -> str:
    """The description of a page."""
    entry = directory.entry(DESCRIPTION, MAX_DESCRIPTION)
    return "" if entry is None else entry.data.rstrip(b"\0 \n").decode("utf-8", "replace")


def _by_resolution(directory: Directory, unit: float) -> tuple[float, float] | None:
    """By the tags of pixels per unit."""
    x, y = (next(iter(directory.ratios(tag)), 0.0) for tag in (X_RESOLUTION, Y_RESOLUTION))
    return (unit / x, unit / y) if unit and x > 0 and y > 0 else None

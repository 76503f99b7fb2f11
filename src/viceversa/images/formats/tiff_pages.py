"""Pages of a TIFF file: which directories, or parts of one, make up which image.

Most files have one image in each directory. ImageJ, OME-TIFF and tifffile describe axes in the first one: T (time),
Z (depth) and others are pages, C (channel) are the channels of a page.
"""

import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from threading import Lock
from typing import IO, NamedTuple

from .tiff_ome import OmeImage, read_ome
from .tiff_tags import (
    BITS,
    COMPRESSION,
    DESCRIPTION,
    IMAGE_LENGTH,
    IMAGE_WIDTH,
    SAMPLES_PER_PIXEL,
    STRIP_OFFSETS,
    Directory,
    directory_offsets,
    read_directory,
    read_header,
)

MAX_DESCRIPTION = 2**26  # bytes
FILES_KEPT = 8
_pages_of_files: dict[tuple[int, ...], "Pages"] = {}  # the last used at the end
_lock = Lock()
APERIO = "Aperio"  # writes a thumbnail, smaller copies, label and overview of a slide after its first page


class Plane(NamedTuple):
    """The samples of one directory, or the same number of bytes further on in a series without directories."""

    directory: int  # offset
    shift: int = 0  # bytes


@dataclass(frozen=True)
class Series:
    """Planes with axes, the last axis varying fastest."""

    axes: str  # such as "TZC"; those of one plane are left out
    sizes: tuple[int, ...]
    directories: Sequence[int]  # offsets, one of each plane
    step: int = 0  # bytes from plane to plane where all belong to the first directory

    @property
    def channels(self) -> int:
        """Planes of one page."""
        return self.sizes[self.axes.index("C")] if "C" in self.axes else 1

    @property
    def pages(self) -> int:
        """Images: all axes but the channels."""
        return math.prod(self.sizes) // self.channels

    def planes(self, page: int) -> tuple[Plane, ...]:
        """The planes of one page, one for each channel."""
        at = self.axes.find("C")
        inner = math.prod(self.sizes[at + 1 :]) if at >= 0 else 1
        outer, rest = divmod(page, inner)
        indices = [(outer * self.channels + channel) * inner + rest for channel in range(self.channels)]
        if self.step:
            return tuple(Plane(self.directories[0], index * self.step) for index in indices)
        return tuple(Plane(self.directories[index]) for index in indices)


@dataclass(frozen=True)
class Pages:
    """All images of a file."""

    series: tuple[Series, ...]
    first: int  # offset of the first directory
    kind: str = ""  # "imagej" or "ome", where the description of the first directory says which page is what
    notes: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """Images of all series."""
        return sum(series.pages for series in self.series)

    def find(self, page: int) -> tuple[int, int]:
        """The series of a page, and its number there."""
        for index, series in enumerate(self.series):
            if page < series.pages:
                return index, page
            page -= series.pages
        raise ValueError(f"the file has {self.count} pages")


def known_pages(file: IO[bytes]) -> Pages:
    """The pages of a file; of the last few files on disk they are remembered."""
    try:
        state = os.fstat(file.fileno())
        key = (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
    except (OSError, AttributeError):
        return read_pages(file)
    with _lock:
        known = _pages_of_files.get(key)
    pages = known or read_pages(file)
    with _lock:
        _pages_of_files.pop(key, None)
        while len(_pages_of_files) >= FILES_KEPT:
            del _pages_of_files[next(iter(_pages_of_files))]
        _pages_of_files[key] = pages
    return pages


def read_pages(file: IO[bytes]) -> Pages:
    """The images of a file, by its directories and by the description of the first one."""
    layout, first = read_header(file)
    offsets = directory_offsets(file)
    known = list(islice(offsets, 1)) or [first]
    directory = read_directory(file, layout, known[0])
    description = directory.entry(DESCRIPTION, MAX_DESCRIPTION)
    text = "" if description is None else description.data.rstrip(b"\0 \n").decode("utf-8", "replace")
    if text.startswith(APERIO):
        return _plain(known, ("smaller copies, label and overview of the slide are left out",))

    known += offsets
    notes: tuple[str, ...] = ()
    try:
        if text.startswith("ImageJ="):
            series = _imagej_series(directory, text, known)
            return Pages((series,), known[0], "imagej")
        if text.startswith("<") and text.endswith("OME>"):
            return Pages(_ome_series(directory, read_ome(text), known), known[0], "ome")
        if text.startswith('{"shape":'):
            return Pages((_shaped_series(directory, text, known),), known[0])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        if not text.startswith("{"):  # of a file with several arrays tifffile describes only the first
            notes = (f"its description is passed over: {error}",)
    return _plain(known, notes)


def _plain(directories: list[int], notes: tuple[str, ...] = ()) -> Pages:
    """Each directory is an image."""
    return Pages((Series("I", (len(directories),), directories),), directories[0], notes=notes)


def imagej_values(text: str) -> dict[str, str]:
    """The lines "name=value" with which ImageJ describes a stack."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def _imagej_series(directory: Directory, text: str, directories: list[int]) -> Series:
    """ImageJ hyperstacks: channels vary fastest, then slices, then frames."""
    values = imagej_values(text)
    channels, slices, frames, images = (int(values.get(k, 1)) for k in ("channels", "slices", "frames", "images"))
    if min(channels, slices, frames) < 1 or values.get("order", "czt") != "czt":
        raise ValueError("ImageJ's axes are unknown")
    if directory.number(SAMPLES_PER_PIXEL, 1) == channels:
        channels = 1  # they are the samples of each pixel
    if slices * frames * channels == 1 and max(images, len(directories)) > 1:
        return _series(directory, "I", (max(images, len(directories)),), directories)
    return _series(directory, "TZC", (frames, slices, channels), directories)


def _shaped_series(directory: Directory, text: str, directories: list[int]) -> Series:
    """Axes in JSON, as tifffile writes them."""
    values = json.loads(text)
    shape = [int(size) for size in values["shape"]]
    axes = str(values.get("axes", "")).upper()
    plane = math.prod(directory.number(tag, 1) for tag in (IMAGE_WIDTH, IMAGE_LENGTH, SAMPLES_PER_PIXEL))
    count, rest = divmod(math.prod(shape), plane)
    ahead = next((n for n in range(len(shape) + 1) if math.prod(shape[:n]) == count), None)
    if rest or not count or ahead is None:
        raise ValueError("tifffile's axes are unknown")
    names = axes[:ahead] if len(axes) == len(shape) else "Q" * ahead
    if names.count("C") > 1:
        raise ValueError("tifffile's axes are unknown")
    sizes = tuple(shape[:ahead])
    return _series(directory, names, sizes, directories)


def _series(directory: Directory, axes: str, sizes: tuple[int, ...], directories: list[int]) -> Series:
    """Planes with a directory each, or all behind the pixels of the first."""
    count = math.prod(sizes)
    if count == len(directories):
        return Series(axes, sizes, directories)
    size = directory.number(IMAGE_WIDTH) * directory.number(IMAGE_LENGTH) * directory.number(SAMPLES_PER_PIXEL, 1)
    step = size * directory.number(BITS, 1) // 8
    end = directory.number(STRIP_OFFSETS) + count * step
    if len(directories) > 1 or not step or directory.number(COMPRESSION, 1) != 1 or not directory.number(STRIP_OFFSETS):
        raise ValueError(f"it states {count} planes, there are {len(directories)}")
    if end > directory.file.seek(0, 2):
        raise ValueError(f"it states {count} planes, the file is too short")
    return Series(axes, sizes, directories, step)


def _ome_series(directory: Directory, images: list[OmeImage], directories: list[int]) -> tuple[Series, ...]:
    """The planes of OME-TIFF: each image has its own axes and its own table of directories."""
    samples = directory.number(SAMPLES_PER_PIXEL, 1)
    series = []
    for image in images:
        axes, sizes, table = image.planes(samples, len(directories))
        if -1 in table:
            raise ValueError("OME planes are missing or lie in other files")
        series.append(Series(axes, sizes, [directories[index] for index in table]))
    if not series:
        raise ValueError("OME-XML without an image")
    return tuple(series)

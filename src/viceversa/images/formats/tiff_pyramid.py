"""A BigTIFF file of an image in tiles and its smaller copies: sizes, directories, and what they say of the image."""

import hashlib
import os
import struct
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from ..decoded import Decoded
from ..exif import DESCRIPTION, RATIONAL, RESOLUTION_UNIT, SHORT, X_RESOLUTION, Y_RESOLUTION, Entry, Exif
from .tiff_directory import BIG_HEAD, LONG_8, header, serialise_pyramid
from .tiff_encode import SAMPLE_FORMATS, is_rgb, page_tags
from .tiff_ome import HELD, Written, new_document, updated, with_details
from .tiff_origin import ASCII, Origin
from .tiff_tags import (
    GEOREFERENCE,
    REDUCED,
    SOFTWARE,
    SUBFILE,
    TILE_BYTES,
    TILE_OFFSETS,
    Layout,
    read_directory,
    read_header,
)
from .tiff_tiles import Tiles, tiles_of

SMALLEST = 512  # pixels: a level whose longer side has as many is the last one
MICROMETRES_PER_CM, PER_CM = 10_000, 3
HEAD = BIG_HEAD  # bytes before the first tile
NO_HEAD = bytes(HEAD)  # while the file is not complete: no program takes it for an image


@dataclass(frozen=True, kw_only=True)
class PyramidFile:
    """What a file holds beside the samples; see `images.PyramidWriter`."""

    size: tuple[int, int]  # height and width
    channels: int  # without alpha
    number_type: str = "uint8"
    has_alpha: bool = False
    tile: int = 512
    compression: str = "lossless"
    mpp: tuple[float, float] | None = None  # micrometres per pixel, across and down
    dpi: tuple[float, float] | None = None
    icc: bytes | None = None
    nodata: float | None = None
    exif: Exif | None = None
    origin: Any = None  # of the file that it is made from
    name: str = ""  # of the image or its domain, for OME-XML
    channel_names: tuple[str, ...] = ()
    description: str = ""
    software: str = ""  # that writes the file; in place of what the source says

    def __post_init__(self) -> None:
        if self.dtype.kind not in SAMPLE_FORMATS or self.dtype.itemsize > 8:
            raise ValueError(f"TIFF files hold integers and floats of 8 to 64 bits here, not {self.number_type}")
        if min(self.size) < 1 or max(self.size) >= 2**32 or not 0 < self.samples < 2**16:
            raise ValueError(
                f"a TIFF file cannot hold {self.size[1]} x {self.size[0]} pixels of {self.samples} samples"
            )
        if self.tile < 16 or self.tile % 16:
            raise ValueError(f"tiles have a multiple of 16 pixels on a side, not {self.tile}")

    @property
    def dtype(self) -> np.dtype[Any]:
        """The number type."""
        return np.dtype(self.number_type)

    @property
    def samples(self) -> int:
        """Numbers of a pixel, alpha among them."""
        return self.channels + self.has_alpha

    @cached_property
    def levels(self) -> tuple[tuple[int, int], ...]:
        """Heights and widths: of the image, then of copies of half the size, rounded up."""
        sizes = [self.size]
        while max(sizes[-1]) > SMALLEST:
            height, width = sizes[-1]
            sizes.append((-(-height // 2), -(-width // 2)))
        return tuple(sizes)

    def grid(self, level: int) -> tuple[int, int]:
        """Rows and columns of the tiles of a level."""
        height, width = self.levels[level]
        return -(-height // self.tile), -(-width // self.tile)

    @cached_property
    def tiles(self) -> Tiles:
        """How tiles are encoded. UsageError where the compression does not hold such samples."""
        has_colours = is_rgb(self.channels, self.samples, self._origin)
        return tiles_of(self.compression, self.tile, self.channels, self.dtype, self.has_alpha, has_colours)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that is stated here."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    @property
    def _origin(self) -> Origin:
        return self.origin if isinstance(self.origin, Origin) else Origin()

    @property
    def notes(self) -> tuple[str, ...]:
        """What of the origin is not written."""
        if self._origin.kind == "imagej":
            return ("ImageJ's description dropped: ImageJ reads no tiles",)
        if self._origin.kind == "ome" and self.number_type not in HELD:
            return (f"OME-XML dropped: it knows no {self.number_type}",)
        return ()

    def end(self, offset: int, places: list[list[tuple[int, int]]]) -> tuple[bytes, bytes]:
        """The directories from `offset` on, and the header. `places`: of each level, offset and size of its tiles."""
        first = offset + offset % 2
        is_ome = self._ome_xml() is not None
        levels = [
            [*tags, *_places(tiles)]
            for tags, tiles in zip([self._full_tags(), *self._reduced_tags()], places, strict=True)
        ]
        below = self.exif.little_endian().below if self.exif else {}
        data = bytes(first - offset) + serialise_pyramid(levels, below, first, is_ome)
        return data, header(first, Layout.of("<", big=True))

    def _full_tags(self) -> list[Entry]:
        page = Decoded(
            samples=np.empty((0, 0, self.channels), self.dtype),
            alpha=np.empty((0, 0), np.float32) if self.has_alpha else None,
            nodata=self.nodata,
            icc=self.icc,
            exif=self.exif,
            dpi=self.dpi,
            origin=self.origin,
        )
        tags = page_tags(page, (*self.size, self.samples), self.dtype, self._origin, is_first=True)
        text = self._ome_xml() or self.description
        if text:
            tags = [*(e for e in tags if e.tag != DESCRIPTION), Entry(DESCRIPTION, ASCII, text.encode() + b"\0")]
        if self.software:
            tags = [*(e for e in tags if e.tag != SOFTWARE), Entry(SOFTWARE, ASCII, self.software.encode() + b"\0")]
        resolution = _resolution(self.mpp)
        if resolution:
            replaced = {entry.tag for entry in resolution}
            tags = [*(e for e in tags if e.tag not in replaced), *resolution]
        return self.tiles.tags(tags)

    def _reduced_tags(self) -> list[list[Entry]]:
        page = Decoded(
            samples=np.empty((0, 0, self.channels), self.dtype),
            alpha=np.empty((0, 0), np.float32) if self.has_alpha else None,
            nodata=self.nodata,
            origin=Origin(nodata=self._origin.nodata),
        )
        kind = Entry(SUBFILE, 4, struct.pack("<I", REDUCED))
        shapes = [(*size, self.samples) for size in self.levels[1:]]
        return [
            self.tiles.tags([kind, *page_tags(page, shape, self.dtype, self._origin, is_first=False)])
            for shape in shapes
        ]

    def _ome_xml(self) -> str | None:
        """The description of microscopy; none for maps and other images."""
        origin = self._origin
        is_map = any(entry.tag in GEOREFERENCE for entry in origin.georeference)
        is_ome = origin.kind == "ome" or self.mpp is not None
        if is_map or not is_ome or self.number_type not in HELD:
            return None
        written = Written(
            number_type=self.number_type, size=self.size, channels=self.samples, samples=self.samples, pages=1
        )
        if origin.kind == "ome":
            text = origin.description.decode("utf-8", "replace").rstrip(" \n\0")
            text = updated(text, origin.image, origin.image_pages, written)
        else:
            text = new_document(written, self.name, self.description)
        return with_details(text, self.mpp, self.channel_names)


def software_of(path: str | os.PathLike[str]) -> str:
    """What a TIFF file says of the software that wrote it; empty for other and unfinished files."""
    try:
        with open(path, "rb") as file:
            layout, first = read_header(file)
            return read_directory(file, layout, first).text(SOFTWARE)
    except (OSError, ValueError, struct.error):
        return ""


def _resolution(mpp: tuple[float, float] | None) -> tuple[Entry, ...]:
    """Pixels per centimetre as rationals of 32 bits; nothing where they cannot be stated."""
    if mpp is None:
        return ()
    ratios = [_rational(MICROMETRES_PER_CM / size) for size in mpp]
    if not all(0 < ratio.numerator < 2**32 for ratio in ratios):
        return ()
    x, y = (struct.pack("<II", ratio.numerator, ratio.denominator) for ratio in ratios)
    return (
        Entry(X_RESOLUTION, RATIONAL, x),
        Entry(Y_RESOLUTION, RATIONAL, y),
        Entry(RESOLUTION_UNIT, SHORT, struct.pack("<H", PER_CM)),
    )


def _rational(value: float) -> Fraction:
    return Fraction(value).limit_denominator(max(1, min(10**6, int((2**32 - 1) / value))))


def _places(tiles: list[tuple[int, int]]) -> tuple[Entry, Entry]:
    """Where the tiles of a level are."""
    offsets, sizes = zip(*tiles, strict=True)
    return (
        Entry(TILE_OFFSETS, LONG_8, struct.pack(f"<{len(tiles)}Q", *offsets)),
        Entry(TILE_BYTES, LONG_8, struct.pack(f"<{len(tiles)}Q", *sizes)),
    )

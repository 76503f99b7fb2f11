"""Directories of a TIFF file: its tags, read within bounds (TIFF 6.0; BigTIFF)."""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import numpy as np

from ..exif import ITEM_BYTES, Entry

IMAGE_WIDTH, IMAGE_LENGTH, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
DESCRIPTION, STRIP_OFFSETS, ORIENTATION, SAMPLES_PER_PIXEL, ROWS_PER_STRIP, STRIP_BYTES = 270, 273, 274, 277, 278, 279
X_RESOLUTION, Y_RESOLUTION, PLANAR, RESOLUTION_UNIT, PREDICTOR, COLOUR_MAP = 282, 283, 284, 296, 317, 320
FILL_ORDER, SUB_DIRECTORIES = 266, 330
TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS, TILE_BYTES = 322, 323, 324, 325
SUB_IFDS, INK_SET, EXTRA_SAMPLES, SAMPLE_FORMAT, JPEG_TABLES = 330, 332, 338, 339, 347
YCC_COEFFICIENTS, YCC_SUBSAMPLING, YCC_RANGE = 529, 530, 532
SOFTWARE, IMAGE_DEPTH, ICC, LERC_PARAMETERS, IMAGEJ_SIZES, IMAGEJ_BLOCK = 305, 32997, 34675, 50674, 50838, 50839
GDAL_METADATA, GDAL_NODATA = 42112, 42113
GEOREFERENCE = (33550, 33922, 34264, 34735, 34736, 34737)  # pixel scale, tie points, transformation, keys of GeoTIFF
SUBFILE, OLD_SUBFILE = 254, 255
REDUCED, MASK = 1, 4  # bits of the tag SUBFILE: a smaller copy of another page, the mask of another page

ITEM_SIZES = {**ITEM_BYTES, 13: 4, 16: 8, 17: 8, 18: 8}  # those of EXIF, a pointer, and those of BigTIFF
UNSIGNED = {1: "u1", 3: "u2", 4: "u4", 7: "u1", 13: "u4", 16: "u8", 18: "u8"}
MAX_TAGS = 4096
MAX_DIRECTORIES = 300_000  # two seconds of reading
MAX_VALUE = 2**28  # bytes of one tag


@dataclass(frozen=True)
class Layout:
    """How the directories of a file are stored."""

    order: str  # "<" or ">"
    big: bool
    count: struct.Struct  # of the tags of a directory
    entry: struct.Struct  # tag, type, number of values, their place
    pointer: struct.Struct

    @classmethod
    def of(cls, order: str, big: bool) -> "Layout":
        """Classic TIFF has 32-bit offsets, BigTIFF 64-bit ones."""
        codes = ("Q", "HHQ8s", "Q") if big else ("H", "HHI4s", "I")
        return cls(order, big, *(struct.Struct(order + code) for code in codes))


@dataclass(frozen=True)
class Directory:
    """The tags of one page; values are read from the file when they are asked for."""

    file: IO[bytes]
    layout: Layout
    offset: int
    fields: dict[int, tuple[int, int, bytes]]  # by tag: type, number of values, their place

    def entry(self, tag: int, limit: int = MAX_VALUE) -> Entry | None:
        """A tag with its values in the byte order of the file; none where it is missing or of an unknown type."""
        kind, count, place = self.fields.get(tag, (0, 0, b""))
        if kind not in ITEM_SIZES:
            return None
        size = count * ITEM_SIZES[kind]
        if size > limit:
            raise ValueError(f"tag {tag} has {size:,} bytes")
        inline = size <= len(place)
        data = place[:size] if inline else read_at(self.file, self.layout.pointer.unpack(place)[0], size)
        return Entry(tag, kind, data)

    def numbers(self, tag: int) -> list[int]:
        """The values of a tag of unsigned integers; an empty list where it is missing."""
        entry = self.entry(tag)
        if entry is None or entry.kind not in UNSIGNED:
            return []
        values: list[int] = np.frombuffer(entry.data, self.layout.order + UNSIGNED[entry.kind]).tolist()
        return values

    def number(self, tag: int, default: int = 0) -> int:
        """The first value of a tag of unsigned integers."""
        return next(iter(self.numbers(tag)), default)

    def ratios(self, tag: int) -> list[float]:
        """The values of a tag of rationals; an empty list where it is missing or divides by zero."""
        entry = self.entry(tag)
        if entry is None or entry.kind != 5:
            return []
        pairs = struct.iter_unpack(f"{self.layout.order}II", entry.data)
        return [over / under if under else 0.0 for over, under in pairs]

    def text(self, tag: int) -> str:
        """A tag of ASCII, which is UTF-8 in practice, without the final zero bytes; "" where it is missing."""
        entry = self.entry(tag)
        return "" if entry is None else entry.data.rstrip(b"\0").decode("utf-8", "replace")


def read_at(file: IO[bytes], offset: int, size: int) -> bytes:
    """Bytes of a file; ValueError where it ends before."""
    end = file.seek(0, os.SEEK_END)
    if offset + size > end:
        raise ValueError(f"the file is truncated: it has {end:,} of {offset + size:,} bytes")
    file.seek(offset)
    return file.read(size)


def read_header(file: IO[bytes]) -> tuple[Layout, int]:
    """How directories are stored, and where the first one is."""
    head = read_at(file, 0, 8)
    order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
    version = struct.unpack(f"{order}H", head[2:4])[0] if order else 0
    if version not in (42, 43):
        raise ValueError("it is not a TIFF file")
    if version == 42:
        return Layout.of(order, False), struct.unpack(f"{order}I", head[4:])[0]
    if struct.unpack(f"{order}HH", head[4:]) != (8, 0):
        raise ValueError("damaged header of a BigTIFF file")
    return Layout.of(order, True), struct.unpack(f"{order}Q", read_at(file, 8, 8))[0]


def read_directory(file: IO[bytes], layout: Layout, offset: int) -> Directory:
    """The directory at `offset`; of a tag that is repeated the first one counts."""
    fields: dict[int, tuple[int, int, bytes]] = {}
    for tag, kind, count, place in layout.entry.iter_unpack(_read_table(file, layout, offset)):
        fields.setdefault(tag, (kind, count, place))
    return Directory(file, layout, offset, fields)


def _read_table(file: IO[bytes], layout: Layout, offset: int) -> bytes:
    if offset < 8:
        raise ValueError("a directory of pages lies outside the file")
    count = layout.count.unpack(read_at(file, offset, layout.count.size))[0]
    if not 0 < count <= MAX_TAGS:
        raise ValueError(f"damaged directory with {count:,} tags")
    return read_at(file, offset + layout.count.size, count * layout.entry.size)


def directory_offsets(file: IO[bytes]) -> Iterator[int]:
    """Where the directories of full pages are, in the order of the file, without reduced copies and masks."""
    return (offset for offset, is_secondary in all_directories(file) if not is_secondary)


def all_directories(file: IO[bytes], first: int | None = None) -> Iterator[tuple[int, bool]]:
    """Where all directories are from the `first` on, in the order of the file; which are reduced copies or masks."""
    layout, offset = read_header(file)
    offset = offset if first is None else first
    seen: set[int] = set()
    if offset == 0:
        raise ValueError("the file has no page")
    while offset:
        if offset in seen or len(seen) == MAX_DIRECTORIES:
            raise ValueError("damaged directories: they never end" if offset in seen else "too many pages")
        seen.add(offset)
        table = _read_table(file, layout, offset)
        yield offset, _is_secondary(layout, table)
        at = offset + layout.count.size + len(table)
        offset = layout.pointer.unpack(read_at(file, at, layout.pointer.size))[0]


def _is_secondary(layout: Layout, table: bytes) -> bool:
    """Whether a page is a smaller copy of another one, or its mask."""
    for tag, kind, _, place in layout.entry.iter_unpack(table):
        if tag in (SUBFILE, OLD_SUBFILE):
            value: int = np.frombuffer(place[:4], layout.order + UNSIGNED.get(kind, "u4"))[0].item()
            return bool(value & (REDUCED | MASK)) if tag == SUBFILE else value == 2
        if tag > OLD_SUBFILE:  # tags are in ascending order
            return False
    return False

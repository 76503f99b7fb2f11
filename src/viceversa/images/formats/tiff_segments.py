"""Strips and tiles of TIFF pages: any window of a page, of which only what it touches is read and decoded."""

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock
from typing import IO, Any, NamedTuple, cast

import numpy as np

from ..arrays import Array
from ..windows import Window
from .array_cache import ArrayCache
from .tiff_storage import IMAGE_CODECS, JPEG, NONE, Storage, require_segment
from .tiff_tags import FILL_ORDER, JPEG_TABLES, PREDICTOR, TILE_OFFSETS, TILE_WIDTH, Directory

logging.getLogger("tifffile").setLevel(logging.CRITICAL + 1)  # it reports junk beside the pixels; errors are raised

LARGEST_STORED = 2**30  # bytes of one strip or tile in the file
# tifffile reads more of files of these programs, which concerns neither samples nor the tags that are kept
SPECIAL: dict[str, Any] = dict.fromkeys(("is_lsm", "is_scanimage", "is_ndpi", "is_stk", "is_philips", "is_eer"), False)


class FileBytes:
    """Bytes of an open file from any place, for several threads at once."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.end, self.lock = file, file.seek(0, os.SEEK_END), Lock()
        try:
            self._number: int | None = file.fileno()
        except (OSError, AttributeError):  # a file in memory
            self._number = None

    def read(self, offset: int, size: int) -> bytes:
        """`size` bytes; ValueError where the file ends before, or where they are too many for one strip or tile."""
        if size > LARGEST_STORED:
            raise ValueError(f"a strip or tile of {size:,} bytes is too large")
        data = b"" if offset + size > self.end else self._read(offset, size)
        if len(data) < size:
            raise ValueError(f"the file is truncated: it has {self.end:,} of {offset + size:,} bytes")
        return data

    def _read(self, offset: int, size: int) -> bytes:
        if self._number is not None:
            return os.pread(self._number, size, offset)
        with self.lock:
            self.file.seek(offset)
            return self.file.read(size)


class _Piece(NamedTuple):
    """Where a strip or tile lies in a window: its number, and the same pixels in the window and in itself."""

    number: int
    window: tuple[slice, slice]
    segment: tuple[slice, slice]


@dataclass
class Segments:
    """The strips or tiles of a directory. `read` may be called from several threads."""

    directory: Directory
    storage: Storage
    source: FileBytes
    fill: float = 0.0  # of strips and tiles that are left out
    cache: ArrayCache | None = None
    _opened: tuple[Any, Any, dict[str, Any]] | None = None

    def read(self, window: Window) -> Array:
        """Samples (H, W, S) of a window as stored."""
        planes = self.storage.samples if self.storage.planar else 1
        shape = (planes, window.height, window.width, self.storage.segment_samples)
        samples: Array = np.empty(shape, self.storage.dtype)
        for plane in range(planes):
            for piece in self._pieces(window, plane):
                segment = self._segment(piece.number)
                part = samples[plane][piece.window]
                if segment is None:
                    part[:] = self.fill
                    continue
                known = segment[piece.segment]
                if known.shape != part.shape:
                    raise ValueError(f"a strip or tile has {segment.shape[1]} x {segment.shape[0]} pixels, too few")
                part[:] = known
        return samples[0] if planes == 1 else np.ascontiguousarray(samples[..., 0].transpose(1, 2, 0))

    def _pieces(self, window: Window, plane: int) -> Iterator[_Piece]:
        """The strips or tiles of a plane that a window touches, row by row."""
        (rows, columns), (down, across) = self.storage.segment, self.storage.grid
        for row in range(window.top // rows, -(-(window.top + window.height) // rows)):
            inner, outer = _overlap(row * rows, rows, window.top, window.height)
            for column in range(window.left // columns, -(-(window.left + window.width) // columns)):
                inner_x, outer_x = _overlap(column * columns, columns, window.left, window.width)
                yield _Piece((plane * down + row) * across + column, (outer, outer_x), (inner, inner_x))

    def _segment(self, index: int) -> Array | None:
        """A decoded strip or tile; none where it is left out."""
        key = self.directory.offset, index
        known = None if self.cache is None else self.cache.get(key)
        if known is not None:
            return known
        offset, size = self.storage.offsets[index], self.storage.sizes[index]
        if not offset or not size:
            return None
        data = self.source.read(offset, size)
        if self.storage.compression in IMAGE_CODECS:
            require_segment(self.storage, data)
        decode, dtype, options = self._decoder()
        segment: Array = decode(data, index, **options)[0][0]
        if segment.dtype != dtype and self.storage.bits > 1:
            raise ValueError(f"a strip or tile holds {segment.dtype}, not {dtype}")
        if self.cache is not None:
            self.cache.put(key, segment)
        return segment

    def _decoder(self) -> tuple[Any, Any, dict[str, Any]]:
        """tifffile's function that decodes strips and tiles, their number type, and what it needs beside the data."""
        with self.source.lock:  # the page is read through the position of the file
            if self._opened is None:
                page, tables = _page(self.directory), self.directory.entry(JPEG_TABLES)
                options = {"jpegtables": tables.data if tables else None} if self.storage.compression == JPEG else {}
                self._opened = page.decode, page.dtype, options
            return self._opened


def _overlap(start: int, length: int, window_start: int, window_length: int) -> tuple[slice, slice]:
    """What a strip or tile and a window share: in the strip or tile, and in the window."""
    first, last = max(start, window_start), min(start + length, window_start + window_length)
    return slice(first - start, last - start), slice(first - window_start, last - window_start)


@dataclass
class PlainRows:
    """The rows of a page that is stored as plain numbers: any part of them is read without the rest of its strip."""

    directory: Directory
    storage: Storage
    source: FileBytes
    shift: int = 0  # bytes from the samples of the directory to those of this plane

    def read(self, window: Window) -> Array:
        """Samples (H, W, S) of a window as stored."""
        planes, count = (self.storage.samples, 1) if self.storage.planar else (1, self.storage.samples)
        kind = np.dtype(f"{self.directory.layout.order}{self.storage.dtype.str[1:]}")
        samples: Array = np.empty((planes, window.height, window.width, count), self.storage.dtype)
        pixel = count * kind.itemsize
        for plane in range(planes):
            for row in range(window.height):
                start = self._row(plane, window.top + row, pixel) + window.left * pixel
                data = self.source.read(start, window.width * pixel)
                samples[plane, row] = np.frombuffer(data, kind).reshape(window.width, count)
        return samples[0] if planes == 1 else np.ascontiguousarray(samples[..., 0].transpose(1, 2, 0))

    def _row(self, plane: int, row: int, pixel: int) -> int:
        """Where a row begins in the file."""
        length = self.storage.width * pixel
        if self.shift:
            return self.storage.offsets[0] + self.shift + row * length
        strip, rest = divmod(row, self.storage.segment[0])
        index = plane * self.storage.grid[0] + strip
        rows = min(self.storage.segment[0], self.storage.length - strip * self.storage.segment[0])
        if self.storage.sizes[index] < rows * length:
            raise ValueError(f"a strip has {self.storage.sizes[index]:,} bytes, too few")
        return self.storage.offsets[index] + rest * length


def is_plain(directory: Directory, storage: Storage) -> bool:
    """Whether rows of a page can be read by `PlainRows`."""
    is_tiled = TILE_OFFSETS in directory.fields or TILE_WIDTH in directory.fields
    is_whole_bytes = storage.bits == storage.dtype.itemsize * 8
    is_coded = directory.number(PREDICTOR, 1) != 1 or directory.number(FILL_ORDER, 1) != 1
    is_complete = all(storage.offsets) and all(storage.sizes)
    return storage.compression == NONE and is_whole_bytes and is_complete and not is_tiled and not is_coded


def _page(directory: Directory) -> Any:
    """The page as tifffile reads it."""
    import tifffile

    file: Any = tifffile.TiffFile(cast(IO[bytes], _Reader(directory.file)), **SPECIAL)
    if file.pages.first.offset == directory.offset:
        return file.pages.first
    file.filehandle.seek(directory.offset)
    return tifffile.TiffPage(file, 0)


class _Reader:
    """A file that never reads beyond its end, so that no memory is taken for what is not there."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.end = file, file.seek(0, 2)
        file.seek(0)
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes."""
        rest = max(0, self.end - self.tell())
        return self.file.read(rest if size < 0 else min(size, rest))

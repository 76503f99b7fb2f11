"""Disk cache for decoded images: an unlinked temporary file, which the system deletes when the process ends."""

import os
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Any

import numpy as np

from .. import files

RESERVED = 0.5  # share of the disk's free space that is never used


class DiskCache:
    """Arrays by key, up to `max_bytes` in all; an array that does not fit is not stored, and errors store nothing."""

    def __init__(self, max_bytes: int, folder: Path | None = None) -> None:
        self.max_bytes, self.folder = max_bytes, folder
        self.reserved_bytes = 0  # of the disk, to be left free
        self.file: int | None = None  # descriptor
        self.entries: dict[int, tuple[int, tuple[int, ...], np.dtype[Any]]] = {}  # offset, shape, dtype
        self.end = 0  # offset of the next array

    def put(self, key: int, array: np.ndarray) -> None:
        """Store an array, unless its key is known or there is no space for it."""
        if key in self.entries or self.end + array.nbytes > self.max_bytes:
            return
        try:
            file = self._open() if self.file is None else self.file
            disk = os.fstatvfs(file)
            if disk.f_bavail * disk.f_frsize < self.reserved_bytes + array.nbytes:
                return
            data = np.ascontiguousarray(array).data.cast("B")
            written = 0
            while written < len(data):
                written += os.pwrite(file, data[written:], self.end + written)
        except (OSError, RuntimeError):  # a full disk, or no folder: the stored arrays stay, no more are added
            self.max_bytes = 0
            if self.file is not None:
                os.ftruncate(self.file, self.end)
            return
        self.entries[key] = self.end, array.shape, array.dtype
        self.end += array.nbytes

    def get(self, key: int) -> np.ndarray:
        """The array with this key; KeyError where none was stored, OSError where it cannot be read any more."""
        offset, shape, dtype = self.entries[key]
        array = np.empty(shape, dtype)
        self._fill(array, offset)
        return array

    def get_window(self, key: int, rows: slice, columns: slice) -> np.ndarray:
        """A window of the array (C, H, W) with this key, without the rest of it; errors as of `get`."""
        offset, (channels, height, width), dtype = self.entries[key]
        first = np.zeros((channels, rows.stop - rows.start), np.int64)  # bytes before each row
        first += (np.arange(channels) * height)[:, None] + np.arange(rows.start, rows.stop)
        window = np.empty((*first.shape, columns.stop - columns.start), dtype)
        for place in np.ndindex(first.shape):
            self._fill(window[place], offset + (int(first[place]) * width + columns.start) * dtype.itemsize)
        return window

    def _fill(self, array: np.ndarray, offset: int) -> None:
        """Read a whole array from the file."""
        assert self.file is not None
        data = array.data.cast("B")
        done = 0
        while done < len(data):
            count = os.preadv(self.file, [data[done:]], offset + done)
            if not count:
                raise OSError("the disk cache has become shorter")
            done += count

    def _open(self) -> int:
        folder = self.folder or files.cache_home() / "decoded"
        files.make_folder(folder)
        self.reserved_bytes = int(shutil.disk_usage(folder).free * RESERVED)
        self.file, name = tempfile.mkstemp(dir=folder)
        os.unlink(name)
        weakref.finalize(self, os.close, self.file)
        return self.file

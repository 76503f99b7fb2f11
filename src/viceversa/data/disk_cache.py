"""Decoded pictures that memory has no room for: in a file without a name, which goes with the process that wrote it."""

import os
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Any

import numpy as np

from .. import files

LEFT = 0.5  # share of the disk's free space that is never taken


class Scratch:
    """Arrays by number, as they are, up to `room` bytes; what does not fit is not kept."""

    def __init__(self, room: int, folder: Path | None = None) -> None:
        self.room, self.folder = room, folder
        self.reserve = 0  # bytes of the disk that stay free
        self.file: int | None = None
        self.places: dict[int, tuple[int, tuple[int, ...], np.dtype[Any]]] = {}  # where each begins, and what it is
        self.end = 0

    def put(self, number: int, array: np.ndarray) -> None:
        """Keep an array under its number, if it is not kept yet and there is room."""
        if number in self.places or self.end + array.nbytes > self.room:
            return
        try:
            file = self._open() if self.file is None else self.file
            disk = os.fstatvfs(file)
            if disk.f_bavail * disk.f_frsize < self.reserve + array.nbytes:
                return
            data = np.ascontiguousarray(array).data.cast("B")
            written = 0
            while written < len(data):
                written += os.pwrite(file, data[written:], self.end + written)
        except (OSError, RuntimeError):  # a full disk, or no folder: what is kept stays, nothing more is added
            self.room = 0
            if self.file is not None:
                os.ftruncate(self.file, self.end)
            return
        self.places[number] = self.end, array.shape, array.dtype
        self.end += array.nbytes

    def get(self, number: int) -> np.ndarray:
        """The array that was kept; KeyError where none was, OSError where it cannot be read any more."""
        place, shape, dtype = self.places[number]
        assert self.file is not None
        array = np.empty(shape, dtype)
        data = array.data.cast("B")
        read = 0
        while read < len(data):
            got = os.preadv(self.file, [data[read:]], place + read)
            if not got:
                raise OSError("the file of decoded pictures has become shorter")
            read += got
        return array

    def _open(self) -> int:
        folder = self.folder or files.cache_home() / "scratch"
        files.make_folder(folder)
        self.reserve = int(shutil.disk_usage(folder).free * LEFT)
        self.file, name = tempfile.mkstemp(dir=folder)
        os.unlink(name)
        weakref.finalize(self, os.close, self.file)
        return self.file

"""Images of any size written block by block, as BigTIFF in tiles with smaller copies; killed, the writer goes on."""

import errno
import os
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UsageError
from ..files import GrowingFile, make_folder, publish_file, sync
from .arrays import Array
from .decoded import Decoded
from .exif import Exif
from .formats.tiff_encode import with_alpha
from .formats.tiff_pyramid import HEAD, NO_HEAD, PyramidFile
from .halving import halved
from .journal import Journal, Part
from .windows import Window

SYNC_SECONDS = 2.0  # of work that a power cut may cost
LEVEL_TILES = 8  # of a smaller copy between two lines of the journal


class PyramidWriter:
    """Writes an image of any size in memory that does not depend on it; killed at any moment, the same command goes on.

    Encoded tiles are appended to `NAME.part`; `NAME.journal` says which blocks are complete. `finish` adds copies of
    half, a quarter ... of the size (`halving.halved`) and renames the file. Its bytes depend on samples and arguments
    only, not on time, threads or interruptions.

        with PyramidWriter("out.tif", size=(h, w), channels=3, key={"source": ...}) as writer:
            for window in writer.blocks[writer.done:]:
                writer.write(samples_of(window))
            writer.finish()

    `block` is the height and width that one `write` covers, a multiple of `tile`; blocks come row by row, cut at the
    border. `compression` is "lossless" or "jpeg" (quality 90; grey and RGB of uint8, UsageError for others). `key` is
    what identifies the work, for JSON; with another key, or other arguments, it starts anew and says so in `note`.
    `origin` is that of a TIFF file, whose georeference comes back byte for byte; with `mpp` (micrometres per pixel,
    across and down) or the origin of an OME-TIFF file the file has OME-XML. OSError where the system refuses: all stays
    as it is, and the same command goes on.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        size: tuple[int, int],
        channels: int,
        key: dict[str, Any],
        number_type: str = "uint8",
        has_alpha: bool = False,
        tile: int = 512,
        block: tuple[int, int] = (1024, 1024),
        compression: str = "lossless",
        mpp: tuple[float, float] | None = None,
        dpi: tuple[float, float] | None = None,
        icc: bytes | None = None,
        nodata: float | None = None,
        exif: Exif | None = None,
        origin: Any = None,
        name: str = "",
        channel_names: tuple[str, ...] = (),
        description: str = "",
        software: str = "",
        threads: int = 2,
    ) -> None:
        if block[0] < 1 or block[1] < 1 or block[0] % tile or block[1] % tile:
            raise ValueError(f"blocks are multiples of the tile of {tile} pixels, not {block}")
        self.path = Path(path)
        self.layout = PyramidFile(
            size=size,
            channels=channels,
            number_type=number_type,
            has_alpha=has_alpha,
            tile=tile,
            compression=compression,
            mpp=mpp,
            dpi=dpi,
            icc=icc,
            nodata=nodata,
            exif=exif,
            origin=origin,
            name=name,
            channel_names=channel_names,
            description=description,
            software=software,
        )
        try:
            self.tiles = self.layout.tiles
        except UsageError as error:
            raise UsageError(f"{self.path}: {error}") from None
        self.block = block
        self.threads = threads
        self.note = ""  # why it starts anew, or from an earlier block than the journal says
        self.part = GrowingFile(self.path.with_name(f"{self.path.name}.part"))
        arguments = {"block": block, "layout": self.layout.digest}
        self.journal = Journal(
            self.path.with_name(f"{self.path.name}.journal"), {**key, "arguments of the writer": arguments}
        )
        self._places: dict[tuple[int, int, int], tuple[int, int]] = {}  # offset and size by level, row and column
        self._pool: ThreadPoolExecutor | None = None
        self._synced_at = 0.0

    @cached_property
    def blocks(self) -> list[Window]:
        """The windows of the full image that `write` takes, in their order."""
        height, width = self.layout.size
        rows, columns = self.block
        return [
            Window(top, left, min(rows, height - top), min(columns, width - left))
            for top in range(0, height, rows)
            for left in range(0, width, columns)
        ]

    @property
    def done(self) -> int:
        """How many of the blocks are there."""
        return min(len(self.journal.parts), len(self.blocks))

    @property
    def notes(self) -> tuple[str, ...]:
        """What of the origin is not written."""
        return self.layout.notes

    def open(self) -> "PyramidWriter":
        """Go on from what is there, or begin. OSError; ResourceError where another process writes the file."""
        if self.path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(self.path))
        make_folder(self.path.parent)
        try:
            self.journal.open()
            self._open_part()
        except BaseException:
            self.close()
            raise
        self._pool = ThreadPoolExecutor(self.threads)
        self._synced_at = time.monotonic()
        return self

    def _open_part(self) -> None:
        last = self.journal.finished
        if last is not None and not self.part.path.exists() and self._is_published(last):
            os.replace(self.path, self.part.path)  # it was killed between its renaming and the end
        self.part.open()
        stated, count = len(self.journal.parts), self.journal.verified(self.part, HEAD)
        if count < stated:
            self.note = f"{self.part.path}: {stated - count} of {stated} parts are missing or damaged and written again"
        elif self.journal.note:
            self.note = f"{self.journal.note}: started anew"

        if count:
            self.journal.cut(count)
            self.part.cut(self._end)
        else:
            self.journal.start()  # before the file changes: no old journal may describe new content
            self.part.cut(0)
            self.part.write(NO_HEAD, 0)
            sync(self.path.parent)
        self._places.clear()
        for part in self.journal.parts:
            self._remember(part)

    def _is_published(self, last: Part) -> bool:
        """Whether the file of the final name is the one that the journal is about."""
        if not self.path.is_file() or self.path.stat().st_size != last.end:
            return False
        file = GrowingFile(self.path)
        file.open()
        try:
            return last.is_in(file)
        finally:
            file.close()

    def write(self, samples: Array, alpha: Array | None = None) -> None:
        """Write the next block: samples (H, W, C) of the number type; alpha (H, W) in [0, 1] where the file has it."""
        if self.done == len(self.blocks):
            raise ValueError(f"all {self.done} blocks are written")
        layout, window = self.layout, self.blocks[self.done]
        expected = (window.height, window.width, layout.channels)
        if samples.shape != expected or samples.dtype != layout.dtype or (alpha is not None) != layout.has_alpha:
            given = f"{samples.shape} of {samples.dtype.name}{'' if alpha is None else ' with alpha'}"
            raise ValueError(f"block {self.done} has samples {expected} of {layout.number_type}, not {given}")
        stored = with_alpha(Decoded(samples=samples, alpha=alpha))
        side = layout.tile
        tiles = [
            stored[top : top + side, left : left + side]
            for top in range(0, window.height, side)
            for left in range(0, window.width, side)
        ]
        self._append(self._encoded(self.tiles.encode, tiles))

    def finish(self, on_progress: Callable[[int, int], None] | None = None) -> None:
        """Write smaller copies and directories, and rename the file. `on_progress` gets tiles done, and how many."""
        if self.done < len(self.blocks):
            raise ValueError(f"only {self.done} of {len(self.blocks)} blocks are written")
        reduced = [place for place in self._order if place[0]]
        while len(self._places) < len(self._order):
            start = len(self._places)
            level = self._order[start][0]
            batch = [place for place in self._order[start : start + LEVEL_TILES] if place[0] == level]
            self._append(self._encoded(self._reduced, batch))
            if on_progress is not None:
                on_progress(len(reduced) - len(self._order) + len(self._places), len(reduced))
        self._publish()

    def _publish(self) -> None:
        start, layout = self._end, self.layout
        places: list[list[tuple[int, int]]] = []
        for level in range(len(layout.levels)):
            rows, columns = layout.grid(level)
            places.append([self._places[level, row, column] for row in range(rows) for column in range(columns)])
        tail, head = layout.end(start, places)
        self.part.write(tail, start)
        self.part.cut(start + len(tail))
        self.part.write(head, 0)
        self.part.sync()
        self.journal.finish(Part(start + len(tail), (len(tail),), zlib.crc32(tail)))
        publish_file(self.part.path, self.path)
        self.journal.remove()
        self.close()

    def close(self) -> None:
        """Close the files; where it is not finished, they stay for the next start."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
            if self.part.path.exists():
                with suppress(OSError):  # on a full disk; what was killed goes on without it, too
                    self._sync()
        self.part.close()
        self.journal.close()

    def __enter__(self) -> "PyramidWriter":
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    @cached_property
    def _order(self) -> list[tuple[int, int, int]]:
        """Level, row and column of each tile, in the order of the file."""
        side, order = self.layout.tile, []
        for window in self.blocks:
            rows = range(window.top // side, -(-(window.top + window.height) // side))
            columns = range(window.left // side, -(-(window.left + window.width) // side))
            order += [(0, row, column) for row in rows for column in columns]
        for level in range(1, len(self.layout.levels)):
            rows, columns = map(range, self.layout.grid(level))
            order += [(level, row, column) for row in rows for column in columns]
        return order

    @property
    def _end(self) -> int:
        """Bytes of the file up to the last complete part."""
        return self.journal.parts[-1].end if self.journal.parts else HEAD

    def _encoded(self, encode: Callable[[Any], bytes], tiles: list[Any]) -> list[bytes]:
        if self._pool is None:
            raise ValueError("the writer is not open")
        return list(self._pool.map(encode, tiles))

    def _append(self, tiles: list[bytes]) -> None:
        """Tiles go to the file first, then to the journal."""
        data = b"".join(tiles)
        part = Part(self._end + len(data), tuple(map(len, tiles)), zlib.crc32(data))
        self.part.write(data, part.start)
        self.journal.append(part)
        self._remember(part)
        if time.monotonic() > self._synced_at + SYNC_SECONDS:
            self._sync()

    def _remember(self, part: Part) -> None:
        at = part.start
        for size in part.sizes:
            self._places[self._order[len(self._places)]] = (at, size)
            at += size

    def _sync(self) -> None:
        self.part.sync()
        self.journal.mark_synced()
        self._synced_at = time.monotonic()

    def _reduced(self, place: tuple[int, int, int]) -> bytes:
        """A tile of a smaller copy, by the up to four tiles that it covers."""
        level, row, column = place
        side, (height, width) = self.layout.tile, self.layout.levels[level]
        tile = np.empty(
            (min(side, height - row * side), min(side, width - column * side), self.layout.samples), self.layout.dtype
        )
        for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
            source = (level - 1, 2 * row + i, 2 * column + j)
            if source in self._places:
                half = self._halved(self._decoded(source))
                top, left = i * side // 2, j * side // 2
                tile[top : top + half.shape[0], left : left + half.shape[1]] = half
        return self.tiles.encode(tile)

    def _decoded(self, place: tuple[int, int, int]) -> Array:
        """The samples of a tile, without what lies beyond the border."""
        level, row, column = place
        (height, width), side = self.layout.levels[level], self.layout.tile
        samples = self.tiles.decode(self.part.read(*self._places[place]))
        return samples[: height - row * side, : width - column * side]

    def _halved(self, samples: Array) -> Array:
        if not self.layout.has_alpha:
            return halved(samples, self.layout.nodata)
        colours, alpha = samples[..., :-1], samples[..., -1:]
        return np.concatenate([halved(colours, self.layout.nodata), halved(alpha)], axis=2)

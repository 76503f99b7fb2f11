"""Drawings as tiled pyramidal TIFF files, written block by block: memory does not grow with the number of pixels."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..files import drafted
from ..hardware.cpus import available_cpus
from .drawing import Drawing, Pixels, reduced
from .lattice import BLOCK

TILE = 256  # pixels; BLOCK is a multiple
SMALLEST = 512  # pixels on a side of the coarsest level, at least
BIG = 1 << 32  # bytes that a plain TIFF file cannot address


@dataclass(frozen=True, kw_only=True)
class Storage:
    """How a drawing lies in a file; the dicts are arguments of `tifffile.TiffWriter.write`."""

    compression: dict[str, Any]
    factor: int | None  # between two levels; None: no levels
    first: dict[str, Any] = field(default_factory=dict)  # of the full page only
    levels: dict[str, Any] = field(default_factory=dict)  # of the levels only
    extra: tuple[tuple[Pixels, dict[str, Any]], ...] = ()  # pages after the levels: a label
    thumbnail: dict[str, Any] | None = None  # of a page after the full one, as scanners write it


def write_pyramid(path: Path, drawing: Drawing, storage: Storage) -> None:
    """Write a drawing to a TIFF or BigTIFF file. Levels are means of factor x factor pixels of the level before."""
    import tifffile  # late: a fifth of a second that most commands do not need

    sides = level_sides(drawing.side, storage.factor)
    channels, depth = len(drawing.blank), np.dtype(drawing.dtype).itemsize
    bigtiff = drawing.side**2 * channels * depth * 4 // 3 >= BIG
    with (
        drafted(path) as draft,
        _Levels(draft, sides, drawing) as levels,
        tifffile.TiffWriter(draft, bigtiff=bigtiff) as writer,
    ):
        for level, side in enumerate(sides):
            own = storage.first if level == 0 else storage.levels
            writer.write(
                _tiles(levels.strips(level, storage.factor), side),
                shape=(side, side, channels) if channels > 1 else (side, side),
                dtype=drawing.dtype,
                tile=(TILE, TILE),
                planarconfig="contig" if channels > 1 else None,
                metadata=None,
                software=False,
                maxworkers=1,
                **storage.compression,
                **own,
            )
            if level == 0 and storage.thumbnail is not None:
                _write_page(writer, levels.thumbnail(), storage.thumbnail)
        for pixels, options in storage.extra:
            _write_page(writer, pixels, options)


def level_sides(side: int, factor: int | None) -> list[int]:
    """The side of every level, the full one first."""
    sides = [side]
    while factor is not None and sides[-1] // factor >= SMALLEST:
        sides.append(sides[-1] // factor)
    return sides


def _write_page(writer: Any, pixels: Pixels, options: dict[str, Any]) -> None:
    writer.write(pixels, metadata=None, software=False, **options)


class _Levels:
    """Strips of BLOCK rows of every level. The coarser levels wait in files beside the draft while it is written."""

    def __init__(self, draft: Path, sides: list[int], drawing: Drawing) -> None:
        self.drawing, self.sides = drawing, sides
        self.paths = [draft.with_name(f"{draft.stem}.{level}.tmp") for level in range(1, len(sides))]
        self.maps: list[Any] = []
        self.pool = ThreadPoolExecutor(max_workers=available_cpus())

    def __enter__(self) -> "_Levels":
        channels = len(self.drawing.blank)
        for path, side in zip(self.paths, self.sides[1:], strict=True):
            self.maps.append(np.memmap(path, self.drawing.dtype, "w+", shape=(side, side, channels)))
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown(cancel_futures=True)
        self.maps.clear()
        for path in self.paths:
            path.unlink(missing_ok=True)

    def strips(self, level: int, factor: int | None) -> Iterator[Pixels]:
        """Strips from top to bottom, which on their way fill the next level."""
        for top in range(0, self.sides[level], BLOCK):
            strip = self._draw(top) if level == 0 else self.maps[level - 1][top : top + BLOCK]
            if factor is not None and level < len(self.maps):
                smaller = reduced(strip, factor)
                at = top // factor
                self.maps[level][at : at + len(smaller)] = smaller[: self.sides[level + 1] - at]
            yield strip

    def _draw(self, top: int) -> Pixels:
        side = self.drawing.side
        lefts = range(0, side, BLOCK)
        blocks = self.pool.map(lambda left: self.drawing.block(top, left), lefts)
        strip = np.empty((min(BLOCK, side - top), side, len(self.drawing.blank)), self.drawing.dtype)
        for left, block in zip(lefts, blocks, strict=True):
            strip[:, left : left + BLOCK] = block[: len(strip), : side - left]
        return strip

    def thumbnail(self) -> Pixels:
        """The full level at about SMALLEST pixels on a side; after the full level has been written."""
        if not self.maps:
            return self.drawing.window(0, 0, self.sides[0], self.sides[0])
        coarse = self.maps[0]
        return reduced(coarse, max(1, len(coarse) // SMALLEST))


def _tiles(strips: Iterator[Pixels], side: int) -> Iterator[Pixels]:
    """Tiles in the order of a TIFF file; those at the right and lower border are filled up by repeating it."""
    for strip in strips:
        short = -len(strip) % TILE, -side % TILE
        padded = np.pad(strip, ((0, short[0]), (0, short[1]), (0, 0)), mode="edge") if any(short) else strip
        for top in range(0, len(padded), TILE):
            for left in range(0, padded.shape[1], TILE):
                tile = padded[top : top + TILE, left : left + TILE]
                yield np.ascontiguousarray(tile if tile.shape[2] > 1 else tile[..., 0])

"""Any part of a gzip file, without inflating all that precedes it each time."""

import os
import threading
import zlib
from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import IO, Any

MAX_RATIO = 1032  # deflate's own limit: bytes out for a byte in
CHUNK = 1 << 14  # bytes of the file at a time
POSITIONS, FILES = 16, 64  # remembered for each file, and of how many files: 45 kB each
SMALLEST_STEP = 1 << 21  # bytes between two positions
GZIP = 31  # zlib's word for a stream with the head and the checksum of gzip


@dataclass(frozen=True)
class _Position:
    """Where inflating can go on."""

    out: int = 0  # bytes inflated before it
    source: int = 0  # bytes of the file read before it
    state: Any = None  # of zlib


@dataclass
class _Known:
    """The positions of a file, in their order, and the last one that was used."""

    positions: list[_Position] = field(default_factory=lambda: [_Position()])
    last: _Position = _Position()


_files: OrderedDict[tuple[int, ...], _Known] = OrderedDict()
_lock = threading.Lock()


def read_gzip(file: IO[bytes], offset: int, size: int, total: int) -> bytes:
    """`size` bytes from `offset` of the content of a gzip file, of which `total` are wanted sooner or later.

    Of a file on disk, up to sixteen states of zlib are remembered: pages in turn are inflated once, any other
    page after at most a sixteenth of the content.
    """
    known = _known(file)
    with _lock:
        index = bisect_right(known.positions, offset, key=lambda position: position.out) - 1
        start = known.positions[index]
        start = known.last if start.out < known.last.out <= offset else start
        state = start.state.copy() if start.state else zlib.decompressobj(GZIP)
    out, parts = start.out, []
    file.seek(start.source)

    step = max(total // POSITIONS, SMALLEST_STEP)
    while out < offset + size:
        _remember(known, _Position(out, file.tell(), state.copy()), step)
        data = file.read(CHUNK)
        if not data:
            raise ValueError("the file is truncated")
        inflated = state.decompress(data)
        while state.eof and state.unused_data:  # several streams in a row are one content
            data, state = state.unused_data, zlib.decompressobj(GZIP)
            inflated += state.decompress(data)
        parts.append(inflated[max(offset - out, 0) : max(offset + size - out, 0)])
        out += len(inflated)
    return b"".join(parts)


def _known(file: IO[bytes]) -> _Known:
    """What is known of a file that is open on disk, by its place and time; nothing of bytes in memory."""
    try:
        stat = os.fstat(file.fileno())
    except OSError:
        return _Known()
    key = stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns
    with _lock:
        known = _files.pop(key, None) or _Known()
        _files[key] = known  # the last used
        while len(_files) > FILES:
            _files.popitem(last=False)
    return known


def _remember(known: _Known, position: _Position, step: int) -> None:
    with _lock:
        known.last = position
        if position.out >= known.positions[-1].out + step:
            known.positions.append(position)

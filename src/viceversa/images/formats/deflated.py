"""Any part of a gzip file, without inflating all that precedes it each time."""

import os
import threading
import zlib
from bisect import bisect_right
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import IO, Any

MAX_RATIO = 1032  # deflate's own limit: bytes out for a byte in
CHUNK = 1 << 14  # bytes of the file at a time
POSITIONS, READERS, FILES = 16, 4, 64  # remembered for each file, and of how many files: 45 kB each
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
    """Positions of a file at about equal distances, in their order, and those where the last readers ended."""

    positions: list[_Position] = field(default_factory=lambda: [_Position()])
    ends: deque[_Position] = field(default_factory=lambda: deque(maxlen=READERS))

    def nearest(self, offset: int) -> _Position:
        """The last position up to `offset`."""
        index = bisect_right(self.positions, offset, key=lambda position: position.out) - 1
        candidates = [self.positions[index], *(end for end in self.ends if end.out <= offset)]
        return max(candidates, key=lambda position: position.out)


_files: OrderedDict[tuple[int, ...], _Known] = OrderedDict()
_lock = threading.Lock()


def read_gzip(file: IO[bytes], offset: int, size: int, total: int) -> bytes:
    """`size` bytes from `offset` of the content of a gzip file, of which `total` are wanted sooner or later.

    Of a file on disk, up to sixteen states of zlib are remembered: pages in turn are inflated once, any other
    page after at most a sixteenth of the content.
    """
    known = _known(file)
    with _lock:
        position = known.nearest(offset)
        state = position.state.copy() if position.state else zlib.decompressobj(GZIP)
    out, parts = position.out, []
    file.seek(position.source)

    step = max(total // POSITIONS, SMALLEST_STEP)
    while out < offset + size:
        position = _Position(out, file.tell(), state.copy())
        with _lock:
            if out >= known.positions[-1].out + step:
                known.positions.append(position)
        data = file.read(CHUNK)
        if not data:
            raise ValueError("the file is truncated")
        inflated = state.decompress(data)
        while state.eof and state.unused_data:  # several streams in a row are one content
            data, state = state.unused_data, zlib.decompressobj(GZIP)
            inflated += state.decompress(data)
        parts.append(inflated[max(offset - out, 0) : max(offset + size - out, 0)])
        out += len(inflated)
    with _lock:
        known.ends.append(position)
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

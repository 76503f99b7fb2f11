"""The journal of a file that is written part by part: which parts are complete, whatever stopped the writer."""

import json
import zlib
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..errors import ResourceError
from ..files import GrowingFile, sync

VERSION = 1
READ_BYTES = 2**22  # at a time, where a checksum is computed
TRIES = 100  # to lock a file of a name that others remove and make again


@dataclass(frozen=True)
class Part:
    """Encoded tiles that lie one behind the other at the end of the file at that time."""

    end: int  # bytes of the file with them
    sizes: tuple[int, ...]  # of each tile
    crc: int  # CRC-32 of all of their bytes

    @classmethod
    def of(cls, record: dict[str, Any]) -> "Part":
        """What a line states. ValueError where it is no part."""
        numbers: Any = [record.get("end"), record.get("crc")]
        sizes = record.get("sizes")
        if isinstance(sizes, list) and sizes and all(isinstance(number, int) for number in (*numbers, *sizes)):
            return cls(end=numbers[0], sizes=tuple(sizes), crc=numbers[1])
        raise ValueError("a line of the journal states no part")

    @property
    def start(self) -> int:
        """Where the first one begins."""
        return self.end - sum(self.sizes)

    def is_in(self, file: GrowingFile) -> bool:
        """Whether the bytes of the file are those of which the checksum is."""
        crc = 0
        for at in range(self.start, self.end, READ_BYTES):
            crc = zlib.crc32(file.read(at, min(READ_BYTES, self.end - at)), crc)
        return crc == self.crc


@dataclass(frozen=True)
class _Line:
    """A complete line: what it states, and where the next one begins with which check."""

    record: dict[str, Any]
    end: int
    check: int


class Journal:
    """A file of JSON lines: the key of the work, then one line for each part, and where parts were synced.

    Each line ends with a CRC-32 of all lines up to it; what follows the first one that is torn or damaged counts for
    nothing. A line is with the operating system when `append` returns: killing the process loses nothing.
    """

    def __init__(self, path: Path, key: dict[str, Any]) -> None:
        self.file = GrowingFile(path)
        self.key = key  # anything that JSON holds
        self.parts: list[Part] = []
        self.synced = 0  # parts that survive a power cut
        self.finished: Part | None = None  # what lies behind the last tile, once the file is complete
        self.note = ""  # why it does not go on from what is there
        self._lines: list[_Line] = []

    def open(self) -> None:
        """Lock and read the file; of another key nothing is left. ResourceError where another process has locked it."""
        self._lock()
        self._forget()
        lines = _read(self.file.read(0, self.file.size))
        stored = lines[0].record if lines else {}
        if stored.get("version") == VERSION and _canonical(stored.get("key")) == _canonical(self.key):
            with suppress(ValueError):
                self._accept(lines)
            return
        if stored:
            self.note = f"{self.file.path} belongs to other work ({_differences(stored.get('key'), self.key)})"
        elif self.file.size:
            self.note = f"{self.file.path} is damaged"
        self.file.cut(0)

    def _lock(self) -> None:
        for _ in range(TRIES):
            self.file.open()
            if self.file.lock():
                return
            is_replaced = self.file.is_replaced
            self.file.close()
            if not is_replaced:
                break
        name = self.file.path.with_suffix("").name
        raise ResourceError(f"{name} is being written by another process; wait for it or choose another --out")

    def _accept(self, lines: list[_Line]) -> None:
        self._lines = lines[:1]
        for line in lines[1:]:
            record = line.record
            if "synced" in record:
                self.synced = len(self.parts)
            elif self.finished is None:
                part = Part.of(record)
                self.finished = part if "finished" in record else None
                self.parts += [] if "finished" in record else [part]
            self._lines.append(line)

    def verified(self, file: GrowingFile, head: int) -> int:
        """How many parts are in the file, the first one behind its head.

        Those that were synced count by their length, later ones and the last one by their checksum, too.
        """
        size, count, end = file.size, 0, head
        for part in self.parts:
            if part.start != end or part.end > size:
                break
            count, end = count + 1, part.end
        known = max(0, min(self.synced, count) - 1)
        checked = known
        while checked < count and self.parts[checked].is_in(file):
            checked += 1
        while checked == known > 0 and not self.parts[known - 1].is_in(file):
            checked = known = known - 1
        return checked

    def start(self) -> None:
        """Write the first line of a new journal."""
        self._forget()
        self.file.cut(0)
        self._write({"version": VERSION, "key": self.key})
        self.file.sync()

    def _forget(self) -> None:
        self.parts, self.synced, self.finished, self._lines = [], 0, None, []

    def cut(self, count: int) -> None:
        """Forget all but the first parts, and what was torn."""
        kept, seen = self._lines[:1], 0
        for line in self._lines[1:]:
            seen += "sizes" in line.record
            if seen > count or "finished" in line.record:
                break
            kept.append(line)
        self._lines = kept
        self.parts, self.finished = self.parts[:count], None
        self.synced = min(self.synced, count)
        self.file.cut(self._lines[-1].end)

    def append(self, part: Part) -> None:
        """State that a part is complete."""
        self._write({"end": part.end, "sizes": part.sizes, "crc": part.crc})
        self.parts.append(part)

    def finish(self, part: Part) -> None:
        """State that the file is complete with what lies behind its last tile."""
        self._write({"end": part.end, "sizes": part.sizes, "crc": part.crc, "finished": True})
        self.file.sync()
        self.finished = part

    def mark_synced(self) -> None:
        """State that the file of the parts was synced after the last one, and sync the journal."""
        if self.synced < len(self.parts):
            self._write({"synced": len(self.parts)})
            self.synced = len(self.parts)
        self.file.sync()

    def _write(self, record: dict[str, Any]) -> None:
        at, check = (self._lines[-1].end, self._lines[-1].check) if self._lines else (0, 0)
        body = json.dumps(record, separators=(",", ":"))[:-1].encode()
        check = zlib.crc32(body, check)
        data = body + b',"check":%d}\n' % check
        self.file.write(data, at)
        self._lines.append(_Line(record, at + len(data), check))

    def remove(self) -> None:
        """Delete the file."""
        self.file.path.unlink(missing_ok=True)
        sync(self.file.path.parent)

    def close(self) -> None:
        """Close and unlock the file; it stays."""
        self.file.close()


def _read(data: bytes) -> list[_Line]:
    """The complete lines, up to the first one whose check fails."""
    lines: list[_Line] = []
    end, check = 0, 0
    for text in data.split(b"\n")[:-1]:
        body, _, stated = text.rpartition(b',"check":')
        check = zlib.crc32(body, check)
        if stated != b"%d}" % check:
            break
        end += len(text) + 1
        try:
            record = json.loads(body + b"}")
        except (ValueError, RecursionError):
            break
        lines.append(_Line(record, end, check))
    return lines


def key_of(path: Path) -> dict[str, Any]:
    """The key of the work that a journal is about; empty where there is none."""
    try:
        lines = _read(path.read_bytes())
    except OSError:
        return {}
    key = lines[0].record.get("key") if lines else None
    return key if isinstance(key, dict) else {}


def digest_of(key: dict[str, Any]) -> str:
    """SHA-256 of a key."""
    return sha256(_canonical(key).encode()).hexdigest()


def _canonical(value: Any) -> str:
    """Equal for equal values, NaN among them."""
    return json.dumps(value, sort_keys=True)


def _differences(old: Any, new: dict[str, Any]) -> str:
    """In what two keys differ, in words."""
    old = old if isinstance(old, dict) else {}
    names = [name for name in {**new, **old} if _canonical(old.get(name)) != _canonical(new.get(name))]
    return f"other {', '.join(names)}" if names else "of another version"

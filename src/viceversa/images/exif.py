"""EXIF, copied entry by entry and byte for byte: date, camera, exposure, place (Exif 3.0, CIPA DC-008; TIFF 6.0)."""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import IO, NamedTuple

from PIL import Image

ITEM_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 129: 1}  # by type
SHORT, LONG, RATIONAL = 3, 4, 5
LARGEST = 65_527  # bytes of a block: what one segment of a JPEG holds
PREFIX = b"Exif\0\0"

DESCRIPTION, ORIENTATION, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 270, 274, 282, 283, 296
PHOTO, GPS = 34665, 34853  # pointers to the two directories below the first
# Of the first directory only what describes the photograph; the other entries say how pixels are stored in the file.
# Make, Model, Software, DateTime, Artist, HostComputer, Rating, RatingPercent, Copyright, Windows' XP title to subject
KEPT = {DESCRIPTION, 271, 272, ORIENTATION, X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT, 305, 306, 315, 316}
KEPT |= {18246, 18249, 33432, *range(40091, 40096)}
USER_COMMENT, WIDTH, HEIGHT = 37510, 40962, 40963
# Maker notes (they point into the old file and may hold previews of it), interoperability, padding.
DROPPED_PHOTO = {37500, 40965, 59932}
STACK_DESCRIPTIONS = (b"ImageJ=", b"{", b"<", b"SCANIMAGE")  # state the shape of the old file


class Entry(NamedTuple):
    """One tag of a directory; `data` are its values in the byte order of the file."""

    tag: int
    kind: int  # type, a key of ITEM_BYTES
    data: bytes


@dataclass(frozen=True)
class Exif:
    """The entries of a photograph that remain true of its translation: upright, without thumbnail and maker notes."""

    order: str  # "<" or ">"
    image: tuple[Entry, ...]
    photo: tuple[Entry, ...] = ()
    gps: tuple[Entry, ...] = ()

    @property
    def below(self) -> dict[int, tuple[Entry, ...]]:
        """The directories that the first one points to, by the tag of the pointer."""
        return {tag: entries for tag, entries in ((PHOTO, self.photo), (GPS, self.gps)) if entries}

    def block(self) -> bytes:
        """The block of bytes that JPEG, PNG and WebP files embed, with its prefix."""
        head = {"<": b"II*\0", ">": b"MM\0*"}[self.order] + struct.pack(f"{self.order}I", 8)
        return PREFIX + head + directory(self.image, self.below, len(head), self.order)

    def little_endian(self) -> "Exif":
        """The same values in little-endian order."""
        if self.order == "<":
            return self
        return Exif("<", *(tuple(map(swapped, entries)) for entries in (self.image, self.photo, self.gps)))


def read_exif(image: Image.Image, size: tuple[int, int]) -> Exif | None:
    """EXIF of an image that is loaded, `size` is its upright width and height; None where it has none.

    ValueError where it is damaged or too long.
    """
    block = image.info.get("exif") or _raw_profile(image)
    return read_exif_block(block, size)


def read_exif_block(block: bytes, size: tuple[int, int]) -> Exif | None:
    """`read_exif` for the block of bytes that a file embeds."""
    block = block.removeprefix(PREFIX)
    return _parse(BytesIO(block), size) if block else None


def _raw_profile(image: Image.Image) -> bytes:
    """EXIF of a PNG by an older program: hexadecimal text below three lines of heading."""
    text = image.info.get("Raw profile type exif", "")
    return bytes.fromhex("".join(text.split("\n")[3:])) if isinstance(text, str) else b""


def _parse(file: IO[bytes], size: tuple[int, int]) -> Exif | None:
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(_read_at(file, 0, 4))
    if order is None:
        raise ValueError("not the header of EXIF")
    start = struct.unpack(f"{order}I", _read_at(file, 4, 4))[0]
    first = _read_directory(file, start, order, {*KEPT, PHOTO, GPS})
    below = {}
    for tag in (PHOTO, GPS):
        pointer = next((entry.data for entry in first if entry.tag == tag), None)
        below[tag] = () if pointer is None else _read_directory(file, struct.unpack(f"{order}I", pointer)[0], order)

    return exif_of(order, first, below[PHOTO], below[GPS], size)


def exif_of(
    order: str, first: Iterable[Entry], photo: Iterable[Entry], gps: Iterable[Entry], size: tuple[int, int]
) -> Exif | None:
    """What of three directories remains true of the upright image of width and height `size`; ValueError: too long."""
    image = tuple(_upright(e, order) for e in first if e.tag in KEPT and not _describes_stack(e))
    photo = tuple(_resized(e, size, order) for e in photo if e.tag not in DROPPED_PHOTO)
    exif = Exif(order, image, photo, tuple(gps))
    if len(exif.block()) > LARGEST + len(PREFIX):
        raise ValueError("EXIF of more than 64 kB")
    return exif if image or photo or exif.gps else None


def _read_at(file: IO[bytes], offset: int, size: int) -> bytes:
    file.seek(offset)
    data = file.read(size)
    if len(data) < size:
        raise ValueError("EXIF that ends early")
    return data


def _read_directory(file: IO[bytes], offset: int, order: str, tags: set[int] | None = None) -> tuple[Entry, ...]:
    """The entries of a directory, of `tags` only where given, without repetitions and unknown types."""
    count = struct.unpack(f"{order}H", _read_at(file, offset, 2))[0]
    entries: dict[int, Entry] = {}
    for tag, kind, items, place in struct.iter_unpack(f"{order}HHI4s", _read_at(file, offset + 2, 12 * count)):
        is_wanted = tag not in DROPPED_PHOTO if tags is None else tag in tags
        if not is_wanted or tag in entries or kind not in ITEM_BYTES:
            continue
        size = items * ITEM_BYTES[kind]
        if size > LARGEST:
            raise ValueError("EXIF of more than 64 kB")
        data = place[:size] if size <= 4 else _read_at(file, struct.unpack(f"{order}I", place)[0], size)
        entries[tag] = Entry(tag, kind, data)
    return tuple(sorted(entries.values()))


def _describes_stack(entry: Entry) -> bool:
    """Whether it is the description with which microscopy software states the shape of a file."""
    return entry.tag == DESCRIPTION and entry.data.startswith(STACK_DESCRIPTIONS)


def _upright(entry: Entry, order: str) -> Entry:
    """The entry, with the orientation of pixels that have been turned upright."""
    return Entry(ORIENTATION, SHORT, struct.pack(f"{order}H", 1)) if entry.tag == ORIENTATION else entry


def _resized(entry: Entry, size: tuple[int, int], order: str) -> Entry:
    """The entry, with the width and height of the upright image."""
    if entry.tag not in (WIDTH, HEIGHT):
        return entry
    return Entry(entry.tag, LONG, struct.pack(f"{order}I", size[entry.tag - WIDTH]))


def swapped(entry: Entry) -> Entry:
    """The entry in the other byte order."""
    size = ITEM_BYTES[entry.kind]
    unit = size // 2 if entry.kind in (5, 10) else size  # a rational is two numbers
    head, body = b"", entry.data
    if entry.tag == USER_COMMENT and body.startswith(b"UNICODE\0"):  # followed by UTF-16
        head, body, unit = body[:8], body[8:], 2
    return entry._replace(data=head + b"".join(body[i : i + unit][::-1] for i in range(0, len(body), unit)))


def resolution_entries(dpi: tuple[float, float]) -> tuple[Entry, ...]:
    """The three entries, little-endian, that state pixels per inch."""
    x, y = (struct.pack("<II", round(value * 10_000), 10_000) for value in dpi)
    unit = Entry(RESOLUTION_UNIT, SHORT, struct.pack("<H", 2))
    return Entry(X_RESOLUTION, RATIONAL, x), Entry(Y_RESOLUTION, RATIONAL, y), unit


def directory(entries: Iterable[Entry], below: Mapping[int, Iterable[Entry]], offset: int, order: str = "<") -> bytes:
    """A directory that begins at `offset` of its file, then its values and the directories `below` it."""
    entries = [*entries, *(Entry(tag, LONG, bytes(4)) for tag in below)]
    end = offset + len(_flat_directory(entries, offset, order))  # does not depend on the values of the pointers
    parts, pointers = b"", {}
    for tag, children in below.items():
        pointers[tag] = struct.pack(f"{order}I", end + len(parts))
        parts += _flat_directory(children, end + len(parts), order)
    entries = [entry._replace(data=pointers.get(entry.tag, entry.data)) for entry in entries]
    return _flat_directory(entries, offset, order) + parts


def _flat_directory(entries: Iterable[Entry], offset: int, order: str) -> bytes:
    """A directory in the order of its tags, followed by the values of more than four bytes, each at an even offset."""
    entries = sorted(entries, key=lambda entry: entry.tag)
    start = offset + 2 + 12 * len(entries) + 4
    table, values = b"", b""
    for tag, kind, data in entries:
        place = data.ljust(4, b"\0") if len(data) <= 4 else struct.pack(f"{order}I", start + len(values))
        table += struct.pack(f"{order}HHI", tag, kind, len(data) // ITEM_BYTES[kind]) + place
        values += data + b"\0" * (len(data) % 2) if len(data) > 4 else b""
    return struct.pack(f"{order}H", len(entries)) + table + bytes(4) + values

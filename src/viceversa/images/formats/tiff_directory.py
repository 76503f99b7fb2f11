"""Directories of TIFF and BigTIFF files as bytes."""

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ..exif import LONG, Entry
from .tiff_tags import ITEM_SIZES, STRIP_BYTES, STRIP_OFFSETS, SUB_IFDS, Layout

LONG_8, POINTER, POINTER_8 = 16, 13, 18
BIG_HEAD = 16  # bytes of the header of a BigTIFF file


class Page(NamedTuple):
    """A directory to be written: tags in little-endian order, directories below by their pointer, strips."""

    tags: list[Entry]
    below: Mapping[int, Iterable[Entry]]
    strips: list[bytes]


def serialise(pages: list[Page], classic_limit: int) -> bytes:
    """A file of the pages: all strips, then all directories; BigTIFF where they are longer than `classic_limit`."""
    total = sum(len(strip) for page in pages for strip in page.strips)
    total += sum(len(entry.data) + 64 for page in pages for entry in page.tags)
    layout = Layout.of("<", big=total > classic_limit)
    head = BIG_HEAD if layout.big else 8
    parts, at, offsets = [bytes(head)], head, []
    for page in pages:
        places = []
        for strip in page.strips:
            places.append(at)
            parts.append(strip)
            at += len(strip)
        offsets.append(places)
    if at % 2:
        parts.append(b"\0")
        at += 1

    first = at
    for page, places in zip(pages, offsets, strict=True):
        kind, code = (LONG_8, "Q") if layout.big else (LONG, "I")
        sizes = [len(strip) for strip in page.strips]
        tags = [
            *page.tags,
            Entry(STRIP_OFFSETS, kind, struct.pack(f"<{len(places)}{code}", *places)),
            Entry(STRIP_BYTES, kind, struct.pack(f"<{len(sizes)}{code}", *sizes)),
        ]
        data = _directory(tags, page.below, at, layout, is_last=page is pages[-1])
        parts.append(data)
        at += len(data)
    parts[0] = header(first, layout)
    return b"".join(parts)


def header(first: int, layout: Layout) -> bytes:
    """The start of a little-endian file whose first directory lies at that offset."""
    return struct.pack("<2sHHHQ", b"II", 43, 8, 0, first) if layout.big else struct.pack("<2sHI", b"II", 42, first)


def serialise_pyramid(
    levels: Sequence[list[Entry]], below: Mapping[int, Iterable[Entry]], offset: int, is_ome: bool
) -> bytes:
    """Directories of a BigTIFF file from `offset` on: those of an image and of its smaller copies.

    The copies follow the first directory in the chain, where GDAL and OpenSlide look for them; of OME-TIFF the tag
    SubIFDs of the first one points to them, too.
    """

    layout = Layout.of("<", big=True)

    def directories(pointers: list[int]) -> list[bytes]:
        parts, at = [], offset
        for i, tags in enumerate(levels):
            if i == 0 and pointers and is_ome:
                data = struct.pack(f"<{len(pointers)}Q", *pointers)
                tags = [*tags, Entry(SUB_IFDS, POINTER_8, data)]
            parts.append(_directory(tags, below if i == 0 else {}, at, layout, is_last=i == len(levels) - 1))
            at += len(parts[-1])
        return parts

    sizes = [len(part) for part in directories([0] * (len(levels) - 1))]  # does not depend on the values of pointers
    return b"".join(directories([offset + sum(sizes[:i]) for i in range(1, len(levels))]))


def _directory(
    tags: Iterable[Entry], below: Mapping[int, Iterable[Entry]], offset: int, layout: Layout, is_last: bool
) -> bytes:
    """A directory that begins at `offset`, its values, the directories below it; the next one follows at its end."""
    pointer_kind = POINTER if layout.big else LONG
    tags = [*tags, *(Entry(tag, pointer_kind, bytes(4)) for tag in below)]
    end = offset + len(_flat_directory(tags, offset, layout, 0))  # does not depend on the values of pointers
    children, pointers = b"", {}
    for tag, entries in below.items():
        pointers[tag] = end + len(children)
        children += _flat_directory(list(entries), pointers[tag], layout, 0)
    if layout.big and pointers:
        tags = [Entry(e.tag, POINTER_8, struct.pack("<Q", pointers[e.tag])) if e.tag in pointers else e for e in tags]
    else:
        tags = [e._replace(data=struct.pack("<I", pointers[e.tag])) if e.tag in pointers else e for e in tags]
    return _flat_directory(tags, offset, layout, 0 if is_last else end + len(children)) + children


def _flat_directory(tags: list[Entry], offset: int, layout: Layout, following: int) -> bytes:
    """A directory in the order of its tags, the offset of the next, and values that do not fit, at even offsets."""
    inline = layout.pointer.size
    start = offset + layout.count.size + layout.entry.size * len(tags) + inline
    table, values = layout.count.pack(len(tags)), b""
    for tag, kind, data in sorted(tags):
        place = data.ljust(inline, b"\0") if len(data) <= inline else layout.pointer.pack(start + len(values))
        table += layout.entry.pack(tag, kind, len(data) // ITEM_SIZES[kind], place)
        values += data + b"\0" * (len(data) % 2) if len(data) > inline else b""
    return table + layout.pointer.pack(following) + values

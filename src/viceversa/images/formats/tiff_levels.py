"""Levels of a TIFF page: the smaller copies of it that programs store for viewers."""

from collections.abc import Iterator, Sequence
from itertools import islice

from .array_cache import ArrayCache
from .tiff_pages import APERIO, Pages, Plane
from .tiff_pixel_size import description_of
from .tiff_planes import OpenPlane, directory_of, open_plane_by_windows
from .tiff_segments import FileBytes
from .tiff_storage import Storage
from .tiff_tags import SUB_DIRECTORIES, TILE_WIDTH, Directory, all_directories

MOST_COPIES = 64  # directories that are looked at for the levels of a plane
ROUNDING = 1.5  # pixels of a level by which its sides may miss the aspect ratio of the full image


def open_levels(
    source: FileBytes, pages: Pages, planes: Sequence[Plane], full: Sequence[OpenPlane], cache: ArrayCache
) -> list[tuple[OpenPlane, ...]]:
    """The smaller copies of a page whose planes are `full`, the largest first; each has all of its planes."""
    if any(plane.shift for plane in planes):
        return []
    first = directory_of(source.file, Plane(pages.first))
    is_aperio = description_of(first).startswith(APERIO)
    copies: list[dict[tuple[int, int], OpenPlane]] = []
    for plane, opened in zip(planes, full, strict=True):
        after = _tiled_after(source, plane) if is_aperio else _copies_of(source, plane, opened.directory)
        copies.append(dict(_usable(source, after, opened, cache)))
    sizes = [size for size in copies[0] if all(size in of_plane for of_plane in copies)]
    return [tuple(of_plane[size] for of_plane in copies) for size in sorted(sizes, reverse=True)]


def _copies_of(source: FileBytes, plane: Plane, directory: Directory) -> Iterator[int]:
    """Directories below a page (OME-TIFF), and the reduced copies that follow it (GDAL, libvips)."""
    yield from directory.numbers(SUB_DIRECTORIES)[:MOST_COPIES]
    for offset, is_secondary in islice(all_directories(source.file, plane.directory), 1, MOST_COPIES):
        if not is_secondary:
            return
        yield offset


def _tiled_after(source: FileBytes, plane: Plane) -> Iterator[int]:
    """The directories with tiles after the first one of an Aperio slide; thumbnail, label and macro have strips."""
    for offset, _ in islice(all_directories(source.file, plane.directory), 1, MOST_COPIES):
        if TILE_WIDTH in directory_of(source.file, Plane(offset)).fields:
            yield offset


def _usable(
    source: FileBytes, offsets: Iterator[int], full: OpenPlane, cache: ArrayCache
) -> Iterator[tuple[tuple[int, int], OpenPlane]]:
    """The directories that are smaller copies of a plane, by their sizes; damaged ones are passed over."""
    seen: set[int] = set()
    try:
        for offset in offsets:
            if offset in seen:
                continue
            seen.add(offset)
            try:
                copy = open_plane_by_windows(source, Plane(offset), cache, full)
            except ValueError:  # masks, and what is not read here: the full image is good
                continue
            if _is_copy(copy.storage, full.storage) and copy.orientation == full.orientation:
                yield (copy.storage.length, copy.storage.width), copy
    except ValueError:  # the chain of directories is broken after the page
        return


def _is_copy(copy: Storage, full: Storage) -> bool:
    """Whether a page can be a smaller copy of another one: smaller, the same aspect ratio and the same numbers."""
    kinds = [(s.dtype, s.bits, s.samples, s.colours) for s in (copy, full)]
    if kinds[0] != kinds[1] or copy.width >= full.width or copy.length >= full.length:
        return False
    across, down = full.width / copy.width, full.length / copy.length
    most = ROUNDING * min(across, down)
    return abs(copy.width * down - full.width) <= most or abs(copy.length * across - full.length) <= most

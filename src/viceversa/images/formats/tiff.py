"""TIFF: every number type, any channels, pages of stacks, and what microscopes, maps and cameras write beside them.

Directories are read by `tiff_tags`, pages are put together by `tiff_pages`, sizes are checked by `tiff_storage` before
`tiff_decode` lets tifffile decode strips and tiles; `tiff_encode` writes.
"""

import os
import struct
from threading import Lock
from typing import IO, Any, cast

import numpy as np

from ..decoded import Decoded, Format, Request
from ..exif import DROPPED_PHOTO, GPS, KEPT, LARGEST, PHOTO, Entry, Exif, exif_of
from .pillow import apply_orientation
from .tiff_decode import read_samples, scale_of, split_alpha, to_rgb, upright_numbers
from .tiff_encode import encode
from .tiff_origin import SWAPPED_AXES, Origin, with_stack
from .tiff_pages import Pages, Plane, read_pages
from .tiff_storage import PALETTE, read_storage
from .tiff_tags import (
    GDAL_METADATA,
    GDAL_NODATA,
    GEOREFERENCE,
    ICC,
    ITEM_SIZES,
    ORIENTATION,
    RESOLUTION_UNIT,
    X_RESOLUTION,
    Y_RESOLUTION,
    Directory,
    read_directory,
    read_header,
)

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
PER_INCH = {2: 1.0, 3: 2.54}  # by resolution unit
LARGEST_ICC = 2**26
FILES_KEPT = 8
_pages_of_files: dict[tuple[int, ...], Pages] = {}  # the last used at the end
_lock = Lock()


def count(file: IO[bytes]) -> int:
    """Images of a file: pages, slices, time points; reduced copies and masks do not count."""
    return _pages(file).count


def describe(file: IO[bytes]) -> tuple[str, int]:
    """Number type and channels of the first page, without alpha."""
    pages = _pages(file)
    storage = read_storage(_directory(file, pages.series[0].planes(0)[0]), is_sparse=True)
    converted = storage.bits < 8 or storage.photometric not in (0, 1, 2)
    colours = 1 if storage.photometric in (0, 1) else 3
    channels = colours + len(storage.extra) - any(kind in (1, 2) for kind in storage.extra)
    return "uint8" if converted else storage.dtype.name, channels * pages.series[0].channels


def decode(file: IO[bytes], page: int, request: Request) -> Decoded:
    """One page; the planes of its channels are put together."""
    pages = _pages(file)
    index, number = pages.find(page)
    planes = pages.series[index].planes(number)
    parts = [_decode_plane(file, plane, request.strip) for plane in planes]
    first = parts[0]
    if len(parts) > 1:
        kinds = {(part.samples.shape, part.samples.dtype) for part in parts}
        if len(kinds) > 1:
            raise ValueError("its channels differ in size or number type")
        samples = np.concatenate([part.samples for part in parts], axis=2)
    else:
        samples = first.samples

    origin = with_stack(first.origin, file, pages, index, samples.dtype.name, samples.shape[2])
    return Decoded(
        samples=np.ascontiguousarray(samples),
        alpha=first.alpha,
        nodata=first.nodata,
        icc=first.icc,
        exif=first.exif,
        dpi=first.dpi,
        notes=(*pages.notes, *first.notes),
        origin=origin,
    )


def _pages(file: IO[bytes]) -> Pages:
    """The pages of a file; of the last few files on disk they are remembered."""
    try:
        state = os.fstat(file.fileno())
        key = (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
    except (OSError, AttributeError):
        return read_pages(file)
    with _lock:
        known = _pages_of_files.get(key)
    pages = known or read_pages(file)
    with _lock:
        _pages_of_files.pop(key, None)
        while len(_pages_of_files) >= FILES_KEPT:
            del _pages_of_files[next(iter(_pages_of_files))]
        _pages_of_files[key] = pages
    return pages


def _directory(file: IO[bytes], plane: Plane) -> Directory:
    return read_directory(file, read_header(file)[0], plane.directory)


def _decode_plane(file: IO[bytes], plane: Plane, strip: bool) -> Decoded:
    """The samples of one directory, with all that its tags say of them."""
    directory = _directory(file, plane)
    fields = directory.fields
    storage = read_storage(directory, is_sparse=bool(fields.keys() & {*GEOREFERENCE, GDAL_METADATA, GDAL_NODATA}))
    nodata = read_nodata(directory)
    samples = read_samples(directory, storage, plane.shift, fill=_fill(nodata, storage.dtype))

    icc_entry = directory.entry(ICC, LARGEST_ICC)
    icc = (icc_entry.data if icc_entry else None) or None
    samples, alpha = split_alpha(upright_numbers(samples, storage), storage)
    samples, icc, notes = to_rgb(samples, storage, directory, icc)
    if nodata is not None:
        nodata = (
            None
            if storage.photometric == PALETTE
            else round(nodata * scale_of(storage))
            if storage.bits < 8
            else nodata
        )

    orientation = directory.number(ORIENTATION, 1)
    orientation = orientation if orientation in range(1, 9) else 1
    samples = apply_orientation(samples, orientation)
    alpha = None if alpha is None else np.ascontiguousarray(apply_orientation(alpha[..., None], orientation)[..., 0])
    dpi = _dpi(directory)
    size = samples.shape[1], samples.shape[0]
    exif, exif_notes = (None, ()) if strip else _exif(directory, size, is_turned=orientation >= 5)
    if orientation > 1 and fields.keys() & {*GEOREFERENCE}:
        notes = (*notes, "georeference dropped: the image was turned upright")
    origin = Origin.of_page(directory, storage, orientation, nodata)
    return Decoded(
        samples=samples,
        alpha=alpha,
        nodata=nodata,
        icc=icc,
        exif=exif,
        dpi=dpi[::-1] if dpi and orientation >= 5 else dpi,
        origin=origin,
        notes=(*notes, *exif_notes),
    )


def read_nodata(directory: Directory) -> float | None:
    """The number that stands for missing pixels (GDAL)."""
    text = directory.text(GDAL_NODATA).strip().replace(",", ".")
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _fill(nodata: float | None, dtype: np.dtype[np.generic]) -> float:
    """What stands for strips and tiles that GDAL left out: missing pixels where they have a number, else zero."""
    if nodata is None or (dtype.kind != "f" and not float(nodata).is_integer()):
        return 0
    if dtype.kind == "f":
        return nodata
    limits = np.iinfo(cast(Any, dtype))
    return int(nodata) if limits.min <= nodata <= limits.max else 0


def _dpi(directory: Directory) -> tuple[float, float] | None:
    """Pixels per inch across and down; none where the unit is unknown."""
    factor = PER_INCH.get(directory.number(RESOLUTION_UNIT, 2), 0.0)
    x, y = (next(iter(directory.ratios(tag)), 0.0) * factor for tag in (X_RESOLUTION, Y_RESOLUTION))
    return (x, y) if 0 < x < 1e5 and 0 < y < 1e5 else None


def _exif(directory: Directory, size: tuple[int, int], is_turned: bool) -> tuple[Exif | None, tuple[str, ...]]:
    """EXIF of a page of upright width and height `size`; none and a note where it is damaged."""
    try:
        below = {tag: _entries_below(directory, tag) for tag in (PHOTO, GPS)}
        first = [_classic(directory.entry(tag, LARGEST), directory) for tag in sorted(directory.fields.keys() & KEPT)]
        image = [e._replace(tag=SWAPPED_AXES.get(e.tag, e.tag)) if is_turned else e for e in first if e]
        exif = exif_of(directory.layout.order, sorted(image), below[PHOTO], below[GPS], size)
    except Exception:  # whatever is wrong with it, the image is good
        return None, ("EXIF dropped: it is damaged or too long",)
    return exif and exif.little_endian(), ()  # as it will be written


def _entries_below(directory: Directory, pointer: int) -> list[Entry]:
    offset = directory.number(pointer)
    if not offset:
        return []
    below = read_directory(directory.file, directory.layout, offset)
    entries = [
        _classic(below.entry(tag, LARGEST), directory) for tag in sorted(below.fields) if tag not in DROPPED_PHOTO
    ]
    return [entry for entry in entries if entry]


def _classic(entry: Entry | None, directory: Directory) -> Entry | None:
    """An entry with the types of classic TIFF: 64-bit numbers become 32-bit ones; none where they do not fit."""
    if entry is None or ITEM_SIZES[entry.kind] != 8 or entry.kind not in (16, 17, 18):
        return entry if entry is None or entry.kind != 13 else entry._replace(kind=4)
    order, code = directory.layout.order, "q" if entry.kind == 17 else "Q"
    values = [value for (value,) in struct.iter_unpack(order + code, entry.data)]
    if any(not -(2**31) <= value < 2**31 for value in values):
        return None
    small = "i" if entry.kind == 17 else "I"
    return Entry(entry.tag, 9 if entry.kind == 17 else 4, struct.pack(f"{order}{len(values)}{small}", *values))


def holds(number_type: str, channels: int, has_alpha: bool) -> bool:
    """Whether TIFF files can hold such images: integers and floats of 8 to 64 bits with any channels."""
    dtype = np.dtype(number_type)
    return dtype.kind in "uif" and dtype.itemsize <= 8 and 0 < channels + has_alpha < 2**16


def _recognises(head: bytes) -> bool:
    return head.startswith(SIGNATURES)


TIFF = Format(
    name="TIFF",
    suffixes=(".tif", ".tiff"),
    recognises=_recognises,
    count=count,
    decode=decode,
    encode=encode,
    holds=holds,
    describe=describe,
    is_stack=True,
)

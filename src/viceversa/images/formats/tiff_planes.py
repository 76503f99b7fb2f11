"""One directory of a TIFF file with all that its tags say of its samples; pages are put together of these."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import IO, Any, NamedTuple, cast

import numpy as np

from ..arrays import Array
from ..decoded import Decoded
from ..exif import DROPPED_PHOTO, GPS, KEPT, LARGEST, PHOTO, Entry, Exif, exif_of
from ..windows import Window
from .array_cache import ArrayCache
from .pillow import apply_orientation
from .tiff_decode import scale_of, split_alpha, to_rgb, top_of, upright_numbers
from .tiff_origin import SWAPPED_AXES, Origin, with_stack
from .tiff_pages import Pages, Plane
from .tiff_segments import FileBytes, PlainRows, Segments, is_plain
from .tiff_storage import BLACK_IS_ZERO, LINEAR_RAW, RGB, WHITE_IS_ZERO, Storage, read_storage
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

PER_INCH = {2: 1.0, 3: 2.54}  # by resolution unit
LARGEST_ICC = 2**26


class Meaning(NamedTuple):
    """Samples of a window as they are meant."""

    samples: Array  # (H, W, C)
    alpha: Array | None
    icc: bytes | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class OpenPlane:
    """A directory whose sizes are checked and whose samples can be read."""

    directory: Directory
    storage: Storage
    reader: Segments | PlainRows
    stated_nodata: float | None  # in stored numbers
    icc: bytes | None

    @property
    def orientation(self) -> int:
        """EXIF orientation, 1 to 8."""
        orientation = self.directory.number(ORIENTATION, 1)
        return orientation if orientation in range(1, 9) else 1

    @property
    def nodata(self) -> float | None:
        """The number that stands for missing pixels, as they are read."""
        return _nodata_as_read(self.stated_nodata, self.storage)

    def read(self, window: Window) -> Meaning:
        """A window as it is stored, before the image is turned upright."""
        return self.meaning(self.reader.read(window))

    def meaning(self, stored: Array) -> Meaning:
        """Stored samples with black as zero, alpha apart, and colours as RGB."""
        samples, alpha = split_alpha(upright_numbers(stored, self.storage), self.storage)
        samples, icc, notes = to_rgb(samples, self.storage, self.directory, self.icc)
        if self.storage.photometric == WHITE_IS_ZERO and self.storage.dtype.kind == "f":
            notes = (*notes, "white is zero, which floats cannot be turned from: they stay as they are")
        return Meaning(samples, alpha, icc, notes)

    def upright(self, meaning: Meaning, size: tuple[int, int], strip: bool) -> Decoded:
        """What is meant, turned upright, with what the tags say of the image of upright width and height `size`."""
        orientation, directory = self.orientation, self.directory
        samples, alpha = apply_orientation(meaning.samples, orientation), meaning.alpha
        if alpha is not None:
            alpha = np.ascontiguousarray(apply_orientation(alpha[..., None], orientation)[..., 0])
        dpi, notes = _dpi(directory), meaning.notes
        exif, exif_notes = (None, ()) if strip else _exif(directory, size, is_turned=orientation >= 5)
        if orientation > 1 and directory.fields.keys() & {*GEOREFERENCE}:
            notes = (*notes, "georeference dropped: the image was turned upright")
        return Decoded(
            samples=samples,
            alpha=alpha,
            nodata=self.nodata,
            icc=meaning.icc,
            exif=exif,
            dpi=dpi[::-1] if dpi and orientation >= 5 else dpi,
            origin=Origin.of_page(directory, self.storage, orientation, self.nodata),
            notes=(*notes, *exif_notes),
        )


def open_plane(file: IO[bytes], plane: Plane) -> OpenPlane:
    """A directory that is decoded as a whole, or a part of one; ValueError where it is damaged or too large."""
    directory = directory_of(file, plane)
    nodata = read_nodata(directory)
    storage = read_storage(directory, is_sparse=is_sparse(directory))
    source = FileBytes(file)
    reader: Segments | PlainRows = Segments(directory, storage, source, _fill(nodata, storage.dtype))
    if plane.shift:
        if storage.planar or not is_plain(directory, storage):
            raise ValueError("planes without directories are read where they are stored plainly only")
        reader = PlainRows(directory, storage, source, plane.shift)
    return OpenPlane(directory, storage, reader, nodata, _icc(directory))


def open_plane_by_windows(
    source: FileBytes, plane: Plane, cache: ArrayCache, full: OpenPlane | None = None
) -> OpenPlane:
    """A directory of any size; that of a smaller level has what the `full` one says of nodata and profile."""
    directory = directory_of(source.file, plane)
    stated = directory if full is None else full.directory
    nodata, icc = read_nodata(stated), _icc(stated)
    storage = read_storage(directory, is_sparse(directory) or is_sparse(stated), by_windows=True)
    reader: Segments | PlainRows
    if is_plain(directory, storage):
        reader = PlainRows(directory, storage, source, plane.shift)
    elif plane.shift:
        raise ValueError("planes without directories are read where they are stored plainly only")
    else:
        reader = Segments(directory, storage, source, _fill(nodata, storage.dtype), cache)
    return OpenPlane(directory, storage, reader, nodata, icc)


def directory_of(file: IO[bytes], plane: Plane) -> Directory:
    """The tags of a plane."""
    return read_directory(file, read_header(file)[0], plane.directory)


def is_sparse(directory: Directory) -> bool:
    """Whether a program may have left out strips and tiles without values, as GDAL does."""
    return bool(directory.fields.keys() & {*GEOREFERENCE, GDAL_METADATA, GDAL_NODATA})


def decode_page(file: IO[bytes], pages: Pages, page: int, strip: bool) -> Decoded:
    """One page as a whole; the planes of its channels are put together."""
    index, number = pages.find(page)
    parts = []
    for plane in pages.series[index].planes(number):
        opened = open_plane(file, plane)
        whole = Window(0, 0, opened.storage.length, opened.storage.width)
        size = (whole.width, whole.height) if opened.orientation < 5 else (whole.height, whole.width)
        parts.append(opened.upright(opened.read(whole), size, strip))
    samples, first = together([part.samples for part in parts]), parts[0]
    origin = with_stack(first.origin, file, pages, index, samples.dtype.name, samples.shape[2])
    samples = np.ascontiguousarray(samples)
    return replace(first, samples=samples, notes=(*pages.notes, *first.notes), origin=origin)


def together(parts: Sequence[Array]) -> Array:
    """The samples of several planes as channels of one image."""
    if len(parts) == 1:
        return parts[0]
    if len({(part.shape, part.dtype) for part in parts}) > 1:
        raise ValueError("its channels differ in size or number type")
    return np.concatenate(parts, axis=2)


def read_nodata(directory: Directory) -> float | None:
    """The number that stands for missing pixels (GDAL)."""
    text = directory.text(GDAL_NODATA).strip().replace(",", ".")
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _icc(directory: Directory) -> bytes | None:
    """The colour profile, byte for byte."""
    entry = directory.entry(ICC, LARGEST_ICC)
    return (entry.data if entry else None) or None


def _nodata_as_read(nodata: float | None, storage: Storage) -> float | None:
    """The number that stands for missing pixels after samples were scaled or turned; none where they became RGB."""
    if nodata is None or storage.photometric not in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, LINEAR_RAW):
        return None
    if storage.photometric == WHITE_IS_ZERO and storage.dtype.kind in "ui":
        nodata = top_of(storage) - nodata
    return round(nodata * scale_of(storage)) if storage.bits < 8 else nodata


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

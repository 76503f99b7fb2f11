"""Encode pages as one TIFF file: little-endian, deflated strips, BigTIFF beyond 4 GB (TIFF 6.0, technical note 3)."""

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arrays import Array
from ..decoded import Decoded
from ..exif import LONG, RESOLUTION_UNIT, SHORT, X_RESOLUTION, Y_RESOLUTION, Entry, Exif, resolution_entries
from .tiff_directory import Page, serialise
from .tiff_ome import Written
from .tiff_origin import ASCII, Origin, description_of_stack
from .tiff_storage import BLACK_IS_ZERO, RGB
from .tiff_tags import (
    BITS,
    COMPRESSION,
    DESCRIPTION,
    EXTRA_SAMPLES,
    GDAL_NODATA,
    ICC,
    IMAGE_LENGTH,
    IMAGE_WIDTH,
    PHOTOMETRIC,
    PLANAR,
    PREDICTOR,
    ROWS_PER_STRIP,
    SAMPLE_FORMAT,
    SAMPLES_PER_PIXEL,
)

STRIP_BYTES = 2**19  # before compression; a reader of a part decodes little more than it needs
CLASSIC_LIMIT = 2**32 - 2**24  # bytes of a classic file, with room for directories
NO_COMPRESSION, DEFLATE = 1, 8
NO_PREDICTOR, DIFFERENCES, FLOAT_DIFFERENCES = 1, 2, 3
LEVEL = 6  # of libdeflate, see docs/decisions.md
SAMPLE_FORMATS = {"u": 1, "i": 2, "f": 3}


def encode(pages: Sequence[Decoded]) -> bytes:
    """The bytes of a file with these pages, which have one size, number type and number of channels."""
    samples = [with_alpha(page) for page in pages]
    kinds = {(array.shape, array.dtype, page.alpha is None) for array, page in zip(samples, pages, strict=True)}
    if len(kinds) != 1:
        raise ValueError("pages of one TIFF file here have one size, number type and number of channels")
    origin = pages[0].origin if isinstance(pages[0].origin, Origin) else Origin()
    height, width, channels = samples[0].shape
    is_apart = bool(origin.kind) and origin.samples == 1 and pages[0].alpha is None  # a directory for each channel
    written = Written(
        number_type=samples[0].dtype.name,
        size=(height, width),
        channels=channels,
        samples=1 if is_apart else channels,
        pages=len(pages),
    )
    is_imagej = origin.kind == "imagej" and pages[0].alpha is None
    stack = description_of_stack(origin, written) if origin.kind != "imagej" or is_imagej else ()

    result: list[Page] = []
    for page, array in zip(pages, samples, strict=True):
        planes = [array[..., i : i + 1] for i in range(channels)] if is_apart else [array]
        for i, plane in enumerate(planes):
            tags = page_tags(page, plane.shape, plane.dtype, origin, is_first=i == 0)
            if not result and stack:
                tags = [*(e for e in tags if e.tag != DESCRIPTION), *stack]
            result.append(_page(plane, tags, page.exif if i == 0 else None, is_plain=is_imagej))
    return serialise(result, CLASSIC_LIMIT)


def with_alpha(page: Decoded) -> Array:
    """Samples with alpha as one more channel of their type."""
    samples = page.samples
    if samples.ndim != 3 or samples.dtype.kind not in SAMPLE_FORMATS or samples.dtype.itemsize > 8:
        raise ValueError(f"TIFF files hold integers and floats of 8 to 64 bits here, not {samples.dtype.name}")
    if page.alpha is None:
        return samples
    if page.alpha.shape != samples.shape[:2]:
        raise ValueError(f"alpha {page.alpha.shape} and pixels {samples.shape[:2]} differ in size")
    alpha = np.clip(page.alpha.astype(np.float64), 0, 1)
    if samples.dtype.kind in "ui":
        top = np.iinfo(samples.dtype).max
        stored = np.rint(np.minimum(alpha, 1 - 2**-53) * float(top)).astype(samples.dtype)  # float(2**64 - 1) is 2**64
        alpha = np.where(alpha < 1, stored, samples.dtype.type(top))
    return np.concatenate([samples, alpha[..., None].astype(samples.dtype)], axis=2)


def page_tags(
    page: Decoded, shape: tuple[int, ...], dtype: np.dtype[Any], origin: Origin, is_first: bool
) -> list[Entry]:
    """All tags of a directory of (H, W, S) samples but those that say where they are and how they are encoded."""
    height, width, samples = shape
    has_alpha = page.alpha is not None
    colours = 3 if is_rgb(samples - has_alpha, samples, origin) else 1
    extra = [0] * (samples - colours - has_alpha) + [2] * has_alpha
    entries = [
        Entry(IMAGE_WIDTH, LONG, struct.pack("<I", width)),
        Entry(IMAGE_LENGTH, LONG, struct.pack("<I", height)),
        Entry(BITS, SHORT, struct.pack("<H", dtype.itemsize * 8) * samples),
        Entry(PHOTOMETRIC, SHORT, struct.pack("<H", RGB if colours == 3 else BLACK_IS_ZERO)),
        Entry(SAMPLES_PER_PIXEL, SHORT, struct.pack("<H", samples)),
        Entry(PLANAR, SHORT, struct.pack("<H", 1)),
        *([Entry(EXTRA_SAMPLES, SHORT, struct.pack(f"<{len(extra)}H", *extra))] if extra else []),
        Entry(SAMPLE_FORMAT, SHORT, struct.pack("<H", SAMPLE_FORMATS[dtype.kind]) * samples),
        *([Entry(ICC, 7, page.icc)] if page.icc else []),
    ]
    own = page.origin if isinstance(page.origin, Origin) else Origin()
    exif = page.exif.little_endian() if page.exif else Exif("<", ())
    resolution = [e for e in exif.image if e.tag in (X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT)]
    if len(resolution) < 3:
        resolution = [*(resolution_entries(page.dpi) if page.dpi else own.resolution or resolution)]
    if is_first:
        entries += [e for e in exif.image if e.tag not in (X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT)]
    return [*entries, *resolution, *own.georeference, *_nodata(page.nodata, own)]


def is_rgb(colours: int, samples: int, origin: Origin) -> bool:
    """Whether the first three channels are colours: three are unless the file that they come from says otherwise."""
    if colours == 3:
        return origin.photometric != BLACK_IS_ZERO or origin.samples != samples
    return colours > 3 and origin.photometric == RGB and origin.samples == samples


def _nodata(nodata: float | None, origin: Origin) -> list[Entry]:
    """The tag of the number that stands for missing pixels: as it was, where it is the same."""
    value, entry = origin.nodata
    if nodata is None:
        return []
    if entry is not None and (value == nodata or (value is not None and np.isnan([value, nodata]).all())):
        return [entry]
    text = str(int(nodata)) if float(nodata).is_integer() and abs(nodata) < 2**63 else repr(float(nodata))
    return [Entry(GDAL_NODATA, ASCII, text.encode() + b"\0")]


def _page(plane: Array, tags: list[Entry], exif: Exif | None, is_plain: bool) -> Page:
    """A directory with its strips; ImageJ reads plain ones only."""
    height, width, samples = plane.shape
    predictor = NO_PREDICTOR if is_plain else predictor_of(plane.dtype)
    rows = height if is_plain else max(1, min(height, STRIP_BYTES // (width * samples * plane.itemsize)))
    import imagecodecs

    strips: list[bytes] = []
    for top in range(0, height, rows):
        data = predicted(plane[top : top + rows], predictor)
        strips.append(data if is_plain else bytes(imagecodecs.deflate_encode(data, LEVEL)))
    tags += [
        Entry(COMPRESSION, SHORT, struct.pack("<H", NO_COMPRESSION if is_plain else DEFLATE)),
        Entry(ROWS_PER_STRIP, LONG, struct.pack("<I", rows)),
        *([Entry(PREDICTOR, SHORT, struct.pack("<H", predictor))] if predictor > NO_PREDICTOR else []),
    ]
    return Page(tags, exif.little_endian().below if exif else {}, strips)


def predictor_of(dtype: np.dtype[Any]) -> int:
    """The differences that are stored: those that all readers know."""
    if dtype.kind == "f":
        return FLOAT_DIFFERENCES if dtype.itemsize >= 4 else NO_PREDICTOR
    return DIFFERENCES if dtype.itemsize <= 4 else NO_PREDICTOR


def predicted(rows: Array, predictor: int) -> bytes:
    """Rows (H, W, S) as bytes, each sample less the one to its left."""
    if predictor == DIFFERENCES:
        values = rows.astype(f"<u{rows.itemsize}") if rows.dtype.kind == "u" else rows.view(f"u{rows.itemsize}")
        differences = values.astype(f"<u{rows.itemsize}")
        differences[:, 1:] -= values[:, :-1]
        return differences.tobytes()
    if predictor == FLOAT_DIFFERENCES:  # of the bytes of a row: first the highest of all samples, then the next
        height, width, samples = rows.shape
        values = rows.astype(rows.dtype.newbyteorder(">")).view(np.uint8).reshape(height, width * samples, -1)
        planes = np.ascontiguousarray(values.transpose(0, 2, 1)).reshape(height, -1)
        differences = planes.copy()
        differences[:, samples:] -= planes[:, :-samples]
        return differences.tobytes()
    return rows.astype(rows.dtype.newbyteorder("<")).tobytes()

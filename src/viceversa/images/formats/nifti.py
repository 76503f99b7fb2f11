"""NIfTI-1 and NIfTI-2 volumes in one file (.nii, .nii.gz), as slices along their last axis.

A file of axes (i, j, k, t) has k x t pages: all slices of the first volume, then those of the next. Rows of a page
are j, columns are i, as they are stored and without a flip. Values are slope * stored + intercept.
"""

import gzip
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import IO, Any

import numpy as np

from ..arrays import Array
from ..decoded import Decoded, Format, Request, require_pixels
from .deflated import GZIP, MAX_RATIO, read_gzip
from .units import Scale, to_stored, to_values, value_type

MAGIC_1, MAGIC_2 = b"n+1\0", b"n+2\0\r\n\x1a\n"  # at byte 344 and at byte 4
HEADER_1, HEADER_2 = 348, 540  # bytes
GZIP_MAGIC = b"\x1f\x8b\x08"
NUMBERS = frozenset({"uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", "float32", "float64"})
MAX_EXTENSIONS = 1 << 26  # bytes between header and numbers


@dataclass(frozen=True)
class Volume:
    """What the header of a file states."""

    header: Any  # of nibabel
    is_gzip: bool
    shape: tuple[int, ...]  # i, j, and then k, t where there are such
    stored: "np.dtype[Any]"
    scale: Scale
    start: int  # where the numbers begin

    @property
    def pages(self) -> int:
        """Slices of all volumes."""
        return prod(self.shape[2:])

    @property
    def channels(self) -> int:
        """Numbers of a pixel, alpha included."""
        return len(self.stored.names or "1")

    @property
    def number_type(self) -> str:
        """Of the values."""
        return "uint8" if self.stored.names else value_type(self.stored.name, self.scale)


@dataclass(frozen=True)
class Origin:
    """The volume a page came from, and its place in it."""

    volume: Volume
    extensions: bytes  # all bytes between header and numbers
    page: int


def _library() -> Any:
    """nibabel, which the extra `medical` brings."""
    import nibabel

    return nibabel


def read_volume(file: IO[bytes]) -> Volume:
    """The header of an open file."""
    head = file.read(HEADER_2)
    is_gzip = head.startswith(GZIP_MAGIC)
    if is_gzip:
        head = _first_bytes(file)
    kind = _kind(head)
    if not kind:
        raise ValueError("it is not a NIfTI file with header and numbers in one")
    header_class = getattr(_library(), "Nifti1Header" if kind == 1 else "Nifti2Header")
    header = header_class(head[: HEADER_1 if kind == 1 else HEADER_2], check=False)

    shape = tuple(map(int, header.get_data_shape()))
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if not 2 <= len(shape) <= 4 or min(shape) < 1:
        raise ValueError(f"its shape is {shape}: images, volumes and series of volumes are read")
    stored, start = header.get_data_dtype(), int(header.get_data_offset())
    if not stored.names and stored.name not in NUMBERS:
        raise ValueError(f"it holds {stored.name} numbers, not numbers of a pixel")
    volume = Volume(header, is_gzip, shape, stored, _scale(header, stored), start)
    _require_content(file, volume)
    return volume


def _first_bytes(file: IO[bytes]) -> bytes:
    """What the first bytes of a gzip file hold."""
    file.seek(0)
    return zlib.decompressobj(GZIP).decompress(file.read(4096), HEADER_2)


def _kind(head: bytes) -> int:
    """1 or 2 by the header's magic; 0 for anything else."""
    if head[344:348] == MAGIC_1:
        return 1
    return 2 if head[4:12] == MAGIC_2 else 0


def _scale(header: Any, stored: "np.dtype[Any]") -> Scale:
    """Slope and intercept; a slope of 0, or one that is no number, means none."""
    slope, intercept = header.get_slope_inter()
    if slope is None or stored.names:
        return Scale()
    return Scale(float(slope), float(intercept or 0.0))


def _require_content(file: IO[bytes], volume: Volume) -> None:
    """ValueError for a header that states more than the file can hold, or more than an image may have."""
    require_pixels(volume.shape[0], volume.shape[1], volume.stored.itemsize)
    smallest = HEADER_1 if _is_first(volume.header) else HEADER_2
    if not smallest <= volume.start <= smallest + MAX_EXTENSIONS:
        raise ValueError(f"its header is damaged: numbers begin at byte {volume.start}")
    size = file.seek(0, 2) * (MAX_RATIO if volume.is_gzip else 1)
    if volume.start + prod(volume.shape) * volume.stored.itemsize > size:
        raise ValueError("the file is truncated")


def _is_first(header: Any) -> bool:
    return int(header["sizeof_hdr"]) == HEADER_1


def _read(file: IO[bytes], volume: Volume, offset: int, size: int) -> bytes:
    if volume.is_gzip:
        return read_gzip(file, offset, size, volume.start + prod(volume.shape) * volume.stored.itemsize)
    file.seek(offset)
    data = file.read(size)
    if len(data) < size:
        raise ValueError("the file is truncated")
    return data


def _count(file: IO[bytes]) -> int:
    return read_volume(file).pages


def _describe(file: IO[bytes]) -> tuple[str, int]:
    volume = read_volume(file)
    return volume.number_type, min(volume.channels, 3)


def _decode(file: IO[bytes], page: int, request: Request) -> Decoded:
    volume = read_volume(file)
    if not 0 <= page < volume.pages:
        raise ValueError(f"it has {volume.pages} slices")
    width, height = volume.shape[:2]
    size = width * height * volume.stored.itemsize
    numbers = np.frombuffer(_read(file, volume, volume.start + page * size, size), volume.stored)

    origin = Origin(volume, _extensions(file, volume), page)
    if volume.stored.names:  # bytes of red, green, blue and maybe alpha
        colours = numbers.view(np.uint8).reshape(height, width, volume.channels)
        alpha = colours[..., 3].astype(np.float32) / np.float32(255) if volume.channels == 4 else None
        return Decoded(samples=np.ascontiguousarray(colours[..., :3]), alpha=alpha, origin=origin)
    values = to_values(numbers.reshape(height, width, 1), volume.scale, volume.number_type)
    return Decoded(samples=values, origin=origin)


def _extensions(file: IO[bytes], volume: Volume) -> bytes:
    """The bytes between header and numbers: an extender, and header extensions such as DICOM or AFNI text."""
    header_size = HEADER_1 if _is_first(volume.header) else HEADER_2
    return _read(file, volume, header_size, volume.start - header_size)


def _encode(pages: Sequence[Decoded]) -> bytes:
    """A volume like the one the pages came from; a plain one with voxels of one unit where they came from elsewhere.

    Numbers are stored as they were, slope included, where they can stand for all values exactly; else in the type of
    the values, with slope 1. The display range (cal_min, cal_max), which was that of other values, is unset.
    """
    origin = pages[0].origin if isinstance(pages[0].origin, Origin) else None
    slices = [_pixels(page) for page in pages]  # (H, W) of numbers or of records of colours
    header = origin.volume.header.copy() if origin else _library().Nifti1Header()
    kept = [_keep_stored(values, origin) for values in slices] if origin else [None]
    stored = [numbers for numbers in kept if numbers is not None]
    if len(stored) < len(slices):
        stored = [values.astype(np.float32) if values.dtype == np.float16 else values for values in slices]
        header.set_data_dtype(stored[0].dtype)
        header["scl_slope"], header["scl_inter"] = 1, 0
    header["cal_min"], header["cal_max"] = 0, 0
    _set_shape(header, (stored[0].shape[1], stored[0].shape[0], len(stored)), origin)

    extensions = origin.extensions if origin else bytes(4)
    header.set_data_offset(header["sizeof_hdr"] + len(extensions))
    kind = header.get_data_dtype()
    data = b"".join([header.binaryblock, extensions, *(numbers.astype(kind).tobytes() for numbers in stored)])
    return gzip.compress(data, 6, mtime=0) if origin and origin.volume.is_gzip else data


def _pixels(page: Decoded) -> Array:
    """(H, W) of numbers, or of records for colours."""
    samples = page.samples
    if samples.shape[2] == 1 and page.alpha is None:
        return samples[..., 0]
    if samples.shape[2] != 3 or samples.dtype != np.uint8:
        raise ValueError("NIfTI files hold one number a pixel, or three of 8 bits")
    if page.alpha is not None:
        samples = np.dstack([samples, np.rint(np.clip(page.alpha, 0, 1) * 255).astype(np.uint8)])
    records: Array = np.ascontiguousarray(samples).view([(name, "u1") for name in "RGBA"[: samples.shape[2]]])[..., 0]
    return records


def _keep_stored(values: Array, origin: Origin) -> Array | None:
    """The values in the number type and scale of the input, where these hold them exactly."""
    stored = origin.volume.stored
    if stored.names or values.dtype.names:
        return values if values.dtype == stored else None
    return to_stored(values, origin.volume.scale, stored.name)


def _set_shape(header: Any, shape: tuple[int, int, int], origin: Origin | None) -> None:
    """The shape of the input where all of its pages are there; else a volume that begins at the first page."""
    volume = origin.volume if origin else None
    if volume and shape == (*volume.shape[:2], volume.pages):
        return
    header.set_data_shape(shape)
    if origin and volume:
        first = origin.page % (volume.shape[2] if len(volume.shape) > 2 else 1)
        _move(header, first)


def _move(header: Any, slices: int) -> None:
    """Let the affine maps begin `slices` along the last axis."""
    step = np.eye(4)
    step[2, 3] = slices
    qform, qform_code = header.get_qform(coded=True)
    sform, sform_code = header.get_sform(coded=True)
    if qform is not None:
        header.set_qform(qform @ step, int(qform_code), strip_shears=False)
    if sform is not None:
        header.set_sform(sform @ step, int(sform_code))


def _holds(dtype: str, channels: int, alpha: bool) -> bool:
    if channels == 3:
        return dtype == "uint8"
    return channels == 1 and not alpha and (dtype in NUMBERS or dtype == "float16")


def _is_gzip_of_nifti(head: bytes) -> bool:
    if not head.startswith(GZIP_MAGIC):
        return False
    try:
        return _kind(zlib.decompressobj(GZIP).decompress(head, HEADER_2)) > 0
    except zlib.error:
        return False


NIFTI = Format(
    name="NIfTI",
    suffixes=(".nii", ".nii.gz"),
    recognises=lambda head: _kind(head) > 0 or _is_gzip_of_nifti(head),
    count=_count,
    decode=_decode,
    encode=_encode,
    holds=_holds,
    describe=_describe,
    is_stack=True,
    extra="medical",
)

"""NumPy files: .npy and .npz, a page at a time and without pickles.

The shape of an array tells what it is:

* (H, W): one grey image.
* (H, W, C): one image, where the last axis has at most 64 entries and is shorter than both others.
* (N, H, W): N grey images as pages, where no axis can be one of channels.
* (N, H, W, C): N images of at most 64 channels.

Channels first, as in (3, 256, 256), cannot be told from pages and is refused with the way out. No channel is alpha.
"""

import ast
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from math import prod
from typing import IO, Any, Literal

import numpy as np

from ..arrays import Array
from ..decoded import BY_WINDOWS, MAX_PIXELS, Decoded, Format, Request, require_pixels
from ..reduced import read_reduced
from ..windows import About, Level, Window, WindowedImage

MAGIC, ZIP_MAGIC = b"\x93NUMPY", b"PK\x03\x04"
MAX_CHANNELS = 64
MAX_HEADER = 10_000  # bytes of text that describe an array; NumPy's own limit
MAX_KEPT = 1 << 20  # bytes of an array beside the images that is copied to the output
NUMBERS = frozenset({"uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"})
NUMBERS |= {"float16", "float32", "float64"}


@dataclass(frozen=True)
class Header:
    """What the beginning of an .npy file states."""

    dtype: "np.dtype[Any]"
    is_fortran: bool  # the first axis varies fastest
    shape: tuple[int, ...]
    start: int  # where the numbers begin

    @property
    def layout(self) -> str:
        """HW, HWC, NHW or NHWC."""
        return layout_of(self.shape)

    @property
    def pages(self) -> tuple[int, int, int, int]:
        """The shape as (N, H, W, C)."""
        lengths = dict(zip(self.layout, self.shape, strict=True))
        return lengths.get("N", 1), lengths["H"], lengths["W"], lengths.get("C", 1)

    @property
    def size(self) -> int:
        """Bytes of all numbers."""
        return prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True)
class Origin:
    """How an array was stored, and the archive around it."""

    layout: str
    is_fortran: bool
    byte_order: Any  # "<", ">" or "=", for NumPy
    is_bool: bool
    archive: "Archive | None" = None


@dataclass(frozen=True)
class Archive:
    """An .npz file: its arrays of images, how many pages each has, and the arrays beside them."""

    images: tuple[tuple[str, int], ...]
    is_compressed: bool
    others: tuple[tuple[str, bytes], ...]  # small ones that are no images, as they are in the file


def layout_of(shape: tuple[int, ...]) -> str:
    """What the axes of an array are, see above; ValueError where they could be several things or nothing."""
    if 0 in shape:
        raise ValueError(f"its shape is {shape}: it holds nothing")
    if len(shape) == 2:
        return "HW"
    if len(shape) == 3:
        if _is_channels(shape[2], shape[:2]):
            return "HWC"
        if not _is_channels(shape[0], shape[1:]):
            return "NHW"
        n, h, w = shape
        raise ValueError(
            f"its shape {shape} is {n} channels or {n} pages: "
            f"save one image as ({h}, {w}, {n}), pages as ({n}, {h}, {w}, 1)"
        )
    if len(shape) == 4:
        n, c, h, w = shape
        if _is_channels(c, (h, w)):
            raise ValueError(f"its shape {shape} has channels first: save it as ({n}, {h}, {w}, {c})")
        if w <= MAX_CHANNELS:
            return "NHWC"
        raise ValueError(f"its shape {shape} has {w} channels; at most {MAX_CHANNELS} are read")
    raise ValueError(f"its shape {shape} is no image: (H, W), (H, W, C), (N, H, W) and (N, H, W, C) are read")


def _is_channels(length: int, others: Sequence[int]) -> bool:
    return length <= MAX_CHANNELS and length < min(others)


def read_header(file: IO[bytes]) -> Header:
    """The header of an .npy file (NumPy Enhancement Proposal 1, versions 1 to 3)."""
    head = file.read(8)
    if head[:6] != MAGIC or len(head) < 8 or head[6] not in (1, 2, 3):
        raise ValueError("it is not an .npy file of version 1, 2 or 3")
    width = 2 if head[6] == 1 else 4
    length = int.from_bytes(file.read(width), "little")
    text = file.read(length) if length <= MAX_HEADER else b""
    if len(text) < max(length, 1):
        raise ValueError("its header is damaged")

    try:
        fields = ast.literal_eval(text.decode("utf-8" if head[6] == 3 else "latin-1"))
        descr, is_fortran, shape = fields["descr"], fields["fortran_order"], fields["shape"]
        dtype = np.dtype(descr) if isinstance(descr, str) else None
    except Exception:
        raise ValueError("its header is damaged") from None
    if not isinstance(shape, tuple) or any(type(n) is not int or n < 0 for n in shape) or type(is_fortran) is not bool:
        raise ValueError("its header is damaged")
    if dtype is None or (dtype.name not in NUMBERS and dtype.kind != "b"):
        raise ValueError(f"it holds {_kind(dtype)}, not numbers of a pixel")
    return Header(dtype, is_fortran, shape, 8 + width + length)


def _kind(dtype: "np.dtype[Any] | None") -> str:
    if dtype is None:
        return "records of several fields"
    return "Python objects (a pickle, which could run code)" if dtype.hasobject else f"{dtype.name} numbers"


def _read_page(file: IO[bytes], header: Header, page: int, advice: str = "") -> Array:
    """One image (H, W, C) of the array whose numbers follow; the file is at their beginning."""
    count, height, width, channels = header.pages
    if not 0 <= page < count:
        raise ValueError(f"it has {count} pages")
    require_pixels(width, height, channels * header.dtype.itemsize, advice)

    size = header.size // count
    if header.is_fortran and count > 1:  # a page is spread over the whole array
        whole: Array = np.frombuffer(_read_exactly(file, header.size), header.dtype).reshape(header.shape, order="F")
        samples: Array = whole[page].reshape(height, width, channels)
        return samples
    file.seek(page * size, 1)
    numbers = np.frombuffer(_read_exactly(file, size), header.dtype)
    shape = header.shape[1:] if header.layout[0] == "N" else header.shape
    return numbers.reshape(shape, order="F" if header.is_fortran else "C").reshape(height, width, channels)


def _read_exactly(file: IO[bytes], size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise ValueError("the file is truncated")
    return data


def _decoded(samples: Array, header: Header, archive: Archive | None = None, notes: tuple[str, ...] = ()) -> Decoded:
    """Samples in native byte order; true and false as 255 and 0."""
    is_bool = header.dtype.kind == "b"
    native = samples.astype(np.uint8) * 255 if is_bool else samples.astype(samples.dtype.newbyteorder("="))
    origin = Origin(header.layout, header.is_fortran, header.dtype.byteorder, is_bool, archive)
    return Decoded(samples=np.ascontiguousarray(native), origin=origin, notes=notes)


def _count_npy(file: IO[bytes]) -> int:
    return read_header(file).pages[0]


def _decode_npy(file: IO[bytes], page: int, request: Request) -> Decoded:
    header = read_header(file)
    _, height, width, _ = header.pages
    if height * width > MAX_PIXELS and request.side is not None and not request.halves:
        return read_reduced(_mapped(file, header, page), request.side)
    return _decoded(_read_page(file, header, page, BY_WINDOWS), header)


class MappedImage(WindowedImage):
    """A page of an .npy file, of which only the windows that are read come into memory."""

    def __init__(self, samples: Array, header: Header, about: About) -> None:
        self.about, self._samples, self._header = about, samples, header

    def read(self, window: Window, level: int = 0) -> Decoded:
        return _decoded(self._samples[window.slices], self._header)


def _open_npy(path: str, page: int) -> MappedImage:
    with open(path, "rb") as file:
        return _mapped(file, read_header(file), page)


def _mapped(file: IO[bytes], header: Header, page: int) -> MappedImage:
    """A page of a file on disk; ValueError where the file is too short."""
    count, height, width, channels = header.pages
    if not 0 <= page < count:
        raise ValueError(f"it has {count} pages")
    if os.fstat(file.fileno()).st_size < header.start + header.size:
        raise ValueError("the file is truncated")
    order: Literal["F", "C"] = "F" if header.is_fortran else "C"
    array: Array = np.memmap(file.name, header.dtype, "r", header.start, header.shape, order)
    samples = (array[page] if header.layout[0] == "N" else array).reshape(height, width, channels)
    number_type, _ = _describe(header)
    about = About(
        path=file.name,
        format=NPY.name,
        levels=(Level(height, width),),
        number_type=number_type,
        channels=channels,
        origin=_decoded(samples[:1, :1], header).origin,
    )
    return MappedImage(samples, header, about)


def _describe_npy(file: IO[bytes]) -> tuple[str, int]:
    return _describe(read_header(file))


def _describe(header: Header) -> tuple[str, int]:
    """Number type and channels of the samples."""
    return "uint8" if header.dtype.kind == "b" else header.dtype.name, header.pages[3]


def _encode_npy(pages: Sequence[Decoded]) -> bytes:
    out = BytesIO()
    np.lib.format.write_array(out, _array_of(pages), allow_pickle=False)
    return out.getvalue()


def _array_of(pages: Sequence[Decoded]) -> Array:
    """The pages as one array, stored like their origin where that can be read back as the same."""
    origin = pages[0].origin if isinstance(pages[0].origin, Origin) else Origin("HW", False, "=", False)
    stack = np.stack([page.samples for page in pages])
    if origin.is_bool and stack.dtype == np.uint8 and np.isin(stack, (0, 255)).all():
        stack = stack == 255

    array = stack.astype(stack.dtype.newbyteorder(origin.byte_order)) if origin.byte_order in "<>" else stack
    array = _in_layout(array, origin.layout)
    return np.asfortranarray(array) if origin.is_fortran else np.ascontiguousarray(array)


def _in_layout(stack: Array, wanted: str) -> Array:
    """(N, H, W, C) in the wanted layout, or with the axes that it needs beside those."""
    needs_pages, needs_channels = stack.shape[0] > 1, stack.shape[3] > 1
    for layout in (wanted, "HW", "HWC", "NHW", "NHWC"):
        has_pages, has_channels = "N" in layout, "C" in layout
        if (needs_pages and not has_pages) or (needs_channels and not has_channels):
            continue
        array = stack if has_pages else stack[0]
        array = array if has_channels else array[..., 0]
        if _reads_as(array.shape, layout):
            return array
    raise ValueError(f"an array of shape {stack.shape} would not be read as it is meant")


def _reads_as(shape: tuple[int, ...], layout: str) -> bool:
    try:
        return layout_of(shape) == layout
    except ValueError:
        return False


@dataclass(frozen=True)
class _Member:
    """An array of an archive: its header, or why it is no image."""

    info: zipfile.ZipInfo
    header: Header | None
    reason: str = ""


def _members(archive: zipfile.ZipFile) -> list[_Member]:
    members = []
    for info in archive.infolist():
        if info.is_dir():
            continue
        try:
            if not info.filename.endswith(".npy"):
                raise ValueError("it is not an array")
            with archive.open(info) as file:
                header = read_header(file)
            if len(header.shape) > 1:
                members.append(_Member(info, header, header.layout and ""))
                continue
            raise ValueError(f"its shape is {header.shape}")
        except ValueError as error:
            members.append(_Member(info, None, str(error)))
    if not any(member.header for member in members):
        reasons = [f"{member.info.filename}: {member.reason}" for member in members]
        raise ValueError(f"no array of it is an image ({reasons[0]})" if reasons else "it holds no arrays")
    return members


def _count_npz(file: IO[bytes]) -> int:
    with zipfile.ZipFile(file) as archive:
        return sum(member.header.pages[0] for member in _members(archive) if member.header)


def _decode_npz(file: IO[bytes], page: int, request: Request) -> Decoded:
    with zipfile.ZipFile(file) as archive:
        members = _members(archive)
        images = [(member.info, member.header) for member in members if member.header]
        around = Archive(
            tuple((info.filename, header.pages[0]) for info, header in images),
            any(info.compress_type for info, _ in images),
            tuple(_others(archive, members)) if page == 0 else (),
        )
        notes = tuple(f"{m.info.filename} is no image: {m.reason}" for m in members if not m.header)
        for info, header in images:
            if page < header.pages[0]:
                with archive.open(info) as member:
                    samples = _read_page(member, read_header(member), page)
                return _decoded(samples, header, around, notes)
            page -= header.pages[0]
    raise ValueError("it has no such page")


def _describe_npz(file: IO[bytes]) -> tuple[str, int]:
    with zipfile.ZipFile(file) as archive:
        return next(_describe(member.header) for member in _members(archive) if member.header)


def _others(archive: zipfile.ZipFile, members: Sequence[_Member]) -> list[tuple[str, bytes]]:
    """The arrays of an archive that are no images, if they are small."""
    small = [m.info for m in members if not m.header and m.info.file_size <= MAX_KEPT]
    return [(info.filename, archive.read(info)) for info in small]


def _encode_npz(pages: Sequence[Decoded]) -> bytes:
    """An archive with the arrays of its origin under their names; without one, a single array named images."""
    origin = pages[0].origin
    around = origin.archive if isinstance(origin, Origin) else None
    if around is None or sum(count for _, count in around.images) != len(pages):
        around = Archive((("images.npy", len(pages)),), True, ())

    out, first = BytesIO(), 0
    method = zipfile.ZIP_DEFLATED if around.is_compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, count in around.images:
            archive.writestr(zipfile.ZipInfo(name), _encode_npy(pages[first : first + count]), method)
            first += count
        for name, data in around.others:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


def _holds(dtype: str, channels: int, alpha: bool) -> bool:
    return dtype in NUMBERS and 1 <= channels <= MAX_CHANNELS and not alpha


NPY = Format(
    name="NumPy",
    suffixes=(".npy",),
    recognises=lambda head: head.startswith(MAGIC),
    count=_count_npy,
    decode=_decode_npy,
    encode=_encode_npy,
    holds=_holds,
    describe=_describe_npy,
    is_stack=True,
    open_windows=_open_npy,
)
NPZ = replace(
    NPY,
    name="NumPy archive",
    suffixes=(".npz",),
    recognises=lambda head: head.startswith(ZIP_MAGIC) and b".npy" in head[:512],
    count=_count_npz,
    decode=_decode_npz,
    encode=_encode_npz,
    describe=_describe_npz,
    open_windows=None,
)

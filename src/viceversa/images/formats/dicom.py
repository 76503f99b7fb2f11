"""DICOM images, single and multi-frame, in their own unit: value = RescaleSlope * stored + RescaleIntercept.

MONOCHROME1 (0 is white) is inverted, within the span of BitsStored, before that. PixelPaddingValue is nodata. Palettes
and YBR become RGB. Uncompressed, deflated and RLE images are read, and JPEG and JPEG 2000 where Pillow decodes them.
"""

import warnings
import zlib
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from ..arrays import Array
from ..decoded import Decoded, Format, Request, require_pixels
from .deflated import MAX_RATIO
from .dicom_encode import encode, holds
from .dicom_origin import Origin, items, without_patient
from .units import Scale, to_values, value_type

MAGIC, MAGIC_AT = b"DICM", 128
DEFLATED = b"1.2.840.10008.1.2.1.99"
MAX_INFLATED = 2**30  # bytes
GREY = ("MONOCHROME1", "MONOCHROME2")

# As for Pillow: pydicom warns of what other programs wrote wrongly, once per file.
warnings.filterwarnings("ignore", category=UserWarning, module=r"pydicom\.", append=True)


@dataclass(frozen=True)
class Frame:
    """What the header states about the numbers of one frame."""

    stored: str  # number type
    span: tuple[int, int] | None  # of BitsStored; none for float
    scale: Scale
    is_inverted: bool

    @property
    def number_type(self) -> str:
        """Of the values."""
        return value_type(self.stored, self.scale, self.span)

    def values(self, stored: Array) -> Array:
        """Stored numbers as values."""
        if self.is_inverted and self.span:
            stored = (self.span[0] + self.span[1] - stored.astype(np.int64)).astype(self.stored)
        return to_values(stored, self.scale, self.number_type)


def read_header(file: IO[bytes]) -> Any:
    """The data set of an open file up to its pixels; ValueError where it is no image, or too large a one."""
    import pydicom

    _require_size(file)
    file.seek(0)
    header = pydicom.dcmread(file, stop_before_pixels=True)
    rows, columns = int(header.get("Rows", 0) or 0), int(header.get("Columns", 0) or 0)
    if not rows or not columns:
        raise ValueError(f"it holds no image, but {header.file_meta.MediaStorageSOPClassUID.name}")
    samples, bits = int(header.get("SamplesPerPixel", 1)), int(header.get("BitsAllocated", 8))
    require_pixels(columns, rows, samples * max(bits // 8, 1))
    return header


def _require_size(file: IO[bytes]) -> None:
    """ValueError for a deflated file that holds more than a gigabyte: pydicom inflates all of it at once."""
    head = file.read(2048)
    if DEFLATED not in head:
        return
    start = 144 + int.from_bytes(head[140:144], "little")  # after the file's meta information
    file.seek(start)
    inflate, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
    while data := file.read(1 << 14):
        size += len(inflate.decompress(data))
        if size > MAX_INFLATED:
            raise ValueError("its deflated data set is larger than 1 GiB")


def _frames(header: Any) -> int:
    return max(int(header.get("NumberOfFrames", 1) or 1), 1)


def _count(file: IO[bytes]) -> int:
    header = read_header(file)
    frames, size = _frames(header), file.seek(0, 2)
    if not header.file_meta.TransferSyntaxUID.is_compressed:
        bits = int(header.Rows) * int(header.Columns) * int(header.BitsAllocated) * int(header.SamplesPerPixel)
        is_deflated = header.file_meta.TransferSyntaxUID == DEFLATED.decode()
        if frames * bits > 8 * size * (MAX_RATIO if is_deflated else 1):
            raise ValueError("the file is truncated")
    elif frames > size:
        raise ValueError("the file is truncated")
    return frames


def _describe(file: IO[bytes]) -> tuple[str, int]:
    header = read_header(file)
    if str(header.PhotometricInterpretation) in GREY:
        if "ModalityLUTSequence" in header:
            return ("uint16" if int(header.ModalityLUTSequence[0].LUTDescriptor[2]) > 8 else "uint8"), 1
        return _frame(header, 0).number_type, 1
    palette = header.get("RedPaletteColorLookupTableDescriptor")
    bits = int(palette[2]) if palette else int(header.BitsAllocated)
    return ("uint16" if bits > 8 else "uint8"), 3


def _frame(header: Any, page: int) -> Frame:
    """Number type, span and scale of a frame."""
    is_inverted = str(header.PhotometricInterpretation) == "MONOCHROME1"
    bits, used = int(header.get("BitsAllocated", 8)), int(header.get("BitsStored", header.get("BitsAllocated", 8)))
    scale = _scale(header, page)
    if "BitsStored" not in header:  # float pixels
        return Frame("float32" if bits == 32 else "float64", None, scale, is_inverted)
    if bits not in (1, 8, 16, 32) or not 1 <= used <= bits:
        raise ValueError(f"its header is damaged: {used} of {bits} bits are used")
    is_signed = int(header.get("PixelRepresentation", 0)) == 1
    span = (-(1 << (used - 1)), (1 << (used - 1)) - 1) if is_signed else (0, (1 << used) - 1)
    return Frame(f"{'int' if is_signed else 'uint'}{max(bits, 8)}", span, scale, is_inverted)


def _scale(header: Any, page: int) -> Scale:
    """Of the frame itself, of all frames, or of the data set."""
    for item in (*items(header, "PixelValueTransformationSequence", page), header):
        if "RescaleSlope" in item and item.RescaleSlope is not None:
            return Scale(float(item.RescaleSlope) or 1.0, float(item.get("RescaleIntercept", 0) or 0))
    return Scale()


def _decode(file: IO[bytes], page: int, request: Request) -> Decoded:
    header = read_header(file)
    if not 0 <= page < _frames(header):
        raise ValueError(f"it has {_frames(header)} frames")
    stored, photometric = _pixels(file, header, page), str(header.PhotometricInterpretation)
    kept = without_patient(header) if request.strip else header
    if photometric not in GREY:
        return _colours(stored, header, Origin(kept, page, None, None, Scale(), request.strip))

    if "ModalityLUTSequence" in header:
        from pydicom.pixels.processing import apply_modality_lut

        values = apply_modality_lut(stored, header)
        return Decoded(samples=values[..., None], origin=Origin(kept, page, None, None, Scale(), request.strip))
    frame = _frame(header, page)
    stored, nodata = _padding(_used_bits(stored, header), header, frame)
    origin = Origin(kept, page, frame.stored, frame.span, frame.scale, request.strip)
    return Decoded(samples=frame.values(stored)[..., None], nodata=nodata, origin=origin)


def _pixels(file: IO[bytes], header: Any, page: int) -> Array:
    """Stored numbers (H, W), or colours (H, W, 3)."""
    import pydicom
    from pydicom.pixels.utils import pixel_array

    file.seek(0)
    syntax = header.file_meta.TransferSyntaxUID
    source: Any = pydicom.dcmread(file) if syntax == DEFLATED.decode() else file
    try:
        return np.asarray(pixel_array(source, index=page))
    except (NotImplementedError, RuntimeError) as error:
        is_unknown = isinstance(error, NotImplementedError) or "missing dependencies" in str(error)
        if is_unknown:
            raise ValueError(f"{syntax.name} is not decoded; decompress it first, e.g. by gdcmconv --raw") from None
        raise


def _used_bits(stored: Array, header: Any) -> Array:
    """Stored numbers without what else their upper bits hold, with the sign of BitsStored."""
    bits, used = stored.dtype.itemsize * 8, int(header.get("BitsStored", 0))
    if stored.dtype.kind == "f" or not 0 < used < bits:
        return stored
    return (stored << (bits - used)) >> (bits - used)


def _padding(stored: Array, header: Any, frame: Frame) -> tuple[Array, float | None]:
    """The value that stands for missing pixels; those in a range of such values get the first."""
    padding = header.get("PixelPaddingValue")
    if padding is None or frame.span is None or not isinstance(padding, int):
        return stored, None
    if not np.iinfo(frame.stored).min <= padding <= np.iinfo(frame.stored).max:
        return stored, None
    end = header.get("PixelPaddingRangeLimit")
    if isinstance(end, int):
        low, high = sorted((padding, end))
        stored = np.where((stored >= low) & (stored <= high), np.array(padding, stored.dtype), stored)
    return stored, float(frame.values(np.array([padding], frame.stored))[0])


def _colours(stored: Array, header: Any, origin: Origin) -> Decoded:
    if str(header.PhotometricInterpretation) == "PALETTE COLOR":
        from pydicom.pixels.processing import apply_color_lut

        stored = apply_color_lut(stored, header)
    if stored.ndim != 3 or stored.shape[2] not in (3, 4) or stored.dtype.name not in ("uint8", "uint16"):
        raise ValueError(f"its colours are {header.PhotometricInterpretation} of {stored.dtype.name} numbers")
    profile = header.get("ICCProfile")
    return Decoded(samples=np.ascontiguousarray(stored[..., :3]), icc=profile or None, origin=origin)


DICOM = Format(
    name="DICOM",
    suffixes=(".dcm", ".dicom"),
    recognises=lambda head: head[MAGIC_AT : MAGIC_AT + 4] == MAGIC,
    count=_count,
    decode=_decode,
    encode=encode,
    holds=holds,
    describe=_describe,
    is_stack=True,
    extra="medical",
)

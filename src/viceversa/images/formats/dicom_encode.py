"""DICOM images like the ones that pages came from: the same data set with other pixels, marked as derived."""

from collections.abc import Sequence
from copy import deepcopy
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Array
from ..decoded import Decoded
from .dicom_origin import GROUPS, Origin
from .units import Scale, to_stored

DESCRIPTION = "Translated by viceversa; not an acquired image"
# What described the old numbers, or shows the old image.
STALE = """WindowCenter WindowWidth WindowCenterWidthExplanation VOILUTFunction VOILUTSequence ModalityLUTSequence
    SmallestImagePixelValue LargestImagePixelValue SmallestPixelValueInSeries LargestPixelValueInSeries
    PixelPaddingValue PixelPaddingRangeLimit IconImageSequence PresentationLUTShape PlanarConfiguration
    RedPaletteColorLookupTableDescriptor GreenPaletteColorLookupTableDescriptor BluePaletteColorLookupTableDescriptor
    RedPaletteColorLookupTableData GreenPaletteColorLookupTableData BluePaletteColorLookupTableData
    ExtendedOffsetTable ExtendedOffsetTableLengths RescaleSlope RescaleIntercept RescaleType""".split()  # noqa: SIM905 (a table)
LEVELS = 65535  # of values that are stored as whole numbers with a slope
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


class Stored(NamedTuple):
    """Pages as they are stored."""

    numbers: Array  # (N, H, W) or (N, H, W, 3)
    bits: int  # used
    scale: Scale
    padding: int | None = None


def holds(number_type: str, channels: int, has_alpha: bool) -> bool:
    """Whether files can hold such images: grey of any type, floats in 65,535 levels; colours of 8 bits."""
    return not has_alpha and (channels == 1 or (channels == 3 and number_type == "uint8"))


def encode(pages: Sequence[Decoded]) -> bytes:
    """The data set of the first page's origin with these pixels, a new UID, and DERIVED in its image type.

    Numbers are stored as they were where these can stand for all values exactly; else whole numbers with slope 1, and
    others in 65,535 levels between the least and the greatest value. Everything about patient, study, geometry and
    acquisition stays, but for what described the old numbers; the series is a new one.
    """
    from pydicom.filewriter import dcmwrite
    from pydicom.uid import ExplicitVRLittleEndian

    channels, number_type = pages[0].samples.shape[2], pages[0].samples.dtype.name
    if not holds(number_type, channels, any(page.alpha is not None for page in pages)):
        raise ValueError(f"DICOM files hold no {number_type} numbers in {channels} channels here")
    origin = pages[0].origin if isinstance(pages[0].origin, Origin) else None
    header = deepcopy(origin.header) if origin else _plain_header()
    header.decode()  # elements that are still as they were read have the byte order of the input
    stored = _stored(pages)

    for name in STALE:
        if name in header:
            delattr(header, name)
    _set_pixels(header, stored)
    _set_frames(header, pages, stored.scale)
    _set_identity(header, origin, stored.numbers.tobytes())
    meta = header.file_meta
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = header.SOPClassUID, header.SOPInstanceUID
    out = BytesIO()
    dcmwrite(out, header, implicit_vr=False, little_endian=True, enforce_file_format=True)
    return out.getvalue()


def _plain_header() -> Any:
    """A secondary capture of nobody, for pages from other formats."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import generate_uid

    header = Dataset()
    header.file_meta = FileMetaDataset()
    header.SOPClassUID, header.Modality = SECONDARY_CAPTURE, "OT"
    header.PatientName = header.PatientID = header.StudyDate = ""
    header.StudyInstanceUID = generate_uid(entropy_srcs=["viceversa"])
    return header


def _stored(pages: Sequence[Decoded]) -> Stored:
    if pages[0].samples.shape[2] == 3:
        return Stored(np.stack([page.samples for page in pages]), 8, Scale())
    values = [page.samples[..., 0] for page in pages]
    nodata = pages[0].nodata
    kept = _as_before(pages)
    if kept is not None:
        return kept
    missing = [_missing(page, nodata) for page in values]
    if not any(mask.any() for mask in missing):
        whole = _whole(values)
        if whole is not None:
            return _with_padding(whole, nodata)
    return _levels(values, missing)


def _as_before(pages: Sequence[Decoded]) -> Stored | None:
    """The numbers of the input's type and scale, where all values have one."""
    origin = pages[0].origin
    if not isinstance(origin, Origin) or origin.stored is None or origin.span is None:
        return None
    numbers = [to_stored(page.samples[..., 0], origin.scale, origin.stored, origin.span) for page in pages]
    if any(page is None for page in numbers):
        return None
    bits = (origin.span[1] - origin.span[0]).bit_length()
    return _with_padding(Stored(np.stack([n for n in numbers if n is not None]), bits, origin.scale), pages[0].nodata)


def _with_padding(stored: Stored, nodata: float | None) -> Stored:
    """With the stored number of missing pixels, where there is one."""
    if nodata is None or not np.isfinite(nodata):
        return stored
    number = (nodata - stored.scale.intercept) / stored.scale.slope
    limits = np.iinfo(stored.numbers.dtype)
    fits = number.is_integer() and limits.min <= number <= limits.max
    return stored._replace(padding=int(number)) if fits else stored


def _missing(values: Array, nodata: float | None) -> Array:
    """Where pixels of float values have none; whole numbers keep theirs."""
    if values.dtype.kind != "f":
        return np.zeros(values.shape, bool)
    mask: Array = ~np.isfinite(values)
    return mask if nodata is None else mask | (values == nodata)


def _whole(values: Sequence[Array]) -> Stored | None:
    """Whole numbers that lie within 65,535 of each other, with slope 1."""
    if any(page.dtype.kind == "f" and not np.array_equal(page, np.rint(page)) for page in values):
        return None
    low, high = min(int(page.min()) for page in values), max(int(page.max()) for page in values)
    if high - low > LEVELS:
        return None
    if values[0].dtype == np.uint8:
        return Stored(np.stack(values), 8, Scale())
    if low >= 0 and high <= LEVELS:
        return Stored(np.stack([page.astype(np.uint16) for page in values]), 16, Scale())
    if low >= -32768 and high <= 32767:
        return Stored(np.stack([page.astype(np.int16) for page in values]), 16, Scale())
    numbers = np.stack([(page.astype(np.int64) - low).astype(np.uint16) for page in values])
    return Stored(numbers, 16, Scale(1.0, float(low)))


def _levels(values: Sequence[Array], missing: Sequence[Array]) -> Stored:
    """Values in levels from 1 to 65,535; 0 stands for missing pixels, if there are any."""
    from pydicom.valuerep import format_number_as_ds

    known = [page[~mask] for page, mask in zip(values, missing, strict=True)]
    low = min((float(page.min()) for page in known if page.size), default=0.0)
    high = max((float(page.max()) for page in known if page.size), default=1.0)
    first = 1 if any(mask.any() for mask in missing) else 0
    slope = float(format_number_as_ds((high - low) / (LEVELS - first) or 1.0)) or 1.0  # as its 16 characters state it
    intercept = float(format_number_as_ds(low - first * slope))

    numbers = []
    for page, mask in zip(values, missing, strict=True):
        filled = np.where(mask, low, page.astype(np.float64))
        levels = np.clip(np.rint((filled - intercept) / slope), first, LEVELS)
        numbers.append(np.where(mask, 0, levels).astype(np.uint16))
    return Stored(np.stack(numbers), 16, Scale(slope, intercept), 0 if first else None)


def _set_pixels(header: Any, stored: Stored) -> None:
    """The image pixel module (PS3.3, C.7.6.3)."""
    numbers, has_colours = stored.numbers, stored.numbers.ndim == 4
    header.Rows, header.Columns = numbers.shape[1:3]
    header.SamplesPerPixel = 3 if has_colours else 1
    header.PhotometricInterpretation = "RGB" if has_colours else "MONOCHROME2"
    if has_colours:
        header.PlanarConfiguration = 0
    header.BitsAllocated = numbers.dtype.itemsize * 8
    header.BitsStored, header.HighBit = stored.bits, stored.bits - 1
    header.PixelRepresentation = int(numbers.dtype.kind == "i")
    for name in ("FloatPixelData", "DoubleFloatPixelData"):
        if name in header:
            delattr(header, name)
    data = numbers.astype(numbers.dtype.newbyteorder("<")).tobytes()
    header.add_new(0x7FE00010, "OB" if header.BitsAllocated == 8 else "OW", data + b"\0" * (len(data) % 2))
    if stored.padding is not None:
        header.add_new(0x00280120, "SS" if header.PixelRepresentation else "US", stored.padding)


def _set_frames(header: Any, pages: Sequence[Decoded], scale: Scale) -> None:
    """The number of frames, and slope and intercept where the data set has its own."""
    from pydicom.dataset import Dataset

    if len(pages) > 1 or "NumberOfFrames" in header:
        header.NumberOfFrames = len(pages)
    frames = header.get(GROUPS[0])
    chosen = [page.origin.page for page in pages if isinstance(page.origin, Origin)]
    if frames and len(chosen) == len(pages) and max(chosen) < len(frames):
        setattr(header, GROUPS[0], [frames[index] for index in chosen])
    elif frames:
        delattr(header, GROUPS[0])

    for name in GROUPS:
        for item in header.get(name) or ():
            for stale in ("PixelValueTransformationSequence", "FrameVOILUTSequence"):
                if stale in item:
                    delattr(item, stale)
    if header.SamplesPerPixel == 3:
        return
    rescale = Dataset()
    rescale.RescaleIntercept, rescale.RescaleSlope = float(scale.intercept), float(scale.slope)
    rescale.RescaleType = "US"  # unspecified: no file says in which unit another domain is
    shared = header.get(GROUPS[1])
    if shared:
        shared[0].PixelValueTransformationSequence = [rescale]
    else:
        header.update(rescale)


def _set_identity(header: Any, origin: Origin | None, pixels: bytes) -> None:
    """A new instance in a new series; both depend only on where it came from and on its pixels."""
    from hashlib import sha256

    from pydicom.dataset import Dataset
    from pydicom.uid import generate_uid

    before = str(header.get("SOPInstanceUID", ""))
    if origin and not origin.is_stripped and before:
        source = Dataset()
        source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID = header.SOPClassUID, before
        header.SourceImageSequence = [source]
    series = str(header.get("SeriesInstanceUID", "")) + str(header.get("SeriesNumber", ""))
    header.SeriesInstanceUID = generate_uid(entropy_srcs=["viceversa", series])
    header.SOPInstanceUID = generate_uid(entropy_srcs=["viceversa", before, sha256(pixels).hexdigest()])
    kind = [str(word) for word in (header.get("ImageType") or [])]
    header.ImageType = ["DERIVED", "SECONDARY", *kind[2:]]
    header.DerivationDescription = DESCRIPTION

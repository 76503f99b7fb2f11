"""Pictures: pixels of a file in [-1, 1] with all that is needed to write them like the file they came from."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from ..files import write_bytes
from .address import LEFT, Address, address_of
from .arrays import Array, to_uint8
from .colour import Outside, conversion_for, from_srgb, to_srgb
from .decoded import BY_WINDOWS, Decoded, Request, require_pixels
from .exif import Exif
from .formats import BY_NAME, format_for
from .formats.encode import joined
from .opened import ImageError, OpenImage
from .profiles import conversion
from .reduced import LARGE, read_reduced, reduce_to, sample_windows
from .values import Values, denormalise, full_span, missing_pixels, nodata_fits, normalise, own_span
from .windows import About, WholeImage, Window, WindowedImage


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Pixels in [-1, 1] and all that is needed to write them like the file they came from."""

    pixels: Array  # (C, H, W) float32 in [-1, 1]
    alpha: Array | None = None  # (H, W) float32 in [0, 1], never multiplied into the pixels
    missing: Array | None = None  # (H, W) true for pixels without a value, which hold the mean of the others
    format: str = "PNG"  # name of a format
    depth: str = "uint8"  # number type, by NumPy's name
    low: float = 0.0  # stored value of -1
    high: float = 255.0  # stored value of +1
    nodata: float | None = None  # stored value of missing pixels, where it is not NaN
    clipped: int = 0  # values of the file that lay outside of low to high
    icc: bytes | None = None  # colour profile, byte for byte
    is_srgb: bool = False  # the pixels are sRGB, and become colours of `icc` when they are written
    outside: Outside | None = None  # what sRGB has no room for, where every pixel of the file was wanted
    exif: Exif | None = None  # what of it is true of the upright pixels, see `exif`
    dpi: tuple[float, float] | None = None  # pixels per inch across and down, where stated outside EXIF
    origin: Any = None  # what else its format needs to write a file like the one it came from
    notes: tuple[str, ...] = ()
    reduction: int = 1  # the pixels are 1 / reduction of the file's, see `read`
    full_size: tuple[int, int] | None = None  # height and width of the file, where the pixels are reduced
    box: tuple[float, float, float, float] | None = None  # the file's part of reduced pixels: left, top, right, bottom

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the file, upright."""
        return self.full_size or (self.pixels.shape[1], self.pixels.shape[2])


def read(
    path: str | os.PathLike[str],
    *,
    values: Values | None = None,
    side: int | None = None,
    strip: bool = False,
    managed: bool | None = None,
) -> Picture:
    """Read an image file at full depth, upright by its EXIF tag; the format is recognised by its content.

    `values` say which numbers become -1 and +1: those of the domain that the file belongs to. Without them uint8 is
    0..255, uint16 0..65535, float 0..1 when all values lie there; any other file its own min..max. Values outside are
    clipped and counted. NaN and the value that stands for missing pixels become `missing`.

    CMYK and Lab become sRGB, palettes RGB(A). Where the values are `managed`, or this read is, so do photographs with a
    colour profile, and `write` converts them back; a profile of no use is left alone, with a note.

    A name that ends with #left or #right means that half of the file before it, with #12 its page 12, with
    #64,0,512,256 the window of 512 x 256 pixels at 64, 0 (from the left, from the top); else it is the first page.
    Raises ImageError, never hangs.

    `side` is the shorter side to which the caller will reduce the picture: a JPEG is then decoded at 1/8, 1/4 or 1/2
    where its shorter side stays at least three times that, a slide and a TIFF file of more than 50 megapixels at the
    coarsest level with as much. TIFF and NumPy files that are too large to be decoded are reduced by windows. Any
    other file, and any file without `side`, is decoded in full. `strip` leaves EXIF out. Damaged EXIF is left out with
    a note.
    """
    address = address_of(path)
    request = Request(side=side, halves=bool(address.half), strip=strip, managed=managed)
    with OpenImage(address.file) as image:
        picture = _read(image, address, request, values)
    return crop_half(picture, address.half) if address.half else picture


def _read(image: OpenImage, address: Address, request: Request, values: Values | None) -> Picture:
    """The part of an open file that an address names, as a Picture."""
    decoded = _decode(image, address, request)
    return image.call(lambda format: picture_of(decoded, values, format.name, request))


def _decode(image: OpenImage, address: Address, request: Request) -> Decoded:
    """The part of an open file that an address names, as it is stored; of two halves both."""
    if address.window is None:
        return image.decode(address.page, request)
    with image.windows(address.page, address.window) as part:
        height, width = part.about.size
        if request.side is not None and height * width > LARGE:
            return read_reduced(part, request.side, strip=request.strip)
        decoded = image.call(lambda format: _whole(part))
        return replace(decoded, exif=None) if request.strip else decoded


def _whole(image: WindowedImage) -> Decoded:
    """All pixels of an image."""
    height, width = image.about.size
    require_pixels(width, height, image.about.channels * np.dtype(image.about.number_type).itemsize, BY_WINDOWS)
    return image.read(Window(0, 0, height, width))


def decode(data: bytes, values: Values | None = None) -> Picture:
    """`read` for the content of a file."""
    path = "the bytes"
    return _read(OpenImage(path, BytesIO(data)), Address(path, 0, ""), Request(), values)


def read_pages(path: str | os.PathLike[str], *, values: Values | None = None, strip: bool = False) -> list[Picture]:
    """All pages of a stack or volume, or the one image that a path names; `read` for each."""
    address = address_of(path)
    if os.fspath(path) != address.file:
        return [read(path, values=values, strip=strip)]
    with OpenImage(address.file) as image:
        request = Request(strip=strip)
        return [_read(image, address._replace(page=page), request, values) for page in range(image.pages)]


def pages_of(path: str | os.PathLike[str], *, animations: bool = False) -> int:
    """Pages of a stack or volume; frames of an animation count where `animations` is set, else it is one image."""
    with OpenImage(os.fspath(path)) as image:
        return image.count() if animations else image.pages


def describe(path: str | os.PathLike[str]) -> tuple[str, int]:
    """Number type and channels of a file, where possible without decoding it."""
    address = address_of(path)
    with OpenImage(address.file) as image:
        return image.describe(address.page)


def read_sample(path: str | os.PathLike[str]) -> Decoded:
    """`read_decoded` where a file has at most 50 megapixels; of larger ones a grid of windows, one below the other."""
    if not may_be_large(path):
        return read_decoded(path)
    with open_windows(path) as image:
        return sample_windows(image)


def may_be_large(path: str | os.PathLike[str]) -> bool:
    """Whether the format of a file has windows; ImageError never."""
    try:
        with OpenImage(address_of(path).file) as image:
            return image.format.open_windows is not None
    except ImageError:
        return False


def about(path: str | os.PathLike[str]) -> About | None:
    """What is known of an image that can be read by windows, by its header; none for other formats and broken files."""
    if not may_be_large(path):
        return None
    try:
        with open_windows(path) as image:
            return image.about
    except ImageError:
        return None


def read_decoded(path: str | os.PathLike[str]) -> Decoded:
    """An image as its file stores it, before its numbers are scaled; of two halves both."""
    address = address_of(path)
    with OpenImage(address.file) as image:
        return _decode(image, address, Request())


def open_windows(path: str | os.PathLike[str]) -> WindowedImage:
    """An image of any size, to be read by windows; formats that cannot are decoded whole. ImageError as by `read`.

    `read` of the image raises ImageError, too, where what it needs of the file is damaged. A path that names a window
    means that part alone.
    """
    address = address_of(path)
    with OpenImage(address.file) as image:
        if address.half:
            decoded = _decode(image, address, Request())
            return WholeImage(os.fspath(path), image.format.name, decoded)
        return image.windows(address.page, address.window)


def thumbnail(source: str | os.PathLike[str] | WindowedImage, side: int) -> Array:
    """Samples (H, W, C) of an image of any size in its own numbers, with a shorter side of `side` pixels.

    Means over the pixels that have values, from the coarsest level that is enough, on white where it is transparent;
    an image with a shorter side of less stays as it is.
    """
    if isinstance(source, WindowedImage):
        return reduce_to(source, side)
    with open_windows(source) as image:
        return reduce_to(image, side)


def picture_of(decoded: Decoded, values: Values | None, format: str, request: Request | None = None) -> Picture:
    """A decoded image scaled by the values of its domain, or by its own; see `read`."""
    request = request or Request()
    samples = decoded.samples
    nodata = values.nodata if values and values.nodata is not None else decoded.nodata
    missing = missing_pixels(samples, nodata)
    span = values.span(samples.dtype.name) if values else own_span(samples, missing)
    is_managed = request.managed if request.managed is not None else values is not None and values.managed
    profile, notes = conversion_for(decoded.icc if is_managed else None, samples, span)
    if profile is None:
        pixels, clipped = normalise(samples, span, missing)
        outside = None
    else:
        pixels, outside = to_srgb(samples, profile, missing, clip=request.side is not None)  # it will not be written
        clipped = 0
    return Picture(
        pixels=pixels,
        alpha=decoded.alpha,
        missing=missing,
        format=format,
        depth=samples.dtype.name,
        low=span[0],
        high=span[1],
        nodata=nodata,
        clipped=clipped,
        icc=decoded.icc,
        is_srgb=profile is not None,
        outside=outside,
        exif=decoded.exif,
        dpi=decoded.dpi,
        origin=decoded.origin,
        notes=(*decoded.notes, *notes, *clipping_note(clipped, samples.size, span)),
        reduction=decoded.reduction,
        full_size=decoded.full_size,
        box=decoded.box,
    )


def clipping_note(clipped: int, count: int, span: tuple[float, float]) -> tuple[str, ...]:
    """What is said of values that lay outside of the range of their domain."""
    if not clipped:
        return ()
    return (f"{clipped} of {count} values lay outside of {span[0]:g} to {span[1]:g} and were clipped",)


def crop_half(picture: Picture, half: str) -> Picture:
    """The left or the right half of a picture."""
    middle = picture.pixels.shape[2] // 2
    part = slice(None, middle) if half == LEFT else slice(-middle, None)
    alpha, missing = (None if mask is None else mask[:, part] for mask in (picture.alpha, picture.missing))
    full_size = picture.full_size and (picture.full_size[0], picture.full_size[1] // 2)
    pixels = np.ascontiguousarray(picture.pixels[:, :, part])
    cropped = replace(picture, pixels=pixels, alpha=alpha, missing=missing, full_size=full_size, box=None)
    if picture.outside is None:
        return cropped
    first, stop, _ = part.indices(picture.pixels.shape[2])
    return replace(cropped, outside=picture.outside.columns(first, stop))


def to_samples(picture: Picture) -> Array:
    """The values to store, (H, W, C) in the number type of `depth`, rounded; alpha is one more channel."""
    return joined(colours_of(picture), picture.alpha)


def colours_of(picture: Picture) -> Array:
    """The values to store without alpha, (H, W, C); missing pixels have theirs."""
    pixels = picture.pixels
    if pixels.ndim != 3 or not np.isfinite(pixels).all():
        raise ValueError(f"pixels must be finite and (C, H, W), not {pixels.shape}")

    profile = conversion(picture.icc, len(pixels)) if picture.is_srgb and picture.icc else None
    samples: Array
    if profile is not None:
        samples = from_srgb(pixels, profile, picture.outside, picture.depth)
    elif (picture.depth, picture.low, picture.high) == ("uint8", 0, 255):  # the usual case, and four times as fast
        samples = np.ascontiguousarray(to_uint8(pixels).transpose(1, 2, 0))
    else:
        samples = denormalise(pixels, (picture.low, picture.high), picture.depth)
    if picture.missing is not None:
        number = np.nan if picture.nodata is None else picture.nodata
        samples[picture.missing] = number if nodata_fits(number, picture.depth) else samples.dtype.type(picture.low)
    return samples


def write(path: str | os.PathLike[str], picture: Picture | Sequence[Picture]) -> None:
    """Write a Picture in its own format, size, number type, alpha, colour profile, EXIF and resolution, atomically.

    Several Pictures of one size and type become the pages of a stack. JPEG is written at quality 95 without chroma
    subsampling; WebP and TIFF without loss; palettes as RGB(A), 1 bit as 8-bit grey. BMP and PPM hold no EXIF, PPM no
    resolution. Raises ValueError for what the format cannot hold, which `read` never returns.
    """
    write_bytes(Path(path), encode_picture(picture))


def encode_picture(picture: Picture | Sequence[Picture]) -> bytes:
    """The bytes of the file that `write` writes."""
    pictures = [picture] if isinstance(picture, Picture) else list(picture)
    return BY_NAME[pictures[0].format].encode([decoded_of(p) for p in pictures])


def decoded_of(picture: Picture) -> Decoded:
    """What a format writes of a Picture."""
    return Decoded(
        samples=colours_of(picture),
        alpha=picture.alpha,
        nodata=picture.nodata,
        icc=picture.icc,
        exif=picture.exif,
        dpi=picture.dpi,
        origin=picture.origin,
    )


def with_pixels(picture: Picture, pixels: Array, source: Values | None = None, target: Values | None = None) -> Picture:
    """The same Picture with new pixels: those of the domain `target`, where the old ones were of the domain `source`.

    Between photographs, and without domains, number type and range stay; else they are those of the target. A colour
    profile that no longer fits (grey <-> RGB, or no photograph) is dropped.
    """
    notes, icc = list(picture.notes), picture.icc
    depth, (low, high), nodata = picture.depth, (picture.low, picture.high), picture.nodata
    is_photograph = target is None or (target.relative and (source is None or source.relative))
    if target is not None and not is_photograph:
        depth = target.number_type
        low, high = target.span(depth)
    if icc is not None and len(pixels) != len(picture.pixels):
        icc = None
        notes.append("colour profile dropped: grey became colour or colour grey")
    elif picture.is_srgb and (low, high) != full_span(depth):
        icc = None
        notes.append("colour profile dropped: the numbers of its domain are no colours")

    if target is not None and target.nodata is not None:
        nodata = target.nodata
    if picture.missing is not None and not nodata_fits(np.nan if nodata is None else nodata, depth):
        notes.append(f"missing pixels became {low:g}: {depth} has no number for them; set data.nodata")

    format = format_for(picture.format, depth, len(pixels), picture.alpha is not None)
    if format != picture.format:
        notes.append(f"written as {format}: {picture.format} files do not hold {len(pixels)} channels of {depth}")
    return replace(
        picture,
        pixels=pixels,
        icc=icc,
        is_srgb=picture.is_srgb and icc is not None,
        outside=picture.outside if icc is not None else None,
        notes=tuple(notes),
        format=format,
        depth=depth,
        low=low,
        high=high,
        nodata=nodata,
    )

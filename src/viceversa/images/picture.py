"""Read and write image files at full depth, upright, with alpha and colour profile."""

import os
import stat
import warnings
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image, UnidentifiedImageError

from ..errors import DataError
from ..files import write_bytes
from .arrays import Array, to_uint8
from .exif import Exif, read_exif
from .formats import MIRRORED, UPSIDE_DOWN, apply_orientation, encode, read_dpi, read_orientation, read_samples

Depth = Literal["uint8", "uint16", "float32"]

EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".ppm", ".pgm"})
MAX_PIXELS = 178_000_000  # checked in the header, before anything is decoded
# Only these Pillow decoders are enabled, chosen by content: others, such as EPS (Ghostscript), are a security risk.
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "PPM")
FORMAT_ALIASES = {"MPO": "JPEG", "DIB": "BMP"}
LEFT, RIGHT = "#left", "#right"  # after a file's name: that half of an image with two sides
JPEG_REDUCTIONS = (8, 4, 2)  # scales 1/8, 1/4 and 1/2 at which a JPEG decoder can decode
SIDES_KEPT = 3  # a reduced JPEG keeps at least this many times the side that its reader reduces it to (docs/log.md)

# Pillow warns about images above half of its own limit and about junk beside the pixels, once per file. Ignoring this
# around our own decoding only is not possible: warnings.catch_warnings replaces the filters of the whole process, and
# readers run in threads (it is safe in threads from Python 3.14 on). So these filters are set once, at the end of the
# list, where every filter of the application precedes them.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning, append=True)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.", append=True)


class ImageError(DataError):
    """A file that cannot be read as an image; `reason` is the message without path and advice."""

    def __init__(self, path: str | os.PathLike[str], reason: str) -> None:
        super().__init__(os.fspath(path), reason)  # both arguments, so that the error can be pickled
        self.path, self.reason = printable_path(path), " ".join(reason.split())

    def __str__(self) -> str:
        return f"cannot read {self.path}: {self.reason}; replace or remove the file"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Pixels in [-1, 1] and all that is needed to write them like the file they came from."""

    pixels: Array  # (C, H, W) float32 in [-1, 1], C = 1 or 3
    alpha: Array | None = None  # (H, W) float32 in [0, 1], never multiplied into the pixels
    format: str = "PNG"  # Pillow's name
    depth: Depth = "uint8"
    low: float = 0.0  # stored value of -1
    high: float = 255.0  # stored value of +1
    icc: bytes | None = None  # colour profile, byte for byte
    exif: Exif | None = None  # what of it is true of the upright pixels, see `exif`
    dpi: tuple[float, float] | None = None  # pixels per inch across and down, where stated outside EXIF
    notes: tuple[str, ...] = ()
    reduction: int = 1  # the pixels are 1 / reduction of the file's, see `read`
    full_size: tuple[int, int] | None = None  # height and width of the file, where the pixels are reduced
    box: tuple[float, float, float, float] | None = None  # the file's part of reduced pixels: left, top, right, bottom

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the file, upright."""
        return self.full_size or (self.pixels.shape[1], self.pixels.shape[2])


def read(path: str | os.PathLike[str], *, side: int | None = None, strip: bool = False) -> Picture:
    """Read a JPEG, PNG, WebP, TIFF, BMP or PPM file at full depth, upright by its EXIF tag.

    uint8 is 0..255, uint16 0..65535; float values are 0..1 when all lie there, else the file's own min..max.
    CMYK and Lab become sRGB; palettes RGB(A); of several frames the first. A name that ends with #left or #right means
    that half of the file before it. Raises ImageError, never hangs.

    `side` is the shorter side to which the caller will reduce the picture: a JPEG is then decoded at 1/8, 1/4 or 1/2
    where its shorter side stays at least three times that. Any other file, and any file without `side`, is decoded in
    full. `strip` leaves EXIF out. Damaged EXIF is left out with a note.
    """
    file_path, half = file_of(path)
    try:
        if not stat.S_ISREG(os.stat(file_path).st_mode):  # a pipe would block for ever
            raise ImageError(file_path, "it is not a file")
        with open(file_path, "rb") as file:
            picture = _decode(file_path, file, side, bool(half), strip)
    except (OSError, ValueError, MemoryError) as error:
        raise ImageError(file_path, getattr(error, "strerror", None) or str(error)) from None
    return _crop_half(picture, half) if half else picture


def decode(data: bytes) -> Picture:
    """`read` for the content of a file."""
    return _decode("the bytes", BytesIO(data))


def file_of(path: str | os.PathLike[str]) -> tuple[str, str]:
    """The file of a path, and the half of it that the path names: "", LEFT or RIGHT."""
    text = os.fspath(path)
    half = next((end for end in (LEFT, RIGHT) if text.endswith(end) and not os.path.exists(text)), "")
    return text.removesuffix(half), half


def _crop_half(picture: Picture, half: str) -> Picture:
    middle = picture.pixels.shape[2] // 2
    part = slice(None, middle) if half == LEFT else slice(-middle, None)
    alpha = None if picture.alpha is None else picture.alpha[:, part]
    full_size = picture.full_size and (picture.full_size[0], picture.full_size[1] // 2)
    return replace(
        picture, pixels=np.ascontiguousarray(picture.pixels[:, :, part]), alpha=alpha, full_size=full_size, box=None
    )


def _decode(
    path: str | os.PathLike[str], file: Any, side: int | None = None, halves: bool = False, strip: bool = False
) -> Picture:
    """Decode an open file; whatever a damaged or hostile file causes becomes an ImageError."""
    try:
        image = Image.open(file, formats=FORMATS)
        if image.width * image.height > MAX_PIXELS:
            raise ValueError(f"{image.width} x {image.height} pixels are more than {MAX_PIXELS // 1_000_000} million")
        width, height = image.size
        reduction = 1 if side is None else _reduce_jpeg(image, side, halves)
        samples, icc, notes = read_samples(image, file)
        orientation = read_orientation(image)
        samples = apply_orientation(samples, orientation)
        if getattr(image, "is_animated", False):
            notes += ("several frames: only the first is used",)
        size = (height, width) if orientation >= 5 else (width, height)
        dpi = read_dpi(image)
        if orientation >= 5 and dpi:
            dpi = dpi[::-1]
        exif, exif_notes = (None, ()) if strip else exif_or_note(image, size, file)
    except UnidentifiedImageError:
        empty = file.seek(0, os.SEEK_END) == 0
        reason = "the file is empty" if empty else "it is broken or not JPEG, PNG, WebP, TIFF, BMP or PPM"
        raise ImageError(path, reason) from None
    except Exception as error:  # a broken file can make a decoder raise anything
        raise ImageError(path, str(error) or type(error).__name__) from None
    format = image.format or ""
    picture = picture_from_samples(samples, format=FORMAT_ALIASES.get(format, format), icc=icc, exif=exif, dpi=dpi)
    picture = replace(picture, notes=(*notes, *exif_notes))
    if reduction == 1:
        return picture
    box = _reduced_box(samples.shape, size, reduction, orientation)
    return replace(picture, reduction=reduction, full_size=size[::-1], box=box)


def _reduced_box(
    shape: tuple[int, ...], size: tuple[int, int], reduction: int, orientation: int
) -> tuple[float, float, float, float]:
    """The part of reduced pixels that lies inside an image of upright width and height `size`.

    The last row and column are only partly inside unless `reduction` divides the size; flips bring them to the front.
    """
    width, height = size[0] / reduction, size[1] / reduction
    left = shape[1] - width if orientation in MIRRORED else 0.0
    top = shape[0] - height if orientation in UPSIDE_DOWN else 0.0
    return left, top, left + width, top + height


def exif_or_note(image: Image.Image, size: tuple[int, int], file: Any = None) -> tuple[Exif | None, tuple[str, ...]]:
    """EXIF of an image that is loaded, of upright width and height `size`; none and a note where it is damaged."""
    try:
        return read_exif(image, size, file), ()
    except Exception:  # whatever is wrong with it, the image is good
        return None, ("EXIF dropped: it is damaged or too long",)


def _reduce_jpeg(image: Image.Image, side: int, halves: bool) -> int:
    """Let an image that is not loaded yet be decoded at the smallest scale that `side` allows; returns its divisor.

    Of an image with two `halves`, these must not share a block of the JPEG.
    """
    if FORMAT_ALIASES.get(image.format or "", image.format) != "JPEG":
        return 1
    parts = 2 if halves else 1
    for reduction in JPEG_REDUCTIONS:
        is_divisible = not halves or all(length % (2 * reduction) == 0 for length in image.size)
        if is_divisible and min(image.size) // parts >= SIDES_KEPT * side * reduction:
            image.draft(None, (image.width // reduction, image.height // reduction))
            return reduction
    return 1


def printable_path(path: str | os.PathLike[str]) -> str:
    """A path as one line of valid UTF-8, whatever bytes it has."""
    return " ".join(os.fsencode(path).decode("utf-8", "replace").split())


def picture_from_samples(samples: Array, span: tuple[float, float] | None = None, **origin: Any) -> Picture:
    """Samples (H, W, 1 | 2 | 3 | 4) of any dtype as a Picture; 2 and 4 channels end with alpha.

    `span` are the values that become -1 and +1, if not those of the dtype; `origin` are other fields of the Picture.
    """
    has_alpha = samples.shape[2] in (2, 4)
    colour = samples[..., :-1] if has_alpha else samples
    depth, low, high = _value_range(colour) if span is None else ("float32", *span)

    pixels = colour.transpose(2, 0, 1).astype(np.float32, order="C")
    if low:  # in place: an image at the limit takes two gigabytes
        pixels -= np.float32(low)
    pixels /= np.float32((high - low) / 2 or 1)
    pixels -= 1
    if depth == "float32":  # others cannot lie outside
        np.clip(pixels, -1, 1, out=pixels)

    alpha = samples[..., -1].astype(np.float32) / np.float32(_opaque(low, high)) if has_alpha else None
    return Picture(pixels=pixels, alpha=alpha, depth=depth, low=low, high=high, **origin)


def _opaque(low: float, high: float) -> float:
    """The stored value of full alpha."""
    return high if low == 0 else 1.0


def _value_range(samples: Array) -> tuple[Depth, float, float]:
    """The depth, and the stored values that become -1 and +1; see `read`."""
    if samples.dtype == np.uint8:
        return "uint8", 0.0, 255.0
    if samples.dtype == np.uint16:
        return "uint16", 0.0, 65535.0
    low, high = float(samples.min()), float(samples.max())
    if not np.isfinite(low + high):
        raise ValueError("it holds values that are not finite")
    if samples.dtype == np.int32 and low >= 0 and high <= 65535:
        return "uint16", 0.0, 65535.0
    if low >= 0 and high <= 1:
        return "float32", 0.0, 1.0
    return "float32", low, high


def to_samples(picture: Picture) -> Array:
    """The values to store, (H, W, 1 | 2 | 3 | 4) in the dtype of `depth`, rounded, alpha last."""
    pixels, span = picture.pixels, picture.high - picture.low
    if pixels.ndim != 3 or pixels.shape[0] not in (1, 3) or not np.isfinite(pixels).all():
        raise ValueError(f"pixels must be finite and (1 | 3, H, W), not {pixels.shape}")

    if (picture.depth, picture.low, picture.high) == ("uint8", 0, 255):  # the usual case, and four times as fast
        planes = [*to_uint8(pixels)]
    else:
        planes = [*((np.clip(pixels, -1, 1).astype(np.float64) + 1) * (span / 2) + picture.low)]
    if picture.alpha is not None:
        if picture.alpha.shape != pixels.shape[1:]:
            raise ValueError(f"alpha {picture.alpha.shape} and pixels {pixels.shape} differ in size")
        planes.append(np.clip(picture.alpha, 0, 1) * _opaque(picture.low, picture.high))

    samples = np.stack(planes, axis=-1)
    if samples.dtype == picture.depth:
        return samples
    if picture.depth != "float32":
        samples = np.rint(samples)
    return samples.astype(picture.depth)


def write(path: str | os.PathLike[str], picture: Picture) -> None:
    """Write a Picture in its own format, size, depth, alpha, colour profile, EXIF and resolution, atomically.

    JPEG is written at quality 95 without chroma subsampling; WebP and TIFF without loss; palettes as RGB(A),
    1 bit as 8-bit grey. BMP and PPM hold no EXIF, PPM no resolution.
    Raises ValueError for a depth or alpha that the format cannot hold, which `read` never returns.
    """
    write_bytes(Path(path), encode_picture(picture))


def encode_picture(picture: Picture) -> bytes:
    """The bytes of the file that `write` writes."""
    return encode(to_samples(picture), picture.format, picture.icc, picture.exif, picture.dpi)


def with_pixels(picture: Picture, pixels: Array) -> Picture:
    """The same Picture with new pixels; a colour profile that no longer fits (grey <-> RGB) is dropped."""
    if picture.icc is None or len(pixels) == len(picture.pixels):
        return replace(picture, pixels=pixels)
    notes = (*picture.notes, "colour profile dropped: grey became colour or colour grey")
    return replace(picture, pixels=pixels, icc=None, notes=notes)

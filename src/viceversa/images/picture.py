"""The boundary for pictures: every file comes in through `read` and leaves through `write`."""

import os
import stat
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image, UnidentifiedImageError

from ..errors import DataError
from ..files import write_bytes
from .arrays import Array, to_uint8
from .formats import encode, orientation, samples_of, upright

Depth = Literal["uint8", "uint16", "float32"]

EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".ppm", ".pgm"})
LARGEST = 178_000_000  # pixels; checked in the header, before anything is decoded
# By content, whatever the name says; every other reader of Pillow (Ghostscript for one) stays shut.
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "PPM")
SAME = {"MPO": "JPEG", "DIB": "BMP"}
LEFT, RIGHT = "#left", "#right"  # after a file's name: that half of a picture with two sides

# Pillow warns at half of its own limit and about junk beside the pixels; neither is for the reader of a log.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


class ImageError(DataError):
    """A file that cannot be read as a picture, and the bare reason."""

    def __init__(self, path: str | os.PathLike[str], reason: str) -> None:
        super().__init__(os.fspath(path), reason)  # both, so that a worker can send it through a pipe
        self.path, self.reason = printable(path), " ".join(reason.split())

    def __str__(self) -> str:
        return f"cannot read {self.path}: {self.reason}; replace or remove the file"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Pixels in [-1, 1] and what it takes to give them back as they came."""

    pixels: Array  # (C, H, W) float32 in [-1, 1], C = 1 or 3
    alpha: Array | None = None  # (H, W) float32 in [0, 1], never multiplied into the pixels
    format: str = "PNG"  # Pillow's name
    depth: Depth = "uint8"
    low: float = 0.0  # stored value of -1
    high: float = 255.0  # stored value of +1
    icc: bytes | None = None  # colour profile, byte for byte
    notes: tuple[str, ...] = ()


def read(path: str | os.PathLike[str]) -> Picture:
    """Read a JPEG, PNG, WebP, TIFF, BMP or PPM file at full depth, upright by its EXIF tag.

    uint8 is 0..255, uint16 0..65535; float values are 0..1 when all lie there, else the file's own min..max.
    CMYK and Lab become sRGB; palettes RGB(A); of several frames the first. A name that ends with #left or #right asks
    for half of the file before it. Raises ImageError, never hangs.
    """
    file_path, half = file_of(path)
    if half:
        return _half(read(file_path), half)
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # a pipe would block for ever
            raise ImageError(path, "it is not a file")
        with open(path, "rb") as file:
            return _decode(path, file)
    except (OSError, ValueError, MemoryError) as error:
        raise ImageError(path, getattr(error, "strerror", None) or str(error)) from None


def file_of(path: str | os.PathLike[str]) -> tuple[str, str]:
    """The file behind a path, and the half of it that is meant: "", LEFT or RIGHT."""
    text = os.fspath(path)
    half = next((end for end in (LEFT, RIGHT) if text.endswith(end) and not os.path.exists(text)), "")
    return text.removesuffix(half), half


def _half(picture: "Picture", half: str) -> "Picture":
    middle = picture.pixels.shape[2] // 2
    part = slice(None, middle) if half == LEFT else slice(-middle, None)
    alpha = None if picture.alpha is None else picture.alpha[:, part]
    return replace(picture, pixels=np.ascontiguousarray(picture.pixels[:, :, part]), alpha=alpha)


def _decode(path: str | os.PathLike[str], file: Any) -> Picture:
    """The part of `read` that trusts nothing in the file."""
    try:
        image = Image.open(file, formats=FORMATS)
        if image.width * image.height > LARGEST:
            raise ValueError(f"{image.width} x {image.height} pixels are more than {LARGEST // 1_000_000} million")
        samples, icc, notes = samples_of(image, file)
        samples = upright(samples, orientation(image))
        if getattr(image, "is_animated", False):
            notes += ("several frames: only the first is used",)
    except UnidentifiedImageError:
        empty = os.fstat(file.fileno()).st_size == 0
        reason = "the file is empty" if empty else "it is broken or not JPEG, PNG, WebP, TIFF, BMP or PPM"
        raise ImageError(path, reason) from None
    except Exception as error:  # a broken file can make a decoder raise anything
        raise ImageError(path, str(error) or type(error).__name__) from None
    return _picture(samples, format=SAME.get(image.format or "", image.format or ""), icc=icc, notes=notes)


def printable(path: str | os.PathLike[str]) -> str:
    """A path as one line of valid text, whatever bytes it has."""
    return " ".join(os.fsencode(path).decode("utf-8", "replace").split())


def _picture(samples: Array, span: tuple[float, float] | None = None, **origin: Any) -> Picture:
    """Samples (H, W, 1 | 2 | 3 | 4) of any number type to a Picture; the even counts end with alpha."""
    split = samples.shape[2] in (2, 4)
    colour = samples[..., :-1] if split else samples
    depth, low, high = _range(colour) if span is None else ("float32", *span)
    pixels = colour.transpose(2, 0, 1).astype(np.float32, order="C")
    if low:  # in place: a picture at the limit takes two gigabytes
        pixels -= np.float32(low)
    pixels /= np.float32((high - low) / 2 or 1)
    pixels -= 1
    if depth == "float32":  # others cannot lie outside
        np.clip(pixels, -1, 1, out=pixels)
    alpha = samples[..., -1].astype(np.float32) / np.float32(_opaque(low, high)) if split else None
    return Picture(pixels=pixels, alpha=alpha, depth=depth, low=low, high=high, **origin)


def _opaque(low: float, high: float) -> float:
    """The stored value of full alpha."""
    return high if low == 0 else 1.0


def _range(samples: Array) -> tuple[Depth, float, float]:
    """The depth and the stored values that become -1 and +1; see `read`."""
    if samples.dtype == np.uint8:
        return "uint8", 0.0, 255.0
    if samples.dtype == np.uint16:
        return "uint16", 0.0, 65535.0
    low, high = float(samples.min()), float(samples.max())
    if not np.isfinite(low + high):
        raise ValueError("it holds values that are not finite")
    if samples.dtype == np.int32 and low >= 0 and high <= 65535:
        return "uint16", 0.0, 65535.0
    return ("float32", 0.0, 1.0) if low >= 0 and high <= 1 else ("float32", low, high)


def to_samples(picture: Picture) -> Array:
    """The stored form (H, W, 1 | 2 | 3 | 4) in the number type of `depth`, rounded, alpha last."""
    pixels, span = picture.pixels, picture.high - picture.low
    if pixels.ndim != 3 or pixels.shape[0] not in (1, 3) or not np.isfinite(pixels).all():
        raise ValueError(f"pixels must be finite and (1 | 3, H, W), not {pixels.shape}")
    if (picture.depth, picture.low, picture.high) == ("uint8", 0, 255):  # nearly all, and four times as fast
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
    return (samples if picture.depth == "float32" else np.rint(samples)).astype(picture.depth)


def write(path: str | os.PathLike[str], picture: Picture) -> None:
    """Write a picture in its own format, size, depth, alpha and colour profile, atomically.

    JPEG is written at quality 95 without chroma subsampling; WebP and TIFF without loss; palettes as RGB(A),
    1 bit as 8-bit grey. EXIF is dropped (the pixels stand upright; date and camera belong to the original).
    Raises ValueError for a depth or alpha that the format cannot hold, which `read` never returns.
    """
    write_bytes(Path(path), encode(to_samples(picture), picture.format, picture.icc))


def with_pixels(picture: Picture, pixels: Array) -> Picture:
    """The same picture with new pixels; a colour profile that no longer fits (grey <-> RGB) goes."""
    if picture.icc is None or len(pixels) == len(picture.pixels):
        return replace(picture, pixels=pixels)
    notes = (*picture.notes, "colour profile dropped: grey became colour or colour grey")
    return replace(picture, pixels=pixels, icc=None, notes=notes)

"""Encoding with Pillow and beyond: 16-bit PNG, alpha in BMP."""

import struct
import zlib
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from ..arrays import Array
from ..decoded import Decoded
from ..exif import PREFIX, Exif

METRES_PER_INCH = 0.0254
SAVE_OPTIONS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"lossless": True, "exact": True},
    "PNG": {"compress_type": zlib.Z_RLE},
    "AVIF": {"quality": 95, "subsampling": "4:4:4"},  # Pillow has no lossless AVIF: at 100 colours are two levels off
}


def holds(number_type: str, channels: int, has_alpha: bool, name: str) -> bool:
    """Whether files of the format `name` can hold such images."""
    if channels not in (1, 3) or (has_alpha and name not in ("PNG", "WEBP", "BMP", "AVIF")) or name == "GIF":
        return False  # of GIF, 256 colours would be left
    return number_type == "uint8" or (number_type == "uint16" and name in ("PNG", "PPM"))


def encode(pages: Sequence[Decoded], name: str) -> bytes:
    """The bytes of a file of the format `name`; see `images.write`."""
    if len(pages) > 1:
        raise ValueError(f"{name} files hold one image here, not {len(pages)}; use TIFF")
    page = pages[0]
    number_type, channels = page.samples.dtype.name, page.samples.shape[2]
    if not holds(number_type, channels, page.alpha is not None, name):
        alpha = " and alpha" if page.alpha is not None else ""
        raise ValueError(f"{name} files hold no {number_type} numbers in {channels} channels{alpha}; use TIFF")
    return encode_samples(joined(page.samples, page.alpha), name, page.icc, page.exif, page.dpi)


def joined(samples: Array, alpha: Array | None) -> Array:
    """Samples (H, W, C), with alpha in [0, 1] as one more channel of their type."""
    if alpha is None:
        return samples
    if alpha.shape != samples.shape[:2]:
        raise ValueError(f"alpha {alpha.shape} and pixels {samples.shape[:2]} differ in size")
    alpha = np.clip(alpha, 0, 1)
    if samples.dtype.kind in "ui":
        alpha = np.rint(alpha * np.float64(np.iinfo(samples.dtype).max))
    return np.concatenate([samples, alpha[..., None].astype(samples.dtype)], axis=2)


def encode_samples(
    samples: Array,
    format: str,
    icc: bytes | None = None,
    exif: Exif | None = None,
    dpi: tuple[float, float] | None = None,
) -> bytes:
    """The bytes of an image file from samples (H, W, 1 | 2 | 3 | 4) of uint8, uint16 or float32; see `write`."""
    alpha, depth = samples.shape[2] in (2, 4), samples.dtype.name
    if depth == "uint16" and format == "PNG":
        return _encode_png_16(samples, icc, exif, dpi)
    if depth == "uint16" and format == "PPM" and not alpha:
        head = f"P{5 if samples.shape[2] == 1 else 6}\n{samples.shape[1]} {samples.shape[0]}\n65535\n"
        return head.encode() + samples.astype(">u2").tobytes()
    if depth == "uint8" and format == "BMP" and alpha:
        return _encode_bmp_alpha(samples, dpi)
    options = dict(SAVE_OPTIONS.get(format, {}))
    if icc and format not in ("BMP", "PPM"):
        options["icc_profile"] = icc
    if exif and format not in ("BMP", "PPM"):
        options["exif"] = exif.block()
    if dpi:
        options["dpi"] = dpi
    if format == "AVIF" and samples.shape[2] == 1:
        options["subsampling"] = "4:0:0"  # one channel; otherwise it is read as colour
    out = BytesIO()
    Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples).save(out, format, **options)
    return out.getvalue()


def _per_metre(dpi: tuple[float, float]) -> tuple[int, int]:
    """Pixels per metre, as PNG and BMP state them."""
    return round(dpi[0] / METRES_PER_INCH), round(dpi[1] / METRES_PER_INCH)


def _encode_png_16(samples: Array, icc: bytes | None, exif: Exif | None, dpi: tuple[float, float] | None) -> bytes:
    """16-bit PNG (W3C PNG, sections 7, 9 and 11), every row filtered by Up."""
    h, w, count = samples.shape
    rows = np.ascontiguousarray(samples.astype(">u2")).view(np.uint8).reshape(h, -1)
    filtered = np.full((h, rows.shape[1] + 1), 2, np.uint8)
    filtered[:, 1:] = np.diff(rows, axis=0, prepend=np.zeros_like(rows[:1]))

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", w, h, 16, {1: 0, 2: 4, 3: 2, 4: 6}[count], 0, 0, 0)
    extra = chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(icc)) if icc else b""
    extra += chunk(b"pHYs", struct.pack(">IIB", *_per_metre(dpi), 1)) if dpi else b""
    extra += chunk(b"eXIf", exif.block().removeprefix(PREFIX)) if exif else b""
    body = chunk(b"IDAT", zlib.compress(filtered.tobytes()))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + body + chunk(b"IEND", b"")


def _encode_bmp_alpha(samples: Array, dpi: tuple[float, float] | None) -> bytes:
    """32-bit BMP with a version 4 header, whose masks define the alpha channel."""
    h, w = samples.shape[:2]
    rgba = samples if samples.shape[2] == 4 else samples[..., [0, 0, 0, 1]]
    rows = np.ascontiguousarray(rgba[::-1, :, [2, 1, 0, 3]]).tobytes()
    masks = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    per_metre = _per_metre(dpi or (72, 72))
    head = struct.pack("<IiiHHIIiiII4I4s48x", 108, w, h, 1, 32, 3, len(rows), *per_metre, 0, 0, *masks, b"BGRs")
    return struct.pack("<2sIHHI", b"BM", 14 + len(head) + len(rows), 0, 0, 14 + len(head)) + head + rows

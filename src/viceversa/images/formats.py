"""Decoding and encoding beyond Pillow: 16-bit colour, alpha in every format, conversion of colour models to RGB."""

import struct
import sys
import zlib
from io import BytesIO
from typing import IO, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from .exif import (
    LONG,
    PREFIX,
    RESOLUTION_UNIT,
    SHORT,
    X_RESOLUTION,
    Y_RESOLUTION,
    Entry,
    Exif,
    directory,
    resolution_entries,
)

Array = npt.NDArray[Any]
Decoded = tuple[Array, bytes | None, tuple[str, ...]]

CONVERTED_MODES = {
    "1": "L",
    "La": "LA",
    "RGBX": "RGB",
    "RGBa": "RGBA",
    "PA": "RGBA",
    "YCbCr": "RGB",
    "HSV": "RGB",
    "LAB": "RGB",
}
METRES_PER_INCH = 0.0254
UPSIDE_DOWN, MIRRORED = (3, 4, 7, 8), (2, 3, 6, 7)  # EXIF orientations whose rows or columns are reversed
SAVE_OPTIONS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"lossless": True, "exact": True},
    "PNG": {"compress_type": zlib.Z_RLE},
}
BITS, WHITE_IS_ZERO, PLANAR, EXTRA = 258, 262, 284, 338  # TIFF tags


def read_samples(image: Image.Image, file: IO[bytes] | None = None) -> Decoded:
    """Samples (H, W, 1 | 2 | 3 | 4), colour profile and notes of an image opened from `file`, or in memory.

    Samples are uint8, uint16, int32 or float32; alpha is last and not multiplied into the colours.
    """
    tile, icc, mode = _first_tile(image), image.info.get("icc_profile") or None, image.mode
    if file is not None and tile.codec == "ppm":
        return _ppm_samples(image, file, tile), None, ()
    image.load()
    key, notes = image.info.get("transparency"), _depth_notes(image, tile)

    samples = _samples_16_bit(image, file, tile) if file is not None else None
    if samples is not None:
        return (_add_key_alpha(samples, key) if mode == "RGB" else samples), icc, notes
    if mode == "CMYK":
        image, how = _cmyk_to_rgb(image, icc)
        return np.asarray(image), None, (*notes, how)
    if mode == "P":
        return np.asarray(image.convert("RGB" if key is None else "RGBA")), icc, notes

    if mode == "LAB":
        icc, notes = None, (*notes, "Lab turned into sRGB")
    array = np.asarray(image.convert(CONVERTED_MODES[mode]) if mode in CONVERTED_MODES else image)
    if mode.startswith("I;16"):
        array = _correct_tiff_16_bit(image, array.astype(np.uint16))
    if isinstance(key, int):
        key *= {"L;2": 85, "L;4": 17}.get(tile.raw, 1)  # Pillow scales the samples but not the key
    array = array if array.ndim == 3 else array[..., None]
    return (_add_key_alpha(array, key) if mode in ("1", "L", "RGB", "I;16") else array), icc, notes


class _Tile(NamedTuple):
    """How Pillow is about to decode an image that is not loaded yet."""

    codec: str = ""
    raw: str = ""
    offset: int = 0
    last: Any = None


def _first_tile(image: Image.Image) -> _Tile:
    tiles = getattr(image, "tile", ())
    right, bottom = (max((t.extents[i] for t in tiles if t.extents), default=0) for i in (2, 3))
    if tiles and right * bottom < image.width * image.height:
        raise ValueError("image file is truncated")  # a TIFF with missing strips, which Pillow paints black
    for tile in tiles:
        args = tile.args if isinstance(tile.args, tuple) else (tile.args,)
        return _Tile(tile.codec_name, str(args[0]), tile.offset, args[-1])
    return _Tile()


def _depth_notes(image: Image.Image, tile: _Tile) -> tuple[str, ...]:
    """A note for the two rare formats whose lower bits Pillow drops."""
    plain = tile.codec == "ppm_plain" and image.mode == "RGB" and tile.last > 255
    return ("16-bit colours read at 8 bit",) if plain or tile.raw.startswith("CMYK;16") else ()


def _samples_16_bit(image: Image.Image, file: IO[bytes], tile: _Tile) -> Array | None:
    """16-bit colour at full depth, by decoding high and low bytes separately; None for other images.

    Pillow keeps 8 of 16 bits; its raw modes `;16B` and `;16L` keep the first or the second byte of a sample.
    """
    tags = getattr(image, "tag_v2", {})
    if tags.get(PLANAR) == 2 and len(tags.get(BITS, ())) > 1 and 16 in tags[BITS]:
        raise ValueError("it is a 16-bit TIFF with separate colour planes (save it with interleaved channels)")
    if tile.raw == "LA;16B":  # four bytes a pixel, like RGBA
        return _decode_again(file, image, "RGBA").view(">u2").astype(np.uint16)
    name, _, order = tile.raw.partition(";")
    if name not in ("RGB", "RGBA", "RGBX", "RGBa") or order not in ("16B", "16L", "16N"):
        return None
    if order == "16N":
        order = "16L" if sys.byteorder == "little" else "16B"
    other_order = "16L" if order == "16B" else "16B"
    name = "RGBA" if name == "RGBa" else name
    high = _decode_again(file, image, f"{name};{order}").astype(np.uint16)
    samples: Array = high << 8 | _decode_again(file, image, f"{name};{other_order}")
    return _unpremultiply(samples) if tile.raw.startswith("RGBa") else samples


def _decode_again(file: IO[bytes], like: Image.Image, raw: str) -> Array:
    """Decode the image in `file` once more, with another raw mode."""
    file.seek(0)
    image: Any = Image.open(file, formats=[like.format or ""])
    image.tile = [t._replace(args=(raw, *t.args[1:]) if isinstance(t.args, tuple) else raw) for t in image.tile]
    image.load()
    return np.ascontiguousarray(image)


def _ppm_samples(image: Image.Image, file: IO[bytes], tile: _Tile) -> Array:
    """Binary PGM and PPM of any maximum, scaled to 255 or 65535."""
    bands = 3 if image.mode == "RGB" else 1
    kind, full = (np.dtype(">u2"), 65535) if tile.last > 255 else (np.dtype("u1"), 255)
    size = image.width * image.height * bands * kind.itemsize
    file.seek(tile.offset)
    data = file.read(size)
    if len(data) < size:
        raise ValueError("image file is truncated")
    samples = np.frombuffer(data, kind).reshape(image.height, image.width, bands)
    scaled: Array = np.rint(np.minimum(samples, tile.last) * (full / tile.last))
    return scaled.astype(np.uint16 if full == 65535 else np.uint8)


def _unpremultiply(samples: Array) -> Array:
    """Divide 16-bit RGB with premultiplied alpha by its alpha."""
    alpha = samples[..., 3:].astype(np.float64)
    colour = np.rint(samples[..., :3] * 65535.0 / np.maximum(alpha, 1))
    return np.concatenate([np.minimum(colour, 65535).astype(np.uint16), samples[..., 3:]], axis=-1)


def _correct_tiff_16_bit(image: Image.Image, grey: Array) -> Array:
    """Correct two kinds of TIFF that Pillow returns as stored: white as 0, and 12 bits in 16."""
    tags = getattr(image, "tag_v2", {})
    if tags.get(BITS) == (12,):
        grey = np.rint(grey * (65535 / 4095)).astype(np.uint16)
    return 65535 - grey if tags.get(WHITE_IS_ZERO) == 0 else grey


def _add_key_alpha(samples: Array, key: Any) -> Array:
    """Add alpha: 0 where the colour is the transparent one (tRNS) of a PNG, else opaque."""
    if key is None or isinstance(key, bytes):
        return samples
    full = np.iinfo(samples.dtype).max
    alpha = np.where((samples == np.asarray(key)).all(axis=-1, keepdims=True), 0, full)
    return np.concatenate([samples, alpha.astype(samples.dtype)], axis=-1)


def _cmyk_to_rgb(image: Image.Image, icc: bytes | None) -> tuple[Image.Image, str]:
    """CMYK to sRGB through the embedded profile, or by (1 - C)(1 - K) without a usable one."""
    if icc:
        from PIL import ImageCms

        try:
            source, target = ImageCms.ImageCmsProfile(BytesIO(icc)), ImageCms.createProfile("sRGB")
            intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
            converted = ImageCms.profileToProfile(image, source, target, intent, outputMode="RGB")
            assert converted is not None
            return converted, "CMYK turned into sRGB through its colour profile"
        except (ImageCms.PyCMSError, OSError):
            pass
    return image.convert("RGB"), "CMYK turned into RGB without a colour profile"


def read_orientation(image: Image.Image) -> int:
    """EXIF orientation 1 to 8 of a loaded image; 1 where it is missing or invalid."""
    try:
        value = image.getexif().get(0x0112, 1)
    except Exception:  # damaged EXIF must not make a good image unreadable
        return 1
    return value if value in range(1, 9) else 1


def apply_orientation(samples: Array, orientation: int) -> Array:
    """Turn samples (H, W, S) upright by their EXIF orientation: 5 to 8 swap rows and columns, then come flips."""
    if orientation >= 5:
        samples = samples.transpose(1, 0, 2)
    if orientation in UPSIDE_DOWN:
        samples = samples[::-1]
    if orientation in MIRRORED:
        samples = samples[:, ::-1]
    return samples


def read_dpi(image: Image.Image) -> tuple[float, float] | None:
    """Pixels per inch across and down of an image that is loaded, where its file states them outside EXIF."""
    if image.info.get("jfif_unit", 1) == 0 or (image.format in ("JPEG", "MPO") and "jfif_unit" not in image.info):
        return None  # Pillow takes it from EXIF, or makes it up
    try:
        x, y = map(float, image.info["dpi"])
    except (LookupError, TypeError, ValueError, ZeroDivisionError):
        return None
    return (x, y) if 0 < x < 1e5 and 0 < y < 1e5 else None


def encode(
    samples: Array,
    format: str,
    icc: bytes | None = None,
    exif: Exif | None = None,
    dpi: tuple[float, float] | None = None,
) -> bytes:
    """The bytes of an image file from samples (H, W, 1 | 2 | 3 | 4) of uint8, uint16 or float32; see `write`."""
    alpha, depth = samples.shape[2] in (2, 4), samples.dtype.name
    if format == "TIFF":
        return _encode_tiff(samples, icc, exif, dpi)
    if depth == "uint16" and format == "PNG":
        return _encode_png_16(samples, icc, exif, dpi)
    if depth == "uint16" and format == "PPM" and not alpha:
        head = f"P{5 if samples.shape[2] == 1 else 6}\n{samples.shape[1]} {samples.shape[0]}\n65535\n"
        return head.encode() + samples.astype(">u2").tobytes()
    if depth == "uint8" and format == "BMP" and alpha:
        return _encode_bmp_alpha(samples, dpi)
    if alpha and format not in ("PNG", "WEBP"):
        raise ValueError(f"{format} files hold no alpha; use PNG, WebP or TIFF")
    if depth != "uint8" and not (depth == "float32" and format == "PPM" and samples.shape[2] == 1):
        raise ValueError(f"{format} files hold no {depth} numbers here; use TIFF, or PNG for uint16")

    options = dict(SAVE_OPTIONS.get(format, {}))
    if icc and format not in ("BMP", "PPM"):
        options["icc_profile"] = icc
    if exif and format not in ("BMP", "PPM"):
        options["exif"] = exif.block()
    if dpi:
        options["dpi"] = dpi
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


def _encode_tiff(samples: Array, icc: bytes | None, exif: Exif | None, dpi: tuple[float, float] | None) -> bytes:
    """Little-endian TIFF 6.0 with one deflated strip, for every depth and channel count."""
    h, w, count = samples.shape
    strip = zlib.compress(samples.astype(samples.dtype.newbyteorder("<")).tobytes())
    raw = 7
    entries = [
        Entry(256, LONG, struct.pack("<I", w)),
        Entry(257, LONG, struct.pack("<I", h)),
        Entry(BITS, SHORT, struct.pack("<H", samples.itemsize * 8) * count),
        Entry(259, SHORT, struct.pack("<H", 8)),
        Entry(WHITE_IS_ZERO, SHORT, struct.pack("<H", 1 if count < 3 else 2)),
        Entry(273, LONG, struct.pack("<I", 8)),
        Entry(277, SHORT, struct.pack("<H", count)),
        Entry(278, LONG, struct.pack("<I", h)),
        Entry(279, LONG, struct.pack("<I", len(strip))),
        Entry(PLANAR, SHORT, struct.pack("<H", 1)),
        *([Entry(EXTRA, SHORT, struct.pack("<H", 2))] if count in (2, 4) else []),
        Entry(339, SHORT, struct.pack("<H", 3 if samples.dtype.kind == "f" else 1) * count),
        *([Entry(34675, raw, icc)] if icc else []),
    ]
    exif = exif.little_endian() if exif else Exif("<", ())
    resolution = [e for e in exif.image if e.tag in (X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT)]
    entries += [e for e in exif.image if e not in resolution]
    entries += resolution_entries(dpi) if dpi and len(resolution) < 3 else resolution

    strip += b"\0" * (len(strip) % 2)
    head = b"II*\0" + struct.pack("<I", 8 + len(strip))
    return head + strip + directory(entries, exif.below, 8 + len(strip))


def _encode_bmp_alpha(samples: Array, dpi: tuple[float, float] | None) -> bytes:
    """32-bit BMP with a version 4 header, whose masks define the alpha channel."""
    h, w = samples.shape[:2]
    rgba = samples if samples.shape[2] == 4 else samples[..., [0, 0, 0, 1]]
    rows = np.ascontiguousarray(rgba[::-1, :, [2, 1, 0, 3]]).tobytes()
    masks = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    per_metre = _per_metre(dpi or (72, 72))
    head = struct.pack("<IiiHHIIiiII4I4s48x", 108, w, h, 1, 32, 3, len(rows), *per_metre, 0, 0, *masks, b"BGRs")
    return struct.pack("<2sIHHI", b"BM", 14 + len(head) + len(rows), 0, 0, 14 + len(head)) + head + rows

"""Decoding with Pillow and beyond: 16-bit colour, alpha in every format, conversion of colour models to RGB."""

import warnings
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import IO, Any, NamedTuple, TypeVar

import numpy as np
from PIL import Image

from ..arrays import Array
from ..decoded import MAX_PIXELS, Decoded, Request, require_pixels
from ..exif import Exif, read_exif
from .avif import bits_of, read_deep
from .deflated import MAX_RATIO
from .png_chunks import without_large_metadata

Result = TypeVar("Result")
Samples = tuple[Array, bytes | None, tuple[str, ...]]  # (H, W, 1 | 2 | 3 | 4), alpha last; profile; notes

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
UPSIDE_DOWN, MIRRORED = (3, 4, 7, 8), (2, 3, 6, 7)  # EXIF orientations whose rows or columns are reversed
JPEG_REDUCTIONS = (8, 4, 2)  # scales 1/8, 1/4 and 1/2 at which a JPEG decoder can decode
SIDES_KEPT = 3  # a reduced JPEG keeps at least this many times the side that its reader reduces it to (docs/log.md)
MAX_JPEG_RATIO = 4096  # pixels for a byte
BITS, WHITE_IS_ZERO = 258, 262  # TIFF tags

# Pillow warns about images above half of its own limit and about junk beside the pixels, once per file. Ignoring this
# around our own decoding only is not possible: warnings.catch_warnings replaces the filters of the whole process, and
# readers run in threads (it is safe in threads from Python 3.14 on). So these filters are set once, at the end of the
# list, where every filter of the application precedes them.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning, append=True)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.", append=True)


def decode(file: IO[bytes], page: int, request: Request, name: str) -> Decoded:
    """One frame of an open file, by the Pillow plugin `name`; any exception for a file that is damaged."""
    decoded, is_skipped = despite_metadata(lambda whole: _decode(whole, page, request, name), file)
    skipped = ("compressed text or profile above 1 MB skipped",) if is_skipped else ()
    return replace(decoded, notes=(*decoded.notes, *skipped))


def _require_data(image: Image.Image, file: IO[bytes], name: str) -> None:
    """ValueError for a file that states more pixels than it can hold, which Pillow would paint black or grey.

    Deflate packs bytes 1032 to 1. A block of 64 pixels of a JPEG takes a bit at least: 512 to 1, here with a margin.
    """
    packed = next((bits for bits in (1, 2, 4) if f";{bits}" in _first_tile(image).raw), 8)
    bits = 1 if image.mode == "1" else packed
    most = MAX_JPEG_RATIO if name == "JPEG" else 8 * MAX_RATIO // bits
    if image.width * image.height > most * file.seek(0, 2):
        raise ValueError("image file is truncated")


def despite_metadata(call: Callable[[IO[bytes]], Result], file: IO[bytes]) -> tuple[Result, bool]:
    """A call on a file, repeated without the texts and the profile of a PNG that Pillow takes for an attack."""
    try:
        return call(file), False
    except ValueError as error:
        if "MAX_TEXT" not in str(error):
            raise
        return call(without_large_metadata(file)), True


def _open(file: IO[bytes], name: str) -> Any:
    """The image of a file, not loaded yet."""
    try:
        return Image.open(file, formats=(name,))
    except Image.DecompressionBombError:  # an animation, whose canvas Pillow checks itself
        raise ValueError(f"its pixels are more than {MAX_PIXELS // 1_000_000} million") from None


def _decode(file: IO[bytes], page: int, request: Request, name: str) -> Decoded:
    image = _open(file, name)
    require_pixels(*image.size)
    if name in ("PNG", "JPEG"):
        _require_data(image, file, name)
    if page:
        image.seek(page)
    width, height = image.size
    reduction = 1 if request.side is None else reduce_jpeg(image, request.side, request.halves)
    samples, icc, notes = read_samples(image, file)
    if page == 0 and getattr(image, "is_animated", False):
        notes += ("several frames: only the first is used",)
    orientation = read_orientation(image)
    size = (height, width) if orientation >= 5 else (width, height)

    dpi = read_dpi(image)
    if orientation >= 5 and dpi:
        dpi = dpi[::-1]
    exif, exif_notes = (None, ()) if request.strip else exif_or_note(image, size)
    colour, alpha = apart(apply_orientation(samples, orientation))
    return Decoded(
        samples=colour,
        alpha=alpha,
        icc=icc,
        exif=exif,
        dpi=dpi,
        notes=(*notes, *exif_notes),
        reduction=reduction,
        full_size=None if reduction == 1 else size[::-1],
        box=None if reduction == 1 else reduced_box(colour.shape, size, reduction, orientation),
    )


def count_frames(file: IO[bytes], name: str) -> int:
    """Frames of an animation; the previews and other views that a JPEG may hold do not count."""
    image, _ = despite_metadata(lambda whole: _open(whole, name), file)
    return 1 if name == "JPEG" else int(getattr(image, "n_frames", 1))


def describe(file: IO[bytes], name: str) -> tuple[str, int]:
    """Number type and channels without alpha by the header alone."""
    image, _ = despite_metadata(lambda whole: _open(whole, name), file)
    if name == "AVIF" and bits_of(file) > 8:
        return "uint16", 1 if image.mode in ("L", "LA") else 3
    tile, mode = _first_tile(image), image.mode
    deep = ";16" in tile.raw or mode.startswith("I") or (tile.codec.startswith("ppm") and tile.last > 255)
    number_type = "float32" if mode == "F" else "uint16" if deep else "uint8"
    return number_type, 1 if mode in ("1", "L", "LA", "La", "I", "F") or mode.startswith("I;") else 3


def apart(samples: Array) -> tuple[Array, Array | None]:
    """Samples (H, W, 1 | 2 | 3 | 4) of a Pillow image as colours and alpha (H, W) in [0, 1], the last of 2 or 4."""
    if samples.shape[2] not in (2, 4):
        return samples, None
    full = np.iinfo(samples.dtype).max if samples.dtype.kind in "ui" else 1
    return samples[..., :-1], samples[..., -1].astype(np.float32) / np.float32(full)


def exif_or_note(image: Image.Image, size: tuple[int, int]) -> tuple[Exif | None, tuple[str, ...]]:
    """EXIF of an image that is loaded, of upright width and height `size`; none and a note where it is damaged."""
    try:
        return read_exif(image, size), ()
    except Exception:  # whatever is wrong with it, the image is good
        return None, ("EXIF dropped: it is damaged or too long",)


def reduce_jpeg(image: Image.Image, side: int, halves: bool) -> int:
    """Let an image that is not loaded yet be decoded at the smallest scale that `side` allows; returns its divisor.

    Of an image with two `halves`, these must not share a block of the JPEG.
    """
    if image.format not in ("JPEG", "MPO"):
        return 1
    parts = 2 if halves else 1
    for reduction in JPEG_REDUCTIONS:
        is_divisible = not halves or all(length % (2 * reduction) == 0 for length in image.size)
        if is_divisible and min(image.size) // parts >= SIDES_KEPT * side * reduction:
            image.draft(None, (image.width // reduction, image.height // reduction))
            return reduction
    return 1


def reduced_box(
    shape: tuple[int, ...], size: tuple[int, int], reduction: int, orientation: int
) -> tuple[float, float, float, float]:
    """The part of reduced pixels that lies inside an image of upright width and height `size`.

    The last row and column are only partly inside unless `reduction` divides the size; flips bring them to the front.
    """
    width, height = size[0] / reduction, size[1] / reduction
    left = shape[1] - width if orientation in MIRRORED else 0.0
    top = shape[0] - height if orientation in UPSIDE_DOWN else 0.0
    return left, top, left + width, top + height


def read_samples(image: Image.Image, file: IO[bytes] | None = None) -> Samples:
    """Samples (H, W, 1 | 2 | 3 | 4), colour profile and notes of an image opened from `file`, or in memory.

    Samples are uint8, uint16, int32 or float32; alpha is last and not multiplied into the colours.
    """
    tile, icc, mode = _first_tile(image), image.info.get("icc_profile") or None, image.mode
    if file is not None and tile.codec == "ppm":
        return _ppm_samples(image, file, tile), None, ()
    image.load()
    key, notes = image.info.get("transparency"), _depth_notes(image, tile)
    if file is not None and image.format == "AVIF" and image.tell() == 0 and (bits := bits_of(file)) > 8:
        return read_deep(file, bits), icc, notes

    is_first = not getattr(image, "is_animated", False) or image.tell() == 0
    samples = _samples_16_bit(image, file, tile) if file is not None and is_first else None
    if samples is not None:
        return (_add_key_alpha(samples, key) if mode == "RGB" else samples), icc, notes
    if mode == "CMYK":
        image, how = cmyk_to_rgb(image, icc)
        return np.asarray(image), None, (*notes, how)
    if mode == "P":
        return np.asarray(image.convert("RGB" if key is None else "RGBA")), icc, notes

    if mode == "LAB":
        icc, notes = None, (*notes, "Lab turned into sRGB")
    array = np.asarray(image.convert(CONVERTED_MODES[mode]) if mode in CONVERTED_MODES else image)
    if mode.startswith("I;16"):
        array = _correct_tiff_16_bit(image, array.astype(np.uint16))
    if mode == "I" and image.format == "PPM":
        array = array.astype(np.uint16)
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
    is_frame = image.format in ("GIF", "PNG") and getattr(image, "is_animated", False)  # may be a part of the canvas
    if tiles and right * bottom < image.width * image.height and not is_frame:
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
    """16-bit colour of a PNG at full depth, by decoding high and low bytes separately; None for other images.

    Pillow keeps 8 of 16 bits; its raw modes `;16B` and `;16L` keep the first or the second byte of a sample.
    """
    if tile.raw == "LA;16B":  # four bytes a pixel, like RGBA
        return _decode_again(file, image, "RGBA").view(">u2").astype(np.uint16)
    if tile.raw not in ("RGB;16B", "RGBA;16B"):
        return None
    name = tile.raw.removesuffix(";16B")
    high = _decode_again(file, image, f"{name};16B").astype(np.uint16)
    samples: Array = high << 8 | _decode_again(file, image, f"{name};16L")
    return samples


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


def cmyk_to_rgb(image: Image.Image, icc: bytes | None) -> tuple[Image.Image, str]:
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

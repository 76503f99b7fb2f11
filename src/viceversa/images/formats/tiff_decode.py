"""What the stored samples of a TIFF page mean: black as zero, alpha apart, palettes and colour models as RGB."""

import numpy as np
from PIL import Image

from ..arrays import Array
from .pillow import cmyk_to_rgb
from .tiff_storage import (
    CIE_LAB,
    CMYK,
    ICC_LAB,
    JPEG,
    PALETTE,
    WHITE_IS_ZERO,
    YCBCR,
    Storage,
)
from .tiff_tags import COLOUR_MAP, YCC_COEFFICIENTS, YCC_RANGE, Directory


def scale_of(storage: Storage) -> float:
    """By how much samples are multiplied: those of less than 8 bits fill 0 to 255; wider ones stay as they are."""
    return 255 / (2**storage.bits - 1) if storage.bits < 8 else 1


def top_of(storage: Storage) -> int:
    """The number of which `white is zero` is the difference to black is zero."""
    return 2**storage.bits - 1 if storage.dtype.kind == "u" else -1


def upright_numbers(samples: Array, storage: Storage) -> Array:
    """Samples with black as 0, and less than 8 bits as 0 to 255."""
    if storage.photometric == WHITE_IS_ZERO and storage.dtype.kind in "ui":
        colours = samples[..., : storage.colours]
        np.subtract(samples.dtype.type(top_of(storage)), colours, out=colours)
    if storage.bits < 8 and storage.photometric != PALETTE:
        scaled: Array = np.rint(samples * scale_of(storage)).astype(np.uint8)
        return scaled
    return samples


def split_alpha(samples: Array, storage: Storage) -> tuple[Array, Array | None]:
    """Colours and bands, and alpha in [0, 1] where ExtraSamples says so; colours are divided by it where needed."""
    at = next((i for i, kind in enumerate(storage.extra) if kind in (1, 2)), None)
    if at is None:
        return samples, None
    is_associated, at = storage.extra[at] == 1, storage.colours + at
    stored = samples[..., at]
    top = 1.0 if stored.dtype.kind == "f" else float(np.iinfo(stored.dtype).max)
    if storage.photometric == PALETTE or storage.dtype.kind == "u":
        top = float(2**storage.bits - 1) if storage.bits >= 8 or storage.photometric == PALETTE else 255.0
    alpha = np.nan_to_num(np.clip(stored.astype(np.float64) / top, 0, 1))

    rest = np.delete(samples, at, axis=2)
    if is_associated and storage.photometric != PALETTE:
        colours = rest[..., : storage.colours] / np.where(alpha > 0, alpha, 1)[..., None]
        if rest.dtype.kind in "ui":
            least = -top - 1 if rest.dtype.kind == "i" else 0
            colours = np.clip(np.rint(colours), least, np.nextafter(top, 0) if top > 2**53 else top)
        with np.errstate(over="ignore"):  # colours far above their alpha, in 16-bit floats
            rest[..., : storage.colours] = colours
    return rest, alpha.astype(np.float32)


def to_rgb(
    samples: Array, storage: Storage, directory: Directory, icc: bytes | None
) -> tuple[Array, bytes | None, tuple[str, ...]]:
    """Samples with RGB in place of a palette, CMYK, YCbCr or Lab; the profile that is left, and notes."""
    if storage.photometric == PALETTE:
        return _from_palette(samples, storage, directory), icc, ("palette turned into RGB",)
    if storage.photometric == YCBCR and storage.compression != JPEG:
        return _replaced(samples, 3, _from_ycbcr(samples[..., :3], storage, directory)), icc, ()
    if storage.photometric not in (CMYK, CIE_LAB, ICC_LAB):
        return samples, icc, ()

    if storage.dtype not in (np.uint8, np.uint16, np.int8, np.int16) or storage.bits not in (8, 16):
        raise ValueError(f"CMYK and Lab colours of {storage.bits} bits are not read here; save it as RGB")
    notes: tuple[str, ...] = ()
    count = storage.colours
    colours = samples[..., :count].view(f"u{storage.dtype.itemsize}")
    if storage.bits == 16:
        samples, notes = (samples.view(np.uint16) >> 8).astype(np.uint8), ("16-bit colours read at 8 bit",)
        colours = (colours >> 8).astype(np.uint8)
    size, data = (samples.shape[1], samples.shape[0]), np.ascontiguousarray(colours)
    if storage.photometric == CMYK:
        image, how = cmyk_to_rgb(Image.frombytes("CMYK", size, data.tobytes()), icc)
        return _replaced(samples, count, np.asarray(image)), None, (*notes, how)
    if storage.photometric == ICC_LAB:
        data[..., 1:] ^= 128  # its a and b begin at 0
    image = Image.frombytes("LAB", size, data.tobytes()).convert("RGB")
    return _replaced(samples, count, np.asarray(image)), None, (*notes, "Lab turned into sRGB")


def _replaced(samples: Array, count: int, rgb: Array) -> Array:
    """The samples with others in place of the first `count`."""
    if samples.shape[2] == count:
        return rgb
    return np.concatenate([rgb, samples[..., count:].astype(rgb.dtype)], axis=2)


def _from_palette(samples: Array, storage: Storage, directory: Directory) -> Array:
    table = np.array(directory.numbers(COLOUR_MAP), np.int64)
    if storage.dtype.kind != "u" or len(table) != 3 << storage.bits:
        raise ValueError(f"damaged palette of {len(table)} numbers")
    table = table.reshape(3, -1).T
    if table.max() > 255:  # 16-bit colours by the standard; some programs write 8-bit ones
        table = table >> 8
    return _replaced(samples, 1, table.astype(np.uint8)[samples[..., 0]])


def _from_ycbcr(samples: Array, storage: Storage, directory: Directory) -> Array:
    """RGB by the file's own coefficients and range (TIFF 6.0, section 21)."""
    if storage.dtype != np.uint8:
        raise ValueError(f"YCbCr colours of {storage.bits} bits are not read here; save it as RGB")
    weights, span = directory.ratios(YCC_COEFFICIENTS), directory.ratios(YCC_RANGE)
    red, green, blue = weights if len(weights) == 3 and all(weights) else (0.299, 0.587, 0.114)
    if len(span) != 6 or 0 in (span[1] - span[0], span[3] - span[2], span[5] - span[4]):
        span = [0, 255, 128, 255, 128, 255]
    y = (samples[..., 0] - span[0]) * (255 / (span[1] - span[0]))
    cb, cr = ((samples[..., i] - span[2 * i]) * (127 / (span[2 * i + 1] - span[2 * i])) for i in (1, 2))
    r, b = y + cr * (2 - 2 * red), y + cb * (2 - 2 * blue)
    g = (y - blue * b - red * r) / green
    return np.clip(np.rint(np.stack([r, g, b], axis=-1)), 0, 255).astype(np.uint8)

"""TIFF files over the whole matrix of what tifffile writes, and what they mean."""

from io import BytesIO

import numpy as np
import tifffile

TYPES = ("u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8")
AXES = {
    "byteorder": ("<", ">"),
    "dtype": TYPES,
    "channels": (1, 2, 3, 4, 5, 8, 64),
    "planar": (False, True),
    "compression": (None, "lzw", "zlib", "zstd", "packbits"),
    "predictor": (False, True),
    "tile": (None, (16, 16), (16, 32)),
    "alpha": (None, "unassalpha", "assocalpha"),
    "pages": (1, 3),
    "bigtiff": (False, True),
    "photometric": ("minisblack", "miniswhite", "rgb"),
    "rows": (None, 5),
}
HEIGHT, WIDTH = 18, 21


def cases(count: int, seed: int = 0):
    """`count` points of the matrix: each value of each axis as often as any other."""
    rng = np.random.default_rng(seed)
    columns = {}
    for name, values in AXES.items():
        columns[name] = [values[i % len(values)] for i in range(count)]
        rng.shuffle(columns[name])
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def random_samples(shape, dtype, seed=0):
    """Every bit pattern of integers; finite floats of all magnitudes."""
    rng, dtype = np.random.default_rng(seed), np.dtype(dtype)
    if dtype.kind == "f":
        return (rng.standard_normal(shape) * 10.0 ** rng.integers(-3, 4, shape)).astype(dtype)
    info = np.iinfo(dtype)
    return rng.integers(info.min, info.max, shape, dtype, endpoint=True)


def written(case, seed=0):
    """A file of the matrix, its colours (pages, H, W, C) and alpha, as the file means them; none: not a file."""
    channels, dtype = case["channels"], np.dtype(case["dtype"])
    colours = 3 if case["photometric"] == "rgb" else 1
    if channels < colours or (case["alpha"] and channels == colours):
        return None
    if case["alpha"] == "assocalpha" and dtype.kind == "i":
        return None  # colours below zero are not light
    array = random_samples((case["pages"], HEIGHT, WIDTH, channels), dtype, seed)
    extra = [case["alpha"] or "unspecified"] + ["unspecified"] * (channels - colours - 1)
    options = {"extrasamples": extra[: channels - colours]} if channels > colours else {}
    colour, alpha = array, None
    if case["alpha"]:
        alpha = array[..., colours]
        if dtype.kind == "f":
            np.copyto(alpha, np.random.default_rng(1).random(alpha.shape).astype(dtype))
        colour = np.delete(array, colours, axis=3)
    stored = array[..., 0] if channels == 1 else np.moveaxis(array, 3, 1) if case["planar"] else array
    file = BytesIO()
    try:
        with tifffile.TiffWriter(file, bigtiff=case["bigtiff"], byteorder=case["byteorder"]) as writer:
            for page in stored:
                writer.write(
                    page, photometric=case["photometric"], compression=case["compression"], tile=case["tile"],
                    predictor=case["predictor"] and case["compression"] is not None, rowsperstrip=case["rows"],
                    planarconfig="separate" if case["planar"] and channels > 1 else None, metadata=None, **options,
                )  # fmt: skip
    except (ValueError, NotImplementedError, TypeError, RuntimeError):
        return None  # tifffile does not write it
    return file, *meant(case, colour, alpha, colours)


def meant(case, colour, alpha, colours):
    """Black as 0, and colours that alpha is not multiplied into."""
    dtype = colour.dtype
    colour = colour.copy()
    if case["photometric"] == "miniswhite" and dtype.kind in "ui":
        colour[..., 0] = ~colour[..., 0]
    if alpha is None:
        return colour, None
    top = 1.0 if dtype.kind == "f" else float(np.iinfo(dtype).max)
    part = np.clip(alpha.astype(np.float64) / top, 0, 1)
    if case["alpha"] == "assocalpha":
        free = colour[..., :colours] / np.where(part > 0, part, 1)[..., None]
        if dtype.kind == "u":
            free = np.clip(np.rint(free), 0, top if top < 2**53 else np.nextafter(top, 0)).astype(dtype)
        with np.errstate(over="ignore"):
            colour[..., :colours] = free
    return colour, part.astype(np.float32)

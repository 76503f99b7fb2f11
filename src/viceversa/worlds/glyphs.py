"""Digits drawn from the fonts that come with matplotlib, each turned, sheared, bent and thickened at random."""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ..errors import UsageError

SIDE = 28  # pixels of a digit
CANVAS, TALL = 112, 80  # pixels of the large drawing and of the digit in it: 4 to 1
OFF = 4  # pixels that the middle may lie off the centre, where the mass is not in the middle
BLOCK = 1_000  # digits drawn at once; each block has its own seed
BENDS = 4  # control points of the elastic deformation along each side

TRAIN_FONTS = (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-BoldOblique", "DejaVuSansMono-Bold", "DejaVuSansMono-BoldOblique",
    "DejaVuSansMono-Oblique", "DejaVuSansMono", "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-BoldItalic",
    "STIXGeneral", "STIXGeneralBolIta", "STIXGeneralItalic", "cmb10", "cmmi10", "cmr10", "cmtt10",
)  # fmt: skip
TEST_FONTS = ("DejaVuSans-Oblique", "DejaVuSerif-Italic", "STIXGeneralBol", "cmss10", "cmti10")


def draw(count: int, seed: int, fonts: tuple[str, ...]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """`count` digits (N, 28, 28) and their classes (N,); every ten in a row are all ten classes.

    A longer set of the same seed and fonts begins with the shorter one. Raises UsageError without matplotlib.
    """
    distances = np.stack([_distances(font) for font in fonts])
    blocks = [_block(distances, [seed, len(fonts), i]) for i in range(-(-count // BLOCK))]
    return (
        np.concatenate([x for x, _ in blocks])[:count],
        np.concatenate([y for _, y in blocks])[:count],
    )


def _block(distances: NDArray[np.float32], seed: list[int]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """`BLOCK` digits: where each pixel comes from in the large drawing, and how far from the stroke's edge that is."""
    rng = np.random.default_rng(seed)
    classes = rng.permuted(np.tile(np.arange(10), (BLOCK // 10, 1)), axis=1).ravel()
    font = rng.integers(len(distances), size=BLOCK)
    x, y = _places(rng)
    depth = _sample(distances.reshape(-1, CANVAS, CANVAS), font * 10 + classes, x, y) * (SIDE / CANVAS)
    weight = rng.uniform(-0.25, 0.7, (BLOCK, 1, 1))  # pixels added to each edge of the stroke
    softness = rng.uniform(0.9, 1.6, (BLOCK, 1, 1))  # pixels from black to white
    ink = (0.5 + (depth + weight) / softness).clip(0, 1)
    return np.rint(ink * 255).astype(np.uint8), classes


def _places(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where each pixel of each digit comes from: x and y (N, 28, 28) in pixels of the large drawing."""
    angle, shear = rng.normal(0, 0.11, BLOCK).clip(-0.3, 0.3), rng.normal(0, 0.14, BLOCK).clip(-0.4, 0.4)
    wide, tall = rng.uniform(0.78, 1.12, BLOCK), rng.uniform(0.88, 1.06, BLOCK)
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = np.array([[cos / wide, (sin + shear * cos) / wide], [-sin / tall, (cos - shear * sin) / tall]])
    centre = (SIDE - 1) / 2 + rng.normal(0, 0.7, (2, BLOCK, 1, 1)).clip(-1.4, 1.4)
    here = np.arange(SIDE)
    x, y = here[None, None, :] - centre[0], here[None, :, None] - centre[1]
    bend = _hats() @ rng.normal(0, 0.75, (2, BLOCK, BENDS, BENDS)) @ _hats().T  # pixels
    a, b = matrix[..., None, None]
    to, middle = CANVAS / SIDE, (CANVAS - 1) / 2
    return (a[0] * x + a[1] * y + bend[0]) * to + middle, (b[0] * x + b[1] * y + bend[1]) * to + middle


def _hats() -> NDArray[np.float64]:
    """Smooth weights (28, BENDS) of the control points, each row summing to one."""
    distance = np.linspace(0, BENDS - 1, SIDE)[:, None] - np.arange(BENDS)
    weights = np.exp(-1.4 * distance**2)
    return weights / weights.sum(1, keepdims=True)  # type: ignore[no-any-return]


def _sample(
    maps: NDArray[np.float32], which: NDArray[np.int64], x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Values between the pixels of `maps[which]` at (x, y), bilinear, the edge repeated outside."""
    x, y = x.clip(0, CANVAS - 1.001), y.clip(0, CANVAS - 1.001)
    left, top = x.astype(np.int64), y.astype(np.int64)
    right, low = x - left, y - top
    flat, corner = maps.ravel(), (which[:, None, None] * CANVAS + top) * CANVAS + left
    upper = flat[corner] * (1 - right) + flat[corner + 1] * right
    lower = flat[corner + CANVAS] * (1 - right) + flat[corner + CANVAS + 1] * right
    return upper * (1 - low) + lower * low  # type: ignore[no-any-return]


@cache
def _distances(font: str) -> NDArray[np.float32]:
    """Distance of each pixel to the edge of the stroke, (10, CANVAS, CANVAS), positive inside."""
    try:
        from matplotlib import get_data_path
    except ImportError:
        raise UsageError("digits drawn from fonts need an extra: pip install 'viceversa[eval]'") from None
    path = Path(get_data_path()) / "fonts" / "ttf" / f"{font}.ttf"
    face = ImageFont.truetype(str(path), 2 * TALL, layout_engine=ImageFont.Layout.BASIC)
    return np.stack([_distance(_large(face, str(digit)) > 127) for digit in range(10)])


def _large(face: ImageFont.FreeTypeFont, text: str) -> NDArray[np.uint8]:
    """One digit on the canvas, `TALL` pixels tall, its mass near the centre as in MNIST."""
    left, top, right, bottom = (round(side) for side in face.getbbox(text))
    drawing = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(drawing).text((-left, -top), text, fill=255, font=face)
    drawing = drawing.crop(drawing.getbbox())
    small = np.asarray(drawing.resize((round(drawing.width * TALL / drawing.height), TALL), Image.Resampling.BOX))
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    corner = []
    for axis, side in enumerate(small.shape):
        mass = small.sum(1 - axis) @ np.arange(side) / small.sum()
        middle = (side - 1) / 2
        corner.append(round((CANVAS - side) / 2 + min(max(middle - mass, -OFF), OFF)))
    canvas[corner[0] : corner[0] + small.shape[0], corner[1] : corner[1] + small.shape[1]] = small
    return canvas


def _distance(inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Signed Euclidean distance to the edge, exact: squared distances by rows, then by columns."""
    place = np.arange(len(inside), dtype=np.float32)
    square = (place[:, None] - place) ** 2
    signed = np.zeros(inside.shape, np.float32)
    for sign, mask in ((1, ~inside), (-1, inside)):
        along = (np.where(mask, np.float32(0), np.float32(1e6))[None] + square[:, :, None]).min(1)  # in its own column
        signed += sign * np.sqrt((along[:, None, :] + square[None]).min(2))
    return (signed - np.sign(signed) / 2).astype(np.float32)

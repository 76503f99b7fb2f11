"""Digits drawn from the fonts that come with matplotlib, each rotated, sheared, bent and thickened at random."""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ..errors import UsageError

SIDE = 28  # pixels of a digit
CANVAS, HEIGHT = 112, 80  # pixels of the large drawing and of the digit in it: 4 to 1
MAX_OFFSET = 4  # pixels between the middle of a digit and that of the canvas, where its mass is not in its middle
BLOCK = 1_000  # digits drawn at once; each block has its own seed
CONTROLS = 4  # control points of the elastic deformation along each side

TRAIN_FONTS = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSans-BoldOblique",
    "DejaVuSansMono-Bold",
    "DejaVuSansMono-BoldOblique",
    "DejaVuSansMono-Oblique",
    "DejaVuSansMono",
    "DejaVuSerif",
    "DejaVuSerif-Bold",
    "DejaVuSerif-BoldItalic",
    "STIXGeneral",
    "STIXGeneralBolIta",
    "STIXGeneralItalic",
    "cmb10",
    "cmmi10",
    "cmr10",
    "cmtt10",
)
TEST_FONTS = ("DejaVuSans-Oblique", "DejaVuSerif-Italic", "STIXGeneralBol", "cmss10", "cmti10")


def draw(count: int, seed: int, fonts: tuple[str, ...]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Draw `count` digits (N, 28, 28) with their classes (N,); every ten in a row are all ten classes.

    A longer set of the same seed and fonts begins with the shorter one. Raises UsageError without matplotlib.
    """
    distances = np.stack([_font_distances(font) for font in fonts])
    blocks = [_draw_block(distances, [seed, len(fonts), i]) for i in range(-(-count // BLOCK))]
    x = np.concatenate([x for x, _ in blocks])
    y = np.concatenate([y for _, y in blocks])
    return x[:count], y[:count]


def _draw_block(distances: NDArray[np.float32], seed: list[int]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Draw `BLOCK` digits from the signed distances (fonts, 10, CANVAS, CANVAS) to the edges of the strokes."""
    rng = np.random.default_rng(seed)
    classes = rng.permuted(np.tile(np.arange(10), (BLOCK // 10, 1)), axis=1).ravel()
    font = rng.integers(len(distances), size=BLOCK)
    x, y = _source_coordinates(rng)
    depth = _interpolate(distances.reshape(-1, CANVAS, CANVAS), font * 10 + classes, x, y) * (SIDE / CANVAS)

    weight = rng.uniform(-0.25, 0.7, (BLOCK, 1, 1))  # pixels added to each edge of the stroke
    softness = rng.uniform(0.9, 1.6, (BLOCK, 1, 1))  # pixels from black to white
    ink = (0.5 + (depth + weight) / softness).clip(0, 1)
    return np.rint(ink * 255).astype(np.uint8), classes


def _source_coordinates(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Random affine and elastic deformations: x and y (BLOCK, 28, 28), in the large drawing, of each pixel."""
    angle = rng.normal(0, 0.11, BLOCK).clip(-0.3, 0.3)
    shear = rng.normal(0, 0.14, BLOCK).clip(-0.4, 0.4)
    width, height = rng.uniform(0.78, 1.12, BLOCK), rng.uniform(0.88, 1.06, BLOCK)
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = np.array([[cos / width, (sin + shear * cos) / width], [-sin / height, (cos - shear * sin) / height]])
    a, b = matrix[..., None, None]

    centre = (SIDE - 1) / 2 + rng.normal(0, 0.7, (2, BLOCK, 1, 1)).clip(-1.4, 1.4)
    pixel = np.arange(SIDE)
    x, y = pixel[None, None, :] - centre[0], pixel[None, :, None] - centre[1]
    weights = _control_weights()
    bend = weights @ rng.normal(0, 0.75, (2, BLOCK, CONTROLS, CONTROLS)) @ weights.T  # pixels

    scale, middle = CANVAS / SIDE, (CANVAS - 1) / 2
    return (a[0] * x + a[1] * y + bend[0]) * scale + middle, (b[0] * x + b[1] * y + bend[1]) * scale + middle


def _control_weights() -> NDArray[np.float64]:
    """Gaussian weights (28, CONTROLS) of the control points, each row summing to one."""
    distance = np.linspace(0, CONTROLS - 1, SIDE)[:, None] - np.arange(CONTROLS)
    weights = np.exp(-1.4 * distance**2)
    return weights / weights.sum(1, keepdims=True)  # type: ignore[no-any-return]


def _interpolate(
    maps: NDArray[np.float32], index: NDArray[np.int64], x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Bilinear interpolation of `maps[index]` at (x, y); beyond the border the nearest pixel counts."""
    x, y = x.clip(0, CANVAS - 1.001), y.clip(0, CANVAS - 1.001)
    left, top = x.astype(np.int64), y.astype(np.int64)
    right, low = x - left, y - top
    flat, corner = maps.ravel(), (index[:, None, None] * CANVAS + top) * CANVAS + left
    upper = flat[corner] * (1 - right) + flat[corner + 1] * right
    lower = flat[corner + CANVAS] * (1 - right) + flat[corner + CANVAS + 1] * right
    return upper * (1 - low) + lower * low  # type: ignore[no-any-return]


@cache
def _font_distances(font: str) -> NDArray[np.float32]:
    """Signed distance of each pixel to the edge of the stroke, (10, CANVAS, CANVAS), positive inside."""
    try:
        from matplotlib import get_data_path
    except ImportError:
        raise UsageError("digits drawn from fonts need an extra: pip install 'viceversa[eval]'") from None
    path = Path(get_data_path()) / "fonts" / "ttf" / f"{font}.ttf"
    face = ImageFont.truetype(str(path), 2 * HEIGHT, layout_engine=ImageFont.Layout.BASIC)
    return np.stack([_signed_distance(_draw_large(face, str(digit)) > 127) for digit in range(10)])


def _draw_large(face: ImageFont.FreeTypeFont, text: str) -> NDArray[np.uint8]:
    """One digit on the canvas, `HEIGHT` pixels tall, its mass near the centre as in MNIST."""
    left, top, right, bottom = (round(side) for side in face.getbbox(text))
    drawing = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(drawing).text((-left, -top), text, fill=255, font=face)
    drawing = drawing.crop(drawing.getbbox())
    width = round(drawing.width * HEIGHT / drawing.height)
    digit = np.asarray(drawing.resize((width, HEIGHT), Image.Resampling.BOX))

    corner = []
    for axis, side in enumerate(digit.shape):
        mass = digit.sum(1 - axis) @ np.arange(side) / digit.sum()
        offset = min(max((side - 1) / 2 - mass, -MAX_OFFSET), MAX_OFFSET)
        corner.append(round((CANVAS - side) / 2 + offset))
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    canvas[corner[0] : corner[0] + digit.shape[0], corner[1] : corner[1] + digit.shape[1]] = digit
    return canvas


def _signed_distance(inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Signed Euclidean distance to the edge, exact: squared distances by rows, then by columns."""
    position = np.arange(len(inside), dtype=np.float32)
    squared = (position[:, None] - position) ** 2
    signed = np.zeros(inside.shape, np.float32)
    for sign, mask in ((1, ~inside), (-1, inside)):
        in_column = (np.where(mask, np.float32(0), np.float32(1e6))[None] + squared[:, :, None]).min(1)
        signed += sign * np.sqrt((in_column[:, None, :] + squared[None]).min(2))
    return (signed - np.sign(signed) / 2).astype(np.float32)

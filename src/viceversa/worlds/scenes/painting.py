"""A canvas in linear light, signed distances to shapes, and the conversion of a canvas to an image."""

from dataclasses import dataclass
from math import ceil, cos, sin, sqrt

import numpy as np
from numpy.typing import NDArray

from .noise import Floats, smoothstep

MIN_SAMPLES = 192  # along the longer side: small images are drawn with more samples per pixel


def linear_rgb(code: str) -> Floats:
    """A hexadecimal colour such as "c0392b" in linear light, (3, 1, 1), for a display gamma of 2.2."""
    stored = np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)], np.float32) / 255
    return np.asarray(stored**2.2, np.float32).reshape(3, 1, 1)


def mix(a: Floats, b: Floats, share: Floats | float) -> Floats:
    """Linear interpolation: `a` where `share` is 0, `b` where it is 1."""
    return a + np.asarray(share, np.float32) * (b - a)


@dataclass
class Canvas:
    """Planes of light (3, H, W), labels (H, W) and scene coordinates x (1, W), y (H, 1); y points down, the longer side
    is 1. Any number of planes of other linear quantities is painted in the same way."""

    light: Floats
    labels: NDArray[np.uint8]
    x: Floats
    y: Floats
    sample_size: float  # side of one sample in scene units

    def window(self, left: float, top: float, right: float, bottom: float) -> "Canvas":
        """The part between these scene coordinates, as a view: painting on it paints on this canvas. May be empty."""
        columns = slice(*np.searchsorted(self.x[0], (left, right)))
        rows = slice(*np.searchsorted(self.y[:, 0], (top, bottom)))
        return Canvas(
            self.light[:, rows, columns], self.labels[rows, columns], self.x[:, columns], self.y[rows], self.sample_size
        )

    def around(self, x: float, y: float, reach: float) -> "Canvas":
        """The window of the square with this centre and half side."""
        return self.window(x - reach, y - reach, x + reach, y + reach)

    def coverage(self, distance: Floats) -> Floats:
        """Share of each sample that lies inside a shape, from its signed distance (negative inside)."""
        share: Floats = np.clip(np.float32(0.5) - distance / np.float32(self.sample_size), 0, 1)
        return share

    def paint(self, colour: Floats, mask: Floats, label: int | None = None) -> None:
        """Blend `colour` over the canvas with opacity `mask` (H, W) in [0, 1]; set `label` where it is above 1/2."""
        self.light += mask * (colour - self.light)
        if label is not None:
            self.labels[np.broadcast_to(mask > 0.5, self.labels.shape)] = label

    def dim(self, shadow: Floats, tint: Floats | float = 0.0) -> None:
        """Darken the canvas: where `shadow` is 1, only the share `tint` of the light remains."""
        self.light *= 1 - shadow * (1 - np.asarray(tint, np.float32))


def blank_canvas(size: int | tuple[int, int], planes: int = 3) -> tuple[Canvas, int]:
    """An empty canvas for an image of this size (H, W), and its samples per pixel side."""
    height, width = (size, size) if isinstance(size, int) else size
    longer = max(height, width)
    samples = max(2, ceil(MIN_SAMPLES / longer))
    rows, columns = height * samples, width * samples
    unit = longer * samples

    x = ((np.arange(columns) + 0.5 - columns / 2) / unit + 0.5).astype(np.float32)
    y = ((np.arange(rows) + 0.5 - rows / 2) / unit + 0.5).astype(np.float32)
    light = np.zeros((planes, rows, columns), np.float32)
    return Canvas(light, np.zeros((rows, columns), np.uint8), x[None], y[:, None], 1 / unit), samples


def average_samples(planes: Floats, samples: int) -> Floats:
    """The mean of each pixel's samples: (C, H * samples, W * samples) to (C, H, W)."""
    count, rows, columns = planes.shape
    grid = planes.reshape(count, rows // samples, samples, columns // samples, samples)
    means: Floats = grid.mean(axis=(2, 4))
    return means


def middle_labels(canvas: Canvas, samples: int) -> NDArray[np.uint8]:
    """The label (H, W) in the middle of each pixel."""
    middle = samples // 2
    return canvas.labels[middle::samples, middle::samples].copy()


def to_picture(canvas: Canvas, samples: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The image (H, W, 3) and its labels (H, W): average the samples, compress highlights, encode with gamma 2.2."""
    light = np.maximum(average_samples(canvas.light, samples), 0)
    bright = np.maximum(light - 0.6, 0)
    light = np.minimum(light, 0.6) + 0.4 * (1 - np.exp(-bright / 0.4))
    encoded = np.round(255 * light ** (1 / 2.2)).astype(np.uint8)
    return np.ascontiguousarray(encoded.transpose(1, 2, 0)), middle_labels(canvas, samples)


def ellipse(canvas: Canvas, x: float, y: float, rx: float, ry: float, turn: float = 0.0) -> Floats:
    """Approximate signed distance to an ellipse, in scene units along its shorter axis."""
    dx, dy = canvas.x - np.float32(x), canvas.y - np.float32(y)
    c, s = np.float32(cos(turn)), np.float32(sin(turn))
    u, v = (c * dx + s * dy) / np.float32(rx), (c * dy - s * dx) / np.float32(ry)
    return (np.sqrt(u * u + v * v) - 1) * np.float32(min(rx, ry))


def capsule(canvas: Canvas, a: tuple[float, float], b: tuple[float, float], ra: float, rb: float) -> Floats:
    """Signed distance to a tapered capsule from `a` to `b` whose radius goes from `ra` to `rb`."""
    ax, ay = a
    bx, by = b[0] - ax, b[1] - ay
    dx, dy = canvas.x - np.float32(ax), canvas.y - np.float32(ay)
    t = np.clip((dx * np.float32(bx) + dy * np.float32(by)) / np.float32(max(bx * bx + by * by, 1e-9)), 0, 1)
    distance = np.hypot(dx - t * np.float32(bx), dy - t * np.float32(by))
    return distance - (np.float32(ra) + t * np.float32(rb - ra))


def polygon(canvas: Canvas, corners: list[tuple[float, float]]) -> Floats:
    """Signed distance to a convex polygon whose corners are listed clockwise on the image."""
    distance: Floats | None = None
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        length = sqrt((bx - ax) ** 2 + (by - ay) ** 2)
        nx, ny = np.float32((by - ay) / length), np.float32((ax - bx) / length)
        to_edge = nx * (canvas.x - np.float32(ax)) + ny * (canvas.y - np.float32(ay))
        distance = to_edge if distance is None else np.maximum(distance, to_edge)
    assert distance is not None
    return distance


def soft_mask(distance: Floats, width: float) -> Floats:
    """1 from the depth `width` inside a shape, falling smoothly to 0 at `width` outside: the mask of a soft shadow."""
    return smoothstep(width, -width, distance)

"""A canvas in linear light, the shapes painted on it and the way it becomes a picture."""

from dataclasses import dataclass
from math import ceil, cos, sin, sqrt

import numpy as np
from numpy.typing import NDArray

from .noise import Floats, smoothstep

FINEST = 192  # samples along the longer side below which a small picture takes more samples per pixel


def ink(code: str) -> Floats:
    """A colour such as "c0392b" in linear light, (3, 1, 1)."""
    stored = np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)], np.float32) / 255
    return np.asarray(stored**2.2, np.float32).reshape(3, 1, 1)


def mix(a: Floats, b: Floats, share: Floats | float) -> Floats:
    """`a` where `share` is 0, `b` where it is 1."""
    return a + np.asarray(share, np.float32) * (b - a)


@dataclass
class Canvas:
    """Light (3, H, W), labels (H, W) and scene coordinates x (1, W), y (H, 1), downwards, unit = longer side."""

    light: Floats
    labels: NDArray[np.uint8]
    x: Floats
    y: Floats
    sample: float  # side of one sample in scene units

    def window(self, left: float, top: float, right: float, bottom: float) -> "Canvas":
        """The part inside these scene coordinates; painting there paints here. May be empty."""
        columns = slice(*np.searchsorted(self.x[0], (left, right)))
        rows = slice(*np.searchsorted(self.y[:, 0], (top, bottom)))
        return Canvas(
            self.light[:, rows, columns], self.labels[rows, columns], self.x[:, columns], self.y[rows], self.sample
        )

    def around(self, x: float, y: float, reach: float) -> "Canvas":
        """The window of a square around a point."""
        return self.window(x - reach, y - reach, x + reach, y + reach)

    def cover(self, distance: Floats) -> Floats:
        """Share of each sample inside a shape, from its signed distance (negative inside)."""
        share: Floats = np.clip(np.float32(0.5) - distance / np.float32(self.sample), 0, 1)
        return share

    def paint(self, colour: Floats, mask: Floats, label: int | None = None) -> None:
        """Lay `colour` over what is there, as far as `mask` (H, W) in [0, 1] says."""
        self.light += mask * (colour - self.light)
        if label is not None:
            self.labels[np.broadcast_to(mask > 0.5, self.labels.shape)] = label

    def dim(self, shadow: Floats, tint: Floats | float = 0.0) -> None:
        """Take light away: all of it where `shadow` is 1, save the share `tint`."""
        self.light *= 1 - shadow * (1 - np.asarray(tint, np.float32))


def blank(size: int | tuple[int, int]) -> tuple[Canvas, int]:
    """An empty canvas for a picture of this size (H, W), and its samples per pixel side."""
    height, width = (size, size) if isinstance(size, int) else size
    longer = max(height, width)
    samples = max(2, ceil(FINEST / longer))
    rows, columns = height * samples, width * samples
    unit = longer * samples
    x = ((np.arange(columns) + 0.5 - columns / 2) / unit + 0.5).astype(np.float32)
    y = ((np.arange(rows) + 0.5 - rows / 2) / unit + 0.5).astype(np.float32)
    light = np.zeros((3, rows, columns), np.float32)
    return Canvas(light, np.zeros((rows, columns), np.uint8), x[None], y[:, None], 1 / unit), samples


def develop(canvas: Canvas, samples: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The picture (H, W, 3) and its labels (H, W): average the samples, roll highlights off, encode."""
    _, rows, columns = canvas.light.shape
    grid = canvas.light.reshape(3, rows // samples, samples, columns // samples, samples)
    light = np.maximum(grid.mean(axis=(2, 4)), 0)
    bright = np.maximum(light - 0.6, 0)
    light = np.minimum(light, 0.6) + 0.4 * (1 - np.exp(-bright / 0.4))
    encoded = np.round(255 * light ** (1 / 2.2)).astype(np.uint8)
    middle = samples // 2
    return np.ascontiguousarray(encoded.transpose(1, 2, 0)), canvas.labels[middle::samples, middle::samples].copy()


def ellipse(canvas: Canvas, x: float, y: float, rx: float, ry: float, turn: float = 0.0) -> Floats:
    """Signed distance to an ellipse, exact on its edge's scale."""
    dx, dy = canvas.x - np.float32(x), canvas.y - np.float32(y)
    c, s = np.float32(cos(turn)), np.float32(sin(turn))
    u, v = (c * dx + s * dy) / np.float32(rx), (c * dy - s * dx) / np.float32(ry)
    return (np.sqrt(u * u + v * v) - 1) * np.float32(min(rx, ry))


def limb(canvas: Canvas, a: tuple[float, float], b: tuple[float, float], ra: float, rb: float) -> Floats:
    """Signed distance to a stroke from `a` to `b` whose half-width runs from `ra` to `rb`."""
    ax, ay = a
    bx, by = b[0] - ax, b[1] - ay
    dx, dy = canvas.x - np.float32(ax), canvas.y - np.float32(ay)
    t = np.clip((dx * np.float32(bx) + dy * np.float32(by)) / np.float32(max(bx * bx + by * by, 1e-9)), 0, 1)
    far = np.hypot(dx - t * np.float32(bx), dy - t * np.float32(by))
    return far - (np.float32(ra) + t * np.float32(rb - ra))


def polygon(canvas: Canvas, corners: list[tuple[float, float]]) -> Floats:
    """Signed distance to a convex polygon, corners clockwise as seen on the picture."""
    edges = zip(corners, corners[1:] + corners[:1], strict=True)
    distance: Floats | None = None
    for (ax, ay), (bx, by) in edges:
        length = sqrt((bx - ax) ** 2 + (by - ay) ** 2)
        nx, ny = np.float32((by - ay) / length), np.float32((ax - bx) / length)
        side = nx * (canvas.x - np.float32(ax)) + ny * (canvas.y - np.float32(ay))
        distance = side if distance is None else np.maximum(distance, side)
    assert distance is not None
    return distance


def glow(distance: Floats, width: float) -> Floats:
    """1 inside a shape, fading to 0 at `width` outside it: a soft shadow."""
    return smoothstep(width, -width, distance)

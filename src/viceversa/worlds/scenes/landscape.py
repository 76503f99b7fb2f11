"""Sky, mountains, hills, meadow, lake and path, in summer or winter."""

from dataclasses import dataclass

import numpy as np

from .noise import Floats, fractal_noise, noise, noise_1d, smoothstep
from .painting import Canvas, linear_rgb, mix


@dataclass(frozen=True, kw_only=True)
class Season:
    """The colours of a domain; `snow` is 1 in winter, and `roof` None where roofs keep their own colour."""

    snow: float
    zenith: str
    haze: str
    cloud: str
    far: str  # mountains at their foot
    peak: str
    wood: str
    meadow: tuple[str, str]
    lake: str
    path: str
    needle: tuple[str, str]
    leaf: tuple[str, str]
    roof: str | None
    sun: str


SUMMER = Season(
    snow=0,
    zenith="4a8fd0",
    haze="d3e4ee",
    cloud="ffffff",
    far="7288a0",
    peak="a3aab0",
    wood="3f6a34",
    meadow=("5f8a2c", "b9cb5a"),
    lake="2f6f98",
    path="c4aa80",
    needle=("12301c", "3f6d3c"),
    leaf=("2c5a1c", "8db63e"),
    roof=None,
    sun="fff2d0",
)
WINTER = Season(
    snow=1,
    zenith="6f9ccd",
    haze="dde4ec",
    cloud="f4f5f8",
    far="8494ac",
    peak="dfe6f0",
    wood="6b7274",
    meadow=("a9bbd8", "eceff5"),
    lake="4a7f9f",
    path="b0a08c",
    needle=("162e22", "466a54"),
    leaf=("665a58", "c9cdd6"),
    roof="e6ecf4",
    sun="ffe9d2",
)


@dataclass(frozen=True, kw_only=True)
class Land:
    """The terrain, in scene coordinates."""

    horizon: float
    mountains: float  # height of the highest peak
    hills: tuple[float, ...]  # heights, the farthest first
    lake: tuple[float, float, float, float] | None  # x, y and radii of an ellipse
    path: tuple[float, float, float]  # x at the horizon, amplitude, phase
    clouds: float
    sun: float  # -1 on the left, 1 on the right
    evening: float  # 0 noon, 1 evening
    seed: int

    def depth(self, y: float) -> float:
        """Relative size of an object that stands at `y`: 0 at the horizon, 1 at the bottom of the image."""
        return (y - self.horizon) / (1 - self.horizon)

    def path_x(self, y: Floats | float) -> Floats:
        """x of the middle of the path at the scene coordinates `y`."""
        start, swing, phase = self.path
        t = (np.asarray(y, np.float32) - self.horizon) / (1 - self.horizon)
        return np.asarray(start + swing * np.sin(phase + 4.5 * np.sqrt(np.maximum(t, 0))) * (0.25 + t), np.float32)


def paint_sky(canvas: Canvas, land: Land, season: Season) -> None:
    """Paint a gradient, the glow of the sun and clouds lit from its side."""
    t = smoothstep(0, land.horizon + 0.1, canvas.y)
    haze = mix(linear_rgb(season.haze), linear_rgb("f6c9a0"), 0.6 * land.evening)
    canvas.light[:] = mix(linear_rgb(season.zenith), haze, t)
    squared = (canvas.x - np.float32(0.5 + 0.5 * land.sun)) ** 2 + (canvas.y - 0.1) ** 2
    canvas.light += linear_rgb(season.sun) * 0.3 * np.exp(-6 * squared)

    billow = fractal_noise(land.seed, canvas.x * 3, canvas.y * 7, 4)
    shifted = fractal_noise(land.seed, canvas.x * 3 + np.float32(0.15 * land.sun), canvas.y * 7 - 0.3, 4)
    clouded = smoothstep(0.62 - 0.2 * land.clouds, 0.85 - 0.2 * land.clouds, billow) * (1 - 0.6 * t)
    lit = np.clip(0.75 + 1.4 * (billow - shifted), 0.5, 1)
    canvas.paint(linear_rgb(season.cloud) * lit, clouded)


def paint_mountains(canvas: Canvas, land: Land, season: Season, label: int) -> None:
    """Paint a distant ridge with rock, snow and forest at its foot."""
    ridge = land.horizon - land.mountains * (0.25 + 0.75 * noise_1d(land.seed + 5, canvas.x * 2.5, 5))
    inside = canvas.coverage(ridge - canvas.y)
    rock = fractal_noise(land.seed + 6, canvas.x * 9 + canvas.y * 4, canvas.y * 5, 3)
    height = (np.float32(land.horizon) - canvas.y) / np.float32(land.mountains)
    top = smoothstep(0.35, 0.6, height + 0.5 * (rock - 0.5))
    shifted = fractal_noise(land.seed + 6, canvas.x * 9 + canvas.y * 4 + np.float32(0.4 * land.sun), canvas.y * 5, 3)
    slope = np.clip(0.85 + 1.8 * (rock - shifted), 0.45, 1.3)
    body = mix(linear_rgb(season.far), linear_rgb(season.peak), top) * slope
    canvas.paint(mix(body, linear_rgb(season.haze), 0.22 + 0.3 * smoothstep(0.5, 0, height)), inside, label)


def paint_hills(canvas: Canvas, land: Land, season: Season, label: int) -> None:
    """Paint hills with forest and meadow, the farther ones hazier."""
    for i, rise in enumerate(land.hills):
        seed = land.seed + 20 + 10 * i
        line = land.horizon + 0.02 - rise * noise_1d(seed, canvas.x * (2.2 - 0.5 * i), 2)
        woods = smoothstep(0.45, 0.55, fractal_noise(seed + 3, canvas.x * 5, canvas.y * 9, 2))
        crowns = noise(seed + 5, canvas.x * 50, canvas.y * 60)
        jag = 0.012 * crowns * woods
        low, high = (linear_rgb(code) for code in season.meadow)
        meadow = mix(low, high, fractal_noise(seed + 4, canvas.x * 4, canvas.y * 12, 2))
        colour = mix(meadow, linear_rgb(season.wood) * (0.6 + 0.8 * crowns), woods)
        colour = mix(colour, linear_rgb(season.haze), 0.45 - 0.2 * i)
        canvas.paint(colour, canvas.coverage(line - jag - canvas.y), label)


def paint_ground(canvas: Canvas, land: Land, season: Season, labels: tuple[int, int, int]) -> None:
    """Paint the meadow, then lake and path; `labels` in this order."""
    view = canvas.window(0, land.horizon - 0.02, 1, 1)
    edge = land.horizon + 0.015 * (noise_1d(land.seed + 50, view.x * 3, 2) - 0.5)
    t = np.clip((view.y - np.float32(land.horizon)) / np.float32(1 - land.horizon), 0.02, 1)
    u, v = (view.x - 0.5) / (0.25 + t) * 2.5 + 20, np.log(t) * 3 + 20 + 0 * view.x  # in perspective

    rolling = fractal_noise(land.seed + 51, u, v, 3)
    tufts = fractal_noise(land.seed + 55, u * 9, v * 7, 2)
    low, high = (linear_rgb(code) for code in season.meadow)
    tone = np.clip(0.9 * rolling + (0.5 - 0.3 * season.snow) * (tufts - 0.5), 0, 1)
    view.paint(mix(low, high, tone), view.coverage(edge - view.y), labels[0])
    if not season.snow:
        bloom = smoothstep(0.80, 0.88, noise(land.seed + 90, u * 16, v * 14)) * smoothstep(0.45, 0.6, rolling)
        view.paint(linear_rgb("f4ecc0"), bloom * view.coverage(edge - view.y) * 0.7)

    bare = smoothstep(0.60, 0.68, fractal_noise(land.seed + 60, u * 1.7, v * 1.7, 3))
    earth = mix(linear_rgb("6a5636"), linear_rgb("a08a58"), tufts)
    view.paint(earth, bare * view.coverage(edge - view.y) * 0.9)
    if land.lake:
        _paint_lake(view, land, land.lake, season, labels[1])

    half = (0.012 + 0.1 * t) * (0.9 + 0.2 * noise(land.seed + 70, u * 2, v * 4))
    outside = np.abs(view.x - land.path_x(view.y)) - half
    if land.lake:
        outside = np.maximum(outside, np.float32(land.lake[1] + 1.3 * land.lake[3]) - view.y)  # begins at the shore
    earth = linear_rgb(season.path) * (0.8 + 0.4 * tufts)
    view.paint(earth, smoothstep(0.01, -0.01, outside) * view.coverage(edge - view.y), labels[2])


def apply_daylight(canvas: Canvas, land: Land) -> None:
    """Multiply the canvas by the light of the hour: warm and dim in the evening, brighter towards the sun."""
    across = np.float32(0.5) + (canvas.x - np.float32(0.5)) * np.float32(land.sun)
    warm = mix(linear_rgb("ffffff"), linear_rgb("ffd9b0"), land.evening * (0.5 + 0.5 * across))
    canvas.light *= warm * np.float32(1.04 - 0.28 * land.evening) * (0.92 + 0.16 * across)


def _paint_lake(view: Canvas, land: Land, lake: tuple[float, float, float, float], season: Season, label: int) -> None:
    x, y, rx, ry = lake
    shore = 0.35 * (noise_1d(land.seed + 80, view.x * 6, 2) - 0.5)
    outside = np.sqrt(((view.x - np.float32(x)) / rx) ** 2 + ((view.y - np.float32(y)) / ry) ** 2) - 1 + shore
    ripple = noise(land.seed + 81, view.x * 6, view.y * 60)
    colour = mix(linear_rgb(season.lake), linear_rgb(season.haze), np.clip(0.2 + 0.5 * (ripple - 0.4), 0, 1))
    colour = mix(colour, linear_rgb("1f4a66"), 0.5 * smoothstep(0.2, -0.8, outside))
    view.paint(linear_rgb("8a7a5c"), view.coverage((outside - 0.1) * ry) * 0.6)
    view.paint(colour, view.coverage(outside * ry), label)

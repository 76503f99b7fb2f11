"""Sky, mountains, hills, meadow, lake and path, in summer or in winter."""

from dataclasses import dataclass

import numpy as np

from .noise import Floats, curve, fractal, noise, smoothstep
from .painting import Canvas, ink, mix


@dataclass(frozen=True, kw_only=True)
class Season:
    """The colours of a domain; `snow` is 1 in winter."""

    snow: float
    zenith: str
    haze: str
    cloud: str
    far: str
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
    snow=0, zenith="4a8fd0", haze="d3e4ee", cloud="ffffff", far="7288a0", peak="a3aab0", wood="3f6a34",
    meadow=("5f8a2c", "b9cb5a"), lake="2f6f98", path="c4aa80", needle=("12301c", "3f6d3c"),
    leaf=("2c5a1c", "8db63e"), roof=None, sun="fff2d0",
)  # fmt: skip
WINTER = Season(
    snow=1, zenith="6f9ccd", haze="dde4ec", cloud="f4f5f8", far="8494ac", peak="dfe6f0", wood="6b7274",
    meadow=("a9bbd8", "eceff5"), lake="4a7f9f", path="b0a08c", needle=("162e22", "466a54"),
    leaf=("665a58", "c9cdd6"), roof="e6ecf4", sun="ffe9d2",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Land:
    """The lie of the land; heights and places in scene coordinates."""

    horizon: float
    mountains: float
    hills: tuple[float, ...]
    lake: tuple[float, float, float, float] | None
    path: tuple[float, float, float]
    clouds: float
    sun: float  # -1 from the left, 1 from the right
    evening: float
    seed: int

    def depth(self, y: float) -> float:
        """Size of things standing at scene height `y`, 0 at the horizon."""
        return (y - self.horizon) / (1 - self.horizon)

    def trail(self, y: Floats | float) -> Floats:
        """Middle of the path at scene heights `y`."""
        start, swing, phase = self.path
        t = (np.asarray(y, np.float32) - self.horizon) / (1 - self.horizon)
        return np.asarray(start + swing * np.sin(phase + 4.5 * np.sqrt(np.maximum(t, 0))) * (0.25 + t), np.float32)


def paint_sky(canvas: Canvas, land: Land, season: Season) -> None:
    """Gradient, the sun's glow, clouds lit from its side."""
    t = smoothstep(0, land.horizon + 0.1, canvas.y)
    haze = mix(ink(season.haze), ink("f6c9a0"), 0.6 * land.evening)
    canvas.light[:] = mix(ink(season.zenith), haze, t)
    away = (canvas.x - np.float32(0.5 + 0.5 * land.sun)) ** 2 + (canvas.y - 0.1) ** 2
    canvas.light += ink(season.sun) * 0.3 * np.exp(-6 * away)
    billow = fractal(land.seed, canvas.x * 3, canvas.y * 7, 4)
    beside = fractal(land.seed, canvas.x * 3 + np.float32(0.15 * land.sun), canvas.y * 7 - 0.3, 4)
    cover = smoothstep(0.62 - 0.2 * land.clouds, 0.85 - 0.2 * land.clouds, billow) * (1 - 0.6 * t)
    lit = np.clip(0.75 + 1.4 * (billow - beside), 0.5, 1)
    canvas.paint(ink(season.cloud) * lit, cover)


def paint_mountains(canvas: Canvas, land: Land, season: Season, label: int) -> None:
    """A far ridge with rock, snow and forest at its foot."""
    ridge = land.horizon - land.mountains * (0.25 + 0.75 * curve(land.seed + 5, canvas.x * 2.5, 5))
    inside = canvas.cover(ridge - canvas.y)
    rock = fractal(land.seed + 6, canvas.x * 9 + canvas.y * 4, canvas.y * 5, 3)
    height = (np.float32(land.horizon) - canvas.y) / np.float32(land.mountains)
    top = smoothstep(0.35, 0.6, height + 0.5 * (rock - 0.5))
    beside = fractal(land.seed + 6, canvas.x * 9 + canvas.y * 4 + np.float32(0.4 * land.sun), canvas.y * 5, 3)
    slope = np.clip(0.85 + 1.8 * (rock - beside), 0.45, 1.3)
    body = mix(ink(season.far), ink(season.peak), top) * slope
    canvas.paint(mix(body, ink(season.haze), 0.22 + 0.3 * smoothstep(0.5, 0, height)), inside, label)


def paint_hills(canvas: Canvas, land: Land, season: Season, label: int) -> None:
    """Rolling forest and meadow, hazier the further away."""
    for i, rise in enumerate(land.hills):
        seed = land.seed + 20 + 10 * i
        line = land.horizon + 0.02 - rise * curve(seed, canvas.x * (2.2 - 0.5 * i), 2)
        woods = smoothstep(0.45, 0.55, fractal(seed + 3, canvas.x * 5, canvas.y * 9, 2))
        crowns = noise(seed + 5, canvas.x * 50, canvas.y * 60)
        jag = 0.012 * crowns * woods
        low, high = (ink(code) for code in season.meadow)
        meadow = mix(low, high, fractal(seed + 4, canvas.x * 4, canvas.y * 12, 2))
        colour = mix(meadow, ink(season.wood) * (0.6 + 0.8 * crowns), woods)
        colour = mix(colour, ink(season.haze), 0.45 - 0.2 * i)
        canvas.paint(colour, canvas.cover(line - jag - canvas.y), label)


def paint_ground(canvas: Canvas, land: Land, season: Season, labels: tuple[int, int, int]) -> None:
    """Meadow with drifts and tufts, then lake and path; `labels` in this order."""
    view = canvas.window(0, land.horizon - 0.02, 1, 1)
    edge = land.horizon + 0.015 * (curve(land.seed + 50, view.x * 3, 2) - 0.5)
    t = np.clip((view.y - np.float32(land.horizon)) / np.float32(1 - land.horizon), 0.02, 1)
    u, v = (view.x - 0.5) / (0.25 + t) * 2.5 + 20, np.log(t) * 3 + 20 + 0 * view.x
    rolling = fractal(land.seed + 51, u, v, 3)
    tufts = fractal(land.seed + 55, u * 9, v * 7, 2)
    low, high = (ink(code) for code in season.meadow)
    tone = np.clip(0.9 * rolling + (0.5 - 0.3 * season.snow) * (tufts - 0.5), 0, 1)
    view.paint(mix(low, high, tone), view.cover(edge - view.y), labels[0])
    if not season.snow:
        bloom = smoothstep(0.80, 0.88, noise(land.seed + 90, u * 16, v * 14)) * smoothstep(0.45, 0.6, rolling)
        view.paint(ink("f4ecc0"), bloom * view.cover(edge - view.y) * 0.7)
    bare = smoothstep(0.60, 0.68, fractal(land.seed + 60, u * 1.7, v * 1.7, 3))
    earth = mix(ink("6a5636"), ink("a08a58"), tufts)
    view.paint(earth, bare * view.cover(edge - view.y) * 0.9)
    if land.lake:
        _lake(view, land, season, labels[1])
    half = (0.012 + 0.1 * t) * (0.9 + 0.2 * noise(land.seed + 70, u * 2, v * 4))
    off = np.abs(view.x - land.trail(view.y)) - half
    if land.lake:
        off = np.maximum(off, np.float32(land.lake[1] + 1.3 * land.lake[3]) - view.y)
    worn = ink(season.path) * (0.8 + 0.4 * tufts)
    view.paint(worn, smoothstep(0.01, -0.01, off) * view.cover(edge - view.y), labels[2])


def weather(canvas: Canvas, land: Land) -> None:
    """The hour's light over everything: warm and low in the evening, brighter towards the sun."""
    across = np.float32(0.5) + (canvas.x - np.float32(0.5)) * np.float32(land.sun)
    warm = mix(ink("ffffff"), ink("ffd9b0"), land.evening * (0.5 + 0.5 * across))
    canvas.light *= warm * np.float32(1.04 - 0.28 * land.evening) * (0.92 + 0.16 * across)


def _lake(view: Canvas, land: Land, season: Season, label: int) -> None:
    assert land.lake is not None
    x, y, rx, ry = land.lake
    shore = 0.35 * (curve(land.seed + 80, view.x * 6, 2) - 0.5)
    far = np.sqrt(((view.x - np.float32(x)) / rx) ** 2 + ((view.y - np.float32(y)) / ry) ** 2) - 1 + shore
    ripple = noise(land.seed + 81, view.x * 6, view.y * 60)
    colour = mix(ink(season.lake), ink(season.haze), np.clip(0.2 + 0.5 * (ripple - 0.4), 0, 1))
    deep = mix(colour, ink("1f4a66"), 0.5 * smoothstep(0.2, -0.8, far))
    view.paint(ink("8a7a5c"), view.cover((far - 0.1) * ry) * 0.6)
    view.paint(deep, view.cover(far * ry), label)

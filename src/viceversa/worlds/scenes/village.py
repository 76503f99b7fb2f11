"""Houses, people, fences and balloons in a landscape, in every season the same except for snow."""

from dataclasses import dataclass

import numpy as np

from .landscape import Season
from .noise import noise, smoothstep
from .painting import Canvas, capsule, ellipse, linear_rgb, mix, polygon
from .trees import paint_shadow

SNOW = "f0f3f8"
Corners = list[tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class House:
    """A house: the foot of its gable's middle (x, y), the width of the gable, and colours."""

    x: float
    y: float
    width: float
    side: float  # -1: long wall to the left, 1: to the right
    wall: str
    roof: str
    trim: str
    seed: int


@dataclass(frozen=True, kw_only=True)
class Person:
    """A person in a coat and a woollen hat, with the feet at (x, y)."""

    x: float
    y: float
    height: float
    coat: str
    trousers: str
    hat: str


@dataclass(frozen=True, kw_only=True)
class Fence:
    """A fence of posts and two rails from `x` to `end`."""

    x: float
    end: float
    y: float
    height: float
    colour: str


@dataclass(frozen=True, kw_only=True)
class Balloon:
    """A striped hot-air balloon with the centre (x, y)."""

    x: float
    y: float
    r: float
    colour: str
    stripe: str


@dataclass(frozen=True)
class _HousePainter:
    """Paints flat parts of a house; coordinates are in gable widths from its foot, for a long wall on the right."""

    view: Canvas
    house: House
    label: int | None

    def polygon(self, corners: Corners, colour: str, shade: float) -> None:
        """Paint a convex polygon of boards; `corners` are (to the right, upwards), clockwise."""
        x, y, w, s = self.house.x, self.house.y, self.house.width, self.house.side
        points = [(x + s * across * w, y - up * w) for across, up in corners]
        if s < 0:
            points.reverse()
        boards = 0.9 + 0.2 * noise(self.house.seed, self.view.x * 20 / np.float32(w), self.view.y * 16 / np.float32(w))
        mask = self.view.coverage(polygon(self.view, points))
        self.view.paint(linear_rgb(colour) * shade * boards, mask, self.label)

    def window(self, across: float, up: float, frame: str, shade: float) -> None:
        """Paint a pane in its frame, with this centre."""
        for half, colour in ((0.11, frame), (0.08, "27323f")):
            left, right, top, bottom = across - half, across + half, up + 1.2 * half, up - 1.2 * half
            self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], colour, shade)


def paint_house(canvas: Canvas, house: House, season: Season, sun: float, label: int) -> None:
    """Paint a house with gable, long wall, roof, windows, door and chimney; in winter with snow on top."""
    x, y, w = house.x, house.y, house.width
    paint_shadow(canvas, x + 0.75 * house.side * w, y, 0.6 * w, 1.2 * w, sun)
    view = canvas.window(x - 2.4 * w, y - 1.8 * w, x + 2.4 * w, y + 0.1 * w)
    painter = _HousePainter(view, house, label)
    gable, long = (1.0, 0.6) if sun * house.side < 0 else (0.65, 1.0)  # brightness of the two walls
    roof = season.roof or house.roof

    painter.polygon([(1.15, 1.65), (1.35, 1.65), (1.35, 1.2), (1.15, 1.2)], "8a4a38", 0.9)  # chimney
    if season.snow:
        snow = _HousePainter(view, house, None)
        snow.polygon([(1.13, 1.72), (1.37, 1.72), (1.37, 1.64), (1.13, 1.64)], SNOW, 1.0)
    painter.polygon([(0.5, 0.8), (1.9, 0.8), (1.9, 0.05), (0.5, 0.0)], house.wall, long)
    painter.polygon([(-0.5, 0.75), (0, 1.3), (0.5, 0.75), (0.5, 0), (-0.5, 0)], house.wall, gable)
    painter.polygon([(0, 1.38), (1.5, 1.36), (2.0, 0.7), (0.58, 0.66)], roof, 0.9 * long + 0.08)
    painter.polygon([(0.56, 0.72), (2.0, 0.76), (2.0, 0.69), (0.58, 0.65)], house.trim, 0.8 * long)  # eaves
    painter.polygon([(-0.62, 0.66), (-0.62, 0.74), (0, 1.4), (0, 1.28)], roof, gable)
    painter.polygon([(0, 1.28), (0, 1.4), (0.6, 0.74), (0.6, 0.64)], roof, 0.8 * gable)

    for across in (0.8, 1.2, 1.6):
        painter.window(across, 0.42, house.trim, long)
    painter.window(-0.25, 0.4, house.trim, gable)
    painter.window(0.0, 0.88, house.trim, gable)
    painter.polygon([(0.1, 0.48), (0.34, 0.48), (0.34, 0.0), (0.1, 0.0)], house.trim, 0.7 * gable)  # door


def paint_person(canvas: Canvas, person: Person, sun: float, label: int) -> None:
    """Paint a person: legs, coat, arms, head and hat."""
    x, y, h = person.x, person.y, person.height
    paint_shadow(canvas, x, y, 0.2 * h, 0.7 * h, sun)
    view = canvas.window(x - h, y - 1.1 * h, x + h, y + 0.05 * h)
    for dx in (-0.09, 0.09):
        leg = capsule(view, (x + dx * h, y), (x + 0.5 * dx * h, y - 0.45 * h), 0.05 * h, 0.07 * h)
        view.paint(linear_rgb(person.trousers), view.coverage(leg), label)
    coat = capsule(view, (x, y - 0.36 * h), (x, y - 0.7 * h), 0.18 * h, 0.11 * h)
    lit = 0.8 + 0.35 * np.clip((view.x - np.float32(x)) * np.float32(sun / h) * 4, -1, 1)
    view.paint(linear_rgb(person.coat) * lit, view.coverage(coat), label)
    for dx in (-1.0, 1.0):
        arm = capsule(view, (x + dx * 0.11 * h, y - 0.72 * h), (x + dx * 0.2 * h, y - 0.42 * h), 0.05 * h, 0.045 * h)
        view.paint(linear_rgb(person.coat) * 0.8 * lit, view.coverage(arm), label)
    view.paint(linear_rgb("d9a887") * lit, view.coverage(ellipse(view, x, y - 0.88 * h, 0.085 * h, 0.1 * h)), label)
    view.paint(linear_rgb(person.hat) * lit, view.coverage(ellipse(view, x, y - 0.95 * h, 0.1 * h, 0.07 * h)), label)


def paint_fence(canvas: Canvas, fence: Fence, season: Season, label: int) -> None:
    """Paint posts and rails, in winter with snow on them."""
    h = fence.height
    count = max(2, round((fence.end - fence.x) / (0.9 * h)))
    view = canvas.window(fence.x - h, fence.y - 1.3 * h, fence.end + h, fence.y + 0.1 * h)
    colour = linear_rgb(fence.colour) * (0.8 + 0.3 * noise(5, view.x * 30, view.y * 200))

    strokes = [((fence.x, fence.y - k * h), (fence.end, fence.y - k * h), 0.055 * h) for k in (0.4, 0.75)]
    posts = [fence.x + (fence.end - fence.x) * i / (count - 1) for i in range(count)]
    strokes += [((px, fence.y), (px, fence.y - h), 0.075 * h) for px in posts]
    for a, b, half in strokes:
        view.paint(colour, view.coverage(capsule(view, a, b, half, half)), label)
        if season.snow:
            end = (b[0], b[1] - half)
            start = (a[0], end[1]) if a[1] == b[1] else end  # along a rail, or on top of a post
            snow = capsule(view, start, end, 0.7 * half, 0.7 * half)
            view.paint(linear_rgb(SNOW), view.coverage(snow))


def paint_balloon(canvas: Canvas, balloon: Balloon, sun: float, label: int) -> None:
    """Paint a balloon: envelope with gores, ropes and basket."""
    x, y, r = balloon.x, balloon.y, balloon.r
    view = canvas.window(x - 1.1 * r, y - 1.1 * r, x + 1.1 * r, y + 2 * r)
    for dx in (-0.18, 0.18):
        rope = capsule(view, (x + 2.2 * dx * r, y + 0.9 * r), (x + dx * r, y + 1.5 * r), 0.012 * r, 0.012 * r)
        view.paint(linear_rgb("4a3a2c"), view.coverage(rope), label)
    basket = capsule(view, (x - 0.1 * r, y + 1.6 * r), (x + 0.1 * r, y + 1.6 * r), 0.14 * r, 0.14 * r)
    view.paint(linear_rgb("7a4f28"), view.coverage(basket), label)

    u, v = (view.x - np.float32(x)) / np.float32(r), (view.y - np.float32(y)) / np.float32(r)
    width = np.sqrt(np.clip(1 - v * v, 0.001, 1)) * (1 - 0.45 * smoothstep(0.0, 1.1, v))
    inside = np.maximum(np.abs(u) / width - 1, np.abs(v) - 1) * np.float32(r)
    turn = np.arcsin(np.clip(u / width, -1, 1))
    gore = smoothstep(-0.1, 0.1, np.sin(turn * 5 + 0.8))
    lit = 0.72 + 0.38 * np.clip(u * np.float32(sun) - 0.5 * v, -1, 1)
    view.paint(mix(linear_rgb(balloon.colour), linear_rgb(balloon.stripe), gore) * lit, view.coverage(inside), label)

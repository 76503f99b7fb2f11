"""Cups, bowls and baskets, the same in both domains, among the fruit or under it."""

from dataclasses import dataclass
from math import pi

import numpy as np

from .lighting import Light
from .noise import Floats, noise
from .painting import Canvas, ellipse, linear_rgb, mix


@dataclass(frozen=True, kw_only=True)
class Cup:
    """An upright cup: centre of its foot (x, y), radius and height."""

    x: float
    y: float
    r: float
    height: float
    colour: str
    band: str


@dataclass(frozen=True, kw_only=True)
class Bowl:
    """A wide bowl or basket: centre of its rim (x, y), radius and visible depth."""

    x: float
    y: float
    r: float
    depth: float
    wicker: bool
    colour: str
    band: str
    seed: int


def paint_cup(canvas: Canvas, cup: Cup, light: Light, label: int) -> None:
    """Paint a cup: a round wall lit from the side, a band, a dark inside and a handle."""
    f, r, h = light.foreshortening, cup.r, cup.height
    light.cast_shadow(canvas, cup.x, cup.y - 0.5 * r, r, 0.5)
    view = canvas.window(cup.x - 2 * r, cup.y - h - r, cup.x + 2 * r, cup.y + r)
    ring = np.abs(ellipse(view, cup.x + r, cup.y - 0.55 * h, 0.45 * r, 0.3 * h)) - 0.1 * r
    view.paint(linear_rgb(cup.colour) * light.ground_light * 0.5, view.coverage(ring), label)

    top = ellipse(view, cup.x, cup.y - h, r, r * f)
    foot = ellipse(view, cup.x, cup.y, r * 0.85, r * f * 0.85)
    narrow = 1 - 0.15 * np.clip((view.y - np.float32(cup.y - h)) / np.float32(h), 0, 1)
    wall = np.abs(view.x - np.float32(cup.x)) - r * narrow
    between = np.maximum(np.float32(cup.y - h) - view.y, view.y - np.float32(cup.y))
    body = np.minimum(np.minimum(np.maximum(wall, between), foot), top)

    nx = np.clip((view.x - np.float32(cup.x)) / np.float32(r), -1, 1) + 0 * view.y
    nz = np.sqrt(1 - nx * nx)
    stripe = np.abs((view.y - np.float32(cup.y - 0.5 * h)) - np.float32(0.8 * r * f) * nz) < 0.12 * h
    glaze = mix(linear_rgb(cup.colour), linear_rgb(cup.band), stripe.astype(np.float32))
    lit = glaze * light.diffuse((nx, 0 * nx, nz), linear_rgb("808080"))
    gleam = np.exp(-(((nx - 0.6 * light.direction[0]) / 0.12) ** 2))
    view.paint(lit + 0.25 * gleam * light.colour, view.coverage(body), label)

    inside = ellipse(view, cup.x, cup.y - h, r * 0.88, r * f * 0.84)
    view.paint(linear_rgb(cup.colour) * light.sky * (0.6 - 0.4 * nx * light.direction[0]), view.coverage(inside), label)


def paint_bowl_back(canvas: Canvas, bowl: Bowl, light: Light, label: int) -> None:
    """Paint the shadow of a bowl on the ground, its rim and its hollow, behind the fruit."""
    f, r = light.foreshortening, bowl.r
    light.cast_shadow(canvas, bowl.x, bowl.y, 0.92 * r, 0.8 * bowl.depth / r)
    view = canvas.around(bowl.x, bowl.y, 1.1 * r)
    rim = ellipse(view, bowl.x, bowl.y, r, r * f)
    lit = _texture(view, bowl, (view.x - np.float32(bowl.x)) * 8 / r, (view.y - np.float32(bowl.y)) * 9 / r)
    view.paint(lit * light.ground_light, view.coverage(rim), label)
    slope = 0.42 + 0.30 * (view.x - np.float32(bowl.x)) / np.float32(r) * np.float32(-light.direction[0])
    hollow = slope - 0.25 * np.clip((view.y - np.float32(bowl.y)) / np.float32(r * f), -1, 1)
    view.paint(lit * light.ground_light * hollow, view.coverage(rim + 0.06 * r), label)


def paint_bowl_front(canvas: Canvas, bowl: Bowl, light: Light, label: int) -> None:
    """Paint the outer wall of a bowl below its rim, in front of the fruit."""
    f, r = light.foreshortening, bowl.r
    view = canvas.window(bowl.x - 1.1 * r, bowl.y, bowl.x + 1.1 * r, bowl.y + r * f + 1.1 * bowl.depth)
    nx = np.clip((view.x - np.float32(bowl.x)) / np.float32(r), -1, 1)
    edge = np.float32(bowl.y) + np.float32(r * f) * np.sqrt(1 - nx * nx)
    fall = (view.y - edge) / np.float32(bowl.depth)
    outer = ellipse(view, bowl.x, bowl.y, r, r * f + bowl.depth)
    wall = np.maximum(outer, edge - np.float32(0.05 * r) - view.y)
    ny = np.clip(0.3 - 1.0 * fall, -1, 0.4)
    nz = np.sqrt(np.maximum(1 - nx * nx, 0)) + 0 * fall
    length = np.sqrt(nx * nx + ny * ny + nz * nz)
    normal = (nx / length, ny / length, nz / length)

    lit = _texture(view, bowl, np.arcsin(nx) * 5 + 0 * fall, fall * (3 + 4 * bowl.depth / r))
    colour: Floats = lit * light.diffuse(normal, linear_rgb("7a6a58"))
    gleam = np.exp(-(((nx - 0.55 * light.direction[0]) / 0.15) ** 2) - ((fall - 0.25) / 0.2) ** 2)
    gloss = 0.05 if bowl.wicker else 0.4
    band = np.abs(fall - 0.3) < 0.1
    if not bowl.wicker:
        lit_band = linear_rgb(bowl.band) * light.diffuse(normal, linear_rgb("808080"))
        colour = mix(colour, lit_band, band)
    view.paint(colour + gloss * gleam * light.colour, view.coverage(wall), label)
    lip = np.maximum(np.abs(view.y - edge) - np.float32(0.03 * r), outer)
    view.paint(lit * light.ground_light * 0.95, view.coverage(lip), label)


def _texture(view: Canvas, bowl: Bowl, u: Floats, v: Floats) -> Floats:
    """Colour of the surface, (3, h, w): glaze or wickerwork."""
    if not bowl.wicker:
        return linear_rgb(bowl.colour) * (0.95 + 0.1 * noise(bowl.seed, u + 20, v + 20))
    row = np.floor(v)
    bulge = np.abs(np.sin(np.float32(pi) * (u + 0.5 * row)))
    rod: Floats = np.abs(np.sin(np.float32(pi) * v)) ** 0.5
    straw = noise(bowl.seed, u * 0.8 + 20, row + 20.5)
    return mix(linear_rgb("6e4520"), linear_rgb("c79a5c"), np.clip(0.3 + 0.7 * straw, 0, 1)) * (0.3 + 0.7 * rod * bulge)

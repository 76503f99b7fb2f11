"""Leaves, flowers and twigs of the orchard, the same in both domains."""

from dataclasses import dataclass
from math import cos, pi, sin

import numpy as np

from .lighting import Light
from .noise import Floats, noise
from .painting import Canvas, capsule, linear_rgb, mix, soft_mask


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """A leaf from its base (x, y) in the direction `turn`, radians clockwise from the right."""

    x: float
    y: float
    length: float
    turn: float
    bend: float
    colour: str


@dataclass(frozen=True, kw_only=True)
class Flower:
    """An open flower that faces the camera."""

    x: float
    y: float
    r: float
    petals: int
    turn: float
    colour: str
    heart: str  # colour of its middle


def _leaf_coordinates(view: Canvas, leaf: Leaf, offset: tuple[float, float]) -> tuple[Floats, Floats]:
    """Position along and across the leaf, in leaf lengths; `offset` moves the leaf."""
    dx = (view.x - np.float32(leaf.x + offset[0])) / np.float32(leaf.length)
    dy = (view.y - np.float32(leaf.y + offset[1])) / np.float32(leaf.length)
    c, s = np.float32(cos(leaf.turn)), np.float32(sin(leaf.turn))
    along = dx * c + dy * s
    return along, dy * c - dx * s - np.float32(leaf.bend) * along * (1 - along)


def _outline(along: Floats, across: Floats) -> Floats:
    """Signed distance to the outline of a leaf, in leaf lengths."""
    t = np.clip(along, 0, 1)
    width = 0.27 * np.sin(np.float32(pi) * t**0.8)
    outline: Floats = np.maximum(np.abs(across) - width, np.abs(along - 0.5) - 0.5)
    return outline


def paint_leaf(canvas: Canvas, leaf: Leaf, light: Light, label: int, *, shadow: float = 0.5) -> None:
    """Paint a folded leaf, one half brighter, with its veins and the shadow below it."""
    reach = 0.5 * leaf.length
    view = canvas.around(leaf.x + reach * cos(leaf.turn), leaf.y + reach * sin(leaf.turn), 1.5 * reach)
    lx, ly, _ = light.direction
    if shadow:
        shadow_outline = _outline(*_leaf_coordinates(view, leaf, (-0.14 * leaf.length * lx, 0.1 * leaf.length)))
        view.dim(shadow * soft_mask(shadow_outline, 0.09))

    along, across = _leaf_coordinates(view, leaf, (0, 0))
    tilt = np.clip(across * 40, -1, 1) * np.float32(lx * -sin(leaf.turn) + ly * -cos(leaf.turn))
    veins = np.abs((along - 1.3 * np.abs(across)) * 9 % 1 - 0.5) * 2
    tone = 0.72 - 0.22 * tilt + 0.10 * veins + 0.9 * np.abs(across)
    blade = mix(linear_rgb(leaf.colour) * tone, linear_rgb("e8e6a0"), 0.45 * np.exp(-((across / 0.016) ** 2)))
    shine = 0.10 * np.exp(-(((along - 0.45) / 0.2) ** 2 + ((across + 0.1 * tilt) / 0.07) ** 2))
    view.paint(
        blade * light.ground_light + shine, view.coverage(_outline(along, across) * np.float32(leaf.length)), label
    )


def paint_flower(canvas: Canvas, flower: Flower, light: Light, label: int) -> None:
    """Paint petals around a heart, with a contact shadow."""
    view = canvas.around(flower.x, flower.y, 1.5 * flower.r)
    dx = (view.x - np.float32(flower.x)) / np.float32(flower.r)
    dy = (view.y - np.float32(flower.y)) / np.float32(flower.r * (0.5 + 0.5 * light.foreshortening))
    view.dim(0.4 * soft_mask(np.hypot(dx + 0.2 * light.direction[0], dy - 0.15) - 0.8, 0.4))

    radius, angle = np.hypot(dx, dy), np.arctan2(dy, dx) + np.float32(flower.turn)
    wave = np.cos(np.float32(flower.petals) * angle)
    petals = linear_rgb(flower.colour) * (0.62 + 0.3 * radius + 0.12 * wave) * light.ground_light
    view.paint(petals, view.coverage((radius - 0.8 - 0.2 * wave) * np.float32(flower.r)), label)
    heart = linear_rgb(flower.heart) * (0.8 - 0.6 * dy) * light.ground_light
    view.paint(heart, view.coverage((radius - 0.3) * np.float32(flower.r)), label)


def paint_twig(
    canvas: Canvas, a: tuple[float, float], b: tuple[float, float], ra: float, rb: float, light: Light, label: int
) -> None:
    """Paint a round piece of branch with bark, from `a` to `b` with the radii `ra` and `rb`."""
    r = max(ra, rb)
    view = canvas.window(min(a[0], b[0]) - r, min(a[1], b[1]) - r, max(a[0], b[0]) + r, max(a[1], b[1]) + r)
    distance = capsule(view, a, b, ra, rb)
    bark = noise(17, view.x * 60 + view.y * 25, view.y * 60 - view.x * 25)
    above = capsule(view, (a[0], a[1] - 0.5 * ra), (b[0], b[1] - 0.5 * rb), 0, 0) / np.float32(r)
    tone = (0.55 + 0.7 * bark) * np.clip(1.15 - 0.6 * above, 0.25, 1.1)
    view.paint(
        mix(linear_rgb("4c3826"), linear_rgb("8a7358"), bark) * tone * light.ground_light,
        view.coverage(distance),
        label,
    )

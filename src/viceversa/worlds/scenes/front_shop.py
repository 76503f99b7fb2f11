"""Shop fronts: sign, window with goods, door and awning."""

from dataclasses import dataclass

import numpy as np

from .front_layers import Layers
from .front_parts import DOOR, SHOP, WINDOW
from .noise import noise, smoothstep
from .painting import linear_rgb, mix


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A shop front between `left` and `right`."""

    left: float
    right: float
    top: float
    bottom: float
    colour: str
    sign: str
    letters: str
    awning: str | None
    goods: tuple[str, str]
    seed: int


def paint_shop(layers: Layers, shop: Shop, side: float) -> None:
    """Paint the pilasters, sign, window with goods, door and awning; the sun is at `side` (-1 left, 1 right)."""
    left, right, top, bottom = shop.left, shop.right, shop.top, shop.bottom
    height = bottom - top
    layers.paint_box(left, top, right, bottom, linear_rgb(shop.colour), SHOP)
    sign_bottom = top + 0.24 * height
    _paint_sign(layers, shop, sign_bottom)
    layers.add_light(0.5 * (left + right), sign_bottom, linear_rgb("ffd9a0") * 0.35, 0.4 * (right - left), 0.8)

    door, pane_top = right - 0.30 * (right - left), sign_bottom + 0.012
    _paint_pane(layers, shop, left + 0.02, pane_top, door - 0.012, bottom - 0.13 * height)
    _paint_pane(layers, shop, door + 0.008, pane_top, right - 0.02, bottom - 0.06 * height, door=True)
    if shop.awning:
        _paint_awning(layers, shop, shop.awning, sign_bottom, side)


def _paint_sign(layers: Layers, shop: Shop, board: float) -> None:
    """Paint a panel down to the height `board` with strokes that look like letters, lit at night."""
    left, right, top = shop.left, shop.right, shop.top
    sign = layers.window(left, top, right, board)
    panel = sign.box(left + 0.012, top + 0.008, right - 0.012, board - 0.008)
    sign.paint(linear_rgb(shop.sign), panel, SHOP)

    middle = 0.5 * (top + board)
    span = 0.6 * (right - left)
    start = 0.5 * (left + right) - span / 2
    cell = (sign.x - np.float32(start)) / np.float32(0.021)
    stroke = noise(shop.seed, np.floor(cell * 3) + 0.5, np.floor((sign.y - np.float32(middle)) / 0.009) + 20.5)
    gap = (cell % 1 > 0.18).astype(np.float32)
    text = sign.box(start, middle - 0.014, start + span, middle + 0.014) * gap * (stroke > 0.38)
    sign.paint(linear_rgb(shop.letters), text, SHOP)
    sign.emission[:] = mix(sign.emission, linear_rgb(shop.letters) * 0.9 + linear_rgb("ffd9a0") * 0.35, text)
    sign.emission[:] += panel * (1 - text) * linear_rgb(shop.sign) * 0.30


def _paint_pane(
    layers: Layers, shop: Shop, left: float, top: float, right: float, bottom: float, door: bool = False
) -> None:
    """Paint a pane with goods on a shelf behind it, or a glass door."""
    part = layers.window(left, top, right, bottom)
    opening = part.box(left, top, right, bottom)
    t = (part.y - np.float32(top)) / np.float32(bottom - top)
    part.paint(linear_rgb("1a1e24") * (1.3 - 0.5 * t), opening, DOOR if door else WINDOW, mirror=0.6)

    items = noise(shop.seed + 1, np.floor(part.x * 46) + 0.5, np.floor(part.y * 30) + 0.5)
    shelf = smoothstep(0.45, 0.5, t) * (items > 0.35) * (0 if door else 1)
    goods = mix(linear_rgb(shop.goods[0]), linear_rgb(shop.goods[1]), (items > 0.62).astype(np.float32))
    part.paint(goods * 0.5, opening * shelf, mirror=0.2)
    warm = linear_rgb("ffdf9f") * (1.0 - 0.45 * t)
    inside = mix(warm, goods * warm * 1.2, 0.85 * shelf)
    part.emission[:] = mix(part.emission, inside * (0.75 if door else 1.0), opening)

    edge = opening - part.box(left + 0.006, top + 0.006, right - 0.006, bottom - 0.006)
    part.paint(linear_rgb(shop.colour) * 1.25, edge)
    layers.add_light(0.5 * (left + right), bottom, linear_rgb("ffd28a") * 0.7, 0.55 * (right - left), 1.6)


def _paint_awning(layers: Layers, shop: Shop, colour: str, top: float, side: float) -> None:
    """Paint a striped awning with a scalloped hem that hangs from the height `top`, and its shadow."""
    left, right, low = shop.left + 0.008, shop.right - 0.008, top + 0.055
    layers.cast_shadow(left, low, right, low + 0.05, -0.02 * side, 0.7)
    part = layers.window(left - 0.01, top - 0.01, right + 0.01, low + 0.02)
    t = (part.y - np.float32(top)) / np.float32(low - top)
    stripe = smoothstep(-0.15, 0.15, np.sin((part.x - np.float32(left)) * np.float32(2 * np.pi / 0.042)) + 0 * part.y)
    hem = 0.007 * np.abs(np.sin((part.x - np.float32(left)) * np.float32(np.pi / 0.021)))
    shape = np.maximum(
        np.maximum(np.float32(left) - part.x, part.x - np.float32(right)),
        np.maximum(np.float32(top) - part.y, part.y - np.float32(low) - hem),
    )
    cloth = mix(linear_rgb(colour), linear_rgb("f4efe4"), stripe) * (1.05 - 0.25 * t)
    mask = part.canvas.coverage(shape)
    part.paint(cloth, mask, SHOP)
    part.emission[:] += cloth * mask * linear_rgb("ffcf8a") * 0.22

"""Shop fronts: sign, window with goods, door and awning."""

from dataclasses import dataclass

import numpy as np

from .front_layers import Layers
from .front_parts import DOOR, SHOP, WINDOW
from .noise import noise, smoothstep
from .painting import ink, mix


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
    """Pilasters, sign, window with goods, door, awning."""
    left, right, top, bottom = shop.left, shop.right, shop.top, shop.bottom
    colour, high = ink(shop.colour), bottom - top
    layers.box(left, top, right, bottom, colour, SHOP)
    board = top + 0.24 * high
    sign = layers.window(left, top, right, board)
    panel = sign.inside(left + 0.012, top + 0.008, right - 0.012, board - 0.008)
    sign.lay(ink(shop.sign), panel, SHOP)
    middle = 0.5 * (top + board)
    span = 0.6 * (right - left)
    start = 0.5 * (left + right) - span / 2
    cell = (sign.x - np.float32(start)) / np.float32(0.021)
    stroke = noise(shop.seed, np.floor(cell * 3) + 0.5, np.floor((sign.y - np.float32(middle)) / 0.009) + 20.5)
    gap = (cell % 1 > 0.18).astype(np.float32)
    text = sign.inside(start, middle - 0.014, start + span, middle + 0.014) * gap * (stroke > 0.38)
    sign.lay(ink(shop.letters), text, SHOP)
    sign.given[:] = mix(sign.given, ink(shop.letters) * 0.9 + ink("ffd9a0") * 0.35, text)
    sign.given[:] += panel * (1 - text) * ink(shop.sign) * 0.30
    layers.shine(0.5 * (left + right), board, ink("ffd9a0") * 0.35, 0.4 * (right - left), 0.8)
    glass, door = left + 0.02, right - 0.30 * (right - left)
    _display(layers, shop, glass, board + 0.012, door - 0.012, bottom - 0.13 * high)
    _display(layers, shop, door + 0.008, board + 0.012, right - 0.02, bottom - 0.06 * high, door=True)
    if shop.awning:
        _awning(layers, shop, board, side)


def _display(
    layers: Layers, shop: Shop, left: float, top: float, right: float, bottom: float, door: bool = False
) -> None:
    part = layers.window(left, top, right, bottom)
    hole = part.inside(left, top, right, bottom)
    t = (part.y - np.float32(top)) / np.float32(bottom - top)
    part.lay(ink("1a1e24") * (1.3 - 0.5 * t), hole, DOOR if door else WINDOW, mirror=0.6)
    wares = noise(shop.seed + 1, np.floor(part.x * 46) + 0.5, np.floor(part.y * 30) + 0.5)
    shelf = smoothstep(0.45, 0.5, t) * (wares > 0.35) * (0 if door else 1)
    goods = mix(ink(shop.goods[0]), ink(shop.goods[1]), (wares > 0.62).astype(np.float32))
    part.lay(goods * 0.5, hole * shelf, mirror=0.2)
    warm = ink("ffdf9f") * (1.0 - 0.45 * t)
    inside = mix(warm, goods * warm * 1.2, 0.85 * shelf)
    part.given[:] = mix(part.given, inside * (0.75 if door else 1.0), hole)
    edge = hole - part.inside(left + 0.006, top + 0.006, right - 0.006, bottom - 0.006)
    part.lay(ink(shop.colour) * 1.25, edge)
    layers.shine(0.5 * (left + right), bottom, ink("ffd28a") * 0.7, 0.55 * (right - left), 1.6)


def _awning(layers: Layers, shop: Shop, board: float, side: float) -> None:
    left, right, low = shop.left + 0.008, shop.right - 0.008, board + 0.055
    assert shop.awning
    layers.shade(left, low, right, low + 0.05, -0.02 * side, 0.7)
    part = layers.window(left - 0.01, board - 0.01, right + 0.01, low + 0.02)
    t = (part.y - np.float32(board)) / np.float32(low - board)
    stripe = smoothstep(-0.15, 0.15, np.sin((part.x - np.float32(left)) * np.float32(2 * np.pi / 0.042)) + 0 * part.y)
    hem = 0.007 * np.abs(np.sin((part.x - np.float32(left)) * np.float32(np.pi / 0.021)))
    shape = np.maximum(
        np.maximum(np.float32(left) - part.x, part.x - np.float32(right)),
        np.maximum(np.float32(board) - part.y, part.y - np.float32(low) - hem),
    )
    cloth = mix(ink(shop.awning), ink("f4efe4"), stripe) * (1.05 - 0.25 * t)
    mask = part.matter.cover(shape)
    part.lay(cloth, mask, SHOP)
    part.given[:] += cloth * mask * ink("ffcf8a") * 0.22

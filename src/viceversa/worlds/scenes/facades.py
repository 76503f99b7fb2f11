"""Day and night: fronts of houses along a street, in which lit windows are those with curtains."""

import numpy as np

from .front_layers import WALLS, Layers, relight, sky
from .front_parts import CORNICE, ROOF, STREET, WALL, paint_door, paint_lamp, paint_sash, shine_lamp
from .front_shop import paint_shop
from .noise import Floats, fractal, noise, smoothstep
from .painting import Canvas, ink, mix
from .street import House, Street, describe

__all__ = ["DOMAINS", "LABELS", "PALETTE", "describe", "paint"]

DOMAINS = ("day", "night")
LABELS = ("sky", "wall", "window", "shutter", "balcony", "door", "shop", "cornice", "roof", "street", "lamp")
PALETTE = ("00ffff", "0000ff", "0080ff", "00c080", "80ff00", "ffc000", "ff0000", "ff60ff", "800000", "404060", "ffffff")


def paint(scene: Street, canvas: Canvas, side: str) -> None:
    """Draw the street by day (side A) or by night (side B)."""
    night = side == "B"
    layers = _bare(canvas)
    above = sky(canvas, 0.45, scene.clouds, scene.side, night, scene.seed)
    for house in scene.houses:
        _paint_roof(layers, house, scene.side)
    for house in scene.houses:
        _paint_house(layers, house, scene)
    _paint_street(layers, scene)
    for house in scene.houses:
        for sash in house.sashes:
            paint_sash(layers, sash, scene.side)
        for shop in house.shops:
            paint_shop(layers, shop, scene.side)
        paint_door(layers, house.door, scene.side)
    for lamp in scene.lamps:
        shine_lamp(layers, lamp)
    for lamp in scene.lamps:
        paint_lamp(layers, lamp, scene.side)
    bare = (layers.glass < -0.5).astype(np.float32)  # where nothing was laid there is sky
    layers.glass[:] = np.maximum(layers.glass, 0)
    mirrored = _mirrored(canvas, scene, night)
    relight(layers, mirrored, night, scene.warmth)
    canvas.light[:] = mix(canvas.light, above + (layers.given if night else 0), bare)


def _bare(canvas: Canvas) -> Layers:
    shape = canvas.labels.shape
    return Layers(
        canvas,
        np.ones(shape, np.float32),
        np.full(shape, -1, np.float32),
        np.zeros((3, *shape), np.float32),
        np.zeros((3, *shape), np.float32),
    )


def _mirrored(canvas: Canvas, scene: Street, night: bool) -> Floats:
    """What the panes show: the sky across the street."""
    cloud = fractal(scene.seed + 3, canvas.x * 5, canvas.y * 8, 2)
    low, high = ("0e1730", "33426e") if night else ("3f6288", "cfe0ee")
    return mix(ink(low), ink(high), cloud)


def _paint_roof(layers: Layers, house: House, side: float) -> None:
    """Chimneys, then slates with dormers, above the wall."""
    top = house.top - house.rise
    for x in house.chimneys:
        part = layers.box(x - 0.022, top - 0.075, x + 0.022, house.top, ink("8a5240"), ROOF)
        part.shade(x - 0.022, top - 0.075, x + 0.022, house.top, 0.03 * -side, 0.6)
        layers.box(x - 0.026, top - 0.08, x + 0.026, top - 0.066, ink("b0a090"), ROOF)
    if house.rise:
        slates = layers.window(house.left, top, house.right, house.top)
        rows = np.floor(slates.y * 90)
        tone = noise(house.seed + 2, np.floor(slates.x * 70 + 0.5 * (rows % 2)) + 0.5, rows + 0.5)
        lean = 0.35 * (np.float32(house.top) - slates.y)
        shape = slates.inside(house.left, top, house.right, house.top)
        shape = shape * slates.matter.cover(np.maximum(house.left + lean - slates.x, slates.x - house.right + lean))
        slates.lay(ink(house.roof) * (0.7 + 0.5 * tone), shape, ROOF)
    for dormer in house.dormers:
        layers.box(
            dormer.x - 0.034, dormer.y - dormer.high - 0.016, dormer.x + 0.034, dormer.y + 0.012, ink(house.trim), ROOF
        )
        paint_sash(layers, dormer, side)


def _paint_house(layers: Layers, house: House, scene: Street) -> None:
    """Wall, plinth, string courses and the cornice with its brackets."""
    wall = layers.window(house.left, house.top, house.right, scene.foot)
    tone = WALLS[house.material](wall.x + 0 * wall.y, wall.y + 0 * wall.x, ink(house.tone), house.seed)
    soot = 1 - 0.22 * smoothstep(scene.foot - 0.1, scene.foot, wall.y)
    wall.lay(tone * soot, wall.inside(house.left, house.top, house.right, scene.foot), WALL)
    ground = layers.window(house.left, house.base, house.right, scene.foot)
    stone = WALLS["ashlar"](ground.x + 0 * ground.y, ground.y + 0 * ground.x, ink(house.plinth), house.seed + 9)
    ground.lay(stone, ground.inside(house.left, house.base, house.right, scene.foot), WALL)
    trim, side = ink(house.trim), scene.side
    for y in (*house.bands, house.base):
        layers.shade(house.left, y + 0.008, house.right, y + 0.022, 0, 0.75)
        layers.box(house.left, y - 0.004, house.right, y + 0.010, trim, CORNICE)
    layers.shade(house.left, house.top + 0.02, house.right, house.top + 0.058, -0.02 * side, 0.9)
    blocks = layers.window(house.left, house.top, house.right, house.top + 0.03)
    teeth = smoothstep(
        -0.2, 0.2, np.sin((blocks.x - np.float32(house.left)) * np.float32(2 * np.pi / 0.032)) + 0 * blocks.y
    )
    blocks.lay(trim * 0.8, teeth * blocks.inside(house.left, house.top, house.right, house.top + 0.027), CORNICE)
    layers.box(house.left - 0.008, house.top - 0.016, house.right + 0.008, house.top + 0.012, trim * 1.05, CORNICE)
    if house.right < 1:  # a downpipe where two houses meet
        layers.box(house.right - 0.006, house.top + 0.02, house.right + 0.002, scene.foot, ink("5a5e60"), WALL)


def _paint_street(layers: Layers, scene: Street) -> None:
    """Pavement, kerb and cobbles, in the shadow that the houses do not throw."""
    road = layers.window(0, scene.foot, 1, 1)
    flags = noise(scene.seed + 4, np.floor(road.x * 14) + 0.5, np.floor(road.y * 40) + 0.5)
    joint = smoothstep(0.46, 0.5, np.abs(road.x * 14 % 1 - 0.5)) + 0 * road.y
    pave = ink("a8a39a") * (0.85 + 0.2 * flags) * (1 - 0.3 * joint)
    road.lay(pave, road.inside(0, scene.foot, 1, 1), STREET)
    kerb = scene.foot + 0.055
    grain = fractal(scene.seed + 5, road.x * 50, road.y * 70, 2)
    road.lay(ink("4a4b50") * (0.7 + 0.6 * grain), road.inside(0, kerb, 1, 1), STREET)
    road.lay(ink("c4c0b8"), road.inside(0, kerb, 1, kerb + 0.007), STREET)
    road.lay(ink("6a6864"), road.inside(0, kerb + 0.007, 1, kerb + 0.013), STREET)

"""Day and night: house fronts along a street; at night exactly the windows with curtains are lit."""

import numpy as np

from .front_layers import WALLS, Layers, illuminate, sky
from .front_parts import CORNICE, ROOF, STREET, WALL, add_lamp_light, paint_door, paint_lamp, paint_sash
from .front_shop import paint_shop
from .noise import Floats, fractal_noise, noise, smoothstep
from .painting import Canvas, linear_rgb, mix
from .street import House, Street, describe

__all__ = ["DOMAINS", "LABELS", "PALETTE", "describe", "paint"]

DOMAINS = ("day", "night")
LABELS = ("sky", "wall", "window", "shutter", "balcony", "door", "shop", "cornice", "roof", "street", "lamp")
PALETTE = ("00ffff", "0000ff", "0080ff", "00c080", "80ff00", "ffc000", "ff0000", "ff60ff", "800000", "404060", "ffffff")


def paint(scene: Street, canvas: Canvas, side: str) -> None:
    """Draw the street by day (side A) or by night (side B)."""
    night = side == "B"
    layers = _empty_layers(canvas)
    for house in scene.houses:
        _paint_roof(layers, house, scene.side)
    for house in scene.houses:
        _paint_wall(layers, house, scene)
    _paint_street(layers, scene)
    for house in scene.houses:
        for sash in house.sashes:
            paint_sash(layers, sash, scene.side)
        for shop in house.shops:
            paint_shop(layers, shop, scene.side)
        paint_door(layers, house.door, scene.side)
    for lamp in scene.lamps:
        add_lamp_light(layers, lamp)
    for lamp in scene.lamps:
        paint_lamp(layers, lamp, scene.side)

    is_sky = (layers.reflectivity < -0.5).astype(np.float32)  # where nothing has been painted
    layers.reflectivity[:] = np.maximum(layers.reflectivity, 0)
    illuminate(layers, _reflected_sky(canvas, scene, night), night, scene.warmth)
    background = sky(canvas, 0.45, scene.clouds, scene.side, night, scene.seed)
    if night:
        background = background + layers.emission
    canvas.light[:] = mix(canvas.light, background, is_sky)


def _empty_layers(canvas: Canvas) -> Layers:
    shape = canvas.labels.shape
    return Layers(
        canvas,
        sunlight=np.ones(shape, np.float32),
        reflectivity=np.full(shape, -1, np.float32),
        emission=np.zeros((3, *shape), np.float32),
        irradiance=np.zeros((3, *shape), np.float32),
    )


def _reflected_sky(canvas: Canvas, scene: Street, night: bool) -> Floats:
    """The sky across the street, which the panes mirror."""
    cloud = fractal_noise(scene.seed + 3, canvas.x * 5, canvas.y * 8, 2)
    dark, bright = ("0e1730", "33426e") if night else ("3f6288", "cfe0ee")
    return mix(linear_rgb(dark), linear_rgb(bright), cloud)


def _paint_roof(layers: Layers, house: House, side: float) -> None:
    """Paint chimneys, then slates with dormers, above the wall."""
    top = house.top - house.rise
    for x in house.chimneys:
        part = layers.paint_box(x - 0.022, top - 0.075, x + 0.022, house.top, linear_rgb("8a5240"), ROOF)
        part.cast_shadow(x - 0.022, top - 0.075, x + 0.022, house.top, 0.03 * -side, 0.6)
        layers.paint_box(x - 0.026, top - 0.08, x + 0.026, top - 0.066, linear_rgb("b0a090"), ROOF)

    if house.rise:
        slates = layers.window(house.left, top, house.right, house.top)
        rows = np.floor(slates.y * 90)
        tone = noise(house.seed + 2, np.floor(slates.x * 70 + 0.5 * (rows % 2)) + 0.5, rows + 0.5)
        lean = 0.35 * (np.float32(house.top) - slates.y)
        shape = slates.box(house.left, top, house.right, house.top)
        shape = shape * slates.canvas.coverage(np.maximum(house.left + lean - slates.x, slates.x - house.right + lean))
        slates.paint(linear_rgb(house.roof) * (0.7 + 0.5 * tone), shape, ROOF)

    for dormer in house.dormers:
        dormer_top, dormer_foot = dormer.y - dormer.height - 0.016, dormer.y + 0.012
        layers.paint_box(dormer.x - 0.034, dormer_top, dormer.x + 0.034, dormer_foot, linear_rgb(house.trim), ROOF)
        paint_sash(layers, dormer, side)


def _paint_wall(layers: Layers, house: House, scene: Street) -> None:
    """Paint the wall, plinth, string courses and the cornice with its brackets."""
    wall = layers.window(house.left, house.top, house.right, scene.foot)
    tone = WALLS[house.material](wall.x + 0 * wall.y, wall.y + 0 * wall.x, linear_rgb(house.tone), house.seed)
    soot = 1 - 0.22 * smoothstep(scene.foot - 0.1, scene.foot, wall.y)
    wall.paint(tone * soot, wall.box(house.left, house.top, house.right, scene.foot), WALL)

    ground = layers.window(house.left, house.base, house.right, scene.foot)
    stone = WALLS["ashlar"](ground.x + 0 * ground.y, ground.y + 0 * ground.x, linear_rgb(house.plinth), house.seed + 9)
    ground.paint(stone, ground.box(house.left, house.base, house.right, scene.foot), WALL)

    trim, side = linear_rgb(house.trim), scene.side
    for y in (*house.bands, house.base):
        layers.cast_shadow(house.left, y + 0.008, house.right, y + 0.022, 0, 0.75)
        layers.paint_box(house.left, y - 0.004, house.right, y + 0.010, trim, CORNICE)

    layers.cast_shadow(house.left, house.top + 0.02, house.right, house.top + 0.058, -0.02 * side, 0.9)
    blocks = layers.window(house.left, house.top, house.right, house.top + 0.03)
    wave = np.sin((blocks.x - np.float32(house.left)) * np.float32(2 * np.pi / 0.032)) + 0 * blocks.y
    brackets = smoothstep(-0.2, 0.2, wave)
    blocks.paint(trim * 0.8, brackets * blocks.box(house.left, house.top, house.right, house.top + 0.027), CORNICE)
    layers.paint_box(
        house.left - 0.008, house.top - 0.016, house.right + 0.008, house.top + 0.012, trim * 1.05, CORNICE
    )

    if house.right < 1:  # a downpipe where two houses meet
        pipe = linear_rgb("5a5e60")
        layers.paint_box(house.right - 0.006, house.top + 0.02, house.right + 0.002, scene.foot, pipe, WALL)


def _paint_street(layers: Layers, scene: Street) -> None:
    """Paint the pavement, kerb and road; the houses cast no shadow on them."""
    road = layers.window(0, scene.foot, 1, 1)
    flags = noise(scene.seed + 4, np.floor(road.x * 14) + 0.5, np.floor(road.y * 40) + 0.5)
    joint = smoothstep(0.46, 0.5, np.abs(road.x * 14 % 1 - 0.5)) + 0 * road.y
    pave = linear_rgb("a8a39a") * (0.85 + 0.2 * flags) * (1 - 0.3 * joint)
    road.paint(pave, road.box(0, scene.foot, 1, 1), STREET)

    kerb = scene.foot + 0.055
    grain = fractal_noise(scene.seed + 5, road.x * 50, road.y * 70, 2)
    road.paint(linear_rgb("4a4b50") * (0.7 + 0.6 * grain), road.box(0, kerb, 1, 1), STREET)
    road.paint(linear_rgb("c4c0b8"), road.box(0, kerb, 1, kerb + 0.007), STREET)
    road.paint(linear_rgb("6a6864"), road.box(0, kerb + 0.007, 1, kerb + 0.013), STREET)

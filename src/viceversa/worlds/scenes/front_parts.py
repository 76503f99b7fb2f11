"""Windows, shutters, balconies, doors and lamps of a street."""

from dataclasses import dataclass

import numpy as np

from .front_layers import Layers
from .noise import Floats, fractal_noise, noise, smoothstep
from .painting import capsule, linear_rgb, mix

WALL, WINDOW, SHUTTER, BALCONY, DOOR, SHOP, CORNICE, ROOF, STREET, LAMP = range(1, 11)
WARM = ("ffb54a", "ffc46a", "ffa63c", "ffd38a")


@dataclass(frozen=True, kw_only=True)
class Sash:
    """One window; positions and lengths in scene units, colours hexadecimal."""

    x: float
    y: float  # of its sill
    width: float
    height: float
    arch: float
    frame: str
    trim: str
    curtain: str | None  # where there are curtains the room is lit at night
    shutters: str  # none, open, shut
    paint: str  # of the shutters
    balcony: bool
    panes: tuple[int, int]  # columns, rows
    hood: bool  # a ledge above it
    glow: str  # the light of its room
    seed: int


@dataclass(frozen=True, kw_only=True)
class Door:
    """A house door with a step."""

    x: float
    width: float
    top: float
    bottom: float
    colour: str
    trim: str
    arch: bool


@dataclass(frozen=True, kw_only=True)
class Lamp:
    """A street lamp with its foot at (x, y)."""

    x: float
    y: float
    height: float
    glow: str


def paint_sash(layers: Layers, sash: Sash, side: float) -> None:
    """Paint the surround, pane, curtains, bars, sill, shutters and balcony; the sun is at `side` (-1 left, 1 right)."""
    left, right = sash.x - sash.width / 2, sash.x + sash.width / 2
    top, sill = sash.y - sash.height, sash.y
    rim, trim = 0.16 * sash.width, linear_rgb(sash.trim)
    part = layers.window(left - sash.width, top - sash.width, right + sash.width, sill + sash.width)
    part.paint(trim, part.box(left - rim, top - rim, right + rim, sill, sash.arch), WALL)
    opening = part.box(left, top, right, sill, sash.arch)
    _paint_pane(part, sash, left, top, right, sill, opening)
    depth = 0.13 * sash.width  # the reveal shades the pane from above and from the sun's side
    sunlit = part.box(left - side * depth, top + depth, right - side * depth, sill, sash.arch)
    part.sunlight[:] *= 1 - 0.8 * opening * (1 - sunlit)

    bars = part.window(left, top - sash.arch, right, sill)
    frame = linear_rgb(sash.frame)
    half = 0.035 * sash.width
    for i in range(1, sash.panes[0]):
        x = left + (right - left) * i / sash.panes[0]
        bars.paint(frame, bars.box(x - half, top - sash.arch, x + half, sill))
    for i in range(1, sash.panes[1]):
        y = top + (sill - top) * i / sash.panes[1]
        bars.paint(frame, bars.box(left, y - half, right, y + half))

    edge = opening - part.box(left + 2 * half, top + 2 * half, right - 2 * half, sill - 2 * half, sash.arch)
    part.paint(frame, edge)
    part.cast_shadow(left - 1.4 * rim, sill + 0.012, right + 1.4 * rim, sill + 0.030, -0.010 * side, 0.75)
    part.paint_box(left - 1.4 * rim, sill, right + 1.4 * rim, sill + 0.013, trim * 1.05)

    if sash.hood:
        part.cast_shadow(left - 1.6 * rim, top - rim, right + 1.6 * rim, top - rim + 0.022, -0.012 * side, 0.8)
        part.paint_box(left - 1.6 * rim, top - rim - 0.014, right + 1.6 * rim, top - rim, trim * 1.05, CORNICE)
    if sash.shutters != "none":
        _paint_shutters(part, sash, left, top, right, sill, side)
    if sash.curtain and sash.shutters != "shut":
        layers.add_light(sash.x, sill, linear_rgb(sash.glow) * 0.55, 0.55 * sash.width, 1.5)
    if sash.balcony:
        _paint_balcony(layers, sash, side)


def _paint_pane(part: Layers, sash: Sash, left: float, top: float, right: float, sill: float, opening: Floats) -> None:
    """Paint dark glass, or curtains drawn to both sides with a lit room between them."""
    t = (part.y - np.float32(top)) / np.float32(sill - top)
    dark = linear_rgb("141a22") * (1.2 - 0.5 * t)
    part.paint(dark, opening, WINDOW, mirror=0.75)
    if not sash.curtain:
        return

    across = np.abs(part.x - np.float32(sash.x)) / np.float32(sash.width / 2)
    pleats = 0.72 + 0.28 * np.sin((part.x - np.float32(left)) * np.float32(44 / sash.width) + 2 * t)
    slant = 1 if sash.seed % 2 else -0.3
    curtain = smoothstep(-0.06, 0.06, across - 0.30 - 0.30 * np.clip(t, 0, 1) * slant)
    part.paint(linear_rgb(sash.curtain) * pleats * 0.75, opening * curtain, mirror=0.22)

    warm = linear_rgb(sash.glow)
    from_lamp = ((part.x - np.float32(sash.x)) / np.float32(0.4 * sash.width)) ** 2
    lamp = 0.75 + 0.55 * np.exp(-from_lamp - (t - 0.3) ** 2 / 0.2)
    room = mix(warm * lamp, warm * 0.5, 0.6 * smoothstep(0.55, 1.0, t))
    lit_curtain = warm * (0.25 + 0.75 * linear_rgb(sash.curtain)) * pleats * lamp * 0.8
    part.emission[:] = mix(part.emission, mix(room, lit_curtain, curtain), opening)


def _paint_shutters(part: Layers, sash: Sash, left: float, top: float, right: float, sill: float, side: float) -> None:
    """Paint shutters over the window (shut) or beside it (open)."""
    colour = linear_rgb(sash.paint)
    slats = 0.78 + 0.3 * smoothstep(-0.4, 0.4, np.sin(part.y * np.float32(2 * np.pi / 0.011)))
    half = 0.5 * sash.width
    if sash.shutters == "shut":
        part.paint(colour * slats, part.box(left, top, right, sill, sash.arch), SHUTTER)
        part.paint(colour * 0.4, part.box(sash.x - 0.0025, top - sash.arch, sash.x + 0.0025, sill))
        return

    for edge in (left - half, right):
        part.cast_shadow(edge, top, edge + half, sill, -0.009 * side, 0.7)
    for edge in (left - half, right):
        part.paint(colour * slats, part.box(edge, top, edge + half, sill), SHUTTER)
        inner = part.box(edge + 0.004, top + 0.004, edge + half - 0.004, sill - 0.004)
        part.paint(colour * 1.1, part.box(edge, top, edge + half, sill) - inner)


def _paint_balcony(layers: Layers, sash: Sash, side: float) -> None:
    """Paint a slab with iron railings, perhaps with flowers, and its shadow on the wall below."""
    half, height = 0.95 * sash.width, 0.42 * sash.height
    left, right, foot = sash.x - half, sash.x + half, sash.y + 0.004
    layers.cast_shadow(left, foot + 0.014, right, foot + 0.062, -0.028 * side, 0.85)
    part = layers.window(left - 0.02, foot - height - 0.02, right + 0.02, foot + 0.04)
    part.paint_box(left, foot, right, foot + 0.017, linear_rgb(sash.trim) * 0.95, BALCONY)

    iron = linear_rgb("15171a")
    step = 0.013
    bars = np.abs((part.x - np.float32(left)) / np.float32(step) % 1 - 0.5) * np.float32(step) - 0.0016
    railing = part.box(left, foot - height, right, foot)
    part.paint(iron, part.canvas.coverage(bars + 0 * part.y) * railing)
    for y in (foot - height, foot - 0.012):
        part.paint(iron, part.box(left, y, right, y + 0.006))
    part.canvas.labels[railing > 0.5] = BALCONY

    if sash.seed % 3 == 0:
        leaves = fractal_noise(sash.seed, part.x * 40, part.y * 40, 2)
        bush = smoothstep(0.012, -0.012, np.abs(part.y - np.float32(foot - 0.022)) - 0.02 * leaves - 0.006)
        blossom = smoothstep(0.62, 0.7, noise(sash.seed + 3, part.x * 55, part.y * 55))
        flowers = mix(linear_rgb("2f5a22") * (0.5 + leaves), linear_rgb("d0304a"), blossom)
        part.paint(flowers, bush * part.box(left, foot - height, right, foot))


def paint_door(layers: Layers, door: Door, side: float) -> None:
    """Paint a panelled door with a lit fanlight, in a moulded surround."""
    half = 0.5 * door.width
    left, right = door.x - half, door.x + half
    arch = 0.5 * half if door.arch else 0.0
    part = layers.window(left - 0.04, door.top - 0.06, right + 0.04, door.bottom + 0.03)
    part.paint(linear_rgb(door.trim), part.box(left - 0.015, door.top - 0.015, right + 0.015, door.bottom, arch), WALL)
    opening = part.box(left, door.top, right, door.bottom, arch)
    part.paint(linear_rgb(door.colour), opening, DOOR)

    transom = door.top + 0.2 * (door.bottom - door.top)
    light = part.box(left + 0.006, door.top + 0.004, right - 0.006, transom, arch)
    part.paint(linear_rgb("1b212a"), light, mirror=0.7)
    part.emission[:] = mix(part.emission, linear_rgb("ffc878") * 0.9, light)
    for i in (0, 1):
        for j in (0, 1):
            a, b = left + half * i + 0.006, transom + 0.012 + (door.bottom - transom) * 0.5 * j
            panel = part.box(a, b, a + half - 0.012, b + (door.bottom - transom) * 0.5 - 0.02)
            part.paint(linear_rgb(door.colour) * (0.7 + 0.25 * j), panel)
    knob_x, knob_y = door.x + 0.55 * half, 0.5 * (transom + door.bottom)
    part.paint_box(knob_x, knob_y, knob_x + 0.005, knob_y + 0.009, linear_rgb("d8b050"))

    depth = 0.014
    sunlit = part.box(left - side * depth, door.top + depth, right - side * depth, door.bottom, arch)
    part.sunlight[:] *= 1 - 0.75 * opening * (1 - sunlit)
    part.paint_box(left - 0.025, door.bottom - 0.010, right + 0.025, door.bottom + 0.012, linear_rgb("a8a198"), STREET)
    layers.add_light(door.x, door.top + 0.03, linear_rgb("ffc878") * 0.45, 0.06, 1.6)


def add_lamp_light(layers: Layers, lamp: Lamp) -> None:
    """Add the light of a lamp on wall and pavement."""
    warm = linear_rgb(lamp.glow)
    layers.add_light(lamp.x, lamp.y - lamp.height, warm * 0.9, 0.085, 1.4)
    part = layers.window(0, lamp.y - 0.06, 1, 1)
    dx, dy = (part.x - np.float32(lamp.x)) / 0.17, (part.y - np.float32(lamp.y + 0.015)) / 0.05
    part.irradiance[:] += warm * np.exp(-dx * dx - dy * dy)


def paint_lamp(layers: Layers, lamp: Lamp, side: float) -> None:
    """Paint the post, collar and lantern of a lamp, with the glow around the lantern at night."""
    top = lamp.y - lamp.height
    part = layers.window(lamp.x - 0.1, top - 0.08, lamp.x + 0.1, lamp.y + 0.02)
    iron, coverage = linear_rgb("20262a"), part.canvas.coverage
    dx, dy = part.x - np.float32(lamp.x), part.y - np.float32(lamp.y)
    shadow = ((part.x - np.float32(lamp.x - 0.05 * side)) / 0.06) ** 2 + (dy / 0.008) ** 2
    part.sunlight[:] *= 1 - 0.7 * smoothstep(1.3, 0.7, shadow)

    foot = (lamp.x, lamp.y)
    post = coverage(capsule(part.canvas, foot, (lamp.x, top + 0.02), 0.0085, 0.0060))
    shading = 0.7 + 0.6 * smoothstep(-0.005, 0.005, dx * np.float32(side))
    part.paint(iron * shading, post, LAMP)
    part.paint(iron, coverage(capsule(part.canvas, foot, (lamp.x, lamp.y - 0.03), 0.015, 0.009)), LAMP)

    t = np.clip((part.y - np.float32(top - 0.03)) / np.float32(0.05), 0, 1)
    from_light = part.y - np.float32(top - 0.005)
    glass = coverage(np.maximum(np.abs(dx) - (0.022 - 0.010 * t), np.abs(from_light) - 0.025))
    part.paint(linear_rgb("d8dcd8") * (0.8 + 0.2 * t), glass, LAMP)
    part.emission[:] = mix(part.emission, linear_rgb(lamp.glow) * 1.3 + 0.35, glass)
    cap = np.maximum(np.abs(dx) - 0.9 * (part.y - np.float32(top - 0.052)), part.y - np.float32(top - 0.027))
    part.paint(iron, coverage(cap), LAMP)
    haze = np.exp(-np.hypot(dx, from_light) / 0.024)
    part.emission[:] += linear_rgb(lamp.glow) * haze * 0.35

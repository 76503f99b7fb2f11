"""Windows, shutters, balconies, doors and lamps of a street."""

from dataclasses import dataclass

import numpy as np

from .front_layers import Layers
from .noise import Floats, fractal, noise, smoothstep
from .painting import ink, limb, mix

WALL, WINDOW, SHUTTER, BALCONY, DOOR, SHOP, CORNICE, ROOF, STREET, LAMP = range(1, 11)
WARM = ("ffb54a", "ffc46a", "ffa63c", "ffd38a")


@dataclass(frozen=True, kw_only=True)
class Sash:
    """One window, places and lengths in scene units."""

    x: float
    y: float  # of its sill
    wide: float
    high: float
    arch: float
    frame: str
    trim: str
    curtain: str | None  # somebody is at home behind curtains: at night they glow
    shutters: str  # none, open, shut
    paint: str  # of the shutters
    balcony: bool
    panes: tuple[int, int]
    hood: bool  # a ledge above it
    glow: str
    seed: int


@dataclass(frozen=True, kw_only=True)
class Door:
    """A house door on its step."""

    x: float
    wide: float
    top: float
    bottom: float
    colour: str
    trim: str
    arch: bool


@dataclass(frozen=True, kw_only=True)
class Lamp:
    """A street lamp: its foot and its height."""

    x: float
    y: float
    high: float
    glow: str


def paint_sash(layers: Layers, sash: Sash, side: float) -> None:
    """Surround, pane, curtains, bars, sill, shutters, balcony; the sun stands at `side`."""
    left, right, top, sill = sash.x - sash.wide / 2, sash.x + sash.wide / 2, sash.y - sash.high, sash.y
    rim, trim = 0.16 * sash.wide, ink(sash.trim)
    part = layers.window(left - sash.wide, top - sash.wide, right + sash.wide, sill + sash.wide)
    part.lay(trim, part.inside(left - rim, top - rim, right + rim, sill, sash.arch), WALL)
    hole = part.inside(left, top, right, sill, sash.arch)
    _pane(part, sash, left, top, right, sill, hole)
    deep = 0.13 * sash.wide  # the reveal shades the pane from above and from the sun's side
    part.sun[:] *= 1 - 0.8 * hole * (
        1 - part.inside(left - side * deep, top + deep, right - side * deep, sill, sash.arch)
    )
    bars = part.window(left, top - sash.arch, right, sill)
    frame = ink(sash.frame)
    half = 0.035 * sash.wide
    for i in range(1, sash.panes[0]):
        x = left + (right - left) * i / sash.panes[0]
        bars.lay(frame, bars.inside(x - half, top - sash.arch, x + half, sill))
    for i in range(1, sash.panes[1]):
        y = top + (sill - top) * i / sash.panes[1]
        bars.lay(frame, bars.inside(left, y - half, right, y + half))
    edge = hole - part.inside(left + 2 * half, top + 2 * half, right - 2 * half, sill - 2 * half, sash.arch)
    part.lay(frame, edge)
    part.shade(left - 1.4 * rim, sill + 0.012, right + 1.4 * rim, sill + 0.030, -0.010 * side, 0.75)
    part.box(left - 1.4 * rim, sill, right + 1.4 * rim, sill + 0.013, trim * 1.05)
    if sash.hood:
        part.shade(left - 1.6 * rim, top - rim, right + 1.6 * rim, top - rim + 0.022, -0.012 * side, 0.8)
        part.box(left - 1.6 * rim, top - rim - 0.014, right + 1.6 * rim, top - rim, trim * 1.05, CORNICE)
    if sash.shutters != "none":
        _shutters(part, sash, left, top, right, sill, side)
    if sash.curtain and sash.shutters != "shut":
        layers.shine(sash.x, sill, ink(sash.glow) * 0.55, 0.55 * sash.wide, 1.5)
    if sash.balcony:
        _balcony(layers, sash, side)


def _pane(part: Layers, sash: Sash, left: float, top: float, right: float, sill: float, hole: Floats) -> None:
    """Dark glass, or curtains drawn to both sides with a lit room between them."""
    t = (part.y - np.float32(top)) / np.float32(sill - top)
    dark = ink("141a22") * (1.2 - 0.5 * t)
    part.lay(dark, hole, WINDOW, mirror=0.75)
    if not sash.curtain:
        return
    across = np.abs(part.x - np.float32(sash.x)) / np.float32(sash.wide / 2)
    pleats = 0.72 + 0.28 * np.sin((part.x - np.float32(left)) * np.float32(44 / sash.wide) + 2 * t)
    drawn = smoothstep(-0.06, 0.06, across - 0.30 - 0.30 * np.clip(t, 0, 1) * (1 if sash.seed % 2 else -0.3))
    cloth = ink(sash.curtain) * pleats
    part.lay(cloth * 0.75, hole * drawn, mirror=0.22)
    warm = ink(sash.glow)
    lamp = 0.75 + 0.55 * np.exp(
        -(((part.x - np.float32(sash.x)) / np.float32(0.4 * sash.wide)) ** 2) - (t - 0.3) ** 2 / 0.2
    )
    room = mix(warm * lamp, warm * 0.5, 0.6 * smoothstep(0.55, 1.0, t))
    through = mix(room, warm * (0.25 + 0.75 * ink(sash.curtain)) * pleats * lamp * 0.8, drawn)
    part.given[:] = mix(part.given, through, hole)


def _shutters(part: Layers, sash: Sash, left: float, top: float, right: float, sill: float, side: float) -> None:
    colour = ink(sash.paint)
    slats = 0.78 + 0.3 * smoothstep(-0.4, 0.4, np.sin(part.y * np.float32(2 * np.pi / 0.011)))
    half = 0.5 * sash.wide
    if sash.shutters == "shut":
        part.lay(colour * slats, part.inside(left, top, right, sill, sash.arch), SHUTTER)
        part.lay(colour * 0.4, part.inside(sash.x - 0.0025, top - sash.arch, sash.x + 0.0025, sill))
        return
    for edge in (left - half, right):
        part.shade(edge, top, edge + half, sill, -0.009 * side, 0.7)
    for edge in (left - half, right):
        part.lay(colour * slats, part.inside(edge, top, edge + half, sill), SHUTTER)
        rim = part.inside(edge, top, edge + half, sill) - part.inside(
            edge + 0.004, top + 0.004, edge + half - 0.004, sill - 0.004
        )
        part.lay(colour * 1.1, rim)


def _balcony(layers: Layers, sash: Sash, side: float) -> None:
    """A slab with iron railings, throwing its shadow on the wall below."""
    wide, high = 0.95 * sash.wide, 0.42 * sash.high
    left, right, foot = sash.x - wide, sash.x + wide, sash.y + 0.004
    layers.shade(left, foot + 0.014, right, foot + 0.062, -0.028 * side, 0.85)
    part = layers.window(left - 0.02, foot - high - 0.02, right + 0.02, foot + 0.04)
    part.box(left, foot, right, foot + 0.017, ink(sash.trim) * 0.95, BALCONY)
    iron = ink("15171a")
    step = 0.013
    bars = np.abs((part.x - np.float32(left)) / np.float32(step) % 1 - 0.5) * np.float32(step) - 0.0016
    inside = part.inside(left, foot - high, right, foot)
    part.lay(iron, part.matter.cover(bars + 0 * part.y) * inside)
    for y in (foot - high, foot - 0.012):
        part.lay(iron, part.inside(left, y, right, y + 0.006))
    part.matter.labels[inside > 0.5] = BALCONY
    if sash.seed % 3 == 0:
        leaves = fractal(sash.seed, part.x * 40, part.y * 40, 2)
        bush = smoothstep(0.012, -0.012, np.abs(part.y - np.float32(foot - 0.022)) - 0.02 * leaves - 0.006)
        bloom = mix(
            ink("2f5a22") * (0.5 + leaves),
            ink("d0304a"),
            smoothstep(0.62, 0.7, noise(sash.seed + 3, part.x * 55, part.y * 55)),
        )
        part.lay(bloom, bush * part.inside(left, foot - high, right, foot))


def paint_door(layers: Layers, door: Door, side: float) -> None:
    """A panelled door with a lit fanlight, in a moulded surround."""
    half = 0.5 * door.wide
    left, right, arch = door.x - half, door.x + half, 0.5 * half if door.arch else 0.0
    part = layers.window(left - 0.04, door.top - 0.06, right + 0.04, door.bottom + 0.03)
    part.lay(ink(door.trim), part.inside(left - 0.015, door.top - 0.015, right + 0.015, door.bottom, arch), WALL)
    hole = part.inside(left, door.top, right, door.bottom, arch)
    part.lay(ink(door.colour), hole, DOOR)
    transom = door.top + 0.2 * (door.bottom - door.top)
    light = part.inside(left + 0.006, door.top + 0.004, right - 0.006, transom, arch)
    part.lay(ink("1b212a"), light, mirror=0.7)
    part.given[:] = mix(part.given, ink("ffc878") * 0.9, light)
    for i in (0, 1):
        for j in (0, 1):
            a, b = left + half * i + 0.006, transom + 0.012 + (door.bottom - transom) * 0.5 * j
            panel = part.inside(a, b, a + half - 0.012, b + (door.bottom - transom) * 0.5 - 0.02)
            part.lay(ink(door.colour) * (0.7 + 0.25 * j), panel)
    part.box(
        door.x + 0.55 * half,
        0.5 * (transom + door.bottom),
        door.x + 0.55 * half + 0.005,
        0.5 * (transom + door.bottom) + 0.009,
        ink("d8b050"),
    )
    deep = 0.014
    part.sun[:] *= 1 - 0.75 * hole * (
        1 - part.inside(left - side * deep, door.top + deep, right - side * deep, door.bottom, arch)
    )
    part.box(left - 0.025, door.bottom - 0.010, right + 0.025, door.bottom + 0.012, ink("a8a198"), STREET)
    layers.shine(door.x, door.top + 0.03, ink("ffc878") * 0.45, 0.06, 1.6)


def shine_lamp(layers: Layers, lamp: Lamp) -> None:
    """Its pool of light on wall and pavement."""
    warm = ink(lamp.glow)
    layers.shine(lamp.x, lamp.y - lamp.high, warm * 0.9, 0.085, 1.4)
    part = layers.window(0, lamp.y - 0.06, 1, 1)
    dx, dy = (part.x - np.float32(lamp.x)) / 0.17, (part.y - np.float32(lamp.y + 0.015)) / 0.05
    part.received[:] += warm * 1.0 * np.exp(-dx * dx - dy * dy)


def paint_lamp(layers: Layers, lamp: Lamp, side: float) -> None:
    """Post, collar and lantern; its glow is laid over the night."""
    top = lamp.y - lamp.high
    part = layers.window(lamp.x - 0.1, top - 0.08, lamp.x + 0.1, lamp.y + 0.02)
    iron, cover = ink("20262a"), part.matter.cover
    ground = ((part.x - np.float32(lamp.x + 0.05 * -side)) / 0.06) ** 2 + ((part.y - np.float32(lamp.y)) / 0.008) ** 2
    part.sun[:] *= 1 - 0.7 * smoothstep(1.3, 0.7, ground)
    roundness = 0.7 + 0.6 * smoothstep(-0.005, 0.005, (part.x - np.float32(lamp.x)) * np.float32(side))
    part.lay(iron * roundness, cover(limb(part.matter, (lamp.x, lamp.y), (lamp.x, top + 0.02), 0.0085, 0.0060)), LAMP)
    part.lay(iron, cover(limb(part.matter, (lamp.x, lamp.y), (lamp.x, lamp.y - 0.03), 0.015, 0.009)), LAMP)
    t = np.clip((part.y - np.float32(top - 0.03)) / np.float32(0.05), 0, 1)
    glass = np.maximum(
        np.abs(part.x - np.float32(lamp.x)) - (0.022 - 0.010 * t), np.abs(part.y - np.float32(top - 0.005)) - 0.025
    )
    part.lay(ink("d8dcd8") * (0.8 + 0.2 * t), cover(glass), LAMP)
    part.given[:] = mix(part.given, ink(lamp.glow) * 1.3 + 0.35, cover(glass))
    hat = np.maximum(
        np.abs(part.x - np.float32(lamp.x)) - 0.9 * (part.y - np.float32(top - 0.052)), part.y - np.float32(top - 0.027)
    )
    part.lay(iron, cover(hat), LAMP)
    haze = np.exp(-np.hypot(part.x - np.float32(lamp.x), part.y - np.float32(top - 0.005)) / 0.024)
    part.given[:] += ink(lamp.glow) * haze * 0.35

"""Hair: a cap with a hairline, and long hair behind and beside the face."""

from dataclasses import dataclass
from math import sin

import numpy as np

from .face_head import Head, Surface, head_coordinates, squared_radius
from .lighting import Light
from .noise import Floats, fractal_noise, noise, smoothstep
from .painting import Canvas, linear_rgb


@dataclass(frozen=True, kw_only=True)
class Hair:
    """A haircut; lengths are in units of half the head's height."""

    colour: str
    crown: float  # thickness over the crown
    sides: float  # thickness at the sides
    line: float  # height of the hairline in the middle of the brow
    ends: float  # height at which the hair beside the face ends
    part: float  # position of the parting, -1 to 1
    sweep: float  # drop of the hairline away from the parting
    length: float  # height at which the hair behind the head ends; 0 for none
    curl: float  # 0 straight, 1 curly
    opacity: float
    bun: bool
    seed: int


def _strands(u: Floats, v: Floats, hair: Hair) -> Floats:
    """Tone of the strands, in [0, 1]: combed from the parting, or curls."""
    if hair.curl > 0.5:
        return fractal_noise(hair.seed, u * 9 + 30, v * 9 + 30, 3)
    px = 0.5 * hair.part
    angle = np.arctan2(u - np.float32(px), v + np.float32(1.25))
    radius = np.hypot(u - np.float32(px), v + np.float32(1.25))
    wave = angle * 22 + np.float32(2.5 * hair.curl) * np.sin(radius * 9 + angle * 3)
    coarse = noise(hair.seed, wave + 30, radius * 1.3 + 30)
    fine = noise(hair.seed + 1, wave * 2.6 + 30, radius * 2 + 30)
    return 0.65 * coarse + 0.35 * fine


def _coverage(view: Canvas, distance: Floats, size: float) -> Floats:
    """Coverage of a shape from a field in head units that is negative inside, for any slope of the field."""
    if min(distance.shape) < 2:
        return view.coverage(distance * np.float32(size))
    down, right = np.gradient(distance, np.float32(view.sample_size / size))
    return view.coverage(distance * np.float32(size) / np.maximum(np.hypot(down, right), 0.3))


def _shade_hair(tone: Floats, normal: tuple[Floats, Floats, Floats], band: Floats, hair: Hair, light: Light) -> Floats:
    """Lit colour of the strands, (3, h, w): diffuse, with the bright band across combed hair."""
    nx, ny, nz = normal
    lx, ly, lz = (np.float32(part) for part in light.direction)
    key = np.clip((nx * lx + ny * ly + nz * lz + 0.3) / 1.3, 0, 1)
    base = linear_rgb(hair.colour) * (0.42 + 1.1 * tone)
    shine = np.float32(0.16 if hair.curl < 0.5 else 0.04) * band * key * (0.3 + 1.2 * tone)
    diffuse = base * (key * light.colour + light.sky * (0.65 + 0.35 * ny))
    return np.asarray(diffuse + shine * light.colour * (0.35 + linear_rgb(hair.colour)), np.float32)


def paint_hair_behind(canvas: Canvas, head: Head, hair: Hair, light: Light, label: int) -> None:
    """Paint the hair behind the ears and over the shoulders, open around the neck."""
    if hair.length <= 0:
        return

    reach = 2.1 * head.size
    view = canvas.window(head.x - reach, head.y - reach, head.x + reach, head.y + reach)
    u, v = head_coordinates(view, head)
    u = u + 0 * v
    strands = _strands(u, v, hair)

    lock = noise(hair.seed + 3, u * 4 + 30, v * 0.8 + 30)
    half = np.float32(head.width + hair.sides) * (1 + 0.10 * np.sin(2.2 * np.clip(v, -0.5, 2)))
    half = half - 0.06 * smoothstep(0.6, 1.6, v)
    wave = np.float32(0.05 * hair.curl) * np.sin(v * 9 + 4 * lock) + 0.03 * (strands - 0.5)
    outer = np.abs(u) - half + wave
    below = v - np.float32(hair.length) - 0.22 * (lock - 0.5) - 0.10 * (strands - 0.5)
    above = -0.1 - v
    neck = 0.40 + 0.10 * smoothstep(0.9, 1.4, v) - np.abs(u)
    distance = np.maximum(np.maximum(outer, below), np.maximum(above, np.where(v > 0.5, neck, -1)))

    nx = np.clip(u / half, -1, 1) * 0.8
    depth = np.sqrt(1 - nx * nx)
    shade = 0.5 + 0.5 * smoothstep(0.45, 0.75, np.abs(u))
    band = np.exp(-(((v - 0.35 + 0.1 * strands) / 0.2) ** 2)) * 0.5
    lit = _shade_hair(strands, (nx, 0.1 + 0 * nx, depth), band, hair, light) * shade
    view.paint(lit, _coverage(view, distance, head.size), label)


def paint_hair(canvas: Canvas, head: Head, hair: Hair, light: Light, surface: Surface, label: int) -> None:
    """Paint the cap over the skull down to the hairline, and its shadow on the forehead."""
    reach = 1.75 * head.size
    view = canvas.window(head.x - reach, head.y - reach, head.x + reach, head.y + 1.2 * head.size)
    u, v = head_coordinates(view, head)
    u = u + 0 * v
    if hair.bun:
        _paint_bun(view, u, v, hair, light, head.size, label)

    squared = squared_radius(u, v, head, hair.crown, hair.sides)
    strands = _strands(u, v, hair)
    ball = np.sqrt(np.clip(1 - squared, 0, 1))
    across = u - ball * np.float32(0.7 * sin(head.turn))
    line = _hairline(across, v + np.float32(0.7 * head.nod) * ball, head, hair, strands)
    fuzz = np.float32(0.10 * hair.curl if hair.curl > 0.5 else 0.02) * (strands - 0.5)
    distance = np.maximum(line, (np.sqrt(squared) - 1) * 0.9 + fuzz)
    mask = _coverage(view, distance, head.size) * np.float32(hair.opacity)
    _cast_shadow(view, line, across, hair, light, surface)

    low = np.maximum(v + 0.08, 0)
    nx = u / np.float32(head.width + hair.sides)
    ny = -(np.minimum(v + 0.08, 0) / np.float32(0.92 + hair.crown) + 0.35 * low)
    length = np.sqrt(nx * nx + ny * ny + np.clip(1 - nx * nx - ny * ny, 0.06, 1))
    nz = np.sqrt(np.clip(1 - nx * nx - ny * ny, 0.06, 1)) / length
    roll = np.float32(0.5 if hair.curl > 0.5 else 0.22) * (strands - 0.5)
    band = np.exp(-(((np.sqrt(squared) - 0.72 + 0.16 * (strands - 0.5)) / 0.13) ** 2)) * smoothstep(0.2, -0.4, v)
    lit = _shade_hair(strands, (nx / length + roll, ny / length + roll, nz), band, hair, light)
    edge = 1 - 0.30 * smoothstep(-0.14, 0.0, line)  # hair is thinner and darker at its ends
    parting = np.exp(-(((across - np.float32(0.5 * hair.part)) / 0.018) ** 2)) * smoothstep(-0.55, -0.9, v)
    if hair.curl >= 0.5 or hair.opacity <= 0.9:
        parting = 0 * parting
    view.paint(lit * edge * (1 - 0.5 * parting), mask, label)


def _hairline(across: Floats, v: Floats, head: Head, hair: Hair, strands: Floats) -> Floats:
    """Signed height above the hairline: negative where there is hair."""
    lateral = np.abs(across)
    from_parting = (across - np.float32(0.5 * hair.part)) * np.sign(-hair.part)
    drop = np.float32(hair.sweep) * np.clip(from_parting, 0, 1) ** 1.2
    top = np.float32(hair.line) + drop + np.float32(0.06 * (1 - hair.sweep)) * (lateral / 0.5) ** 2

    inner = head.width - 0.30
    if hair.ends <= 0.3:
        inner += 0.06
    curtain = smoothstep(inner, head.width + 0.02, lateral)
    fringe = np.float32(0.035 if hair.curl < 0.5 else 0.12) * (strands - 0.5)
    return np.asarray(v - (top + (np.float32(hair.ends) - top) * curtain) - fringe, np.float32)


def _cast_shadow(view: Canvas, line: Floats, across: Floats, hair: Hair, light: Light, surface: Surface) -> None:
    """Darken the skin below and beside the hair, most on the side of the light."""
    side = np.clip(1 + np.float32(1.2 * light.direction[0]) * across, 0.4, 1.6)
    shadow = np.float32(0.42 * hair.opacity) * smoothstep(0.13, -0.02, line) * np.minimum(side, 1.2)
    rows = slice(*np.searchsorted(view.y[:, 0], (surface.view.y[0, 0], surface.view.y[-1, 0] + 1e-6)))
    columns = slice(*np.searchsorted(view.x[0], (surface.view.x[0, 0], surface.view.x[0, -1] + 1e-6)))
    surface.view.light *= 1 - shadow[rows, columns] * surface.coverage


def _paint_bun(view: Canvas, u: Floats, v: Floats, hair: Hair, light: Light, size: float, label: int) -> None:
    x, y = u - np.float32(0.12 * hair.part), v + np.float32(0.98 + hair.crown)
    a, b = x / 0.27, y / 0.23
    radius = np.sqrt(a * a + b * b)
    twist = noise(hair.seed + 7, np.arctan2(b, a) * 3 + radius * 7 + 30, radius * 6 + 30)
    nz = np.sqrt(np.clip(1 - radius * radius, 0.05, 1))
    lit = _shade_hair(twist, (a, -b, nz), np.exp(-(((radius - 0.5) / 0.25) ** 2)), hair, light)
    view.paint(lit, view.coverage((radius - 1) * np.float32(0.25 * size)), label)

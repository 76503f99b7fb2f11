"""Hair: a cap with a hairline, curtains of it behind and beside the face, in a dozen cuts."""

from dataclasses import dataclass
from math import sin

import numpy as np

from .face_head import Head, Surface, roundness, turned
from .lighting import Light
from .noise import Floats, fractal, noise, smoothstep
from .painting import Canvas, ink


@dataclass(frozen=True, kw_only=True)
class Hair:
    """A cut; lengths in units of half the head's height."""

    colour: str
    above: float  # thickness over the crown
    beside: float
    line: float  # height of the hairline in the middle of the brow
    ends: float  # height where the hair at the sides of the face ends
    part: float  # where the parting lies, -1 to 1
    sweep: float  # how far the hairline falls away from the parting
    length: float  # height where the hair behind ends; 0 where none is seen
    curl: float
    thin: float  # 1 covers, less lets the skin through
    bun: bool
    seed: int


def _strands(u: Floats, v: Floats, hair: Hair) -> Floats:
    """Tone of the strands, combed from the parting, or curls; in [0, 1]."""
    if hair.curl > 0.5:
        return fractal(hair.seed, u * 9 + 30, v * 9 + 30, 3)
    px = 0.5 * hair.part
    angle = np.arctan2(u - np.float32(px), v + np.float32(1.25))
    far = np.hypot(u - np.float32(px), v + np.float32(1.25))
    wave = angle * 22 + np.float32(2.5 * hair.curl) * np.sin(far * 9 + angle * 3)
    return 0.65 * noise(hair.seed, wave + 30, far * 1.3 + 30) + 0.35 * noise(
        hair.seed + 1, wave * 2.6 + 30, far * 2 + 30
    )


def _sharp(view: Canvas, distance: Floats, size: float) -> Floats:
    """Cover of a shape given by a field in head units, whatever its slope."""
    if min(distance.shape) < 2:
        return view.cover(distance * np.float32(size))
    down, right = np.gradient(distance, np.float32(view.sample / size))
    return view.cover(distance * np.float32(size) / np.maximum(np.hypot(down, right), 0.3))


def _glossy(tone: Floats, normal: tuple[Floats, Floats, Floats], band: Floats, hair: Hair, light: Light) -> Floats:
    """Light on strands, (3, h, w): matt below, with the band that shines across combed hair."""
    nx, ny, nz = normal
    lx, ly, lz = (np.float32(part) for part in light.direction)
    key = np.clip((nx * lx + ny * ly + nz * lz + 0.3) / 1.3, 0, 1)
    base = ink(hair.colour) * (0.42 + 1.1 * tone)
    shine = np.float32(0.16 if hair.curl < 0.5 else 0.04) * band * key * (0.3 + 1.2 * tone)
    matt = base * (key * light.colour + light.sky * (0.65 + 0.35 * ny))
    return np.asarray(matt + shine * light.colour * (0.35 + ink(hair.colour)), np.float32)


def paint_hair_behind(canvas: Canvas, head: Head, hair: Hair, light: Light, label: int) -> None:
    """The hair that falls behind the ears and over the shoulders, open around the neck."""
    if hair.length <= 0:
        return
    reach = 2.1 * head.size
    view = canvas.window(head.x - reach, head.y - reach, head.x + reach, head.y + reach)
    u, v = turned(view, head)
    u = u + 0 * v
    strands = _strands(u, v, hair)
    lock = noise(hair.seed + 3, u * 4 + 30, v * 0.8 + 30)
    broad = np.float32(head.width + hair.beside) * (1 + 0.10 * np.sin(2.2 * np.clip(v, -0.5, 2))) - 0.06 * smoothstep(
        0.6, 1.6, v
    )
    wavy = np.float32(0.05 * hair.curl) * np.sin(v * 9 + 4 * lock) + 0.03 * (strands - 0.5)
    outer = np.abs(u) - broad + wavy
    low = v - np.float32(hair.length) - 0.22 * (lock - 0.5) - 0.10 * (strands - 0.5)
    high = -0.1 - v
    open_ = 0.40 + 0.10 * smoothstep(0.9, 1.4, v) - np.abs(u)
    distance = np.maximum(np.maximum(outer, low), np.maximum(high, np.where(v > 0.5, open_, -1)))
    nx = np.clip(u / broad, -1, 1) * 0.8
    depth = np.sqrt(1 - nx * nx)
    shade = 0.5 + 0.5 * smoothstep(0.45, 0.75, np.abs(u))
    band = np.exp(-(((v - 0.35 + 0.1 * strands) / 0.2) ** 2)) * 0.5
    view.paint(
        _glossy(strands, (nx, 0.1 + 0 * nx, depth), band, hair, light) * shade, _sharp(view, distance, head.size), label
    )


def paint_hair(canvas: Canvas, head: Head, hair: Hair, light: Light, ground: Surface, label: int) -> None:
    """The cap over the skull down to the hairline, and the shadow it throws on the brow."""
    reach = 1.75 * head.size
    view = canvas.window(head.x - reach, head.y - reach, head.x + reach, head.y + 1.2 * head.size)
    u, v = turned(view, head)
    u = u + 0 * v
    if hair.bun:
        _paint_bun(view, u, v, hair, light, head.size, label)
    far = roundness(u, v, head, hair.above, hair.beside)
    strands = _strands(u, v, hair)
    ball = np.sqrt(np.clip(1 - far, 0, 1))
    across = u - ball * np.float32(0.7 * sin(head.turn))
    line = _hairline(across, v + np.float32(0.7 * head.nod) * ball, head, hair, strands)
    fuzz = np.float32(0.10 * hair.curl if hair.curl > 0.5 else 0.02) * (strands - 0.5)
    distance = np.maximum(line, (np.sqrt(far) - 1) * 0.9 + fuzz)
    mask = _sharp(view, distance, head.size) * np.float32(hair.thin)
    _shade_brow(view, line, across, hair, light, ground)
    low = np.maximum(v + 0.08, 0)
    nx, ny = (
        u / np.float32(head.width + hair.beside),
        -(np.minimum(v + 0.08, 0) / np.float32(0.92 + hair.above) + 0.35 * low),
    )
    length = np.sqrt(nx * nx + ny * ny + np.clip(1 - nx * nx - ny * ny, 0.06, 1))
    nz = np.sqrt(np.clip(1 - nx * nx - ny * ny, 0.06, 1)) / length
    roll = np.float32(0.5 if hair.curl > 0.5 else 0.22) * (strands - 0.5)
    band = np.exp(-((((np.sqrt(far)) - 0.72 + 0.16 * (strands - 0.5)) / 0.13) ** 2)) * smoothstep(0.2, -0.4, v)
    lit = _glossy(strands, (nx / length + roll, ny / length + roll, nz), band, hair, light)
    edge = 1 - 0.30 * smoothstep(-0.14, 0.0, line)  # hair lies thinner and darker at its ends
    parting = (
        np.exp(-(((across - np.float32(0.5 * hair.part)) / 0.018) ** 2))
        * smoothstep(-0.55, -0.9, v)
        * (hair.curl < 0.5)
    )
    view.paint(lit * edge * (1 - 0.5 * parting * (hair.thin > 0.9)), mask, label)


def _hairline(across: Floats, v: Floats, head: Head, hair: Hair, strands: Floats) -> Floats:
    """Negative above the line where hair begins."""
    beside = np.abs(across)
    fall = (
        np.float32(hair.sweep) * np.clip((across - np.float32(0.5 * hair.part)) * np.sign(-hair.part or 1), 0, 1) ** 1.2
    )
    top = np.float32(hair.line) + fall + np.float32(0.06 * (1 - hair.sweep)) * (beside / 0.5) ** 2
    near, away = head.width - 0.30, head.width + 0.02
    curtain = smoothstep(near, away, beside) if hair.ends > 0.3 else smoothstep(near + 0.06, away, beside)
    rag = np.float32(0.035 if hair.curl < 0.5 else 0.12) * (strands - 0.5)
    return np.asarray(v - (top + (np.float32(hair.ends) - top) * curtain) - rag, np.float32)


def _shade_brow(view: Canvas, line: Floats, across: Floats, hair: Hair, light: Light, ground: Surface) -> None:
    """Dim the skin below and beside the hair, most on the side that the light comes from."""
    side = np.clip(1 + np.float32(1.2 * light.direction[0]) * across, 0.4, 1.6)
    fallen = np.float32(0.42 * hair.thin) * smoothstep(0.13, -0.02, line) * np.minimum(side, 1.2)
    rows = slice(*np.searchsorted(view.y[:, 0], (ground.view.y[0, 0], ground.view.y[-1, 0] + 1e-6)))
    columns = slice(*np.searchsorted(view.x[0], (ground.view.x[0, 0], ground.view.x[0, -1] + 1e-6)))
    ground.view.light *= 1 - fallen[rows, columns] * ground.cover


def _paint_bun(view: Canvas, u: Floats, v: Floats, hair: Hair, light: Light, size: float, label: int) -> None:
    x, y = u - np.float32(0.12 * hair.part), v + np.float32(0.98 + hair.above)
    a, b = x / 0.27, y / 0.23
    far = np.sqrt(a * a + b * b)
    twist = noise(hair.seed + 7, np.arctan2(b, a) * 3 + far * 7 + 30, far * 6 + 30)
    nz = np.sqrt(np.clip(1 - far * far, 0.05, 1))
    lit = _glossy(twist, (a, -b, nz), np.exp(-(((far - 0.5) / 0.25) ** 2)), hair, light)
    view.paint(lit, view.cover((far - 1) * np.float32(0.25 * size)), label)

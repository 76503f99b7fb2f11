"""The head of a portrait: how it is held, its relief, and the light on its skin."""

from dataclasses import dataclass
from math import cos, sin

import numpy as np

from .lighting import Light
from .noise import Floats, fractal, smoothstep
from .painting import Canvas, ink, mix

DEPTH = 0.78  # of the head, in units of half its height, as are all lengths of a face


@dataclass(frozen=True, kw_only=True)
class Head:
    """Where the head is, how it is turned (radians) and its bones."""

    x: float
    y: float
    size: float  # half the height from chin to crown, in scene units
    turn: float
    nod: float
    tilt: float
    width: float
    jaw: float  # 1.8 pointed, 3 square
    cheeks: float
    nose_width: float
    nose_length: float
    eye_gap: float
    eye_width: float
    eye_height: float
    eye_slant: float
    brow_height: float
    mouth_y: float
    mouth_width: float
    upper_lip: float
    lower_lip: float
    age: float  # 0 smooth, 1 furrowed


@dataclass(frozen=True, kw_only=True)
class Expression:
    """What a smile moves; all 0 in a neutral face."""

    smile: float = 0.0
    lift: float = 0.0  # of the corners of the mouth
    gape: float = 0.0  # between the lips
    squint: float = 0.0

    @property
    def drop(self) -> float:
        """How far the jaw goes down with the mouth open."""
        return 0.35 * self.gape


@dataclass(frozen=True)
class Surface:
    """A head on its window: coordinates that turn with it, relief and cover.

    `u, v` lie in the picture (v down); `across, down` on the face, 0 at the middle between the eyes.
    """

    view: Canvas
    size: float
    u: Floats
    v: Floats
    across: Floats
    down: Floats
    relief: Floats
    cover: Floats

    @property
    def apart(self) -> Floats:
        """Distance from the middle line: both halves of a face are alike."""
        return np.abs(self.across)

    def share(self, distance: Floats) -> Floats:
        """Cover of a shape given by a field that is negative inside, whatever its slope."""
        return self.view.cover(self.true(distance) * np.float32(self.size))

    def true(self, field: Floats) -> Floats:
        """`field` divided by its slope: near its zero a distance in head units."""
        step = self.view.sample / self.size
        if min(field.shape) < 2:
            return field
        down, right = np.gradient(field, np.float32(step))
        return np.asarray(field / np.maximum(np.hypot(down, right), 0.25), np.float32)


def turned(view: Canvas, head: Head) -> tuple[Floats, Floats]:
    """Picture coordinates in head units around the head, rolled with it."""
    dx = (view.x - np.float32(head.x)) / np.float32(head.size)
    dy = (view.y - np.float32(head.y)) / np.float32(head.size)
    c, s = np.float32(cos(head.tilt)), np.float32(sin(head.tilt))
    return c * dx + s * dy, c * dy - s * dx


def roundness(u: Floats, v: Floats, head: Head, above: float = 0.0, beside: float = 0.0, drop: float = 0.0) -> Floats:
    """0 in the middle, 1 on the outline, squared; hair moves it `above` and `beside`, an open mouth lets it `drop`."""
    rise = np.maximum(-0.08 - v, 0) / np.float32(0.92 + above)
    fall = np.maximum(v + 0.08, 0) / np.float32(1.08 + 0.5 * beside + drop)
    return np.asarray((u / np.float32(head.width + beside)) ** 2 + rise**2 + fall ** np.float32(head.jaw), np.float32)


def surface(canvas: Canvas, head: Head, face: Expression) -> Surface:
    """The head with this expression, its window of the canvas."""
    reach = 1.12 * head.size
    view = canvas.window(head.x - reach, head.y - reach, head.x + reach, head.y + 1.06 * reach)
    u, v = turned(view, head)
    far = roundness(u, v, head, drop=face.drop)
    ball = np.sqrt(np.clip(1 - far ** np.float32(1.25), 0, 1)) * np.float32(DEPTH)
    across = (u - ball * np.float32(sin(head.turn))) / np.float32(cos(head.turn))
    down = v + np.float32(head.nod) * ball
    bare = Surface(view, head.size, u, v, across, down, ball, ball)
    edge = (np.sqrt(far) - 1) * np.float32(head.width * head.size) * 0.95
    relief = ball + _bones(bare, head, face) + _flesh(bare, head, face) + _nose(bare, head)
    return Surface(view, head.size, u, v, across, down, relief, view.cover(edge))


def bump(skin: Surface, x: float, y: float, wide: float, high: float) -> Floats:
    """A soft mound at (+-x, y) on the face."""
    a, b = (skin.apart - np.float32(x)) / np.float32(wide), (skin.down - np.float32(y)) / np.float32(high)
    return np.asarray(np.exp(-a * a - b * b), np.float32)


def _bones(skin: Surface, head: Head, face: Expression) -> Floats:
    brow = 0.035 * bump(skin, 0.27, -0.17, 0.22, 0.08)
    socket = -0.075 * bump(skin, head.eye_gap - 0.02, 0.0, 0.17, 0.10)
    eyeball = 0.035 * bump(skin, head.eye_gap, 0.01, 0.12, 0.075)
    low = head.mouth_y + 0.16 + 0.8 * face.gape
    chin = 0.05 * bump(skin, 0.0, 0.87 + face.drop, 0.15, 0.09) - 0.035 * bump(skin, 0.0, low, 0.15, 0.045)
    temple = -0.03 * bump(skin, 0.62, -0.12, 0.12, 0.2)
    return np.asarray(brow + socket + eyeball + chin + temple, np.float32)


def _flesh(skin: Surface, head: Head, face: Expression) -> Floats:
    """Cheeks, which a smile lifts and rounds, the mound of the mouth, the folds beside it."""
    low = (0.03 + 0.04 * head.cheeks) * (1 - face.smile) * bump(skin, 0.36, 0.30, 0.20, 0.2)
    high = (0.10 + 0.04 * head.cheeks) * face.smile * bump(skin, 0.37, 0.25, 0.17, 0.13)
    lid = 0.022 * face.smile * bump(skin, head.eye_gap, 0.125, 0.12, 0.03)
    mouth = 0.05 * bump(skin, 0.0, head.mouth_y - 0.02, 0.24, 0.15)
    crease = -(0.010 + 0.012 * head.age + 0.026 * face.smile) * fold(skin, head, face)
    return np.asarray(low + high + lid + mouth + crease, np.float32)


def fold(skin: Surface, head: Head, face: Expression) -> Floats:
    """1 along the nasolabial fold, from the wing of the nose to beside the corner of the mouth."""
    top, bottom = head.nose_length - 0.04, head.mouth_y + 0.02 - 0.2 * face.lift
    t = (skin.down - np.float32(top)) / np.float32(bottom - top)
    reach = head.mouth_width * (1 + 0.32 * face.smile) + 0.075
    line = np.float32(head.nose_width + 0.05) + np.float32(reach - head.nose_width - 0.05) * np.clip(t, 0, 1.3) ** 0.8
    ends = smoothstep(-0.15, 0.25, t) * smoothstep(1.35, 0.8, t)
    return np.asarray(np.exp(-(((skin.apart - line) / np.float32(0.042)) ** 2)) * ends, np.float32)


def bridge(skin: Surface, head: Head) -> tuple[Floats, Floats]:
    """How far down the nose a point is (0 between the eyes, 1 at the tip) and its distance from the ridge."""
    t = np.clip((skin.down + 0.10) / np.float32(head.nose_length + 0.04), 0, 1)
    return t, skin.across - np.float32(0.17 * sin(-head.turn)) * -t


def _nose(skin: Surface, head: Head) -> Floats:
    t, beside = bridge(skin, head)
    wide = np.float32(0.055) + np.float32(head.nose_width * 0.45) * t * t
    end = smoothstep(head.nose_length + 0.065, head.nose_length - 0.035, skin.down)
    ridge = (0.02 + 0.19 * t**1.3) * np.exp(-((beside / wide) ** 2)) * end * smoothstep(-0.2, 0.0, skin.down)
    tip = 0.05 * np.exp(-((beside / 0.085) ** 2) - ((skin.down - np.float32(head.nose_length - 0.03)) / 0.065) ** 2)
    wing = (np.abs(beside) - np.float32(head.nose_width)) / 0.05
    wings = 0.055 * np.exp(-(wing**2) - ((skin.down - np.float32(head.nose_length - 0.005)) / 0.05) ** 2)
    return np.asarray(ridge + tip + wings, np.float32)


def normals(skin: Surface) -> tuple[Floats, Floats, Floats]:
    """Of the relief: to the right, upwards, towards the viewer."""
    step = np.float32(skin.view.sample / skin.size)
    if min(skin.relief.shape) < 2:
        return 0 * skin.relief, 0 * skin.relief, 1 + 0 * skin.relief
    down, right = (np.clip(part, -4, 4) for part in np.gradient(skin.relief, step))
    length = np.sqrt(right * right + down * down + 1)
    return -right / length, down / length, 1 / length


def flesh_light(normal: tuple[Floats, Floats, Floats], light: Light) -> Floats:
    """Light that skin sends on, (3, h, w): red goes furthest round an edge, as light does under skin."""
    nx, ny, nz = normal
    lx, ly, lz = (np.float32(part) for part in light.direction)
    facing = nx * lx + ny * ly + nz * lz
    wrap = np.array([0.42, 0.28, 0.20], np.float32).reshape(3, 1, 1)
    key = np.clip((facing + wrap) / (1 + wrap), 0, 1) ** np.float32(1.15)
    around = mix(ink("a88a78") * np.float32(0.5), np.float32(1.5) * light.sky, 0.5 + 0.5 * ny) * (0.55 + 0.45 * nz)
    return np.asarray(0.86 * key * light.colour + around, np.float32)


def sheen(normal: tuple[Floats, Floats, Floats], light: Light, power: float) -> Floats:
    """Mirrored key light, 0 to 1."""
    lx, ly, lz = light.direction
    length = (lx * lx + ly * ly + (lz + 1) ** 2) ** 0.5
    half = sum(n * np.float32(part / length) for n, part in zip(normal, (lx, ly, lz + 1), strict=True))
    return np.asarray(np.maximum(half, 0) ** np.float32(power), np.float32)


def blush(skin: Surface, head: Head, tone: str, freckles: float, seed: int) -> Floats:
    """The colour of the skin, (3, h, w): redder on cheeks, nose and chin, darker around the eyes."""
    mottle = fractal(seed, skin.across * 5 + 20, skin.down * 5 + 20, 2)
    colour = ink(tone) * (0.94 + 0.12 * mottle)
    red = 0.55 * bump(skin, 0.40, 0.28, 0.17, 0.14) + 0.5 * bump(skin, 0.0, head.nose_length - 0.02, 0.12, 0.07)
    colour = colour * (1 - red * np.array([0.02, 0.22, 0.20], np.float32).reshape(3, 1, 1))
    hollow = 0.30 * bump(skin, head.eye_gap - 0.03, 0.0, 0.15, 0.09)
    colour = colour * (1 - hollow * np.array([0.45, 0.6, 0.6], np.float32).reshape(3, 1, 1))
    if freckles:
        dots = smoothstep(0.66, 0.78, fractal(seed + 5, skin.across * 26 + 30, skin.down * 26 + 30, 2))
        where = bump(skin, 0.22, 0.27, 0.26, 0.16)
        colour = mix(colour, ink("8a4a2a") * 0.8, np.float32(freckles) * dots * where)
    return np.asarray(colour, np.float32)

"""The head of a portrait: its pose, its relief, and the light on its skin."""

from dataclasses import dataclass
from math import cos, sin

import numpy as np

from .lighting import Light
from .noise import Floats, fractal_noise, smoothstep
from .painting import Canvas, linear_rgb, mix

DEPTH = 0.78  # of the head, in head units: half its height, the unit of all lengths of a face


@dataclass(frozen=True, kw_only=True)
class Head:
    """Position (scene units), pose (radians) and proportions (head units) of a head."""

    x: float
    y: float
    size: float  # half the height from chin to crown, in scene units
    turn: float  # to the side
    nod: float  # downwards
    tilt: float  # in the image plane
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
    """The parameters of a smile; all are 0 in a neutral face."""

    smile: float = 0.0
    lift: float = 0.0  # rise of the corners of the mouth
    gape: float = 0.0  # opening between the lips
    squint: float = 0.0

    @property
    def drop(self) -> float:
        """Drop of the jaw with an open mouth."""
        return 0.35 * self.gape


@dataclass(frozen=True)
class Surface:
    """A head on a window of the canvas: coordinates (h, w) in head units, relief and coverage.

    `u, v` are coordinates in the image (v points down); `across, down` on the face, 0 between the eyes.
    """

    view: Canvas
    size: float
    u: Floats
    v: Floats
    across: Floats
    down: Floats
    relief: Floats
    coverage: Floats

    @property
    def lateral(self) -> Floats:
        """Distance from the midline of the face, which is symmetric."""
        return np.abs(self.across)

    def shape_coverage(self, distance: Floats) -> Floats:
        """Coverage of a shape from a field that is negative inside, for any slope of the field."""
        return self.view.coverage(self.signed_distance(distance) * np.float32(self.size))

    def signed_distance(self, field: Floats) -> Floats:
        """A field divided by its slope: near its zero the distance in head units."""
        step = self.view.sample_size / self.size
        if min(field.shape) < 2:
            return field
        down, right = np.gradient(field, np.float32(step))
        return np.asarray(field / np.maximum(np.hypot(down, right), 0.25), np.float32)


def head_coordinates(view: Canvas, head: Head) -> tuple[Floats, Floats]:
    """Coordinates (u, v) of each sample around the head, in head units and rotated by its tilt."""
    dx = (view.x - np.float32(head.x)) / np.float32(head.size)
    dy = (view.y - np.float32(head.y)) / np.float32(head.size)
    c, s = np.float32(cos(head.tilt)), np.float32(sin(head.tilt))
    return c * dx + s * dy, c * dy - s * dx


def squared_radius(
    u: Floats, v: Floats, head: Head, crown: float = 0.0, sides: float = 0.0, drop: float = 0.0
) -> Floats:
    """Squared radius: 0 in the middle, 1 on the outline. Hair expands the outline, an open mouth lowers the chin."""
    rise = np.maximum(-0.08 - v, 0) / np.float32(0.92 + crown)
    fall = np.maximum(v + 0.08, 0) / np.float32(1.08 + 0.5 * sides + drop)
    return np.asarray((u / np.float32(head.width + sides)) ** 2 + rise**2 + fall ** np.float32(head.jaw), np.float32)


def head_surface(canvas: Canvas, head: Head, face: Expression) -> Surface:
    """The surface of the head with this expression, on its window of the canvas."""
    reach = 1.12 * head.size
    view = canvas.window(head.x - reach, head.y - reach, head.x + reach, head.y + 1.06 * reach)
    u, v = head_coordinates(view, head)
    squared = squared_radius(u, v, head, drop=face.drop)
    ball = np.sqrt(np.clip(1 - squared ** np.float32(1.25), 0, 1)) * np.float32(DEPTH)
    across = (u - ball * np.float32(sin(head.turn))) / np.float32(cos(head.turn))
    down = v + np.float32(head.nod) * ball

    bare = Surface(view, head.size, u, v, across, down, ball, ball)
    edge = (np.sqrt(squared) - 1) * np.float32(head.width * head.size) * 0.95
    relief = ball + _bones(bare, head, face) + _flesh(bare, head, face) + _nose(bare, head)
    return Surface(view, head.size, u, v, across, down, relief, view.coverage(edge))


def bump(surface: Surface, x: float, y: float, width: float, height: float) -> Floats:
    """A Gaussian of peak 1 at (+-x, y) on the face."""
    a = (surface.lateral - np.float32(x)) / np.float32(width)
    b = (surface.down - np.float32(y)) / np.float32(height)
    return np.asarray(np.exp(-a * a - b * b), np.float32)


def _bones(surface: Surface, head: Head, face: Expression) -> Floats:
    """Relief of brow ridges, eye sockets, eyeballs, chin and temples."""
    brow = 0.035 * bump(surface, 0.27, -0.17, 0.22, 0.08)
    socket = -0.075 * bump(surface, head.eye_gap - 0.02, 0.0, 0.17, 0.10)
    eyeball = 0.035 * bump(surface, head.eye_gap, 0.01, 0.12, 0.075)
    low = head.mouth_y + 0.16 + 0.8 * face.gape
    chin = 0.05 * bump(surface, 0.0, 0.87 + face.drop, 0.15, 0.09) - 0.035 * bump(surface, 0.0, low, 0.15, 0.045)
    temple = -0.03 * bump(surface, 0.62, -0.12, 0.12, 0.2)
    return np.asarray(brow + socket + eyeball + chin + temple, np.float32)


def _flesh(surface: Surface, head: Head, face: Expression) -> Floats:
    """Relief of cheeks, which a smile lifts and rounds, lower lids, mouth and nasolabial folds."""
    neutral_cheeks = (0.03 + 0.04 * head.cheeks) * (1 - face.smile) * bump(surface, 0.36, 0.30, 0.20, 0.2)
    smiling_cheeks = (0.10 + 0.04 * head.cheeks) * face.smile * bump(surface, 0.37, 0.25, 0.17, 0.13)
    lid = 0.022 * face.smile * bump(surface, head.eye_gap, 0.125, 0.12, 0.03)
    mouth = 0.05 * bump(surface, 0.0, head.mouth_y - 0.02, 0.24, 0.15)
    crease = -(0.010 + 0.012 * head.age + 0.026 * face.smile) * nasolabial_fold(surface, head, face)
    return np.asarray(neutral_cheeks + smiling_cheeks + lid + mouth + crease, np.float32)


def nasolabial_fold(surface: Surface, head: Head, face: Expression) -> Floats:
    """1 along the line from the wing of the nose to beside the corner of the mouth, 0 away from it."""
    top, bottom = head.nose_length - 0.04, head.mouth_y + 0.02 - 0.2 * face.lift
    t = (surface.down - np.float32(top)) / np.float32(bottom - top)
    reach = head.mouth_width * (1 + 0.32 * face.smile) + 0.075
    line = np.float32(head.nose_width + 0.05) + np.float32(reach - head.nose_width - 0.05) * np.clip(t, 0, 1.3) ** 0.8
    ends = smoothstep(-0.15, 0.25, t) * smoothstep(1.35, 0.8, t)
    return np.asarray(np.exp(-(((surface.lateral - line) / np.float32(0.042)) ** 2)) * ends, np.float32)


def nose_bridge(surface: Surface, head: Head) -> tuple[Floats, Floats]:
    """Position along the nose, 0 between the eyes and 1 at its tip, and signed distance from its ridge."""
    t = np.clip((surface.down + 0.10) / np.float32(head.nose_length + 0.04), 0, 1)
    return t, surface.across - np.float32(0.17 * sin(head.turn)) * t


def _nose(surface: Surface, head: Head) -> Floats:
    """Relief of the ridge, tip and wings of the nose."""
    t, across = nose_bridge(surface, head)
    width = np.float32(0.055) + np.float32(head.nose_width * 0.45) * t * t
    end = smoothstep(head.nose_length + 0.065, head.nose_length - 0.035, surface.down)
    ridge = (0.02 + 0.19 * t**1.3) * np.exp(-((across / width) ** 2)) * end * smoothstep(-0.2, 0.0, surface.down)
    tip = 0.05 * np.exp(-((across / 0.085) ** 2) - ((surface.down - np.float32(head.nose_length - 0.03)) / 0.065) ** 2)
    wing = (np.abs(across) - np.float32(head.nose_width)) / 0.05
    wings = 0.055 * np.exp(-(wing**2) - ((surface.down - np.float32(head.nose_length - 0.005)) / 0.05) ** 2)
    return np.asarray(ridge + tip + wings, np.float32)


def normals(surface: Surface) -> tuple[Floats, Floats, Floats]:
    """Unit normals of the relief: components to the right, upwards and towards the viewer."""
    step = np.float32(surface.view.sample_size / surface.size)
    if min(surface.relief.shape) < 2:
        return 0 * surface.relief, 0 * surface.relief, 1 + 0 * surface.relief
    down, right = (np.clip(part, -4, 4) for part in np.gradient(surface.relief, step))
    length = np.sqrt(right * right + down * down + 1)
    return -right / length, down / length, 1 / length


def skin_light(normal: tuple[Floats, Floats, Floats], light: Light) -> Floats:
    """Light on skin, (3, h, w): wrapped Lambert, most in red, which imitates subsurface scattering, plus ambient."""
    nx, ny, nz = normal
    lx, ly, lz = (np.float32(part) for part in light.direction)
    facing = nx * lx + ny * ly + nz * lz
    wrap = np.array([0.42, 0.28, 0.20], np.float32).reshape(3, 1, 1)
    key = np.clip((facing + wrap) / (1 + wrap), 0, 1) ** np.float32(1.15)
    ambient = mix(linear_rgb("a88a78") * np.float32(0.5), np.float32(1.5) * light.sky, 0.5 + 0.5 * ny)
    ambient = ambient * (0.55 + 0.45 * nz)
    return np.asarray(0.86 * key * light.colour + ambient, np.float32)


def specular(normal: tuple[Floats, Floats, Floats], light: Light, power: float) -> Floats:
    """Blinn-Phong highlight of the key light, 0 to 1."""
    lx, ly, lz = light.direction
    length = (lx * lx + ly * ly + (lz + 1) ** 2) ** 0.5
    half = sum(n * np.float32(part / length) for n, part in zip(normal, (lx, ly, lz + 1), strict=True))
    return np.asarray(np.maximum(half, 0) ** np.float32(power), np.float32)


def skin_colour(surface: Surface, head: Head, tone: str, freckles: float, seed: int) -> Floats:
    """The colour of the skin, (3, h, w): redder on cheeks and nose, darker around the eyes."""
    mottle = fractal_noise(seed, surface.across * 5 + 20, surface.down * 5 + 20, 2)
    colour = linear_rgb(tone) * (0.94 + 0.12 * mottle)
    red = 0.55 * bump(surface, 0.40, 0.28, 0.17, 0.14) + 0.5 * bump(surface, 0.0, head.nose_length - 0.02, 0.12, 0.07)
    colour = colour * (1 - red * np.array([0.02, 0.22, 0.20], np.float32).reshape(3, 1, 1))
    hollow = 0.30 * bump(surface, head.eye_gap - 0.03, 0.0, 0.15, 0.09)
    colour = colour * (1 - hollow * np.array([0.45, 0.6, 0.6], np.float32).reshape(3, 1, 1))
    if freckles:
        dots = smoothstep(0.66, 0.78, fractal_noise(seed + 5, surface.across * 26 + 30, surface.down * 26 + 30, 2))
        area = bump(surface, 0.22, 0.27, 0.26, 0.16)
        colour = mix(colour, linear_rgb("8a4a2a") * 0.8, np.float32(freckles) * dots * area)
    return np.asarray(colour, np.float32)

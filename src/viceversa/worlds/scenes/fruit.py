"""Apples and oranges: the same body and light with two skins."""

from dataclasses import dataclass
from math import cos, pi, sin, sqrt

import numpy as np

from .lighting import Light, Vector
from .noise import Floats, fractal_noise, noise, smoothstep
from .painting import Canvas, capsule, linear_rgb, mix


@dataclass(frozen=True, kw_only=True)
class Fruit:
    """A fruit, the same for both skins."""

    x: float
    y: float
    r: float
    axis: Vector  # towards the stalk, unit length
    ripeness: float  # 0 to 1
    seed: int


@dataclass(frozen=True)
class Body:
    """The surface of a fruit (h, w): normals, angle from the stalk and longitude in radians, coverage."""

    normal: tuple[Floats, Floats, Floats]
    polar: Floats
    longitude: Floats
    coverage: Floats


def _body(view: Canvas, fruit: Fruit, taper: float, notch: float) -> Body:
    """A sphere, narrower away from the stalk by `taper` and with a dent of depth `notch` at the stalk."""
    ax, ay, az = fruit.axis
    u = (view.x - np.float32(fruit.x)) / np.float32(fruit.r)
    v = (np.float32(fruit.y) - view.y) / np.float32(fruit.r)
    lean = sqrt(ax * ax + ay * ay) + 1e-6
    px, py = ax / lean, ay / lean
    along = u * np.float32(px) + v * np.float32(py)
    across = u * np.float32(py) - v * np.float32(px)
    across = across / (1 + np.float32(taper * lean) * along)
    dent = np.float32(notch * max(0.0, lean - 0.35)) * np.exp(-((across / 0.32) ** 2)) * np.clip(along, 0, 1)
    along = along + dent

    radius = np.sqrt(along * along + across * across)
    inward = np.minimum(1, 0.999 / np.maximum(radius, 1e-6))  # moves points outside to the outline
    x = (along * np.float32(px) + across * np.float32(py)) * inward
    y = (along * np.float32(py) - across * np.float32(px)) * inward
    z = np.sqrt(np.maximum(1 - x * x - y * y, 0))
    cosine = np.clip(x * np.float32(ax) + y * np.float32(ay) + z * np.float32(az), -1, 1)
    longitude = np.arctan2(across * inward, (z - cosine * np.float32(az)) / np.float32(lean))
    return Body((x, y, z), np.arccos(cosine), longitude, view.coverage((radius - 1) * np.float32(fruit.r)))


def _tilt_normals(body: Body, axis: Vector, angle: Floats) -> tuple[Floats, Floats, Floats]:
    """Normals tilted towards the stalk by `angle` in radians: the slope of a dimple."""
    c, s = np.cos(angle), np.sin(angle)
    cosine, sine = np.cos(body.polar), np.maximum(np.sin(body.polar), 1e-3)
    x, y, z = (c * n + s * (np.float32(a) - cosine * n) / sine for n, a in zip(body.normal, axis, strict=True))
    return x, y, z


def _specular(normal: tuple[Floats, Floats, Floats], light: Light, power: float) -> Floats:
    """Blinn-Phong highlight of the key light, 0 to 1."""
    lx, ly, lz = light.direction
    length = sqrt(lx * lx + ly * ly + (lz + 1) ** 2)
    hx, hy, hz = lx / length, ly / length, (lz + 1) / length
    nx, ny, nz = normal
    half = nx * np.float32(hx) + ny * np.float32(hy) + nz * np.float32(hz)
    return np.asarray(np.maximum(half, 0) ** np.float32(power), np.float32)


def paint_apple(canvas: Canvas, fruit: Fruit, light: Light, bounce: Floats) -> None:
    """Paint a glossy apple, red over yellow-green, streaked along the meridians, with a dimple and a stalk."""
    view = canvas.around(fruit.x, fruit.y, 1.35 * fruit.r)
    body = _body(view, fruit, 0.10, 0.22)
    normal = _tilt_normals(body, fruit.axis, 1.5 * np.exp(-((body.polar / 0.42) ** 2)))
    streak = noise(fruit.seed, body.longitude * np.float32(32 / pi), body.polar * 2)
    patch = fractal_noise(fruit.seed + 7, body.longitude * np.float32(3 / pi) + 5, body.polar * 1.5, 2)
    red = 0.9 * fruit.ripeness + 0.8 * patch + 0.3 * streak - 0.42
    red = red - 0.9 * np.exp(-((body.polar / 0.45) ** 2))
    skin = mix(linear_rgb("b4b83a"), linear_rgb("b8301c"), smoothstep(0.0, 0.5, red))
    skin = mix(skin, linear_rgb("84091a"), smoothstep(0.35, 1.0, red))

    hollow = 1 - 0.75 * np.exp(-((body.polar / 0.2) ** 2))
    lit = skin * light.diffuse(normal, bounce) * hollow
    rim = (1 - body.normal[2]) ** 4
    lit = lit + light.colour * (0.75 * _specular(normal, light, 120) + 0.07 * _specular(normal, light, 10)) * hollow
    view.paint(lit + 0.16 * rim * light.sky, body.coverage)
    _paint_stalk(view, fruit, light)


def _paint_stalk(view: Canvas, fruit: Fruit, light: Light) -> None:
    """Paint the stalk of an apple if it is on the visible side."""
    ax, ay, az = fruit.axis
    if az < -0.35:
        return

    x, y, r = fruit.x + 0.9 * ax * fruit.r, fruit.y - 0.9 * ay * fruit.r, fruit.r
    bend = 0.12 * (1 if fruit.seed % 2 else -1)
    tip = (x + (0.34 * ax + bend) * r, y - (0.34 * ay + 0.12) * r)
    bark = linear_rgb("5a3d22") * light.ground_light
    view.paint(bark, view.coverage(capsule(view, (x, y), tip, 0.03 * r, 0.045 * r)))


def paint_orange(canvas: Canvas, fruit: Fruit, light: Light, bounce: Floats) -> None:
    """Paint a matt orange with pores, deeper in colour where the apple is redder, with a small green calyx."""
    view = canvas.around(fruit.x, fruit.y, 1.35 * fruit.r)
    body = _body(view, fruit, 0.0, 0.0)
    patch = fractal_noise(fruit.seed + 7, body.longitude * np.float32(3 / pi) + 5, body.polar * 1.5, 2)
    orange = smoothstep(0.0, 1.0, 0.9 * fruit.ripeness + 0.5 * patch - 0.15)
    skin = mix(linear_rgb("ffbc32"), linear_rgb("fb8212"), orange)

    normal = _tilt_normals(body, fruit.axis, 0.5 * np.exp(-((body.polar / 0.3) ** 2)))
    normal = _add_pores(normal, body, fruit, view)
    lit: Floats = skin * light.diffuse(normal, bounce)
    lit = lit + light.colour * (0.12 * _specular(normal, light, 24) + 0.05 * _specular(normal, light, 6))
    star = body.polar - (0.09 + 0.04 * np.cos(5 * body.longitude))
    calyx = view.coverage(star * np.float32(fruit.r))
    lit = mix(lit, linear_rgb("5d6b2c") * light.diffuse(normal, bounce), 0.9 * calyx)
    view.paint(lit, body.coverage)


def _add_pores(
    normal: tuple[Floats, Floats, Floats], body: Body, fruit: Fruit, view: Canvas
) -> tuple[Floats, Floats, Floats]:
    """Normals with the pores of the peel, fainter where a pore has few samples."""
    cells = 17.0
    strength = 0.22 * min(1.0, max(0.0, fruit.r / view.sample_size / cells - 0.7))
    if strength == 0:
        return normal

    x, y, z = body.normal
    swell = 1 + 0.55 * (1 - z)
    u, v = x * swell * np.float32(cells) + 31, y * swell * np.float32(cells) + 31
    height = noise(fruit.seed + 3, u, v)
    dx = height - noise(fruit.seed + 3, u + 0.35, v)
    dy = height - noise(fruit.seed + 3, u, v + 0.35)
    return normal[0] + strength * dx * 2, normal[1] + strength * dy * 2, normal[2]


def label_fruit(canvas: Canvas, fruit: Fruit, label: int) -> None:
    """Set the label of a fruit: a disc, the same for both skins."""
    view = canvas.around(fruit.x, fruit.y, 1.35 * fruit.r)
    distance = np.hypot(view.x - np.float32(fruit.x), view.y - np.float32(fruit.y))
    view.labels[distance < fruit.r] = label


def stalk_direction(yaw: float, nod: float) -> Vector:
    """Direction of a stalk: turned by `nod` from straight up towards the viewer and by `yaw` sideways, in radians."""
    return sin(yaw) * cos(nod), cos(yaw) * cos(nod), sin(nod)

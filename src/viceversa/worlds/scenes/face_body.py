"""The surroundings of a face: backdrop, neck, ears and clothes."""

from dataclasses import dataclass
from math import sin

import numpy as np

from .face_head import Head, head_coordinates, skin_light
from .lighting import Light
from .noise import Floats, SceneRng, fractal_noise, noise, smoothstep
from .painting import Canvas, ellipse, linear_rgb, mix, soft_mask


@dataclass(frozen=True, kw_only=True)
class Backdrop:
    """A wall, a garden or lamps, out of focus; two colours from the lit to the dark side."""

    near: str
    far: str
    kind: str  # wall, garden, lights
    seed: int


@dataclass(frozen=True, kw_only=True)
class Clothes:
    """The visible part of the clothes: shoulders and neckline."""

    colour: str
    trim: str
    neck: str  # round, v, collar, high
    stripes: bool
    broad: float  # added to the width of the shoulders, in head units
    seed: int


def paint_backdrop(canvas: Canvas, backdrop: Backdrop, light: Light) -> None:
    """Paint two soft colours, brighter on the side that the light falls on."""
    cloud = fractal_noise(backdrop.seed, canvas.x * 2.2, canvas.y * 2.2, 2)
    lx = np.float32(light.direction[0])
    fall = np.clip(0.5 - 0.5 * lx * (canvas.x - 0.5) * 2 + 0.25 * (0.5 - canvas.y), 0, 1)
    canvas.light[:] = mix(
        linear_rgb(backdrop.far), linear_rgb(backdrop.near), np.clip(0.65 * fall + 0.7 * cloud - 0.2, 0, 1)
    )
    if backdrop.kind == "wall":
        canvas.light *= 0.95 + 0.10 * noise(backdrop.seed + 1, canvas.x * 40, canvas.y * 40)
    else:
        _paint_spots(canvas, backdrop)
    squared = (canvas.x - 0.5) ** 2 + (canvas.y - 0.45) ** 2
    canvas.light *= light.ground_light * (0.85 - 0.6 * squared)


def _paint_spots(canvas: Canvas, backdrop: Backdrop) -> None:
    """Paint leaves or lamps as discs of light."""
    rng = SceneRng(backdrop.seed)
    tints = (
        ("5f8a3a", "86a850", "2f5a2a", "cfd890", "a8c8e0")
        if backdrop.kind == "garden"
        else ("ffd890", "f0a050", "ffe8c0", "90b8e8", "d87060")
    )
    for _ in range(26):
        x, y, r = rng.uniform(), rng.uniform(0, 1), rng.uniform(0.03, 0.11)
        part = canvas.around(x, y, 1.4 * r)
        disc = soft_mask(ellipse(part, x, y, r, r), 0.28 * r)
        part.paint(linear_rgb(rng.choice(tints)), disc * np.float32(rng.uniform(0.15, 0.6)))


def _torso(canvas: Canvas, head: Head) -> tuple[Canvas, Floats, Floats]:
    """The part of the canvas below the mouth, and upright coordinates around the head in head units."""
    view = canvas.window(0, head.y + 0.45 * head.size, 1, 1)
    u = (view.x - np.float32(head.x - head.size * sin(head.tilt))) / np.float32(head.size)
    v = (view.y - np.float32(head.y)) / np.float32(head.size)
    return view, u + 0 * v, v + 0 * u


def paint_neck(canvas: Canvas, head: Head, tone: str, light: Light, label: int) -> None:
    """Paint the neck in the shadow of the chin, and the collarbones."""
    view, u, v = _torso(canvas, head)
    half = np.float32(0.30 + 0.05 * (head.jaw - 1.9) + 0.10 * head.width) + 0.5 * smoothstep(1.12, 1.75, v)
    nx = np.clip(u / (half * 1.05), -1, 1)
    cords = 0.12 * np.exp(-(((np.abs(u) - 0.16 + 0.25 * (v - 1.1)) / 0.06) ** 2))
    normal = (nx + cords * np.sign(u), 0.12 + 0 * nx, np.sqrt(1.02 - nx * nx))
    lx = np.float32(light.direction[0])
    drop = (v - 1.02 + 0.35 * np.clip(u + 0.28 * lx, -1, 1) ** 2) / 0.30
    shade = 1 - 0.62 * smoothstep(1.0, 0.0, drop)
    lit = linear_rgb(tone) * skin_light(normal, light) * shade
    view.paint(lit, view.coverage((np.abs(u) - half) * np.float32(head.size)), label)


def paint_ears(canvas: Canvas, head: Head, tone: str, light: Light, label: int) -> None:
    """Paint two ears; the head hides the ear on the side to which it turns."""
    for side in (-1.0, 1.0):
        view = canvas.around(head.x + side * head.width * head.size, head.y + 0.1 * head.size, 0.5 * head.size)
        u, v = head_coordinates(view, head)
        out = head.width * 0.985 - 0.10 * side * sin(head.turn)
        a = (u * np.float32(side) - np.float32(out)) / np.float32(0.10 * (1 - side * sin(head.turn)))
        b = (v - np.float32(0.10 - 0.4 * head.nod)) / np.float32(0.20) + 0 * u
        radius = np.sqrt((a + 0.25 * b) ** 2 + b * b)
        fold = np.exp(-(((radius - 0.62) / 0.16) ** 2)) * (a > -0.3)
        normal = (np.float32(0.75 * side) + 0 * radius, -0.35 * b, 0.65 + 0 * radius)
        lit = linear_rgb(tone) * np.array([1.0, 0.86, 0.84], np.float32).reshape(3, 1, 1) * skin_light(normal, light)
        lit = lit * (1 - 0.35 * fold) * (0.72 + 0.28 * smoothstep(0.2, 0.9, radius))
        view.paint(lit, view.coverage((radius - 1) * np.float32(0.12 * head.size)), label)


def paint_clothes(canvas: Canvas, head: Head, clothes: Clothes, light: Light, label: int) -> None:
    """Paint the shoulders with folds, and the neckline with its border."""
    view, u, v = _torso(canvas, head)
    lateral = np.abs(u)
    slope = 1.12 + (0.30 - 0.6 * clothes.broad) * smoothstep(0.36, 1.0, lateral)
    slope = slope + 0.5 * smoothstep(0.95 + clothes.broad, 1.75 + clothes.broad, lateral)
    line, hem = _neckline(clothes.neck, lateral)
    top = np.maximum(slope, line)

    folds = fractal_noise(clothes.seed, u * 2.2 + v + 20, v * 2.6 - 0.8 * lateral + 20, 3)
    shifted = fractal_noise(clothes.seed, u * 2.2 + v + 20.12, v * 2.6 - 0.8 * lateral + 20.10, 3)
    nx = np.clip(u / np.float32(1.75), -1, 1) + 1.2 * (folds - shifted)
    normal = (nx, 0.35 - 0.25 * v + 0.6 * (folds - shifted), np.sqrt(np.clip(1 - nx * nx, 0.1, 1)))
    cloth = linear_rgb(clothes.colour)
    if clothes.stripes:
        cloth = mix(cloth, linear_rgb(clothes.trim), smoothstep(-0.1, 0.1, np.sin((v + 0.12 * lateral**2) * 40)))
    lit = cloth * light.diffuse(normal, linear_rgb("707070")) * (0.75 + 0.5 * folds)
    coverage = view.coverage((top - v) * np.float32(head.size) * 0.8)
    chin = 1 - 0.4 * smoothstep(1.5, 1.05, v) * smoothstep(0.7, 0.3, lateral)
    view.paint(lit * chin, coverage, label)

    border = linear_rgb(clothes.trim if clothes.neck in ("round", "v") else clothes.colour)
    band = view.coverage((np.abs(v - line - np.float32(0.5 * hem)) - np.float32(0.5 * hem)) * np.float32(head.size))
    edge = border * light.diffuse(normal, linear_rgb("707070")) * (0.85 + 0.25 * smoothstep(0.0, hem, v - line))
    view.paint(edge * chin, band * view.coverage((lateral - 0.52) * np.float32(head.size)) * coverage, label)
    if clothes.neck == "collar":
        _paint_collar(view, u, v, clothes, light, head.size, label)


def _neckline(neck: str, lateral: Floats) -> tuple[Floats, float]:
    """Height of the upper edge of the cloth at the distance `lateral` from the middle, and the width of its border."""
    if neck == "high":
        edge = 1.03 + 0.10 * np.sqrt(np.clip(1 - (lateral / 0.45) ** 2, 0, 1))
        return edge.astype(np.float64), 0.16  # float64: the pixels of a seed must not change
    if neck == "v":
        return 1.46 - 0.9 * np.clip(lateral, 0, 0.6), 0.05
    if neck == "collar":
        return 1.38 - 0.75 * np.clip(lateral, 0, 0.6), 0.03
    return 1.06 + 0.24 * np.sqrt(np.clip(1 - (lateral / 0.47) ** 2, 0, 1)), 0.055


def _paint_collar(view: Canvas, u: Floats, v: Floats, clothes: Clothes, light: Light, size: float, label: int) -> None:
    """Paint a shirt's collar, folded down on both sides."""
    lateral = np.abs(u)
    inner = (1.36 - 0.78 * lateral) - v
    outer = v - (1.50 - 0.52 * lateral) - 0.12 * (lateral - 0.3)
    shape = np.maximum(np.maximum(inner, outer), np.maximum(lateral - 0.50, 0.05 - lateral))
    view.dim(0.35 * smoothstep(0.06, -0.02, np.maximum(shape - 0.02, inner)))
    side = np.clip(0.5 + 0.5 * np.sign(u) * np.float32(light.direction[0]), 0, 1)
    lit = mix(linear_rgb(clothes.colour), linear_rgb("ffffff"), 0.12) * light.ground_light * (0.62 + 0.4 * side)
    view.paint(lit, view.coverage(shape * np.float32(size)), label)

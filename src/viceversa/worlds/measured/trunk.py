"""Axial slices of a trunk: chest, upper belly and pelvis."""

from collections.abc import Callable
from dataclasses import dataclass
from math import atan2, cos, pi, sin

import numpy as np

from ..scenes.noise import Floats, SceneRng, fractal_noise, noise, smoothstep
from ..scenes.painting import Canvas, capsule, ellipse
from . import tissue as t
from .shapes import Waves, outline, random_waves


@dataclass(frozen=True, kw_only=True)
class Trunk:
    """One slice at a level: chest, belly or pelvis."""

    level: str
    x: float
    y: float
    rx: float
    ry: float
    fat: float  # thickness under the skin
    waves: Waves
    hip_implant: bool
    seed: int


def describe(rng: SceneRng) -> Trunk:
    """Generate a slice."""
    return Trunk(
        level=rng.choice(("chest", "belly", "belly", "pelvis")),
        x=0.5 + rng.uniform(-0.015, 0.015),
        y=0.5 + rng.uniform(-0.02, 0.02),
        rx=rng.uniform(0.41, 0.47),
        ry=rng.uniform(0.29, 0.345),
        fat=rng.uniform(0.018, 0.05),
        waves=((0.0, 0.0), (0.0, 0.0), *random_waves(rng, 0.012, 0.015)),
        hip_implant=rng.chance(0.2),
        seed=rng.seed(),
    )


def paint(trunk: Trunk, canvas: Canvas) -> None:
    """Draw the slice from the skin inwards."""
    outer = outline(canvas, trunk.x, trunk.y, trunk.rx, trunk.ry, trunk.waves)
    flat = trunk.y + (0.9 * trunk.ry) - canvas.y  # the back lies on a table
    outer = np.maximum(outer, -flat)
    t.fill(canvas, t.skin, outer)
    t.fill(canvas, t.fat, outer + 0.007)

    wall = outer + (0.007 + trunk.fat)
    fibres = 0.004 * (noise(trunk.seed, canvas.x * 18, canvas.y * 18) - 0.5)
    t.fill(canvas, t.muscle, wall + fibres)
    LEVELS[trunk.level](trunk, canvas, wall)


def _paint_spine(trunk: Trunk, canvas: Canvas, y: float, size: float) -> None:
    """A vertebra with its canal and processes, and the muscles beside it."""
    x = trunk.x
    for sign in (-1, 1):
        t.oval(canvas, t.fat, x + sign * 0.075, y + 0.075, 0.062, 0.05, sign * 0.3)
        t.oval(canvas, t.muscle, x + sign * 0.075, y + 0.075, 0.058, 0.046, sign * 0.3)
        transverse = capsule(canvas, (x + sign * 0.03, y + 0.035), (x + sign * 0.095 * size, y + 0.05), 0.014, 0.009)
        t.fill(canvas, t.compact_bone.towards(t.spongy_bone, 0.35), transverse)
    spinous = capsule(canvas, (x, y + 0.06), (x, y + 0.125), 0.013, 0.008)
    t.fill(canvas, t.compact_bone.towards(t.spongy_bone, 0.35), spinous)
    t.oval(canvas, t.compact_bone, x, y + 0.042, 0.036, 0.03)
    t.oval(canvas, t.fat, x, y + 0.044, 0.026, 0.02)
    t.oval(canvas, t.cerebrospinal_fluid, x, y + 0.044, 0.021, 0.017)
    t.oval(canvas, t.white_matter, x, y + 0.044, 0.010, 0.008)
    body = ellipse(canvas, x, y, 0.058 * size, 0.043 * size)
    grain = noise(trunk.seed + 2, canvas.x * 55, canvas.y * 55)
    t.fill(canvas, t.compact_bone.towards(t.spongy_bone, 0.3), body)
    t.fill(canvas, t.spongy_bone, body + 0.007)
    t.fill(canvas, t.spongy_bone.towards(t.compact_bone, 0.15), body + 0.007, smoothstep(0.45, 0.8, grain))


def _paint_ribs(trunk: Trunk, canvas: Canvas, depth: float, count: int) -> None:
    """Ribs cut obliquely, in the wall."""
    rng = SceneRng(trunk.seed + 4)
    for sign in (-1, 1):
        for index in range(count):
            angle = -0.35 * pi + (0.85 * pi) * (index + rng.uniform(0.2, 0.8)) / count
            x = trunk.x + sign * (trunk.rx - depth) * cos(angle)
            y = trunk.y + (trunk.ry - depth) * sin(angle)
            tilt = atan2((trunk.rx - depth) * cos(angle) * sign, -(trunk.ry - depth) * sin(angle))
            _paint_rib(canvas, x, y, rng.uniform(0.022, 0.045), tilt)


def _paint_rib(canvas: Canvas, x: float, y: float, length: float, turn: float) -> None:
    t.oval(canvas, t.compact_bone, x, y, length, 0.0125, turn)
    t.oval(canvas, t.spongy_bone, x, y, length - 0.008, 0.006, turn)


def _paint_belly(trunk: Trunk, canvas: Canvas, wall: Floats) -> None:
    """Liver, stomach, spleen, kidneys, bowel, great vessels."""
    x, y, rng = trunk.x, trunk.y, SceneRng(trunk.seed + 1)
    inner = wall + 0.024
    inside = canvas.coverage(inner)
    t.fill(canvas, t.fat, inner)
    _paint_ribs(trunk, canvas, 0.02 + trunk.fat, rng.integer(3, 5))

    wobble = 0.03 * (fractal_noise(trunk.seed + 6, canvas.x * 6, canvas.y * 6) - 0.5)
    size = rng.uniform(0.85, 1.1)
    liver = np.minimum(
        ellipse(canvas, x - 0.22, y - 0.03, 0.19 * size, 0.2 * size, 0.15),
        ellipse(canvas, x - 0.07, y - 0.13, 0.2 * size, 0.08 * size, -0.1),
    )
    t.fill(canvas, t.liver, liver + wobble, inside * canvas.coverage(inner + 0.004))
    vessel = np.abs(fractal_noise(trunk.seed + 7, canvas.x * 11, canvas.y * 11, 2) - 0.5)
    t.fill(
        canvas,
        t.blood.towards(t.liver, 0.3),
        liver + wobble + 0.02,
        inside * smoothstep(0.016, 0.008, vessel),
    )
    t.fill(
        canvas,
        t.spleen,
        ellipse(canvas, x + 0.3, y + 0.06, 0.055, 0.12, -0.3) + wobble,
        canvas.coverage(inner + 0.004),
    )

    stomach = ellipse(canvas, x + 0.17, y - 0.13, 0.115, 0.075, 0.35) + wobble
    t.fill(canvas, t.bowel_wall, stomach, inside)
    t.fill(canvas, t.bowel_content, stomach + 0.012, inside)
    level = smoothstep(0.002, -0.002, canvas.y - (y - 0.13 - 0.02 * rng.uniform()))
    t.fill(canvas, t.air, stomach + 0.012, inside * level)
    _paint_bowel(
        trunk, canvas, rng, ((0.03, -0.04), (0.1, 0.0), (0.19, 0.0), (0.02, 0.03), (-0.06, 0.02), (0.12, 0.06))
    )

    spine = y + 0.13
    for sign in (-1, 1):
        _paint_kidney(canvas, x + sign * rng.uniform(0.15, 0.17), spine - 0.005, sign)
        t.oval(canvas, t.muscle, x + sign * 0.085, spine, 0.03, 0.038)
    _paint_spine(trunk, canvas, spine, 1.0)
    t.oval(canvas, t.muscle, x + 0.022, spine - 0.062, 0.023, 0.023)
    t.oval(canvas, t.blood, x + 0.022, spine - 0.062, 0.02, 0.02)
    t.oval(canvas, t.blood, x - 0.035, spine - 0.058, 0.025, 0.018)


def _paint_bowel(trunk: Trunk, canvas: Canvas, rng: SceneRng, places: tuple[tuple[float, float], ...]) -> None:
    """Loops of bowel, some with gas."""
    for dx, dy in places:
        cx, cy = trunk.x + dx + rng.uniform(-0.02, 0.02), trunk.y + dy + rng.uniform(-0.015, 0.015)
        rx, ry, turn = rng.uniform(0.028, 0.045), rng.uniform(0.022, 0.032), rng.uniform(-0.6, 0.6)
        t.oval(canvas, t.bowel_wall, cx, cy, rx, ry, turn)
        t.oval(canvas, t.bowel_content, cx, cy, rx, ry, turn, -0.008)
        if rng.chance(0.45):
            t.oval(canvas, t.air, cx, cy - 0.005, 0.7 * rx, 0.55 * ry, turn)


def _paint_kidney(canvas: Canvas, x: float, y: float, sign: int) -> None:
    t.oval(canvas, t.kidney_cortex, x, y, 0.05, 0.066, sign * 0.35)
    for angle in (-1.1, -0.4, 0.4, 1.1):
        t.oval(canvas, t.kidney_medulla, x + sign * 0.027 * cos(angle), y + 0.04 * sin(angle), 0.012, 0.012)
    t.oval(canvas, t.fat, x - sign * 0.03, y, 0.024, 0.026)
    t.oval(canvas, t.urine, x - sign * 0.022, y, 0.009, 0.013)


def _paint_chest(trunk: Trunk, canvas: Canvas, wall: Floats) -> None:
    """Two lungs with vessels, the heart, the aorta, the breastbone."""
    x, y, rng = trunk.x, trunk.y, SceneRng(trunk.seed + 1)
    inner = wall + 0.03
    t.fill(canvas, t.fat, inner)
    _paint_ribs(trunk, canvas, 0.024 + trunk.fat, 5)
    shift = rng.uniform(-0.02, 0.02)
    branches = np.abs(fractal_noise(trunk.seed + 7, canvas.x * 17, canvas.y * 17, 2) - 0.5)
    spots = noise(trunk.seed + 8, canvas.x * 34, canvas.y * 34)
    for sign in (-1, 1):
        lobe = np.maximum(inner + 0.006, ellipse(canvas, x + sign * 0.235, y + 0.01, 0.165, 0.25, sign * 0.08))
        t.fill(canvas, t.lung, lobe)
        hilum = np.hypot(canvas.x - (x + sign * 0.1), canvas.y - y)
        width = 0.004 + 0.02 * smoothstep(0.24, 0.04, hilum)  # of the vessels, wider where they enter
        share = np.maximum(smoothstep(1.0, 0.4, branches / width), smoothstep(0.82, 0.9, spots))
        t.fill(canvas, t.blood, lobe + 0.012, share)
    middle = ellipse(canvas, x + shift, y - 0.01, 0.09, 0.2)
    t.fill(canvas, t.fat, middle, canvas.coverage(inner))
    t.oval(canvas, t.muscle, x + 0.055 + shift, y - 0.055, 0.125, 0.098, 0.45)
    t.oval(canvas, t.heart, x + 0.055 + shift, y - 0.055, 0.122, 0.095, 0.45)
    t.oval(canvas, t.blood, x + 0.085 + shift, y - 0.04, 0.05, 0.033, 0.5)
    t.oval(canvas, t.blood, x - 0.005 + shift, y - 0.085, 0.042, 0.034, 0.3)
    t.oval(canvas, t.blood, x + shift, y - 0.005, 0.045, 0.03)
    spine = y + 0.135
    _paint_spine(trunk, canvas, spine, 0.85)
    t.oval(canvas, t.blood, x + 0.062, spine - 0.045, 0.024, 0.024)
    t.oval(canvas, t.bowel_wall, x + 0.012, spine - 0.062, 0.014, 0.011)
    t.oval(canvas, t.compact_bone, x, y - trunk.ry + 0.03 + trunk.fat, 0.055, 0.0145)
    t.oval(canvas, t.spongy_bone, x, y - trunk.ry + 0.03 + trunk.fat, 0.048, 0.008)


def _paint_pelvis(trunk: Trunk, canvas: Canvas, wall: Floats) -> None:
    """Hip joints, bladder, rectum, sacrum and the muscles around them; sometimes an implanted hip."""
    x, y, rng = trunk.x, trunk.y, SceneRng(trunk.seed + 1)
    inner = ellipse(canvas, x, y - 0.03, 0.2, 0.19)
    t.fill(canvas, t.fat, inner, canvas.coverage(wall + 0.02))
    for sign in (-1, 1):
        t.oval(canvas, t.fat, x + sign * 0.25, y + 0.12, 0.13, 0.008, sign * 0.5)  # between the muscles
        t.oval(canvas, t.fat, x + sign * 0.24, y - 0.17, 0.05, 0.008, -sign * 0.3)
        t.oval(canvas, t.blood, x + sign * 0.175, y - 0.185, 0.014, 0.014)
        t.oval(canvas, t.blood, x + sign * 0.205, y - 0.18, 0.013, 0.013)
        hx, hy = x + sign * 0.255, y - 0.01
        socket = ellipse(canvas, hx, hy, 0.074, 0.074)
        t.fill(
            canvas,
            t.compact_bone.towards(t.spongy_bone, 0.2),
            np.abs(socket - 0.009) - 0.008,
            smoothstep(0.03, -0.01, sign * (canvas.x - hx)),
        )
        t.oval(canvas, t.compact_bone, x + sign * 0.165, hy - 0.07, 0.045, 0.013, sign * 0.5)
        t.oval(canvas, t.compact_bone, x + sign * 0.185, hy + 0.085, 0.042, 0.014, -sign * 0.9)
        if trunk.hip_implant and sign > 0:
            t.oval(canvas, t.metal, hx, hy, 0.06, 0.06)
        else:
            t.oval(canvas, t.compact_bone, hx, hy, 0.066, 0.066)
            t.oval(canvas, t.spongy_bone, hx, hy, 0.059, 0.059)
        neck = capsule(canvas, (hx + sign * 0.04, hy + 0.02), (hx + sign * 0.105, hy + 0.055), 0.034, 0.04)
        t.fill(canvas, t.compact_bone, neck)
        t.fill(canvas, t.spongy_bone, neck + 0.008)
    t.oval(canvas, t.muscle, x, y - 0.06, 0.115, 0.085)
    t.oval(canvas, t.urine, x, y - 0.06, 0.108, 0.078)
    t.oval(canvas, t.muscle, x, y + 0.055, 0.06, 0.032)
    t.oval(canvas, t.bowel_wall, x, y + 0.13, 0.042, 0.036)
    t.oval(canvas, t.bowel_content, x, y + 0.13, 0.033, 0.027)
    if rng.chance(0.6):
        t.oval(canvas, t.air, x + 0.004, y + 0.122, 0.024, 0.015)
    t.oval(canvas, t.compact_bone, x, y + 0.205, 0.05, 0.016)
    t.oval(canvas, t.spongy_bone, x, y + 0.205, 0.042, 0.009)


LEVELS: dict[str, Callable[[Trunk, Canvas, Floats], None]] = {
    "chest": _paint_chest,
    "belly": _paint_belly,
    "pelvis": _paint_pelvis,
}

"""Axial slices of a head, from the teeth to the crown."""

from dataclasses import dataclass

import numpy as np

from ..scenes.noise import Floats, SceneRng, fractal_noise, noise, smoothstep
from ..scenes.painting import Canvas, capsule, ellipse
from . import tissue as t
from .shapes import Waves, outline, random_waves


@dataclass(frozen=True, kw_only=True)
class Head:
    """One slice: `level` is 0 at the upper teeth, 0.35 at the eyes and 1 below the crown."""

    x: float
    y: float
    rx: float
    ry: float
    level: float
    fat: float  # thickness under the skin
    skull: float  # thickness
    ventricles: float  # size
    sulci: float  # width
    metal: tuple[float, float, float] | None  # x, y, radius
    waves: Waves
    seed: int


def describe(rng: SceneRng) -> Head:
    """Generate a slice."""
    level = rng.choice(
        (rng.uniform(0.3, 0.42), rng.uniform(0.42, 0.58), rng.uniform(0.58, 0.8), rng.uniform(0.8, 0.95))
    )
    shrink = 1 - 0.9 * max(0.0, level - 0.72)
    rx, ry = rng.uniform(0.33, 0.37) * shrink, rng.uniform(0.415, 0.455) * shrink
    x, y = 0.5 + rng.uniform(-0.015, 0.015), 0.5 + rng.uniform(-0.015, 0.015)
    place = x + rng.uniform(-0.6, 0.6) * rx, y + rng.uniform(-0.5, 0.5) * ry, rng.uniform(0.010, 0.016)
    return Head(
        x=x,
        y=y,
        rx=rx,
        ry=ry,
        level=level,
        fat=rng.uniform(0.010, 0.024),
        skull=rng.uniform(0.022, 0.032),
        ventricles=rng.uniform(0.75, 1.3),
        sulci=rng.uniform(0.035, 0.07),
        metal=place if rng.chance(0.08) else None,
        waves=((rng.uniform(-0.01, 0.01), 0.0), (0.01, 0.0), *random_waves(rng, 0.008, 0.006)),
        seed=rng.seed(),
    )


def paint(head: Head, canvas: Canvas) -> None:
    """Draw the slice from the skin inwards."""
    outer = outline(canvas, head.x, head.y, head.rx, head.ry, head.waves)
    if head.level < 0.45:
        outer = _with_nose_and_ears(head, canvas, outer)
    t.fill(canvas, t.skin, outer)
    t.fill(canvas, t.fat, outer + 0.009)

    bone = outer + (0.009 + head.fat)  # signed distance to the outer surface of the skull
    if head.level < 0.6:
        _paint_temporal_muscles(head, canvas, bone)
    _paint_skull(head, canvas, bone)
    brain = bone + (head.skull + 0.004)
    _paint_brain(head, canvas, brain)
    if head.level < 0.45:
        _paint_base(head, canvas)
    if head.metal is not None:
        x, y, radius = head.metal
        t.oval(canvas, t.metal, x, y, radius, radius)


def _with_nose_and_ears(head: Head, canvas: Canvas, outer: Floats) -> Floats:
    """The outline of the head with the lids, the nose and both ears."""
    front = head.y - head.ry
    shapes = [capsule(canvas, (head.x, front - 0.012), (head.x, front + 0.06), 0.022, 0.06)]
    for sign in (-1, 1):
        shapes.append(ellipse(canvas, head.x + sign * 0.13, front + 0.1, 0.115, 0.085))
        shapes.append(ellipse(canvas, head.x + sign * 0.2, front + 0.2, 0.085, 0.16, -sign * 0.25))  # temples
        shapes.append(ellipse(canvas, head.x + sign * (head.rx + 0.012), head.y + 0.05, 0.013, 0.055, sign * 0.25))
    for shape in shapes:
        outer = np.minimum(outer, shape)
    return outer


def _paint_temporal_muscles(head: Head, canvas: Canvas, bone: Floats) -> None:
    """Muscle on both sides, between fat and skull."""
    thick = 0.035 * smoothstep(0.62, 0.35, np.asarray([head.level], np.float32))[0]
    for sign in (-1, 1):
        x, y = head.x + sign * (head.rx - 0.005), head.y - 0.12
        t.fill(
            canvas,
            t.muscle,
            ellipse(canvas, x, y, float(thick) + 0.015, 0.15),
            canvas.coverage(bone - 0.004),
        )
        t.fill(canvas, t.muscle, bone - 0.004, smoothstep(0.55, 0.8, canvas.y) * (head.level < 0.5))


def _paint_skull(head: Head, canvas: Canvas, bone: Floats) -> None:
    """Outer table, diploe and inner table; thicker at the back and front."""
    thick = head.skull * (0.8 + 0.5 * np.abs(canvas.y - head.y) / head.ry)
    spots = noise(head.seed + 3, canvas.x * 40, canvas.y * 40)
    t.fill(canvas, t.compact_bone, bone)
    inner = np.abs(bone + thick / 2) - (thick / 2 - 0.0075)
    t.fill(canvas, t.diploe, inner, smoothstep(0.15, 0.6, spots))
    t.fill(canvas, t.cerebrospinal_fluid, bone + thick)


def _paint_brain(head: Head, canvas: Canvas, brain: Floats) -> None:
    """Cortex folded along sulci, white matter, the midline, ventricles and nuclei."""
    fold = np.abs(fractal_noise(head.seed, canvas.x * 19 + 5, canvas.y * 19 + 5, 2) - 0.5) * 2
    depth = -brain
    shallow = smoothstep(0.085, 0.05, depth)  # folds reach so deep
    sulcus = smoothstep(head.sulci * 1.6, head.sulci * 0.6, fold) * shallow
    ribbon = np.maximum(smoothstep(0.3, 0.2, fold) * smoothstep(0.1, 0.06, depth), smoothstep(0.02, 0.012, depth))

    t.fill(canvas, t.white_matter, brain)
    canvas.paint(t.grey_matter.values, canvas.coverage(brain) * ribbon, t.BRAIN)
    canvas.paint(t.cerebrospinal_fluid.values, canvas.coverage(brain) * sulcus, t.FLUID)
    if head.level < 0.45:
        return

    bend = 0.004 * np.sin(canvas.y * 25 + head.seed % 7)
    middle = np.abs(canvas.x - head.x - bend.astype(np.float32))
    gap = canvas.coverage(middle - 0.005) * canvas.coverage(brain)
    if head.level < 0.78:
        gap = gap * (1 - smoothstep(0.24, 0.20, np.abs(canvas.y - head.y)))
    canvas.paint(
        t.grey_matter.values,
        smoothstep(0.022, 0.014, middle) * (gap.max(axis=1, keepdims=True) > 0) * canvas.coverage(brain),
        t.BRAIN,
    )
    canvas.paint(t.cerebrospinal_fluid.values, gap, t.FLUID)
    if head.level < 0.78:
        _paint_ventricles(head, canvas)


def _paint_ventricles(head: Head, canvas: Canvas) -> None:
    """Basal ganglia at the lower levels, and the two lateral ventricles: front horn, body, back horn."""
    size, x, y = head.ventricles * (1.1 - 0.6 * abs(head.level - 0.6)), head.x, head.y
    for sign in (-1, 1):
        if head.level < 0.62:
            t.oval(canvas, t.grey_matter, x + sign * 0.036, y + 0.045, 0.03, 0.05, -sign * 0.3)  # thalamus
            t.oval(canvas, t.grey_matter, x + sign * 0.09, y - 0.02, 0.024, 0.07, -sign * 0.25)  # putamen
            t.oval(canvas, t.grey_matter, x + sign * 0.042, y - 0.085, 0.02, 0.035, -sign * 0.3)  # caudate
        front = capsule(canvas, (x + sign * 0.016, y - 0.05), (x + sign * 0.045, y - 0.125), 0.011 * size, 0.014 * size)
        body = capsule(canvas, (x + sign * 0.014, y - 0.06), (x + sign * 0.02, y + 0.02), 0.011 * size, 0.008 * size)
        back = capsule(canvas, (x + sign * 0.03, y + 0.06), (x + sign * 0.075, y + 0.16), 0.009 * size, 0.015 * size)
        shape = np.minimum(front, back) if head.level < 0.62 else np.minimum(np.minimum(front, body), back)
        t.fill(canvas, t.cerebrospinal_fluid, shape)
    if head.level < 0.62:
        t.fill(canvas, t.cerebrospinal_fluid, capsule(canvas, (x, y - 0.02), (x, y + 0.08), 0.005 * size, 0.006 * size))


def _paint_base(head: Head, canvas: Canvas) -> None:
    """The front with eyes and air-filled sinuses, the petrous bones, the cerebellum and the brain stem."""
    x, y, front = head.x, head.y, head.y - head.ry
    face = ellipse(canvas, x, front + 0.05, 0.27, 0.19)
    inside = canvas.coverage(outline(canvas, x, y, head.rx, head.ry, head.waves) + (0.012 + head.fat))
    t.fill(canvas, t.compact_bone, face, inside)
    t.fill(canvas, t.fat, face + 0.012, inside)
    _paint_eyes(canvas, x, front)
    _paint_sinuses(head, canvas, front)

    for sign in (-1, 1):
        a, b = (x + sign * 0.07, y + 0.02), (x + sign * 0.27, y + 0.11)
        petrous = capsule(canvas, a, b, 0.022, 0.05) + 0.015 * noise(head.seed + 7, canvas.x * 25, canvas.y * 25)
        t.fill(canvas, t.dense_bone, petrous)
        cells = smoothstep(0.5, 0.6, noise(head.seed + 8, canvas.x * 38, canvas.y * 38))
        mastoid = ellipse(canvas, x + sign * 0.255, y + 0.115, 0.045, 0.05)
        t.fill(canvas, t.air, mastoid, cells)
        canal = capsule(canvas, (x + sign * 0.2, y + 0.07), (x + sign * 0.36, y + 0.055), 0.009, 0.011)
        t.fill(canvas, t.air, canal)
    _paint_cerebellum(head, canvas)


def _paint_eyes(canvas: Canvas, x: float, front: float) -> None:
    """Two globes with lens and nerve in the fat of the orbits, which are cones between thin walls."""
    for sign in (-1, 1):
        ex, ey = x + sign * 0.128, front + 0.082
        apex = x + sign * 0.062, ey + 0.165
        orbit = np.minimum(
            ellipse(canvas, ex, ey + 0.01, 0.078, 0.07), capsule(canvas, (ex, ey + 0.02), apex, 0.074, 0.018)
        )
        behind = smoothstep(-0.03, 0.01, canvas.y - ey)  # open to the front
        t.fill(canvas, t.thin_bone, orbit - 0.008, behind)
        t.fill(canvas, t.fat, orbit)
        for shift in (-0.052, 0.052):  # the muscles of the eye
            t.fill(canvas, t.muscle, capsule(canvas, (ex + shift, ey + 0.02), apex, 0.008, 0.006))
        t.fill(canvas, t.optic_nerve, capsule(canvas, (ex, ey + 0.05), apex, 0.008, 0.007))
        t.oval(canvas, t.skin, ex, ey, 0.058, 0.058)
        t.oval(canvas, t.vitreous, ex, ey, 0.051, 0.051)
        t.oval(canvas, t.lens, ex, ey - 0.034, 0.025, 0.011)


def _paint_sinuses(head: Head, canvas: Canvas, front: float) -> None:
    """Ethmoid cells between the eyes, the sphenoid sinus behind them, thin walls and some mucosa."""
    x = head.x
    block = np.maximum(
        np.abs(canvas.x - x) - 0.042,
        np.abs(canvas.y - (front + 0.115)) - 0.095,
    )
    t.fill(canvas, t.mucosa, block)
    columns, rows = (canvas.x - x) / 0.021, (canvas.y - front) / 0.03
    cell = np.hypot(columns - np.round(columns), rows - np.round(rows)) * 0.024
    t.fill(canvas, t.thin_bone, block + 0.005, smoothstep(0.008, 0.0105, cell))
    t.fill(canvas, t.air, cell - 0.0095, canvas.coverage(block + 0.004))
    t.fill(canvas, t.thin_bone, np.abs(canvas.x - x) - 0.003, canvas.coverage(block))

    sphenoid = ellipse(canvas, x + 0.006, front + 0.245, 0.055, 0.04)
    t.fill(canvas, t.compact_bone, sphenoid - 0.014)
    t.fill(canvas, t.mucosa, sphenoid - 0.002)
    t.fill(canvas, t.air, sphenoid + 0.003)


def _paint_cerebellum(head: Head, canvas: Canvas) -> None:
    x, y = head.x, head.y
    behind = ellipse(canvas, x, y + 0.21, 0.2, 0.15)
    t.fill(
        canvas,
        t.dense_bone.towards(t.diploe, 0.4),
        np.abs(behind - 0.016) - 0.006,
        smoothstep(0.62, 0.56, canvas.y),
    )
    t.fill(canvas, t.cerebrospinal_fluid, behind - 0.012)
    folia = np.sin(np.hypot(canvas.x - x, (canvas.y - (y + 0.1)) * 1.1) * 190)
    for sign in (-1, 1):
        half = ellipse(canvas, x + sign * 0.09, y + 0.215, 0.098, 0.115, sign * 0.3)
        t.fill(canvas, t.grey_matter, half)
        t.fill(
            canvas,
            t.cerebrospinal_fluid.towards(t.grey_matter, 0.4),
            half,
            smoothstep(0.75, 0.95, folia) * smoothstep(-0.09, -0.02, half),
        )
        t.fill(canvas, t.white_matter, half + 0.05)
    t.fill(canvas, t.grey_matter, ellipse(canvas, x, y + 0.22, 0.026, 0.1))
    t.oval(canvas, t.cerebrospinal_fluid, x, y + 0.125, 0.022, 0.016)
    t.oval(canvas, t.white_matter, x, y + 0.07, 0.05, 0.048)
    t.oval(canvas, t.blood, x, y + 0.012, 0.009, 0.009)

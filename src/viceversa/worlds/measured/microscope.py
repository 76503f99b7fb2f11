"""Cells under a fluorescence microscope: nuclei and membranes stained (A), and an antibody that some cells bind (B).

The antibody lies in a ring around the nucleus of one of two cell types: small nuclei with bright clumps. Every pixel
of B follows from A around it, and no linear map of the two channels gives it.
"""

from dataclasses import dataclass
from math import cos, hypot, pi, sin
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..scenes.noise import Floats, SceneRng, fractal_noise, noise, smoothstep
from ..scenes.painting import Canvas, capsule, ellipse
from . import sensor

LABELS = ("background", "cell", "nucleus", "binding cell", "binding nucleus", "dividing nucleus")
PALETTE = ("000000", "0040c0", "80c0ff", "c00000", "ffc040", "ffffff")
BACKGROUND, CELL, NUCLEUS, BINDING_CELL, BINDING_NUCLEUS, DIVIDING = range(6)
DNA, MEMBRANE, ANTIBODY = range(3)  # the planes
PLANES = 3

HIGHEST = 4095  # 12 bits
OFFSET = 100  # counts of a dark pixel
FULL = (2600, 2300, 3000)  # counts above the offset for a plane of 1
GAIN = 1.5  # counts per electron
READ_NOISE = 4.0  # counts
HOT_SHARE = 4e-4  # of all pixels
FIELD_UM = 160.0  # side of the image in micrometres


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell: its outline, nucleus and stains."""

    x: float
    y: float
    r: float
    stretch: float  # the longer half axis over r
    turn: float
    binds: bool  # the antibody
    dividing: bool
    nucleus: tuple[float, float, float, float, float]  # x, y, half axes, turn
    dna: float
    membrane: float
    antibody: float
    seed: int


@dataclass(frozen=True, kw_only=True)
class Field:
    """The scene: the cells in the field of view, and how it is lit."""

    cells: tuple[Cell, ...]
    seed: int
    exposure: float


def describe(seed: int) -> Field:
    """Generate the scene of a seed."""
    rng = SceneRng(seed)
    places = _places(rng)
    centre, share = (rng.uniform(), rng.uniform()), rng.uniform(0.25, 0.55)
    farthest = sorted(hypot(x - centre[0], y - centre[1]) for x, y, _ in places)[int(share * (len(places) - 1))]
    cells = []
    for x, y, r in places:
        binds = (hypot(x - centre[0], y - centre[1]) <= farthest) != rng.chance(0.15)  # in groups, with exceptions
        cells.append(_cell(rng, x, y, r, binds))
    return Field(cells=tuple(cells), seed=rng.seed(), exposure=rng.uniform(0.85, 1.1))


def _places(rng: SceneRng) -> list[tuple[float, float, float]]:
    """Centres and radii that touch but hardly overlap, with a gap where nothing grows."""
    gap = rng.uniform(-0.2, 1.2), rng.uniform(-0.2, 1.2), rng.uniform(0.1, 0.4)
    places: list[tuple[float, float, float]] = []
    for _ in range(240):
        x, y, r = rng.uniform(-0.08, 1.08), rng.uniform(-0.08, 1.08), rng.uniform(0.085, 0.14)
        if hypot(x - gap[0], y - gap[1]) < gap[2] + 0.5 * r:
            continue
        if all(hypot(x - a, y - b) > 0.78 * (r + other) for a, b, other in places):
            places.append((x, y, r))
    return places


def _cell(rng: SceneRng, x: float, y: float, r: float, binds: bool) -> Cell:
    dividing = rng.chance(0.05)
    stretch = 1.0 if dividing else rng.uniform(1.0, 1.5)
    turn, away, towards = rng.uniform(0, pi), rng.uniform(0, 0.2 * r), rng.uniform(0, 2 * pi)
    longer = rng.uniform(0.044, 0.05) if binds else rng.uniform(0.056, 0.068)
    shorter = longer * (rng.uniform(0.85, 1.0) if binds else rng.uniform(0.62, 0.85))
    return Cell(
        x=x,
        y=y,
        r=0.75 * r if dividing else r,
        stretch=stretch,
        turn=turn,
        binds=binds,
        dividing=dividing,
        nucleus=(x + away * cos(towards), y + away * sin(towards), longer, shorter, turn + rng.uniform(-0.4, 0.4)),
        dna=rng.uniform(0.62, 0.8) if binds else rng.uniform(0.34, 0.5),
        membrane=rng.uniform(0.7, 1.1) * (1.15 if binds else 0.85),
        antibody=rng.uniform(0.75, 1.0) if binds else 0.0,
        seed=rng.seed(),
    )


def paint(scene: Field, canvas: Canvas) -> None:
    """Draw the three stains, each about 0 to 1, and blur them as the optics do."""
    near, border = _territories(scene, canvas)
    grain = fractal_noise(scene.seed, canvas.x * 30, canvas.y * 30)
    granules = smoothstep(0.62, 0.85, noise(scene.seed + 9, canvas.x * 44, canvas.y * 44))
    canvas.light[:] = np.array([0.004, 0.01, 0.012], np.float32)[:, None, None]  # light from out of focus

    for index, cell in enumerate(scene.cells):
        reach = 1.6 * cell.r * cell.stretch
        part = canvas.around(cell.x, cell.y, reach)
        if not part.labels.size:
            continue
        rows, columns = _slices(canvas, cell.x, cell.y, reach)
        own = (near[rows, columns] == index) & (border[rows, columns] > 0)
        patch = _Patch(part, own, border[rows, columns], grain[rows, columns], granules[rows, columns])
        _paint_body(cell, patch)
        if cell.dividing:
            _paint_chromosomes(cell, patch)
        else:
            _paint_nucleus(cell, patch)

    canvas.light[:] = sensor.blur(canvas.light, 0.0035 / canvas.sample_size)


@dataclass(frozen=True)
class _Patch:
    """The part of the canvas around one cell; arrays (H, W)."""

    canvas: Canvas
    own: NDArray[np.bool_]  # samples of this cell
    border: Floats  # distance to the border, inside
    grain: Floats
    granules: Floats


def _slices(canvas: Canvas, x: float, y: float, reach: float) -> tuple[slice, slice]:
    """Rows and columns of `canvas.around`."""
    return (
        slice(*np.searchsorted(canvas.y[:, 0], (y - reach, y + reach))),
        slice(*np.searchsorted(canvas.x[0], (x - reach, x + reach))),
    )


def _territories(scene: Field, canvas: Canvas) -> tuple[NDArray[np.int16], Floats]:
    """The cell of every sample, and its distance to the border of that cell: negative outside of all cells."""
    shape = canvas.labels.shape
    first, second = np.full(shape, 9, np.float32), np.full(shape, 9, np.float32)
    near = np.zeros(shape, np.int16)
    wobble = 0.05 * (fractal_noise(scene.seed + 5, canvas.x * 9, canvas.y * 9) - 0.5)

    for index, cell in enumerate(scene.cells):
        reach = 1.6 * cell.r * cell.stretch
        part = canvas.around(cell.x, cell.y, reach)
        window = _slices(canvas, cell.x, cell.y, reach)
        distance = ellipse(part, cell.x, cell.y, cell.r * cell.stretch, cell.r, cell.turn)
        if not cell.dividing:
            distance = distance + wobble[window]
        closer = distance < first[window]
        second[window] = np.where(closer, first[window], np.minimum(second[window], distance))
        first[window] = np.where(closer, distance, first[window])
        near[window] = np.where(closer, np.int16(index), near[window])
    return near, np.minimum(-first, (second - first) / 2)


def _paint_body(cell: Cell, patch: _Patch) -> None:
    """Cytoplasm, thicker in the middle, and the membrane: bright along the border."""
    light, own = patch.canvas.light, patch.own
    depth = np.maximum(patch.border, 0)
    rim = np.exp(-((depth / 0.007) ** 2)) * (0.55 + 0.75 * patch.grain)
    inside = (1 - np.exp(-depth / 0.03)) * (0.35 + 0.65 * patch.grain)
    rounded = 1.5 if cell.dividing else 1.0  # a dividing cell is a ball: more light per area
    light[MEMBRANE] += own * (cell.membrane * rounded) * (0.62 * rim + 0.3 * inside)
    light[ANTIBODY] += own * (0.025 + (0.16 * cell.antibody * rounded) * inside)
    patch.canvas.labels[own] = BINDING_CELL if cell.binds else CELL


def _paint_nucleus(cell: Cell, patch: _Patch) -> None:
    """The nucleus with clumps or nucleoli; around it granules, and the ring of the antibody."""
    canvas, own = patch.canvas, patch.own
    x, y, longer, shorter, turn = cell.nucleus
    distance = ellipse(canvas, x, y, longer, shorter, turn)
    inside = canvas.coverage(distance) * own
    dome = 0.72 + 0.28 * np.sqrt(np.clip(-distance / shorter, 0, 1))

    rng, frequency = SceneRng(cell.seed), 46 if cell.binds else 26
    texture = noise(cell.seed, canvas.x * frequency, canvas.y * frequency)
    if cell.binds:
        chromatin = 0.7 + 0.75 * smoothstep(0.5, 0.8, texture)
    else:
        chromatin = 0.88 + 0.24 * texture
        for _ in range(rng.integer(1, 3)):
            spot, towards = rng.uniform(0, 0.55), rng.uniform(0, 2 * pi)
            at = x + spot * shorter * cos(towards), y + spot * shorter * sin(towards)
            nucleolus = ellipse(canvas, *at, 0.013, 0.010, towards)
            chromatin = chromatin * (1 - 0.5 * smoothstep(0.004, -0.004, nucleolus))
    canvas.light[DNA] += cell.dna * inside * dome * chromatin
    canvas.light[MEMBRANE] *= 1 - 0.6 * inside  # the nucleus displaces cytoplasm
    canvas.light[ANTIBODY] *= 1 - 0.6 * inside

    outside = own * (1 - inside)
    around = outside * np.exp(-np.maximum(distance, 0) / 0.03)
    canvas.light[MEMBRANE] += (0.3 * cell.membrane) * around * patch.granules
    if cell.binds:
        ring = outside * np.exp(-(((distance - 0.012) / (0.005 + 0.011 * patch.grain)) ** 2))
        uneven = 0.9 * smoothstep(0.25, 0.75, patch.grain) + 0.35 * patch.granules + 0.12
        canvas.light[ANTIBODY] += cell.antibody * (ring * uneven + 0.3 * around * patch.granules)
    canvas.labels[inside > 0.5] = BINDING_NUCLEUS if cell.binds else NUCLEUS


def _paint_chromosomes(cell: Cell, patch: _Patch) -> None:
    """A dividing nucleus: one plate of chromosomes, or two that move apart."""
    canvas, own = patch.canvas, patch.own
    x, y, turn = cell.nucleus[0], cell.nucleus[1], cell.nucleus[4]
    apart = SceneRng(cell.seed).choice((0.0, 0.0, 0.02, 0.03))
    across = -sin(turn), cos(turn)
    along = 0.036 * cos(turn), 0.036 * sin(turn)
    for sign in (-1, 1) if apart else (0,):
        cx, cy = x + sign * apart * across[0], y + sign * apart * across[1]
        plate = capsule(canvas, (cx - along[0], cy - along[1]), (cx + along[0], cy + along[1]), 0.011, 0.011)
        mask = canvas.coverage(plate) * own
        canvas.light[DNA] += mask * (0.9 - canvas.light[DNA])
        canvas.labels[mask > 0.5] = DIVIDING


def record(scene: Field, planes: Floats, side: str, exact: bool) -> NDArray[np.uint16]:
    """Counts (H, W, 2) of side A or (H, W) of side B: uneven light, shot noise, read noise and a few hot pixels."""
    chosen = [DNA, MEMBRANE] if side == "A" else [ANTIBODY]
    lit = scene.exposure * sensor.smooth_field(scene.seed, (planes.shape[1], planes.shape[2]), 0.12)
    full = np.array(FULL, np.float32)[chosen]
    signal: Floats = (planes[chosen] * lit).transpose(1, 2, 0) * full
    counts = OFFSET + signal

    rng = SceneRng(scene.seed + "AB".index(side))
    if not exact:
        counts = counts + np.sqrt(GAIN * signal + READ_NOISE**2) * sensor.normal(rng, signal.shape)
    image = np.clip(np.round(counts), 0, HIGHEST).astype(np.uint16)
    if not exact:
        sensor.hot_pixels(rng, image, HOT_SHARE, HIGHEST)
    return image if side == "A" else np.ascontiguousarray(image[..., 0])


def tags(size: int) -> dict[str, Any]:
    """The size of a pixel, as pixels per centimetre."""
    per_cm = size * 1e4 / FIELD_UM
    return {"resolution": (per_cm, per_cm), "resolutionunit": "CENTIMETER"}

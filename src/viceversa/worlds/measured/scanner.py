"""Slices of heads and bodies by magnetic resonance (A, arbitrary units) and by CT (B, Hounsfield units).

Air and bone are both dark in A and far apart in B: only their place tells them apart. The scale of A differs from
image to image.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..scenes.noise import Floats, SceneRng
from ..scenes.painting import Canvas
from . import head, sensor, trunk
from .tissue import CT, LABELS, MR, PALETTE, air

__all__ = ["LABELS", "PALETTE", "PLANES", "Slice", "describe", "paint", "record"]
PLANES = 2
MR_NOISE = 0.014  # of the signal of fat, in each of two components
CT_NOISE = 12.0  # Hounsfield units
CT_RANGE = (-1024, 3600)


@dataclass(frozen=True, kw_only=True)
class Slice:
    """The scene: a slice of a head or of a trunk, and how the MR image is scaled."""

    body: head.Head | trunk.Trunk
    gain: float  # of the MR image, in units of the signal of fat
    bias: float  # strength of its uneven sensitivity
    seed: int


def describe(seed: int) -> Slice:
    """Generate the scene of a seed."""
    rng = SceneRng(seed)
    gain, bias = 900 * rng.uniform(0.6, 1.8), rng.uniform(0.1, 0.3)
    body = head.describe(rng) if rng.chance(0.6) else trunk.describe(rng)
    return Slice(body=body, gain=gain, bias=bias, seed=rng.seed())


def paint(scene: Slice, canvas: Canvas) -> None:
    """Draw MR signal and Hounsfield units of the slice."""
    canvas.light[:] = air.values
    if isinstance(scene.body, head.Head):
        head.paint(scene.body, canvas)
    else:
        trunk.paint(scene.body, canvas)


def record(scene: Slice, planes: Floats, side: str, exact: bool) -> NDArray[np.integer[Any]]:
    """(H, W): of A arbitrary units, uint16, with gain, bias field and Rician noise; of B Hounsfield units, int16."""
    rng, shape = SceneRng(scene.seed + "AB".index(side)), planes.shape[1:]
    if side == "B":
        hounsfield = planes[CT]
        if not exact:
            hounsfield = hounsfield + CT_NOISE * sensor.normal(rng, shape)
        return _rounded(hounsfield, *CT_RANGE).astype(np.int16)

    signal = planes[MR] * sensor.smooth_field(scene.seed, (shape[0], shape[1]), scene.bias)
    if not exact:
        real, imaginary = sensor.normal(rng, (2, *shape)) * MR_NOISE
        signal = np.hypot(signal + real, imaginary)
    return _rounded(signal * scene.gain, 0, 65535).astype(np.uint16)


def _rounded(values: Floats, low: int, high: int) -> Floats:
    whole: Floats = np.clip(np.round(values), low, high)
    return whole

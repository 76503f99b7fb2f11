"""Randomness of a scene: numbers from a seed, and smooth fields that look the same at any picture size."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]  # float32 throughout
Option = TypeVar("Option")
PERIOD = 64  # lattice cells before a field repeats; a power of two, so that wrapping is one bit mask


class SceneRng:
    """Seeded numbers, all drawn through `Generator.random`, whose stream NumPy keeps between versions."""

    def __init__(self, seed: int) -> None:
        self.generator = np.random.Generator(np.random.PCG64(seed))

    def real(self, low: float = 0.0, high: float = 1.0) -> float:
        """Uniform in [low, high)."""
        return low + (high - low) * float(self.generator.random())

    def whole(self, low: int, high: int) -> int:
        """Uniform integer, both ends included."""
        return low + int(self.generator.random() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        """True as often as `probability` says."""
        return self.real() < probability

    def pick(self, options: Sequence[Option]) -> Option:
        """One of the options."""
        return options[self.whole(0, len(options) - 1)]

    def seed(self) -> int:
        """A seed for something smaller."""
        return self.whole(0, 2**31 - 1)


def smoothstep(low: float, high: float, x: Floats) -> Floats:
    """0 below `low`, 1 above `high` (or the reverse), smooth between."""
    t: Floats = np.clip((x - np.float32(low)) / np.float32(high - low), 0, 1)
    return t * t * (3 - 2 * t)


def _cells(x: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    floor = np.floor(x)
    low = floor.astype(np.intp) & (PERIOD - 1)
    t: Floats = (x - floor).astype(np.float32)
    return low, (low + 1) & (PERIOD - 1), t * t * (3 - 2 * t)


def noise(seed: int, x: Floats, y: Floats) -> Floats:
    """Value noise in [0, 1] at lattice coordinates (one random value per unit square), smooth between."""
    lattice: Floats = SceneRng(seed).generator.random((PERIOD, PERIOD)).astype(np.float32)
    if x.shape[0] == 1 and y.shape[1] == 1:  # a straight grid: one axis after the other
        low, high, t = _cells(y[:, 0])
        rows = lattice[low] + t[:, None] * (lattice[high] - lattice[low])
        low, high, t = _cells(x[0])
        left: Floats = rows[:, low]
        return left + t * (rows[:, high] - left)
    left_x, right_x, tx = _cells(x)
    top_y, bottom_y, ty = _cells(y)
    flat = lattice.ravel()
    top, bottom = top_y * PERIOD, bottom_y * PERIOD
    upper: Floats = flat[top + left_x]
    upper = upper + tx * (flat[top + right_x] - upper)
    lower: Floats = flat[bottom + left_x]
    lower = lower + tx * (flat[bottom + right_x] - lower)
    return upper + ty * (lower - upper)


def fractal(seed: int, x: Floats, y: Floats, octaves: int = 3) -> Floats:
    """Noise over noise of half the size and half the strength, in [0, 1]."""
    total = noise(seed, x, y)
    for octave in range(1, octaves):
        scale = np.float32(2**octave)
        total = total + noise(seed + octave, x * scale, y * scale) / scale
    return total / np.float32(2 - 2 ** (1 - octaves))


def curve(seed: int, x: Floats, octaves: int = 3) -> Floats:
    """`fractal` along one axis: a skyline in [0, 1] over the columns `x` (1, W)."""
    return fractal(seed, x, np.full((1, 1), 0.5, np.float32), octaves)

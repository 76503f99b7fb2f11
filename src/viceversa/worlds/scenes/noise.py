"""Random numbers of a scene, and smooth noise fields that look the same at any image size."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]  # float32 throughout
T = TypeVar("T")
PERIOD = 64  # lattice cells before a field repeats; a power of two, so that wrapping is one bit mask


class SceneRng:
    """Seeded numbers, all drawn through `Generator.random`, whose stream NumPy keeps between versions."""

    def __init__(self, seed: int) -> None:
        self.generator = np.random.Generator(np.random.PCG64(seed))

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """Uniform in [low, high)."""
        return low + (high - low) * float(self.generator.random())

    def integer(self, low: int, high: int) -> int:
        """Uniform integer, both ends included."""
        return low + int(self.generator.random() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.uniform() < probability

    def choice(self, options: Sequence[T]) -> T:
        """One of the options, each with the same probability."""
        return options[self.integer(0, len(options) - 1)]

    def seed(self) -> int:
        """A seed for one part of the scene."""
        return self.integer(0, 2**31 - 1)


def smoothstep(low: float, high: float, x: Floats) -> Floats:
    """0 below `low`, 1 above `high` (or the reverse), and 3 t^2 - 2 t^3 between them."""
    t: Floats = np.clip((x - np.float32(low)) / np.float32(high - low), 0, 1)
    return t * t * (3 - 2 * t)


def noise(seed: int, x: Floats, y: Floats) -> Floats:
    """Value noise in [0, 1] at lattice coordinates: one random value per unit square, interpolated smoothly."""
    lattice: Floats = SceneRng(seed).generator.random((PERIOD, PERIOD)).astype(np.float32)
    if x.shape[0] == 1 and y.shape[1] == 1:  # an axis-aligned grid: interpolate one axis after the other
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


def _cells(x: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Lattice index below and above each coordinate, and the weight of the upper one."""
    floor = np.floor(x)
    low = floor.astype(np.intp) & (PERIOD - 1)
    t: Floats = (x - floor).astype(np.float32)
    return low, (low + 1) & (PERIOD - 1), t * t * (3 - 2 * t)


def fractal_noise(seed: int, x: Floats, y: Floats, octaves: int = 3) -> Floats:
    """Sum of `octaves` of noise, each of half the wavelength and half the amplitude, scaled to [0, 1]."""
    total = noise(seed, x, y)
    for octave in range(1, octaves):
        scale = np.float32(2**octave)
        total = total + noise(seed + octave, x * scale, y * scale) / scale
    return total / np.float32(2 - 2 ** (1 - octaves))


def noise_1d(seed: int, x: Floats, octaves: int = 3) -> Floats:
    """`fractal_noise` along one axis, in [0, 1] over the columns `x` (1, W): a skyline or a shore."""
    return fractal_noise(seed, x, np.full((1, 1), 0.5, np.float32), octaves)

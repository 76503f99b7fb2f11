"""Random fields without a stored state: any part of an endless image is a function of its seed and its coordinates.

Large images are drawn in blocks. Slow fields are computed on a lattice of every eighth pixel and interpolated, fine
texture is read from periodic tiles, and objects come from hashes of the cells of a grid.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .scenes.noise import Floats

Ints = NDArray[np.integer[Any]]
STEP = 8  # pixels between two points of the lattice
BLOCK = 512  # pixels; a multiple of STEP
HALO = 80  # pixels of the lattice around a block; a multiple of STEP
PERIOD = 1024  # pixels before a texture repeats; a multiple of BLOCK


def hashed(seed: int, *keys: Ints) -> NDArray[np.uint32]:
    """A hash of integers, elementwise: the finaliser of MurmurHash3 after each key (Appleby 2011)."""
    value = np.full(np.broadcast_shapes(*(key.shape for key in keys)), seed & 0xFFFFFFFF, np.uint32)
    for key in keys:
        value = value ^ (key.astype(np.uint32) * np.uint32(0x9E3779B1))
        value ^= value >> np.uint32(16)
        value *= np.uint32(0x85EBCA6B)
        value ^= value >> np.uint32(13)
        value *= np.uint32(0xC2B2AE35)
        value ^= value >> np.uint32(16)
    return value


def uniform(seed: int, *keys: Ints) -> NDArray[np.float64]:
    """`hashed` as numbers in [0, 1)."""
    return (hashed(seed, *keys) >> np.uint32(8)).astype(np.float64) * 2.0**-24


@dataclass(frozen=True)
class Lattice:
    """The points every STEP pixels in and around a block whose corner is (top, left)."""

    top: int
    left: int

    @property
    def y(self) -> NDArray[np.float64]:
        """Rows of the points, in pixels."""
        return self.top - HALO + STEP * np.arange((BLOCK + 2 * HALO) // STEP + 1.0)

    @property
    def x(self) -> NDArray[np.float64]:
        """Columns of the points, in pixels."""
        return self.left - HALO + STEP * np.arange((BLOCK + 2 * HALO) // STEP + 1.0)

    def noise(self, seed: int, wavelength: float, octaves: int = 1) -> NDArray[np.float64]:
        """Value noise in [0, 1] on the lattice; each octave has half the wavelength and half the amplitude."""
        total = _value_noise(seed, self.y / wavelength, self.x / wavelength)
        for octave in range(1, octaves):
            scale = 2.0**octave
            total = (
                total + _value_noise(seed + octave, self.y * scale / wavelength, self.x * scale / wavelength) / scale
            )
        return total / (2 - 2.0 ** (1 - octaves))

    def enlarge(self, field: NDArray[Any]) -> Floats:
        """A field of the lattice at the centres of the pixels of the block, (BLOCK, BLOCK), linear in between."""
        first = HALO // STEP
        inner = field[first : first + BLOCK // STEP + 1, first : first + BLOCK // STEP + 1].astype(np.float32)
        matrix = _interpolation()
        result: Floats = matrix @ inner @ matrix.T
        return result

    def at(self, field: NDArray[Any], y: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
        """A field of the lattice at points inside of it, linear in between."""
        v, u = (y - self.y[0]) / STEP, (x - self.x[0]) / STEP
        row, column = v.astype(np.intp), u.astype(np.intp)
        v, u = v - row, u - column
        width = field.shape[1]
        flat, first = field.ravel(), row * width + column
        upper = flat[first] + u * (flat[first + 1] - flat[first])
        lower = flat[first + width] + u * (flat[first + width + 1] - flat[first + width])
        result: NDArray[np.float64] = upper + v * (lower - upper)
        return result


def _value_noise(seed: int, y: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """One hashed value per unit square, interpolated smoothly, over a grid of increasing rows and columns."""
    row, column = np.floor(y).astype(np.int64), np.floor(x).astype(np.int64)
    rows, columns = np.arange(row[0], row[-1] + 2), np.arange(column[0], column[-1] + 2)
    values = uniform(seed, rows[:, None], columns[None])
    v, u = y - row, x - column
    v, u = (v * v * (3 - 2 * v))[:, None], u * u * (3 - 2 * u)
    down, right = row - row[0], column - column[0]
    across = values[down] + v * (values[down + 1] - values[down])
    result: NDArray[np.float64] = across[:, right] + u * (across[:, right + 1] - across[:, right])
    return result


def noise_at(seed: int, y: NDArray[Any], x: NDArray[Any], wavelength: float, octaves: int = 1) -> NDArray[np.float64]:
    """`Lattice.noise` at scattered points, in pixels."""
    total = np.zeros(np.broadcast_shapes(y.shape, x.shape))
    for octave in range(octaves):
        scale = 2.0**octave
        row, column = np.floor(y * scale / wavelength), np.floor(x * scale / wavelength)
        v, u = y * scale / wavelength - row, x * scale / wavelength - column
        v, u = v * v * (3 - 2 * v), u * u * (3 - 2 * u)
        corners = [
            uniform(seed + octave, row.astype(np.int64) + i, column.astype(np.int64) + j)
            for i in (0, 1)
            for j in (0, 1)
        ]
        left, right = corners[0] + v * (corners[2] - corners[0]), corners[1] + v * (corners[3] - corners[1])
        total += (left + u * (right - left)) / scale
    result: NDArray[np.float64] = total / (2 - 2.0 ** (1 - octaves))
    return result


@lru_cache(maxsize=1)
def _interpolation() -> Floats:
    """(BLOCK, BLOCK // STEP + 1): weights of the lattice at the centres of pixels."""
    at = (np.arange(BLOCK) + 0.5) / STEP
    low = at.astype(int)
    matrix = np.zeros((BLOCK, BLOCK // STEP + 1), np.float32)
    matrix[np.arange(BLOCK), low] = 1 - (at - low)
    matrix[np.arange(BLOCK), low + 1] = at - low
    return matrix


@lru_cache(maxsize=16)
def texture(seed: int, sigma: float) -> Floats:
    """Gaussian noise of PERIOD pixels, blurred by `sigma` pixels across its borders: mean 0, standard deviation 1."""
    white = np.random.Generator(np.random.PCG64(seed)).random((PERIOD, PERIOD)) - 0.5
    frequency = np.fft.fftfreq(PERIOD)
    transfer = np.exp(-2 * (np.pi * sigma * frequency) ** 2)
    smooth = np.fft.ifft2(np.fft.fft2(white) * transfer[:, None] * transfer).real
    smooth -= smooth.mean()
    result: Floats = np.asarray(smooth / smooth.std(), np.float32)
    result.flags.writeable = False
    return result


def texture_of(block: Lattice, seed: int, sigma: float) -> Floats:
    """The part of a texture that lies in a block, (BLOCK, BLOCK)."""
    top, left = block.top % PERIOD, block.left % PERIOD
    return texture(seed, sigma)[top : top + BLOCK, left : left + BLOCK]


def place(canvas: Floats, patch: Floats, top: int, left: int) -> None:
    """Keep the larger of canvas and patch, where a patch with this corner lies on the canvas."""
    first_row, last_row = max(top, 0), min(top + patch.shape[0], canvas.shape[0])
    first_column, last_column = max(left, 0), min(left + patch.shape[1], canvas.shape[1])
    if first_row < last_row and first_column < last_column:
        target = canvas[first_row:last_row, first_column:last_column]
        part = patch[first_row - top : last_row - top, first_column - left : last_column - left]
        np.maximum(target, part, out=target)

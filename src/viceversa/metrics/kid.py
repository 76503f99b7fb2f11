"""Kernel Inception Distance: the squared maximum mean discrepancy of two sets of features (Bińkowski et al. 2018)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .features import Features, subsample

LARGEST = 5000  # samples of a set that are compared: the kernel matrices grow with their square
DRAWS = 1000  # of the bootstrap
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Kid:
    """The unbiased estimate, which may be negative, and its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


def kernel(a: Features, b: Features) -> Matrix:
    """(x.y / d + 1)^3 of every row of a (N, d) with every row of b (M, d), sec. 4."""
    found: Matrix = np.power(a.astype(np.float64) @ b.astype(np.float64).T / a.shape[1] + 1, 3)
    return found


def kid(a: Features, b: Features, seed: int = 0, draws: int = DRAWS) -> Kid:
    """mean k(x, x') + mean k(y, y') - 2 mean k(x, y) over pairs of different samples; 0 expected for equal laws.

    All pairs are used, where papers average random blocks of 1,000: the expectation is the same, the scatter smaller.
    The interval resamples the pictures of both sets; a picture is never paired with its own copy, which would bias it.
    """
    x, y = (subsample(side, LARGEST) for side in (a, b))
    kxx, kyy, kxy = kernel(x, x), kernel(y, y), kernel(x, y)
    np.fill_diagonal(kxx, 0)
    np.fill_diagonal(kyy, 0)
    ones = np.ones((1, len(x))), np.ones((1, len(y)))
    value = _discrepancy(kxx, kyy, kxy, *ones)[0]
    dice = np.random.default_rng(seed)
    weights = (dice.multinomial(n, np.full(n, 1 / n), size=draws).astype(np.float64) for n in (len(x), len(y)))
    low, high = np.nanquantile(_discrepancy(kxx, kyy, kxy, *weights), (0.025, 0.975)) if draws else (value, value)
    return Kid(float(value), float(low), float(high))


def _discrepancy(kxx: Matrix, kyy: Matrix, kxy: Matrix, wx: Matrix, wy: Matrix) -> Matrix:
    """The estimate for each row of weights (D, N) and (D, M), (D,); the kernels within a set have no diagonal."""
    across: Matrix = ((wx @ kxy) * wy).sum(1) / (wx.sum(1) * wy.sum(1))
    whole: Matrix = _within(kxx, wx) + _within(kyy, wy) - 2 * across
    return whole


def _within(k: Matrix, w: Matrix) -> Matrix:
    """Weighted mean over pairs of different samples; NaN for a draw that holds one sample only."""
    pairs = w.sum(1) ** 2 - (w**2).sum(1)
    mean: Matrix = ((w @ k) * w).sum(1) / np.where(pairs > 0, pairs, np.nan)
    return mean

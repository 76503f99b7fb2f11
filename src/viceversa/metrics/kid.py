"""Kernel Inception Distance: the squared maximum mean discrepancy of two sets of features (Bińkowski et al. 2018)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .features import Features, subsample

LARGEST = 5000  # samples used of a set: the kernel matrices grow with their square
DRAWS = 1000  # of the bootstrap
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Kid:
    """The unbiased estimate, which may be negative, and its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


def kernel(a: Features, b: Features) -> Matrix:
    """(x.y / d + 1)^3 of every row of a (N, d) with every row of b (M, d), sec. 4: (N, M)."""
    cubes: Matrix = np.power(a.astype(np.float64) @ b.astype(np.float64).T / a.shape[1] + 1, 3)
    return cubes


def kid(a: Features, b: Features, seed: int = 0, draws: int = DRAWS) -> Kid:
    """mean k(x, x') + mean k(y, y') - 2 mean k(x, y) over pairs of different samples; mean 0 for equal distributions.

    a (N, d), b (M, d). All pairs are used, where papers average random blocks of 1,000: same mean, less variance.
    The interval is from a bootstrap over the samples of both sets, without pairs of a sample and its own copy, which
    would bias it. With `draws` 0 both ends of the interval are the value.
    """
    x, y = subsample(a, LARGEST), subsample(b, LARGEST)
    kxx, kyy, kxy = kernel(x, x), kernel(y, y), kernel(x, y)
    np.fill_diagonal(kxx, 0)
    np.fill_diagonal(kyy, 0)
    ones = np.ones((1, len(x))), np.ones((1, len(y)))
    value = _discrepancy(kxx, kyy, kxy, *ones)[0]
    if not draws:
        return Kid(float(value), float(value), float(value))

    rng = np.random.default_rng(seed)
    weights = (rng.multinomial(n, np.full(n, 1 / n), size=draws).astype(np.float64) for n in (len(x), len(y)))
    low, high = np.nanquantile(_discrepancy(kxx, kyy, kxy, *weights), (0.025, 0.975))
    return Kid(float(value), float(low), float(high))


def kid_difference(
    a: Features, b: Features, reference: Features, seed: int = 0, draws: int = DRAWS, *, paired: bool = True
) -> Kid:
    """KID of `a` minus KID of `b`, both to the same `reference`, with its 95 % bootstrap interval.

    One draw of the reference serves both. With `paired`, row i of `a` and of `b` comes from the same image i and is
    drawn with it, so that what both have in common cancels; then both have equally many rows.
    """
    x, z, y = subsample(a, LARGEST), subsample(b, LARGEST), subsample(reference, LARGEST)
    kxx, kzz, kyy = kernel(x, x), kernel(z, z), kernel(y, y)
    for k in (kxx, kzz, kyy):
        np.fill_diagonal(k, 0)

    def difference(wx: Matrix, wz: Matrix, wy: Matrix) -> Matrix:
        return _discrepancy(kxx, kyy, kxy, wx, wy) - _discrepancy(kzz, kyy, kzy, wz, wy)

    kxy, kzy = kernel(x, y), kernel(z, y)
    value = float(difference(*(np.ones((1, len(part))) for part in (x, z, y)))[0])
    rng = np.random.default_rng(seed)

    def drawn(n: int) -> Matrix:
        return rng.multinomial(n, np.full(n, 1 / n), size=draws).astype(np.float64)

    wx = drawn(len(x))
    low, high = np.nanquantile(difference(wx, wx if paired else drawn(len(z)), drawn(len(y))), (0.025, 0.975))
    return Kid(value, float(low), float(high))


def _discrepancy(kxx: Matrix, kyy: Matrix, kxy: Matrix, wx: Matrix, wy: Matrix) -> Matrix:
    """The estimate for each row of weights (D, N) and (D, M): (D,). The diagonals of kxx and kyy must be 0."""
    across: Matrix = ((wx @ kxy) * wy).sum(1) / (wx.sum(1) * wy.sum(1))
    discrepancy: Matrix = _within(kxx, wx) + _within(kyy, wy) - 2 * across
    return discrepancy


def _within(k: Matrix, w: Matrix) -> Matrix:
    """Weighted mean over pairs of different samples: (D,); NaN for a draw of copies of a single sample."""
    pairs = w.sum(1) ** 2 - (w**2).sum(1)
    mean: Matrix = ((w @ k) * w).sum(1) / np.where(pairs > 0, pairs, np.nan)
    return mean

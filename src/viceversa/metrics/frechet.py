"""The Fréchet distance between the Gaussians that fit two sets of features (Heusel et al. 2017, Eq. 6)."""

import numpy as np
from numpy.typing import NDArray

from .features import Features

Matrix = NDArray[np.float64]


class Moments:
    """Count, mean and covariance of features that arrive in batches: one pass in float64.

    The sums are taken around the mean of the first batch, which avoids cancellation. Batch sizes do not matter.
    """

    def __init__(self, dimensions: int) -> None:
        self.count = 0
        self._shift = np.zeros(dimensions)
        self._sum = np.zeros(dimensions)
        self._products = np.zeros((dimensions, dimensions))

    def add(self, features: Features) -> "Moments":
        """Add a batch (N, d); returns itself."""
        x = features.astype(np.float64)
        if not self.count and len(x):
            self._shift = x.mean(0)

        x -= self._shift
        self.count += len(x)
        self._sum += x.sum(0)
        self._products += x.T @ x
        return self

    @property
    def mean(self) -> Matrix:
        """(d,)"""
        return self._shift + self._sum / self.count

    @property
    def covariance(self) -> Matrix:
        """(d, d), divided by N - 1."""
        centred: Matrix = (self._products - np.outer(self._sum, self._sum) / self.count) / max(1, self.count - 1)
        return centred


def frechet(a: Features, b: Features) -> float:
    """|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) of two sets (N, d) and (M, d), in float64; 0 for equal sets.

    For fewer samples than dimensions, tr (C1 C2)^(1/2) is the sum of the singular values of the N x M matrix of inner
    products of the centred sets, divided by sqrt((N - 1)(M - 1)): the same number from a smaller matrix.
    """
    if min(len(a), len(b)) >= a.shape[1]:
        return frechet_from_moments(Moments(a.shape[1]).add(a), Moments(b.shape[1]).add(b))

    (x, mean_x), (y, mean_y) = _centred(a), _centred(b)
    cross = np.linalg.svd(x @ y.T, compute_uv=False).sum()
    return _sum(mean_x - mean_y, float(np.square(x).sum() + np.square(y).sum()), float(cross))


def _centred(x: Features) -> tuple[Matrix, Matrix]:
    """(x - mean) / sqrt(N - 1), and the mean."""
    x = x.astype(np.float64)
    mean = x.mean(0)
    return (x - mean) / np.sqrt(max(1, len(x) - 1)), mean


def frechet_from_moments(a: Moments, b: Moments) -> float:
    """`frechet` of two sets that are known by their moments."""
    c1, c2 = a.covariance, b.covariance
    return _sum(a.mean - b.mean, float(np.trace(c1) + np.trace(c2)), trace_of_root(c1, c2))


def trace_of_root(c1: Matrix, c2: Matrix) -> float:
    """tr (C1 C2)^(1/2) of two covariances (d, d), by symmetric eigenvalues.

    C1 C2 has the eigenvalues of L^T C2 L where C1 = L L^T: L by Cholesky if C1 is positive definite, else by its
    eigenvectors.
    """
    try:
        half = np.linalg.cholesky(c1)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(c1)
        half = vectors * np.sqrt(np.maximum(values, 0))
    return float(np.sqrt(np.maximum(np.linalg.eigvalsh(half.T @ c2 @ half), 0)).sum())


def _sum(shift: Matrix, traces: float, cross: float) -> float:
    """|shift|^2 + traces - 2 cross, not below 0 by rounding."""
    return float(max(0.0, np.square(shift).sum() + traces - 2 * cross))

"""How much of the real variety a set of samples covers: on features (N, d), whatever made them."""

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.floating]


def distances(a: Features, b: Features) -> NDArray[np.float64]:
    """Euclidean distance of every row of a (N, d) to every row of b (M, d): (N, M)."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    found: NDArray[np.float64] = np.sqrt(np.maximum(squared, 0))
    return found


def radii(real: Features, k: int = 5) -> NDArray[np.float64]:
    """Distance of each row to its k-th nearest other row."""
    found: NDArray[np.float64] = np.partition(distances(real, real), k, axis=1)[:, k]  # itself is the 0-th
    return found


def coverage(fake: Features, real: Features, k: int = 5) -> float:
    """Share of real samples with a fake one inside the ball to their k-th neighbour (Naeem et al. 2020, Eq. 6).

    For N real and M fake samples of one distribution 1 - prod over i < k of (N - 1 - i) / (N - 1 + M - i).
    """
    return float((distances(real, fake).min(1) <= radii(real, k)).mean())


def precision(fake: Features, real: Features, k: int = 5) -> float:
    """Share of fake samples inside the ball of any real one (Kynkäänniemi et al. 2019, Eq. 2)."""
    return float((distances(real, fake) <= radii(real, k)[:, None]).any(0).mean())


def spread(features: Features) -> float:
    """Mean distance of two different samples."""
    n = len(features)
    return float(distances(features, features).sum() / (n * (n - 1)))


def frechet(a: Features, b: Features) -> float:
    """|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) of two sets (N, d), in float64 (Heusel et al. 2017, Eq. 6)."""
    (m1, c1), (m2, c2) = ((x.astype(np.float64).mean(0), np.cov(x.astype(np.float64).T)) for x in (a, b))
    c1, c2 = np.atleast_2d(c1), np.atleast_2d(c2)
    values, vectors = np.linalg.eigh(c1)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ c2 @ root), 0)).sum()
    return float(max(0.0, ((m1 - m2) ** 2).sum() + np.trace(c1) + np.trace(c2) - 2 * cross))

"""Sets of feature vectors (N, d): distances and subsampling."""

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.floating]


def distances(a: Features, b: Features) -> NDArray[np.float64]:
    """Euclidean distance of every row of a (N, d) to every row of b (M, d): (N, M)."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    roots: NDArray[np.float64] = np.sqrt(np.maximum(squared, 0))
    return roots


def subsample(features: Features, most: int) -> Features:
    """At most `most` rows, evenly spaced."""
    if len(features) <= most:
        return features
    rows: Features = features[evenly_spaced_indices(len(features), most)]
    return rows


def evenly_spaced_indices(count: int, most: int) -> NDArray[np.int64]:
    """At most `most` of the numbers from 0 to count - 1, evenly spaced, with both ends."""
    indices: NDArray[np.int64] = np.linspace(0, count - 1, min(count, most)).round().astype(np.int64)
    return indices

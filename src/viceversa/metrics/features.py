"""Sets of feature vectors: distances, and samples at even steps."""

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.floating]


def distances(a: Features, b: Features) -> NDArray[np.float64]:
    """Euclidean distance of every row of a (N, d) to every row of b (M, d): (N, M)."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    found: NDArray[np.float64] = np.sqrt(np.maximum(squared, 0))
    return found


def subsample(features: Features, most: int) -> Features:
    """At most `most` rows, taken at even steps."""
    if len(features) <= most:
        return features
    chosen: Features = features[evenly_spaced_indices(len(features), most)]
    return chosen


def evenly_spaced_indices(count: int, most: int) -> NDArray[np.int64]:
    """At most `most` of the numbers from 0 to count - 1, at even steps, both ends among them."""
    places: NDArray[np.int64] = np.linspace(0, count - 1, min(count, most)).round().astype(np.int64)
    return places

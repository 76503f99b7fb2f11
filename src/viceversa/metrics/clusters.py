"""Scores by cluster: which kinds of real images a generator makes, and which it leaves out."""

import numpy as np
from numpy.typing import NDArray

from .features import Features, distances

LOST = 0.2  # a kind is lost if its share of the samples is below this fraction of its real share


def k_means(features: Features, count: int, seed: int = 0, rounds: int = 30) -> NDArray[np.float64]:
    """Centres (count, d) of features (N, d) by Lloyd's algorithm, from k-means++ (Arthur and Vassilvitskii 2007)."""
    rng = np.random.default_rng(seed)
    centres = features[[rng.integers(len(features))]].astype(np.float64)
    while len(centres) < count:
        squared = distances(features, centres).min(1) ** 2
        total = squared.sum()
        probabilities = squared / total if total > 0 else None
        centres = np.vstack([centres, features[rng.choice(len(features), p=probabilities)]])

    for _ in range(rounds):
        kinds = nearest_centres(features, centres)
        means = np.array([features[kinds == i].mean(0) if (kinds == i).any() else centres[i] for i in range(count)])
        if np.allclose(means, centres):
            break
        centres = means
    return centres


def nearest_centres(features: Features, centres: Features) -> NDArray[np.int64]:
    """Index of the centre (K, d) nearest to each row (N, d): (N,)."""
    indices: NDArray[np.int64] = distances(features, centres).argmin(1)
    return indices


def shares(kinds: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Share of each kind among (N,) kinds in [0, count): (count,), sum 1."""
    histogram: NDArray[np.float64] = np.bincount(kinds, minlength=count) / max(1, len(kinds))
    return histogram


def lost_share(fake: NDArray[np.float64], real: NDArray[np.float64]) -> float:
    """Share of the real samples whose kind is lost, for shares of kinds (K,): in [0, 1], 0 is best."""
    return float(real[fake < LOST * real].sum())


def different_bins(fake: NDArray[np.float64], real: NDArray[np.float64], n_fake: int, n_real: int) -> float:
    """NDB / K: share of the K kinds whose shares differ by a two-proportion z-test at 5 % (Richardson and Weiss 2018).

    `fake`, `real`: shares of kinds (K,) among n_fake and n_real samples. About 0.05 for equal distributions.
    """
    pooled = (fake * n_fake + real * n_real) / (n_fake + n_real)
    error = np.sqrt(np.maximum(pooled * (1 - pooled), 1e-12) * (1 / n_fake + 1 / n_real))
    return float((np.abs(fake - real) / error > 1.959964).mean())


def jensen_shannon(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """Jensen-Shannon divergence of two histograms (K,), in nats: 0 for equal ones, log 2 for disjoint ones."""
    m = (p + q) / 2

    def kl(a: NDArray[np.float64]) -> float:
        used = a > 0
        return float((a[used] * np.log(a[used] / m[used])).sum())

    return (kl(p) + kl(q)) / 2

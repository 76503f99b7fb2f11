"""Samples by cluster: which kinds of real pictures does a generator make, and which does it leave out?"""

import numpy as np
from numpy.typing import NDArray

from .features import Features, distances

LOST = 0.2  # a kind is lost where a generator makes it less than this share as often as it is real


def k_means(features: Features, count: int, seed: int = 0, rounds: int = 30) -> NDArray[np.float64]:
    """`count` centres (count, d) by Lloyd's rule from a k-means++ start (Arthur and Vassilvitskii 2007)."""
    dice = np.random.default_rng(seed)
    centres = features[[dice.integers(len(features))]].astype(np.float64)
    while len(centres) < count:
        near = distances(features, centres).min(1) ** 2
        total = near.sum()
        chances = near / total if total > 0 else None
        centres = np.vstack([centres, features[dice.choice(len(features), p=chances)]])
    for _ in range(rounds):
        kind = nearest_centres(features, centres)
        moved = np.array([features[kind == i].mean(0) if (kind == i).any() else centres[i] for i in range(count)])
        if np.allclose(moved, centres):
            break
        centres = moved
    return centres


def nearest_centres(features: Features, centres: Features) -> NDArray[np.int64]:
    """Index of the nearest centre of each row: (N,)."""
    found: NDArray[np.int64] = distances(features, centres).argmin(1)
    return found


def shares(kinds: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """How often each kind occurs: (count,), sum 1."""
    found: NDArray[np.float64] = np.bincount(kinds, minlength=count) / max(1, len(kinds))
    return found


def lost_share(fake: NDArray[np.float64], real: NDArray[np.float64]) -> float:
    """Share of the real samples whose kind is made less than `LOST` times as often as it should be; 0 is best."""
    return float(real[fake < LOST * real].sum())


def different_bins(fake: NDArray[np.float64], real: NDArray[np.float64], n_fake: int, n_real: int) -> float:
    """Share of kinds whose frequencies differ by a two-proportion z-test at 5 % (Richardson and Weiss 2018, NDB / K).

    About 0.05 for equal distributions.
    """
    pooled = (fake * n_fake + real * n_real) / (n_fake + n_real)
    error = np.sqrt(np.maximum(pooled * (1 - pooled), 1e-12) * (1 / n_fake + 1 / n_real))
    return float((np.abs(fake - real) / error > 1.959964).mean())


def jensen_shannon(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """Jensen-Shannon divergence of two histograms in nats: 0 for equal ones, log 2 for disjoint ones."""
    m = (p + q) / 2

    def kl(a: NDArray[np.float64]) -> float:
        used = a > 0
        return float((a[used] * np.log(a[used] / m[used])).sum())

    return (kl(p) + kl(q)) / 2

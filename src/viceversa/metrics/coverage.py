"""Precision, recall, density and coverage of samples, on features (N, d)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .features import Features, distances


def radii(real: Features, k: int = 5) -> NDArray[np.float64]:
    """Distance of each row to its k-th nearest other row: (N, d) -> (N,)."""
    kth: NDArray[np.float64] = np.partition(distances(real, real), k, axis=1)[:, k]  # the 0-th is the row itself
    return kth


@dataclass(frozen=True)
class PRDC:
    """A ball around a sample reaches to the k-th nearest other sample of its own set."""

    precision: float  # share of fake samples inside the ball of any real one
    recall: float  # share of real samples inside the ball of any fake one
    density: float  # real balls that hold a fake sample, divided by k; 1 for equal distributions
    coverage: float  # share of real samples whose ball holds a fake one


def prdc(fake: Features, real: Features, k: int = 5) -> PRDC:
    """Precision and recall (Kynkäänniemi et al. 2019, Eq. 2), density and coverage (Naeem et al. 2020, Eq. 4 and 6).

    fake (M, d), real (N, d). For equal distributions precision and recall are below 1 and fall with the dimension:
    compare with the values of real against real.
    """
    distance = distances(real, fake)
    inside = distance <= radii(real, k)[:, None]  # (N, M): is the fake sample in the ball of the real one?
    return PRDC(
        precision=float(inside.any(0).mean()),
        recall=float((distance <= radii(fake, k)).any(1).mean()),
        density=float(inside.sum(0).mean() / k),
        coverage=float(inside.any(1).mean()),
    )


def coverage(fake: Features, real: Features, k: int = 5) -> float:
    """Share of real samples whose ball holds a fake one, in [0, 1] (Naeem et al. 2020, Eq. 6).

    Expected for N real and M fake samples of one distribution: 1 - prod over i < k of (N - 1 - i) / (N - 1 + M - i).
    """
    return float((distances(real, fake).min(1) <= radii(real, k)).mean())


def precision(fake: Features, real: Features, k: int = 5) -> float:
    """Share of fake samples inside the ball of any real one, in [0, 1] (Kynkäänniemi et al. 2019, Eq. 2)."""
    return float((distances(real, fake) <= radii(real, k)[:, None]).any(0).mean())


def mean_distance(features: Features) -> float:
    """Mean Euclidean distance of two different rows of (N, d)."""
    n = len(features)
    return float(distances(features, features).sum() / (n * (n - 1)))

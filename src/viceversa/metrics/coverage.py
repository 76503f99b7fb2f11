"""How much of the real variety a set of samples covers: on features (N, d), whatever made them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .features import Features, distances


def radii(real: Features, k: int = 5) -> NDArray[np.float64]:
    """Distance of each row to its k-th nearest other row."""
    found: NDArray[np.float64] = np.partition(distances(real, real), k, axis=1)[:, k]  # itself is the 0-th
    return found


@dataclass(frozen=True)
class PRDC:
    """How two sets lie among each other: what is made near what is real, and the other way round."""

    precision: float  # share of fake samples inside the ball of any real one
    recall: float  # share of real samples inside the ball of any fake one
    density: float  # real balls that hold a fake sample, divided by k; 1 for equal distributions
    coverage: float  # share of real samples whose ball holds a fake one


def prdc(fake: Features, real: Features, k: int = 5) -> PRDC:
    """Precision and recall (Kynkäänniemi et al. 2019, Eq. 2), density and coverage (Naeem et al. 2020, Eq. 4 and 6).

    A ball reaches to the k-th neighbour of its own set. Precision and recall of equal distributions are below 1 and
    fall with the dimension: compare with real against real.
    """
    apart = distances(real, fake)
    inside = apart <= radii(real, k)[:, None]
    return PRDC(
        precision=float(inside.any(0).mean()),
        recall=float((apart <= radii(fake, k)).any(1).mean()),
        density=float(inside.sum(0).mean() / k),
        coverage=float(inside.any(1).mean()),
    )


def coverage(fake: Features, real: Features, k: int = 5) -> float:
    """Share of real samples with a fake one inside the ball to their k-th neighbour (Naeem et al. 2020, Eq. 6).

    For N real and M fake samples of one distribution 1 - prod over i < k of (N - 1 - i) / (N - 1 + M - i).
    """
    return float((distances(real, fake).min(1) <= radii(real, k)).mean())


def precision(fake: Features, real: Features, k: int = 5) -> float:
    """Share of fake samples inside the ball of any real one (Kynkäänniemi et al. 2019, Eq. 2)."""
    return float((distances(real, fake) <= radii(real, k)[:, None]).any(0).mean())


def mean_distance(features: Features) -> float:
    """Mean distance of two different samples."""
    n = len(features)
    return float(distances(features, features).sum() / (n * (n - 1)))

"""The Wasserstein distance of two Gaussians against a numerical integral."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from viceversa.metrics.wasserstein import gaussian_distance

LEVELS = (np.arange(200_000) + 0.5) / 200_000


@pytest.mark.parametrize(("m", "s"), [(3.0, 1.0), (0.0, 2.0), (0.5, 2.0), (-1.0, 0.3)])
def test_distance_is_the_mean_difference_of_quantiles(m: float, s: float) -> None:
    distance = gaussian_distance(0, 1, m, s)
    quantiles = np.abs(norm.ppf(LEVELS) - norm(m, s).ppf(LEVELS)).mean()
    assert distance == pytest.approx(quantiles, rel=1e-4)
    assert gaussian_distance(m, s, 0, 1) == distance


def test_equal_deviations_or_equal_means() -> None:
    assert gaussian_distance(0, 1, 3, 1) == 3
    assert gaussian_distance(0, 1, 0, 2) == pytest.approx(math.sqrt(2 / math.pi))

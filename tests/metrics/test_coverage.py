"""Precision, recall, density and coverage against closed forms and known mixtures."""

import math

import numpy as np
import pytest

from viceversa.metrics.coverage import coverage, mean_distance, prdc, precision, radii

RNG = np.random.default_rng(0)


def gaussian(n: int, d: int, seed: int, mean: float = 0.0, deviation: float = 1.0) -> np.ndarray:
    return mean + deviation * np.random.default_rng(seed).normal(size=(n, d))


def test_coverage_of_equal_distributions_has_its_expectation():
    """1 - prod (N - 1 - i) / (N - 1 + M - i), Naeem et al. 2020, appendix."""
    n, m, k = 600, 300, 5
    expected = 1 - math.prod((n - 1 - i) / (n - 1 + m - i) for i in range(k))
    mean = np.mean([coverage(RNG.normal(size=(m, 4)), RNG.normal(size=(n, 4)), k) for _ in range(10)])
    assert mean == pytest.approx(expected, abs=0.01)
    assert expected == pytest.approx(0.869, abs=0.001)


def test_collapse_has_precision_one_and_no_coverage():
    real = RNG.normal(size=(500, 8))
    copies = np.tile(real.mean(0), (200, 1)) + 1e-6 * RNG.normal(size=(200, 8))
    assert precision(copies, real) == 1 and coverage(copies, real) < 0.05
    assert mean_distance(copies) / mean_distance(real) < 1e-5


def test_radii_do_not_count_the_point_itself():
    line = np.arange(10.0)[:, None]
    assert radii(line, 1).tolist() == [1.0] * 10
    assert radii(line, 2)[0] == 2 and radii(line, 2)[5] == 1


def test_prdc_of_equal_distributions_and_of_a_collapse():
    """Equal distributions have a known coverage and density; copies of the mean are precise and dense only."""
    n, k = 1000, 5
    equal = prdc(gaussian(n, 4, 0), gaussian(n, 4, 1), k)
    assert equal.coverage == pytest.approx(1 - math.prod((n - 1 - i) / (2 * n - 1 - i) for i in range(k)), abs=0.02)
    assert equal.density == pytest.approx(1, abs=0.05)
    assert 0.9 < equal.precision < 1 and 0.9 < equal.recall < 1
    copies = 1e-6 * gaussian(n, 8, 2)
    collapsed = prdc(copies, gaussian(n, 8, 3), k)
    assert (collapsed.precision, collapsed.recall) == (1, 0)
    assert collapsed.coverage < 0.05 and collapsed.density > 1.5
    assert coverage(copies, gaussian(n, 8, 3)) == collapsed.coverage and precision(copies, gaussian(n, 8, 3)) == 1


def test_half_of_the_modes_gives_half_of_the_recall():
    angles = 2 * np.pi * np.arange(8) / 8
    centres, rng = np.stack([np.cos(angles), np.sin(angles)], 1), np.random.default_rng(0)
    real = centres[rng.integers(0, 8, 1600)] + 0.02 * rng.normal(size=(1600, 2))
    half = centres[rng.integers(0, 4, 1600)] + 0.02 * rng.normal(size=(1600, 2))
    scores = prdc(half, real)
    assert scores.precision > 0.97 and scores.recall == pytest.approx(0.5, abs=0.05)
    assert scores.coverage == pytest.approx(0.5, abs=0.05)


def test_order_of_samples_does_not_matter():
    a, b = gaussian(80, 6, 0), gaussian(70, 6, 1, 0.4)
    permutation = np.random.default_rng(0).permutation(len(a))
    assert prdc(a[permutation], b) == prdc(a, b)

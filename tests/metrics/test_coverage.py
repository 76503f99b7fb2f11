"""Coverage, clusters and distances of feature sets against closed forms."""

import math

import numpy as np
import pytest

from viceversa.metrics.clusters import different_bins, jensen_shannon, k_means, lost_share, nearest_centres, shares
from viceversa.metrics.coverage import coverage, mean_distance, precision, radii
from viceversa.metrics.features import distances
from viceversa.metrics.frechet import frechet

DICE = np.random.default_rng(0)


def test_coverage_of_one_distribution_has_its_expectation():
    """1 - prod (N - 1 - i) / (N - 1 + M - i), Naeem et al. 2020, appendix."""
    n, m, k = 600, 300, 5
    expected = 1 - math.prod((n - 1 - i) / (n - 1 + m - i) for i in range(k))
    found = np.mean([coverage(DICE.normal(size=(m, 4)), DICE.normal(size=(n, 4)), k) for _ in range(10)])
    assert found == pytest.approx(expected, abs=0.01)
    assert expected == pytest.approx(0.869, abs=0.001)


def test_a_collapse_is_precise_and_covers_nothing():
    real = DICE.normal(size=(500, 8))
    one = np.tile(real.mean(0), (200, 1)) + 1e-6 * DICE.normal(size=(200, 8))
    assert precision(one, real) == 1 and coverage(one, real) < 0.05
    assert mean_distance(one) / mean_distance(real) < 1e-5


def test_six_of_eight_modes_are_seen_by_kinds_but_not_by_spread():
    angles = 2 * np.pi * np.arange(8) / 8
    centres = np.stack([np.cos(angles), np.sin(angles)], 1)
    real = centres[DICE.integers(0, 8, 800)] + 0.02 * DICE.normal(size=(800, 2))
    fake = centres[DICE.integers(0, 6, 400)] + 0.02 * DICE.normal(size=(400, 2))
    found = k_means(real, 8)
    truly, made = (shares(nearest_centres(x, found), 8) for x in (real, fake))
    assert lost_share(made, truly) == pytest.approx(0.25, abs=0.03)
    assert different_bins(made, truly, 400, 800) >= 2 / 8
    assert 0.55 < coverage(fake, real) < 0.75 < coverage(real, real)
    assert mean_distance(fake) / mean_distance(real) > 0.9
    assert lost_share(truly, truly) == 0 and different_bins(truly, truly, 800, 800) == 0


def test_equal_distributions_differ_in_five_percent_of_the_bins():
    rejected = []
    for _ in range(200):
        a, b = (shares(DICE.integers(0, 20, 1000), 20) for _ in "ab")
        rejected.append(different_bins(a, b, 1000, 1000))
    assert np.mean(rejected) == pytest.approx(0.05, abs=0.01)


def test_k_means_finds_what_is_apart():
    centres = np.array([[0.0, 0], [10, 0], [0, 10], [10, 10]])
    points = centres[np.arange(400) % 4] + 0.1 * DICE.normal(size=(400, 2))
    found = k_means(points, 4)
    assert np.sort(distances(found, centres).min(0)).max() < 0.1


def test_jensen_shannon_between_zero_and_log_two():
    p, q = np.array([0.5, 0.5, 0]), np.array([0, 0, 1.0])
    assert jensen_shannon(p, p) == 0
    assert jensen_shannon(p, q) == pytest.approx(math.log(2)) == pytest.approx(jensen_shannon(q, p))


def test_radii_leave_the_point_itself_out():
    line = np.arange(10.0)[:, None]
    assert radii(line, 1).tolist() == [1.0] * 10
    assert radii(line, 2)[0] == 2 and radii(line, 2)[5] == 1


def test_frechet_distance_of_known_moments():
    """5 + tr A + tr B - 2 sqrt(tr AB + 2 sqrt(det AB)) for two 2 x 2 covariances and a shift of (1, 2)."""
    a, b = np.array([[2, 0.5], [0.5, 1]]), np.array([[1, -0.3], [-0.3, 3]])

    def exactly(covariance, mean, n=4000):
        x = DICE.normal(size=(n, 2))
        x = (x - x.mean(0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(x.T))).T
        return x @ np.linalg.cholesky(covariance).T + mean

    one, two = exactly(a, np.zeros(2)), exactly(b, np.array([1.0, 2.0]))
    ab = a @ b
    expected = 5 + np.trace(a) + np.trace(b) - 2 * math.sqrt(np.trace(ab) + 2 * math.sqrt(np.linalg.det(ab)))
    assert expected == pytest.approx(5.929312, abs=1e-6)
    assert frechet(one, two) == pytest.approx(expected, abs=1e-9) == pytest.approx(frechet(two, one), abs=1e-9)
    assert frechet(one, one) < 1e-9
    assert frechet(3 * one, 3 * two) == pytest.approx(9 * expected)

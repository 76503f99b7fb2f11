"""Scores by cluster against known mixtures and closed forms."""

import math

import numpy as np
import pytest

from viceversa.metrics.clusters import different_bins, jensen_shannon, k_means, lost_share, nearest_centres, shares
from viceversa.metrics.coverage import coverage, mean_distance
from viceversa.metrics.features import distances

RNG = np.random.default_rng(0)


def test_two_lost_modes_show_in_clusters_but_not_in_mean_distance():
    angles = 2 * np.pi * np.arange(8) / 8
    centres = np.stack([np.cos(angles), np.sin(angles)], 1)
    real = centres[RNG.integers(0, 8, 800)] + 0.02 * RNG.normal(size=(800, 2))
    fake = centres[RNG.integers(0, 6, 400)] + 0.02 * RNG.normal(size=(400, 2))
    fitted = k_means(real, 8)
    real_shares, fake_shares = (shares(nearest_centres(x, fitted), 8) for x in (real, fake))
    assert lost_share(fake_shares, real_shares) == pytest.approx(0.25, abs=0.03)
    assert different_bins(fake_shares, real_shares, 400, 800) >= 2 / 8
    assert 0.55 < coverage(fake, real) < 0.75 < coverage(real, real)
    assert mean_distance(fake) / mean_distance(real) > 0.9
    assert lost_share(real_shares, real_shares) == 0 and different_bins(real_shares, real_shares, 800, 800) == 0


def test_equal_distributions_differ_in_5_percent_of_the_bins():
    rejected = []
    for _ in range(200):
        a, b = (shares(RNG.integers(0, 20, 1000), 20) for _ in range(2))
        rejected.append(different_bins(a, b, 1000, 1000))
    assert np.mean(rejected) == pytest.approx(0.05, abs=0.01)


def test_k_means_finds_separate_clusters():
    centres = np.array([[0.0, 0], [10, 0], [0, 10], [10, 10]])
    points = centres[np.arange(400) % 4] + 0.1 * RNG.normal(size=(400, 2))
    fitted = k_means(points, 4)
    assert np.sort(distances(fitted, centres).min(0)).max() < 0.1


def test_jensen_shannon_between_zero_and_log_two():
    p, q = np.array([0.5, 0.5, 0]), np.array([0, 0, 1.0])
    assert jensen_shannon(p, p) == 0
    assert jensen_shannon(p, q) == pytest.approx(math.log(2)) == pytest.approx(jensen_shannon(q, p))

"""Modes of known mixtures against closed forms."""

import math

import numpy as np
import pytest

from viceversa.metrics.modes import kl_to_uniform, modes
from viceversa.worlds.gaussians import grid, ring


@pytest.mark.parametrize("mixture", [ring(), grid()], ids=["ring", "grid"])
def test_perfect_sampler_has_its_expected_scores(mixture):
    k = len(mixture.centres)
    samples = [mixture.sample(2500, np.random.default_rng(i)) for i in range(30)]
    scores = [modes(x, mixture.centres, mixture.deviation) for x in samples]
    assert all(s.covered == s.held == k for s in scores)
    assert np.mean([s.quality for s in scores]) == pytest.approx(1 - math.exp(-4.5), abs=0.001)
    assert np.mean([s.kl for s in scores]) == pytest.approx((k - 1) / 5000, rel=0.2)


def test_single_mode_and_distant_points():
    mixture = ring()
    samples = np.tile(mixture.centres[3], (1000, 1))
    score = modes(samples, mixture.centres, mixture.deviation)
    assert (score.covered, score.held, score.quality) == (1, 1, 1.0) and score.kl == pytest.approx(math.log(8))
    samples[:5] = mixture.centres[4]  # 0.5 % of the samples: covered, not held
    score = modes(samples, mixture.centres, mixture.deviation)
    assert (score.covered, score.held) == (2, 1)
    distant = modes(samples + 0.5, mixture.centres, mixture.deviation)
    assert distant.covered == 0 and distant.quality == 0


def test_kl_to_uniform_by_hand():
    assert kl_to_uniform(np.full(25, 1 / 25)) == pytest.approx(0, abs=1e-12)
    assert kl_to_uniform(np.array([0.5, 0.5, 0, 0])) == pytest.approx(math.log(2))

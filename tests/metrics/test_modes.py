"""Points on a plane and the modes counted in them, against closed forms."""

import math

import numpy as np
import pytest
import torch

from viceversa.methods.gan import GAN, GANConfig
from viceversa.methods.wgan import WGAN, WGANConfig
from viceversa.metrics.modes import kl_to_uniform, modes
from viceversa.networks.points import PointDiscriminator, PointGenerator
from viceversa.worlds.gaussians import GaussianBatches, grid, ring


@pytest.mark.parametrize("mixture", [ring(), grid()], ids=["ring", "grid"])
def test_a_perfect_sampler_has_its_known_score(mixture):
    k = len(mixture.centres)
    found = [
        modes(mixture.sample(2500, np.random.default_rng(i)), mixture.centres, mixture.deviation) for i in range(30)
    ]
    assert all(f.covered == f.held == k for f in found)
    assert np.mean([f.quality for f in found]) == pytest.approx(1 - math.exp(-4.5), abs=0.001)
    assert np.mean([f.kl for f in found]) == pytest.approx((k - 1) / 5000, rel=0.2)


def test_one_mode_and_stray_points():
    mixture = ring()
    one = np.tile(mixture.centres[3], (1000, 1))
    found = modes(one, mixture.centres, mixture.deviation)
    assert (found.covered, found.held, found.quality) == (1, 1, 1.0) and found.kl == pytest.approx(math.log(8))
    one[:5] = mixture.centres[4]  # half a percent: covered, not held
    found = modes(one, mixture.centres, mixture.deviation)
    assert (found.covered, found.held) == (2, 1)
    far = modes(one + 0.5, mixture.centres, mixture.deviation)
    assert far.covered == 0 and far.quality == 0


def test_divergence_from_uniform():
    assert kl_to_uniform(np.full(25, 1 / 25)) == pytest.approx(0, abs=1e-12)
    assert kl_to_uniform(np.array([0.5, 0.5, 0, 0])) == pytest.approx(math.log(2))


def test_batches_follow_from_seed_and_step():
    a, b = GaussianBatches(grid(), 64, seed=1), GaussianBatches(grid(), 64, seed=1, scale=0.5)
    assert torch.equal(a.batch(3)[0], a.batch(3)[0]) and not torch.equal(a.batch(3)[0], a.batch(4)[0])
    torch.testing.assert_close(a.batch(3)[0] / 2, b.batch(3)[0])
    assert a.batch(0)[0].shape == (64, 2) and a.batch(0)[0].dtype == torch.float32


def test_gans_take_networks_for_points():
    batches = GaussianBatches(ring(), 16)
    for method in (
        GAN(GANConfig(latent=2, packing=2), size=0, nets=(PointGenerator(2, 8), PointDiscriminator(8, packing=2))),
        GAN(GANConfig(latent=2, minibatch=3), size=0, nets=(PointGenerator(2, 8), PointDiscriminator(8, minibatch=3))),
        WGAN(WGANConfig(latent=2, critic_turns=2), size=0, nets=(PointGenerator(2, 8), PointDiscriminator(8))),
    ):
        before = [p.clone() for p in method.nets.parameters()]
        for i in range(2):
            assert all(v.isfinite() for v in method.step(*batches.batch(i)).values())
        moved = [not torch.equal(a, b) for a, b in zip(before, method.nets.parameters(), strict=True)]
        assert sum(moved) >= len(moved) - 1  # a critic's last bias adds the same to both sides

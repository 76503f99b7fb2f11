"""Points drawn from Gaussian mixtures."""

import torch

from viceversa.worlds.gaussians import GaussianBatches, grid


def test_batches_follow_from_seed_and_step():
    a, b = GaussianBatches(grid(), 64, seed=1), GaussianBatches(grid(), 64, seed=1, scale=0.5)
    assert torch.equal(a.batch(3)[0], a.batch(3)[0]) and not torch.equal(a.batch(3)[0], a.batch(4)[0])
    torch.testing.assert_close(a.batch(3)[0] / 2, b.batch(3)[0])
    assert a.batch(0)[0].shape == (64, 2) and a.batch(0)[0].dtype == torch.float32

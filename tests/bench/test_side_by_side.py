"""Trainings of the benchmarks that run side by side are independent of each other."""

from pathlib import Path

import numpy as np
import pytest
import torch

from viceversa.worlds.gaussians import grid, ring


@pytest.fixture
def side_by_side(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    return pytest.importorskip("side_by_side")


@pytest.mark.parametrize("options", [{"signs": True}, {"wave": 1.5, "kernels": 3}])
def test_outputs_and_gradients_of_trainings_are_independent(side_by_side, options):
    net, x = side_by_side.Net(3, 2, 1, 16, **options), torch.randn(30, 2)
    changed = x.clone()
    changed[10:20] += 1  # the rows of the second training
    before, after = net(x), net(changed)
    assert torch.equal(before[:10], after[:10]) and torch.equal(before[20:], after[20:])
    assert not torch.allclose(before[10:20], after[10:20])
    for gradient in torch.autograd.grad(before[:10].sum(), list(net.parameters())):
        assert gradient[0].any() and not gradient[1:].any()


def test_spectral_norm_is_one_in_every_training(side_by_side):
    layer = side_by_side.Layer(3, 8, 5, spectral=True)
    for _ in range(100):
        layer.normalised()
    torch.testing.assert_close(torch.linalg.matrix_norm(layer.normalised(), 2), torch.ones(3), rtol=1e-3, atol=0)


def test_rows_come_from_each_distribution_and_seed(side_by_side):
    distributions, seeds = [(ring(), 2.0), (grid(), 0.5)], [3, 4]
    (rows,) = side_by_side.Batches(distributions, seeds, 6).batch(7)
    for i, ((mixture, scale), seed) in enumerate(zip(distributions, seeds, strict=True)):
        expected = mixture.sample(6, np.random.default_rng((seed, 7))) * scale
        np.testing.assert_allclose(rows[6 * i : 6 * i + 6], expected, rtol=1e-6)

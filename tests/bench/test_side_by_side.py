"""Trainings of the benchmarks that run side by side share nothing."""

from pathlib import Path

import numpy as np
import pytest
import torch

from viceversa.worlds.gaussians import grid, ring


@pytest.fixture
def side_by_side(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    return pytest.importorskip("side_by_side")


@pytest.mark.parametrize("parts", [{"signs": True}, {"wave": 1.5, "kernels": 3}])
def test_one_training_neither_sees_nor_moves_another(side_by_side, parts):
    net, x = side_by_side.Net(3, 2, 1, 16, **parts), torch.randn(30, 2)
    other = x.clone()
    other[10:20] += 1  # the rows of the second
    before, after = net(x), net(other)
    assert torch.equal(before[:10], after[:10]) and torch.equal(before[20:], after[20:])
    assert not torch.allclose(before[10:20], after[10:20])
    for slope in torch.autograd.grad(before[:10].sum(), list(net.parameters())):
        assert slope[0].any() and not slope[1:].any()


def test_a_spectral_layer_has_norm_one_in_every_training(side_by_side):
    layer = side_by_side.Layer(3, 8, 5, spectral=True)
    for _ in range(100):
        layer.normed()
    torch.testing.assert_close(torch.linalg.matrix_norm(layer.normed(), 2), torch.ones(3), rtol=1e-3, atol=0)


def test_rows_are_those_of_each_world_and_seed(side_by_side):
    worlds, seeds = [(ring(), 2.0), (grid(), 0.5)], [3, 4]
    (rows,) = side_by_side.Batches(worlds, seeds, 6).batch(7)
    for i, ((mixture, scale), seed) in enumerate(zip(worlds, seeds, strict=True)):
        alone = mixture.sample(6, np.random.default_rng((seed, 7))) * scale
        np.testing.assert_allclose(rows[6 * i : 6 * i + 6], alone, rtol=1e-6)

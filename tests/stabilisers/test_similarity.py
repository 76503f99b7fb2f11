"""The similarity penalty against values computed by hand."""

import pytest
import torch

from viceversa.stabilisers.similarity import mean_distance, similarity


def test_penalty_and_its_gradient():
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(6, 3, generator=rng)
    by_hand = sum((x[i] - x[j]).abs().mean() for i in range(6) for j in range(i)) / 15
    assert mean_distance(x).item() == pytest.approx(by_hand.item(), rel=1e-6)
    assert similarity(x[:1].expand(6, 3), x, 0.7).item() == pytest.approx(0.7)
    assert similarity(x / 4, x, 1.0).item() == pytest.approx(0.75)
    assert similarity(3 * x, x, 1.0).item() == 0
    fake = (x / 2).requires_grad_()
    similarity(fake, x, 1.0).backward()
    assert mean_distance(x / 2 - 0.01 * fake.grad) > mean_distance(x / 2)  # a gradient step increases the distance

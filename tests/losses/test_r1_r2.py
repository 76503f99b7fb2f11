"""The zero-centred gradient penalty of critics whose gradient is known."""

import pytest
import torch

from viceversa.losses.r1_r2 import zero_centred_penalty


def test_penalty_of_a_linear_and_a_quadratic_critic():
    x, w = torch.randn(6, 4, dtype=torch.float64), torch.tensor([1.0, 2.0, 0.0, -1.0], dtype=torch.float64)
    assert zero_centred_penalty(lambda v: v @ w, x, 3.0).item() == pytest.approx(1.5 * 6)
    square = zero_centred_penalty(lambda v: v.square().sum(1) / 2, x, 2.0)
    assert square.item() == pytest.approx(x.square().sum(1).mean().item())
    assert zero_centred_penalty(lambda v: v @ w, x, 0.0) == 0.0

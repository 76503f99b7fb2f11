"""Layers that networks share."""

import pytest
import torch
from torch import nn

from viceversa.networks.layers import ImageConv, MinibatchDiscrimination, dropout


@pytest.mark.parametrize(("few", "many", "side", "stride"), [(3, 16, 7, 1), (16, 3, 7, 1), (3, 8, 4, 2), (8, 1, 4, 1)])
def test_zero_padded_channels_change_no_output_and_no_gradient(few: int, many: int, side: int, stride: int) -> None:
    torch.manual_seed(0)
    conv = ImageConv(few, many, side, stride, padding=1).double()
    x = torch.randn(2, few, 20, 24, dtype=torch.double, requires_grad=True)
    weights = torch.randn_like(conv(x))
    outputs = conv(x), conv.forward_padded(x)
    torch.testing.assert_close(*outputs)
    leaves = (x, *conv.parameters())
    torch.testing.assert_close(*[torch.autograd.grad((y * weights).sum(), leaves) for y in outputs])


def test_dropout_keeps_the_mean_and_is_off_in_evaluation() -> None:
    torch.manual_seed(0)
    x = torch.ones(100_000)
    layer = dropout(0.3)
    assert (layer(x) == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)
    assert layer(x).mean().item() == pytest.approx(1, abs=0.01)
    assert torch.equal(layer.eval()(x), x)
    assert (dropout(0.3, lasting=True).eval()(x) == 0).any()
    assert isinstance(dropout(0.0), nn.Identity)


def test_minibatch_discrimination_counts_copies() -> None:
    torch.manual_seed(0)
    layer = MinibatchDiscrimination(6, kernels=4)
    copies = layer(torch.ones(5, 6))
    assert torch.equal(copies[:, 6:], torch.full((5, 4), 4.0))
    distant = layer(torch.randn(5, 6) * 1000)
    assert distant[:, 6:].abs().max() < 1e-3

"""Normalisation layers against PyTorch's own and against their formulas."""

import pytest
import torch
from torch import nn

from viceversa.networks.norms import ChannelNorm, InstanceNorm, apply_spectral_norm


def test_channel_norm_is_layer_norm_over_the_channels_of_each_pixel() -> None:
    torch.manual_seed(0)
    norm = ChannelNorm(6)
    torch.nn.init.normal_(norm.weight)
    torch.nn.init.normal_(norm.bias)
    x = torch.randn(2, 6, 5, 7)
    mean, deviation = x.mean(1, keepdim=True), (x.var(1, correction=0, keepdim=True) + 1e-5).sqrt()
    expected = (x - mean) / deviation * norm.weight[:, None, None] + norm.bias[:, None, None]
    torch.testing.assert_close(norm(x), expected)
    channels_last = norm(x.contiguous(memory_format=torch.channels_last))
    assert channels_last.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(channels_last, expected)


@pytest.mark.parametrize("n", [1, 2])
def test_instance_norm_keeps_channels_last(n: int) -> None:
    x = torch.randn(n, 5, 7, 9).to(memory_format=torch.channels_last)
    out = InstanceNorm(5)(x)
    assert out.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(out, nn.InstanceNorm2d(5)(x.contiguous()))


@pytest.mark.long
def test_compiled_instance_norm_is_the_same() -> None:
    torch.manual_seed(0)
    x = torch.randn(3, 5, 8, 6) * 3 + 2
    compiled = torch.compile(InstanceNorm(5), backend="eager")
    for layout in (torch.contiguous_format, torch.channels_last):
        out = compiled(x.contiguous(memory_format=layout))
        torch.testing.assert_close(out, nn.InstanceNorm2d(5)(x))
        assert out.is_contiguous(memory_format=layout)


def test_spectral_norm_makes_the_largest_singular_value_one() -> None:
    net = nn.Sequential(nn.Linear(2, 2, bias=False))
    with torch.no_grad():
        net[0].weight.copy_(torch.diag(torch.tensor([3.0, 1.0])))
    apply_spectral_norm(net)
    for _ in range(50):
        net(torch.ones(1, 2))
    torch.testing.assert_close(net[0].weight, torch.diag(torch.tensor([1.0, 1 / 3])))

"""Normalisation layers against PyTorch's own and against their formulas."""

import math

import pytest
import torch
from torch import Tensor, nn

from viceversa.networks.norms import (
    ChannelNorm,
    FrozenNorm,
    InstanceNorm,
    Renorm,
    apply_spectral_norm,
    running_statistics,
    tracking,
    update_statistics,
)


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


LAYOUTS = [torch.contiguous_format, torch.channels_last]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_frozen_norm_with_the_statistics_of_an_image_is_instance_norm(layout: torch.memory_format) -> None:
    torch.manual_seed(0)
    x = (torch.randn(1, 5, 8, 6) * 3 + 2).contiguous(memory_format=layout)
    variance, mean = torch.var_mean(x, (0, 2, 3), correction=0)
    frozen = FrozenNorm(mean, variance)
    out = frozen(x)
    torch.testing.assert_close(out, InstanceNorm(5)(x), rtol=0, atol=1e-6)
    assert out.is_contiguous(memory_format=layout) and not frozen.state_dict()

    part = frozen(x[..., 2:7, 1:4])
    torch.testing.assert_close(part, out[..., 2:7, 1:4], rtol=0, atol=1e-6)
    assert frozen(x.bfloat16()).dtype == torch.bfloat16


def renormed(share: float, running: tuple[float, float] = (0.5, 4.0)) -> Renorm:
    """A layer of two channels at a share of the training, with running mean and variance."""
    norm = Renorm(2)
    norm.running_mean.fill_(running[0])
    norm.running_var.fill_(running[1])
    norm.set_share(share)
    return norm


@pytest.mark.parametrize("layout", LAYOUTS)
def test_renorm_is_instance_norm_until_70_percent(layout: torch.memory_format) -> None:
    torch.manual_seed(0)
    x = (torch.randn(2, 2, 8, 6) * 3 + 2).contiguous(memory_format=layout)
    for share in (0.0, 0.7):
        assert torch.equal(renormed(share)(x), InstanceNorm(2)(x))


def test_renorm_within_limits_and_without_follows_its_equation() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 2, 8, 6) * 30 + 2  # r = 15 is above its limit
    variance, mean = torch.var_mean(x, (2, 3), correction=0, keepdim=True)
    half = renormed(0.775)  # half of the way: r_max = 2, d_max = 2.5
    d = ((mean - 0.5) / 2).clamp(-2.5, 2.5)
    torch.testing.assert_close(half(x), (x - mean) / variance.sqrt() * 2 + d, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(renormed(0.85)(x), (x - 0.5) / 2, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(renormed(0.0).eval()(x), (x - 0.5) / 2, rtol=1e-5, atol=1e-5)


def test_no_gradient_passes_through_r_and_d() -> None:
    """So the gradient is that of instance norm times r."""
    torch.manual_seed(0)
    x, weight = torch.randn(1, 2, 8, 6) * 3 + 2, torch.randn(1, 2, 8, 6)

    def gradient(norm: nn.Module) -> Tensor:
        leaf = x.clone().requires_grad_()
        (norm(leaf) * weight).sum().backward()
        assert leaf.grad is not None
        return leaf.grad

    r = x.std((2, 3), correction=0, keepdim=True) / 2
    torch.testing.assert_close(gradient(renormed(0.9)), gradient(InstanceNorm(2)) * r, rtol=1e-4, atol=1e-6)


def test_running_statistics_follow_tracked_images_only() -> None:
    torch.manual_seed(0)
    norm = Renorm(2)
    means, variances = [], []
    for _ in range(150):
        x = torch.randn(3, 2, 4, 4) * 2 + 1
        with tracking(norm):
            norm(x)
        norm(x + 100)
        update_statistics([norm])
        variance, mean = torch.var_mean(x, (2, 3), correction=0)
        means.append(mean.mean(0))
        variances.append(variance.mean(0))

    def followed(values: list[Tensor]) -> Tensor:
        average = values[0]
        for t, value in enumerate(values, 1):
            average = average.lerp(value, max(1 / t, Renorm.MOMENTUM))
        return average

    torch.testing.assert_close(norm.running_mean, followed(means))
    torch.testing.assert_close(norm.running_var, followed(variances))


def test_an_image_that_is_not_finite_moves_no_running_statistics() -> None:
    norm = Renorm(2)
    for x in (torch.randn(1, 2, 4, 4), torch.full((1, 2, 4, 4), math.nan)):
        with tracking(norm):
            norm(x)
        update_statistics([norm])
    assert norm.updates == 1 and norm.running_mean.isfinite().all() and norm.running_var.isfinite().all()


def test_running_statistics_are_used_within_their_context() -> None:
    norm, x = renormed(0.0), torch.randn(1, 2, 4, 4)
    with running_statistics(norm):
        torch.testing.assert_close(norm(x), (x - 0.5) / 2)
    assert norm.training


@pytest.mark.long
def test_compiled_renorm_is_the_same_and_compiles_twice_at_most() -> None:
    torch.manual_seed(0)
    norm, counted = Renorm(2), torch._dynamo.testing.CompileCounter()
    compiled = torch.compile(norm, backend=counted)
    for share in (0.0, 0.3, 0.72, 0.8, 0.9, 1.0):
        norm.set_share(share)
        x = torch.randn(2, 2, 4, 4)
        with tracking(norm):
            first = compiled(x)
        torch.testing.assert_close(first, norm(x))
        torch.testing.assert_close(compiled(x), first)
        update_statistics([norm])
    assert counted.frame_count == 2  # one with and one without tracking, none for a new share

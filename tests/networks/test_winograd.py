"""Winograd convolutions against direct ones: in float64, in float32, and in training."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from viceversa.methods.cyclegan import CycleGAN, CycleGANConfig
from viceversa.networks.resnet import ResNetGenerator
from viceversa.networks.winograd import Conv3x3, transforms


def test_transforms_give_the_convolution_in_float64() -> None:
    """Y = A^T [(G g G^T) * (B^T d B)] A is the convolution, to the last digits of float64."""
    A, G, B = transforms()
    rng = np.random.default_rng(0)
    g, d = rng.normal(size=(3, 3)), rng.normal(size=(6, 6))
    direct = np.array([[(d[i : i + 3, j : j + 3] * g).sum() for j in range(4)] for i in range(4)])
    np.testing.assert_allclose(A @ ((G @ g @ G.T) * (B @ d @ B.T)) @ A.T, direct, rtol=0, atol=1e-13)
    _, G, _ = transforms((0.0, 1.0, -1.0, 2.0, -2.0))  # the points of the paper give its matrix G
    assert G[0].tolist() == [1 / 4, 0, 0] and G[3] == pytest.approx([1 / 24, 1 / 12, 1 / 6])


@pytest.mark.parametrize(("n", "h", "w"), [(1, 32, 32), (3, 20, 24), (1, 33, 38), (2, 31, 47)])
def test_float32_error_is_below_five_millionths(n: int, h: int, w: int) -> None:
    """Root mean square error against float64, relative to the result, in the forward and backward pass."""
    torch.manual_seed(0)
    conv, x = Conv3x3(128, 96), torch.randn(n, 128, h + 2, w + 2)
    nn.init.normal_(conv.weight, 0, 0.02)
    weight, bias = (p.detach().double() for p in (conv.weight, conv.bias))
    grad = torch.randn(n, 96, h, w)
    assert conv.is_worthwhile(x, border=1)
    true = results(lambda x: functional.conv2d(x, weight, bias), x.double(), (weight, bias), grad.double())
    ours = results(conv, x, (conv.weight, conv.bias), grad)
    for name, exact in true.items():
        assert rms(ours[name] - exact) < 5e-6 * rms(exact), (name, rms(ours[name] - exact) / rms(exact))


def results(conv, x: Tensor, weights: tuple[Tensor, ...], grad: Tensor) -> dict[str, Tensor]:
    """Output, and the gradients of input, weight and bias."""
    x = x.clone().requires_grad_()
    leaves = [w.requires_grad_() for w in weights]
    out = conv(x)
    return dict(zip(("out", "x", "weight", "bias"), (out, *torch.autograd.grad(out, [x, *leaves], grad)), strict=True))


def rms(x: Tensor) -> float:
    return x.double().square().mean().sqrt().item()


def test_winograd_only_for_large_float32_maps() -> None:
    conv = Conv3x3(64, 64)
    large = torch.zeros(1, 64, 34, 34)
    assert conv.is_worthwhile(large, 1) and conv.is_worthwhile(torch.zeros(4, 64, 16, 16))
    assert not conv.is_worthwhile(torch.zeros(1, 64, 18, 18), 1) and not conv.is_worthwhile(large.double(), 1)
    assert not Conv3x3(32, 64).is_worthwhile(torch.zeros(1, 32, 34, 34), 1)
    with torch.autocast("cpu", torch.bfloat16):
        assert not conv.is_worthwhile(large, 1) and conv(large).dtype == torch.bfloat16
    small = torch.randn(1, 64, 10, 10)
    assert torch.equal(conv(small), functional.conv2d(small, conv.weight, conv.bias))  # direct, to the bit


def test_generator_is_the_same_to_rounding() -> None:
    torch.manual_seed(0)
    fast, direct = ResNetGenerator(width=16, blocks=3, winograd=True), ResNetGenerator(width=16, blocks=3)
    direct.load_state_dict(fast.state_dict())
    x = torch.rand(1, 3, 140, 156) * 2 - 1
    with torch.no_grad():
        a, b = fast(x), direct(x)
    assert 0 < (a - b).abs().max() < 1e-4  # of a range of 2; a step of 8 bits is 8e-3
    assert a.is_contiguous()


@pytest.mark.long
def test_first_training_losses_agree() -> None:
    """To 1e-4; winograd=False is the direct convolution."""
    config = CycleGANConfig(width=16, blocks=2, d_width=8, d_layers=2, pool=3)
    batches = [
        [torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(i + j)) * 2 - 1 for j in (0, 9)]
        for i in (0, 1)
    ]
    losses = {}
    for winograd in (True, False):
        torch.manual_seed(0)
        method = CycleGAN(dataclasses.replace(config, winograd=winograd))
        losses[winograd] = [{k: v.item() for k, v in method.step(a, b).items()} for a, b in batches]
    assert losses[True][0] == pytest.approx(losses[False][0], rel=1e-4)
    assert losses[True] != losses[False]

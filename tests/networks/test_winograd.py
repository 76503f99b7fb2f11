"""The short way through a 3x3 convolution against the direct one: in exact numbers, in float32, and in training."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from viceversa.methods.cyclegan import CycleGAN, CycleGANConfig
from viceversa.networks.norms import InstanceNorm
from viceversa.networks.resnet import ResNetGenerator
from viceversa.networks.winograd import Conv3x3, transforms


def test_the_transforms_are_exact() -> None:
    """Y = A^T [(G g G^T) * (B^T d B)] A is the convolution, in float64 to its last digits."""
    A, G, B = transforms()
    dice = np.random.default_rng(0)
    g, d = dice.normal(size=(3, 3)), dice.normal(size=(6, 6))
    direct = np.array([[(d[i : i + 3, j : j + 3] * g).sum() for j in range(4)] for i in range(4)])
    np.testing.assert_allclose(A @ ((G @ g @ G.T) * (B @ d @ B.T)) @ A.T, direct, rtol=0, atol=1e-13)
    with_five = transforms((0.0, 1.0, -1.0, 2.0, -2.0))  # the points of the paper, its matrix G
    assert with_five[1][0].tolist() == [1 / 4, 0, 0] and with_five[1][3] == pytest.approx([1 / 24, 1 / 12, 1 / 6])


@pytest.mark.parametrize(("n", "h", "w"), [(1, 32, 32), (3, 20, 24), (1, 33, 38), (2, 31, 47)])
def test_float32_rounds_to_five_millionths(n: int, h: int, w: int) -> None:
    """The stated tolerance: a root mean square error against float64 of 5e-6 of the result, in both directions."""
    torch.manual_seed(0)
    conv, x = Conv3x3(128, 96), torch.randn(n, 128, h + 2, w + 2)
    nn.init.normal_(conv.weight, 0, 0.02)
    weight, bias = (p.detach().double() for p in (conv.weight, conv.bias))
    grad = torch.randn(n, 96, h, w)
    assert conv.is_worthwhile(x, border=1)
    true = results(lambda x: functional.conv2d(x, weight, bias), x.double(), (weight, bias), grad.double())
    short = results(conv, x, (conv.weight, conv.bias), grad)
    for name, exact in true.items():
        assert rms(short[name] - exact) < 5e-6 * rms(exact), (name, rms(short[name] - exact) / rms(exact))


def results(conv, x: Tensor, weights: tuple[Tensor, ...], grad: Tensor) -> dict[str, Tensor]:
    """Output, and the gradients of input, weight and bias."""
    x = x.clone().requires_grad_()
    leaves = [w.requires_grad_() for w in weights]
    out = conv(x)
    return dict(zip(("out", "x", "weight", "bias"), (out, *torch.autograd.grad(out, [x, *leaves], grad)), strict=True))


def rms(x: Tensor) -> float:
    return x.double().square().mean().sqrt().item()


def test_it_is_taken_only_where_it_pays() -> None:
    conv = Conv3x3(64, 64)
    large = torch.zeros(1, 64, 34, 34)
    assert conv.is_worthwhile(large, 1) and conv.is_worthwhile(torch.zeros(4, 64, 16, 16))
    assert not conv.is_worthwhile(torch.zeros(1, 64, 18, 18), 1) and not conv.is_worthwhile(large.double(), 1)
    assert not Conv3x3(32, 64).is_worthwhile(torch.zeros(1, 32, 34, 34), 1)
    with torch.autocast("cpu", torch.bfloat16):
        assert not conv.is_worthwhile(large, 1) and conv(large).dtype == torch.bfloat16
    small = torch.randn(1, 64, 10, 10)
    assert torch.equal(conv(small), functional.conv2d(small, conv.weight, conv.bias))  # else to the bit as it was


@pytest.mark.parametrize("n", [1, 2])
def test_the_norm_leaves_a_picture_channels_last(n: int) -> None:
    x = torch.randn(n, 5, 7, 9).to(memory_format=torch.channels_last)
    out = InstanceNorm(5)(x)
    assert out.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(out, nn.InstanceNorm2d(5)(x.contiguous()))


def test_a_block_and_a_generator_stay_what_they_were() -> None:
    torch.manual_seed(0)
    short, direct = ResNetGenerator(width=16, blocks=3, winograd=True), ResNetGenerator(width=16, blocks=3)
    direct.load_state_dict(short.state_dict())
    x = torch.rand(1, 3, 140, 156) * 2 - 1
    with torch.no_grad():
        a, b = short(x), direct(x)
    assert 0 < (a - b).abs().max() < 1e-4  # of a range of 2: a fiftieth of a step of 8 bits
    assert a.is_contiguous()


def test_training_goes_the_same_way() -> None:
    """The first losses agree to 1e-4; off is the direct convolution, to the bit."""
    config = CycleGANConfig(width=16, blocks=2, d_width=8, d_layers=2, pool=3)
    pictures = [
        [torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(i + j)) for j in (0, 9)] for i in (0, 1)
    ]
    told = {}
    for winograd in (True, False):
        torch.manual_seed(0)
        method = CycleGAN(dataclasses.replace(config, winograd=winograd))
        told[winograd] = [
            {k: v.item() for k, v in method.step(*(x * 2 - 1 for x in pair)).items()} for pair in pictures
        ]
    assert told[True][0] == pytest.approx(told[False][0], rel=1e-4)
    assert told[True] != told[False]


@pytest.mark.long
def test_a_compiler_is_given_the_same_norm() -> None:
    torch.manual_seed(0)
    x = torch.randn(3, 5, 8, 6) * 3 + 2
    compiled = torch.compile(InstanceNorm(5), backend="eager")
    for lying in (torch.contiguous_format, torch.channels_last):
        found = compiled(x.contiguous(memory_format=lying))
        torch.testing.assert_close(found, nn.InstanceNorm2d(5)(x))
        assert found.is_contiguous(memory_format=lying)

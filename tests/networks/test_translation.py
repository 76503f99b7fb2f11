"""The tensor contract of a translation: pad, network, crop, clamp."""

import pytest
import torch
from torch import Tensor, nn

from support.translators import SwapRedBlue, swapping_translator
from viceversa.networks.translation import TranslationModule, pad_to_multiple
from viceversa.networks.unet import UNetGenerator


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (17, 16), (250, 301)])
def test_any_size_is_padded_and_cropped(size: tuple[int, int]) -> None:
    x = torch.rand(1, 3, *size) * 2 - 1
    torch.testing.assert_close(swapping_translator().batch(x, "B"), SwapRedBlue()(x))
    padded = pad_to_multiple(x)
    assert padded.shape[-2] % 4 == padded.shape[-1] % 4 == 0
    assert torch.equal(padded[..., : size[0], : size[1]], x)


def test_output_is_clamped_float32() -> None:
    class Double(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return 2 * x.double()

    x = torch.rand(2, 3, 20, 24) * 2 - 1
    y = TranslationModule(Double())(x)
    assert y.dtype == torch.float32
    torch.testing.assert_close(y, (2 * x).clamp(-1, 1))


def test_unet_input_is_padded_to_its_downsampling() -> None:
    net = UNetGenerator(size=64, width=4, norm="instance")
    module = TranslationModule(net)
    assert module.multiple == net.multiple == 64
    assert module(torch.zeros(1, 3, 70, 33)).shape == (1, 3, 70, 33)


@pytest.mark.parametrize("size", [(1, 1), (20, 24), (33, 50)])
def test_generator_sees_the_border_pixels_repeated_around_the_image(size: tuple[int, int]) -> None:
    """A mean over 3x3 pixels padded with zeros is exact at the border too: as if the border were repeated."""

    class Mean(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return nn.functional.avg_pool2d(x, 3, 1, 1)  # counts zeros outside of its input

    x = torch.rand(2, 3, *size) * 2 - 1
    expected = nn.functional.avg_pool2d(nn.functional.pad(x, (1, 1, 1, 1), mode="replicate"), 3, 1)
    torch.testing.assert_close(TranslationModule(Mean())(x), expected)


def test_a_generator_may_state_its_own_margin() -> None:
    class Shape(nn.Module):
        margin = 6

        def forward(self, x: Tensor) -> Tensor:
            assert x.shape[-2:] == (64 + 12, 32 + 12)
            return x

    x = torch.rand(1, 3, 64, 32)
    torch.testing.assert_close(TranslationModule(Shape())(x), x)

"""The tensor contract of a translation: pad, network, crop, clamp."""

import pytest
import torch
from torch import Tensor, nn

from support.translators import SwapRedBlue, swapping_translator
from viceversa.networks.unet import UNetGenerator
from viceversa.translation.module import TranslationModule, pad_to_multiple


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

"""The residual generator: published sizes, layer numbers, output size and range."""

import pytest
import torch

from viceversa.networks.layers import count_parameters
from viceversa.networks.resnet import ResNetGenerator


@pytest.mark.parametrize(("blocks", "count"), [(9, 11_378_179), (6, 7_837_699)])
def test_published_parameter_count(blocks: int, count: int) -> None:
    assert count_parameters(ResNetGenerator(blocks=blocks)) == count


def test_layers_have_the_numbers_of_the_authors_code() -> None:
    state = ResNetGenerator().state_dict()
    assert len(state) == 48
    for key, shape in {
        "model.1.weight": (64, 3, 7, 7),
        "model.4.weight": (128, 64, 3, 3),
        "model.10.conv_block.5.weight": (256, 256, 3, 3),
        "model.19.weight": (256, 128, 3, 3),
        "model.26.weight": (3, 64, 7, 7),
    }.items():
        assert state[key].shape == shape


@pytest.mark.parametrize("upsampling", ["transposed", "bilinear"])
def test_output_has_the_size_of_the_input_and_the_range(upsampling: str) -> None:
    net = ResNetGenerator(width=4, blocks=1, upsampling=upsampling)
    x = torch.rand(2, 3, 36, 52) * 2 - 1
    y = net(x)
    assert y.shape == x.shape and y.abs().max() <= 1
    y.sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())

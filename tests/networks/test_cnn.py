"""The convolutional classifier: architecture, sizes, pooling."""

import pytest
import torch
from torch import nn

from viceversa.networks.cnn import CNN
from viceversa.networks.layers import count_parameters


def test_conv64_conv32_dense128_architecture() -> None:
    net = CNN(widths=(64, 32), pool="none", padding="valid")
    kinds = [type(layer).__name__ for layer in [*net.body, net.head] if not isinstance(layer, nn.Identity | nn.ReLU)]
    assert kinds == ["Conv2d", "Conv2d", "Flatten", "Linear", "Linear"]
    assert [layer.out_channels for layer in net.body if isinstance(layer, nn.Conv2d)] == [64, 32]
    conv = (9 * 64 + 64) + (9 * 64 * 32 + 32)
    assert count_parameters(net) == conv + (24 * 24 * 32 * 128 + 128) + (128 * 10 + 10)


@pytest.mark.parametrize("pool", ["max", "average", "none"])
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
def test_dense_layer_fits_every_convolution(kernel: int, stride: int, padding: str, pool: str) -> None:
    """Its size is computed by formula; with a wrong one the network would not run."""
    settings = dict(
        channels=2, size=19, widths=(3, 4), kernel=kernel, stride=stride, padding=padding, pool=pool, dense=8
    )
    try:
        net = CNN(**settings, norm=True, dropout=0.2)  # type: ignore[arg-type]
    except ValueError as error:
        assert stride == 2 and pool != "none" and "no pixel left" in str(error)
        return
    x = torch.randn(2, 2, 19, 19)
    assert net(x).shape == (2, 10) and net.features(x).shape == (2, 8)
    net(x).sum().backward()
    assert all(p.grad is not None for p in net.parameters())


def test_network_without_pixels_is_refused_in_one_line() -> None:
    with pytest.raises(ValueError, match="8 px image has no pixel left after convolution 2 of 3") as error:
        CNN(size=8, widths=(4, 4, 4), kernel=5, padding="valid")
    assert "\n" not in str(error.value)


def test_max_pooling_ignores_a_shift_within_its_window() -> None:
    net = CNN(size=8, widths=(4,), kernel=1, dense=0)
    x, moved = torch.zeros(2, 1, 1, 8, 8)
    x[0, 0, 2, 4] = moved[0, 0, 3, 5] = 1.0
    assert torch.equal(net(x), net(moved))
    assert not torch.equal(CNN(size=8, widths=(4,), kernel=1, pool="none")(x), net(moved))

"""The U-Net: published sizes, skip connections, dropout as noise."""

import pytest
import torch

from viceversa.networks.layers import count_parameters
from viceversa.networks.unet import UNetGenerator, halvings


@pytest.mark.parametrize(
    ("channels", "size", "count"), [(3, 256, 54_413_955), (1, 256, 54_407_809), (3, 128, 41_828_995)]
)
def test_published_parameter_count(channels: int, size: int, count: int) -> None:
    with torch.device("meta"):
        assert count_parameters(UNetGenerator(channels, channels, size)) == count


@pytest.mark.parametrize("kind", ["batch", "instance"])
@pytest.mark.parametrize("size", [4, 8, 64, 96])
def test_output_has_the_size_of_the_input_and_the_range(size: int, kind: str) -> None:
    net = UNetGenerator(2, 3, size, width=2, norm=kind)
    y = net(torch.randn(1, 2, size, size))  # batch 1, as in the paper
    assert y.shape == (1, 3, size, size) and y.abs().max() <= 1
    y.sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())


def test_levels_and_their_dropout() -> None:
    assert [halvings(n) for n in (512, 256, 64, 96, 7)] == [8, 8, 6, 5, 0]
    net = UNetGenerator(size=256, width=2)
    assert [getattr(level[-1], "p", 0) for level in net.up] == [0.5] * 3 + [0] * 4
    with pytest.raises(ValueError, match="multiple of 4"):
        UNetGenerator(size=30)


def test_skip_connections_carry_detail() -> None:
    """Without the bottleneck the output still follows the input pixel by pixel."""
    torch.manual_seed(0)
    net = UNetGenerator(1, 1, 32, width=4, dropout=0).eval()
    net.up[0].register_forward_hook(lambda module, inputs, out: torch.zeros_like(out))
    x = torch.randn(1, 1, 32, 32, requires_grad=True)
    (slope,) = torch.autograd.grad(net(x)[0, 0, 16, 16], x)
    assert slope[0, 0, 14:20, 14:20].abs().max() > 0

    for level in net.up:  # without any decoder level only the outermost skip connection is left
        level.register_forward_hook(lambda module, inputs, out: torch.zeros_like(out))
    (slope,) = torch.autograd.grad(net(x)[0, 0, 16, 16], x)
    rows, columns = slope[0, 0].nonzero(as_tuple=True)
    assert rows.max() - rows.min() < 6 and columns.max() - columns.min() < 6 and len(rows)


def test_noise_is_dropout_in_evaluation() -> None:
    x = torch.randn(1, 3, 16, 16)
    net = UNetGenerator(size=16, width=2).eval()
    assert torch.equal(net(x), net(x))
    noisy = UNetGenerator(size=16, width=2, noise=True).eval()
    assert not torch.equal(noisy(x), noisy(x))

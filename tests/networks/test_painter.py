"""The painting generator: range, start near the identity, tone curves, locality."""

import pytest
import torch

from viceversa.networks.painter import PaintingGenerator


@pytest.mark.parametrize("upsampling", ["transposed", "bilinear"])
def test_output_has_the_size_of_the_input_and_in_evaluation_the_range(upsampling: str) -> None:
    net = PaintingGenerator(width=4, blocks=1, upsampling=upsampling)
    x = torch.rand(2, 3, 36, 52) * 2 - 1
    y = net(x)
    assert y.shape == x.shape
    assert net.eval()(x).abs().max() <= 1
    y.sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())


def test_output_is_clamped_in_evaluation_only() -> None:
    net = PaintingGenerator(width=4, blocks=1)
    torch.nn.init.constant_(net.brush[-1].bias, 3.0)
    x = torch.zeros(1, 3, 16, 16)
    assert net(x).min() > 2  # visible to D, which can reject it
    assert torch.equal(net.eval()(x), torch.ones_like(x))


def test_initial_output_is_near_the_input() -> None:
    torch.manual_seed(0)
    x = torch.rand(1, 3, 32, 32) * 1.8 - 0.9
    assert (PaintingGenerator(width=8, blocks=2)(x) - x).abs().mean() < 0.05


@pytest.mark.long
def test_brush_learns_a_tone_curve() -> None:
    """On flat images, whose colour instance norm would remove."""
    torch.manual_seed(0)
    net = PaintingGenerator(width=4, blocks=1)
    optimizer = torch.optim.Adam(net.brush.parameters(), 1e-2)
    for _ in range(300):
        x = (torch.rand(16, 3, 1, 1) * 2 - 1).expand(-1, -1, 16, 16)
        loss = (net(x) - x.abs()).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.12


def test_output_does_not_depend_on_pixels_outside_of_the_receptive_field() -> None:
    torch.manual_seed(0)
    net = PaintingGenerator(width=4, blocks=1).eval()
    x = torch.rand(1, 3, 32, 160) * 2 - 1
    other = x.clone()
    other[..., 80:] = 0.3
    change = (net(x) - net(other)).abs().amax((0, 1, 2))
    assert change[80:].min() > 0 and change[:40].max() < 1e-6

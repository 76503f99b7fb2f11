"""Known answers of the published architectures."""

import pytest
import torch

from viceversa.networks.layers import ImageConv, count_parameters, receptive_field
from viceversa.networks.norms import ChannelNorm
from viceversa.networks.painter import PaintingGenerator
from viceversa.networks.patchgan import PatchGAN
from viceversa.networks.resnet import ResNetGenerator


@pytest.mark.parametrize(("blocks", "count"), [(9, 11_378_179), (6, 7_837_699)])
def test_generator_has_the_published_size(blocks: int, count: int) -> None:
    assert count_parameters(ResNetGenerator(blocks=blocks)) == count


@pytest.mark.parametrize(("layers", "count"), [(1, 136_385), (2, 662_977), (3, 2_764_737), (4, 6_959_553)])
def test_discriminator_has_the_published_size(layers: int, count: int) -> None:
    assert count_parameters(PatchGAN(layers=layers)) == count


def test_receptive_fields_by_formula() -> None:
    assert [receptive_field(PatchGAN(width=2, layers=n)) for n in (1, 2, 3, 4, 5)] == [16, 34, 70, 142, 286]


def test_receptive_field_by_gradient() -> None:
    net = PatchGAN(width=4, layers=3).double()
    for part in net.model:
        if isinstance(part, torch.nn.InstanceNorm2d):  # it looks at the whole map, the convolutions do not
            part.forward = lambda x: x  # type: ignore[method-assign]
    x = torch.randn(1, 3, 128, 128, dtype=torch.double, requires_grad=True)
    net(x)[0, 0, 7, 7].backward()
    seen = x.grad[0].abs().sum(0).nonzero()
    height, width = (seen.max(0).values - seen.min(0).values + 1).tolist()
    assert (height, width) == (70, 70)


@pytest.mark.parametrize(("size", "side"), [(256, 30), (128, 14), (64, 6), (32, 2)])
def test_discriminator_map(size: int, side: int) -> None:
    assert PatchGAN(width=2)(torch.zeros(1, 3, size, size)).shape == (1, 1, side, side)


@pytest.mark.parametrize("upsampling", ["transposed", "bilinear"])
@pytest.mark.parametrize("kind", [ResNetGenerator, PaintingGenerator])
def test_generator_keeps_size_and_range(upsampling: str, kind: type[torch.nn.Module]) -> None:
    net = kind(width=4, blocks=1, upsampling=upsampling)
    x = torch.rand(2, 3, 36, 52) * 2 - 1
    y = net(x)
    assert y.shape == x.shape
    assert net.eval()(x).abs().max() <= 1
    y.sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())


def test_layers_are_numbered_as_in_the_authors_code() -> None:
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
    judge = PatchGAN().state_dict()
    assert [key for key in judge if key.endswith("weight")] == [f"model.{i}.weight" for i in (0, 2, 5, 8, 11)]


def test_initial_weights_are_normal_002() -> None:
    weights = torch.cat([p.flatten() for n, p in PatchGAN().named_parameters() if n.endswith("weight")])
    assert abs(weights.std() - 0.02) < 1e-4
    assert all(not p.any() for n, p in PatchGAN(width=4).named_parameters() if n.endswith("bias"))


def test_a_painting_generator_clamps_only_when_it_is_used() -> None:
    net = PaintingGenerator(width=4, blocks=1)
    torch.nn.init.constant_(net.brush[-1].bias, 3.0)
    x = torch.zeros(1, 3, 16, 16)
    assert net(x).min() > 2  # visible to D, which can reject it
    assert torch.equal(net.eval()(x), torch.ones_like(x))


def test_a_painting_generator_starts_near_its_input() -> None:
    torch.manual_seed(0)
    x = torch.rand(1, 3, 32, 32) * 1.8 - 0.9
    assert (PaintingGenerator(width=8, blocks=2)(x) - x).abs().mean() < 0.05


def test_the_brush_reaches_a_tone_curve() -> None:
    """It sees the very colour of a pixel: a curve that instance norm would lose is learned on flat pictures."""
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


def test_channel_norm_is_layer_norm_over_the_channels_of_a_place() -> None:
    torch.manual_seed(0)
    norm = ChannelNorm(6)
    torch.nn.init.normal_(norm.weight)
    torch.nn.init.normal_(norm.bias)
    x = torch.randn(2, 6, 5, 7)
    mean, deviation = x.mean(1, keepdim=True), (x.var(1, correction=0, keepdim=True) + 1e-5).sqrt()
    expected = (x - mean) / deviation * norm.weight[:, None, None] + norm.bias[:, None, None]
    torch.testing.assert_close(norm(x), expected)
    lying = norm(x.contiguous(memory_format=torch.channels_last))
    assert lying.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(lying, expected)


def test_what_a_painting_generator_makes_of_a_place_does_not_depend_on_far_places() -> None:
    torch.manual_seed(0)
    net = PaintingGenerator(width=4, blocks=1).eval()
    x = torch.rand(1, 3, 32, 160) * 2 - 1
    other = x.clone()
    other[..., 80:] = 0.3
    changed = (net(x) - net(other)).abs().amax((0, 1, 2))
    assert changed[80:].min() > 0 and changed[:40].max() < 1e-6


@pytest.mark.parametrize(("few", "many", "side", "stride"), [(3, 16, 7, 1), (16, 3, 7, 1), (3, 8, 4, 2), (8, 1, 4, 1)])
def test_zeros_up_to_eight_channels_change_no_convolution(few: int, many: int, side: int, stride: int) -> None:
    """Neither its answer nor its gradients."""
    torch.manual_seed(0)
    conv = ImageConv(few, many, side, stride, padding=1).double()
    x = torch.randn(2, few, 20, 24, dtype=torch.double, requires_grad=True)
    weights = torch.randn_like(conv(x))
    answers = conv(x), conv.forward_padded(x)
    torch.testing.assert_close(*answers)
    asked = (x, *conv.parameters())
    torch.testing.assert_close(*[torch.autograd.grad((y * weights).sum(), asked) for y in answers])

"""Receptive fields: by hand, and by the gradients of single output pixels at every phase."""

import pytest
import torch
from torch import Tensor, nn

from support.generators import LOCAL, freeze, local_generator
from viceversa.networks.layers import Block
from viceversa.networks.norms import FrozenNorm
from viceversa.networks.painter import PaintingGenerator
from viceversa.networks.receptive_field import Features, ReceptiveField, Through, receptive_field
from viceversa.networks.resnet import ResNetGenerator
from viceversa.networks.unet import UNetGenerator


def extents_by_gradient(net: nn.Module, field: ReceptiveField) -> tuple[int, int, int, int]:
    """The most pixels above, below, left and right of an output pixel that change it, over one period of positions.

    Every weight is made positive and every activation the identity, so that no path is cancelled or cut off.
    """
    net = net.double()
    for module in net.modules():
        if isinstance(module, nn.ReLU | nn.LeakyReLU) or type(module).__name__ == "ChannelNorm":
            module.forward = lambda x: x
        if isinstance(module, nn.BatchNorm2d):
            nn.init.ones_(module.running_var)
        for parameter in module.parameters(recurse=False):
            with torch.no_grad():
                parameter.abs_().add_(1e-3).div_(100)  # no output is saturated

    period = field.multiple
    start = -(-(field.halo + 2) // period) * period
    side = 2 * start + period
    channels = next(layer for layer in net.modules() if isinstance(layer, nn.Conv2d)).in_channels
    x = torch.zeros(1, channels, side, side, dtype=torch.double, requires_grad=True)
    y = net(x)[0].sum(0)
    most = [0, 0, 0, 0]
    for position in range(start, start + period):
        (gradient,) = torch.autograd.grad(y[position, position], x, retain_graph=True)
        rows, columns = (gradient[0].abs().sum((0, axis)).nonzero()[:, 0] for axis in (2, 1))
        reached = position - rows[0], rows[-1] - position, position - columns[0], columns[-1] - position
        most = [max(m, int(r)) for m, r in zip(most, reached, strict=True)]
    return most[0], most[1], most[2], most[3]


@pytest.mark.parametrize("name", LOCAL)
def test_gradients_reach_exactly_as_far_as_computed(name: str) -> None:
    field = receptive_field(local_generator(name))
    assert extents_by_gradient(local_generator(name), field) == (field.before, field.after, field.before, field.after)


@pytest.mark.parametrize(
    ("net", "before", "after"),
    [
        (lambda: PaintingGenerator(width=1), 46, 43),
        (lambda: ResNetGenerator(width=1), 84, 84),
        (lambda: ResNetGenerator(width=1, blocks=6), 60, 60),
        (lambda: ResNetGenerator(width=1, upsampling="bilinear"), 90, 87),
        (lambda: UNetGenerator(size=32, width=1), 93, 93),
    ],
    ids=["painter", "resnet 9", "resnet 6", "resnet 9 bilinear", "unet of five levels"],
)
def test_the_published_depths_by_gradient(net, before: int, after: int) -> None:
    field = receptive_field(freeze(net()))
    assert (field.before, field.after, field.is_local) == (before, after, True)
    assert extents_by_gradient(freeze(net()), field) == (before, after, before, after)


@pytest.mark.parametrize(
    ("layers", "before", "after", "multiple"),
    [
        ([nn.Conv2d(1, 1, 3)], 0, 2, 1),
        ([nn.Conv2d(1, 1, 3, padding=1, dilation=1), nn.ReLU(), nn.Conv2d(1, 1, 5, padding="same")], 3, 3, 1),
        ([nn.Conv2d(1, 1, 3, padding=2, dilation=2)], 2, 2, 1),
        ([nn.ReflectionPad2d(3), nn.Conv2d(1, 1, 7)], 3, 3, 1),
        ([nn.ZeroPad2d((1, 2, 1, 2)), nn.Identity(), nn.Conv2d(1, 1, 4)], 1, 2, 1),
        ([nn.ReplicationPad2d(2)], 2, -2, 1),
        ([nn.AvgPool2d(2), nn.Upsample(scale_factor=2)], 1, 1, 2),
        ([nn.MaxPool2d(2), nn.Upsample(scale_factor=2, mode="bilinear")], 2, 2, 2),
        ([nn.Conv2d(1, 1, 4, 2, 1), nn.ConvTranspose2d(1, 1, 4, 2, 1)], 3, 3, 2),
        ([nn.Conv2d(1, 1, 3, 3, 0), nn.Upsample(scale_factor=3)], 2, 2, 3),
    ],
)
def test_layers_by_hand(layers: list[nn.Module], before: int, after: int, multiple: int) -> None:
    field = receptive_field(nn.Sequential(*layers))
    assert (field.before, field.after, field.multiple) == (before, after, multiple)
    assert field.side == before + after + 1


def test_a_sum_depends_on_what_either_part_depends_on() -> None:
    block = Block()
    block.conv_block = nn.Sequential(nn.Conv2d(1, 1, 3, padding=1), nn.Conv2d(1, 1, 5, padding=2))
    assert receptive_field(nn.Sequential(block, block)).before == 6
    block.conv_block = nn.Sequential(nn.Conv2d(1, 1, 2, stride=2))
    with pytest.raises(ValueError, match="maps of 1 and of 2 pixels"):
        receptive_field(block)


def test_a_new_network_states_its_structure_in_one_method() -> None:
    class Attention(nn.Module):
        """The product of a network with a mask that another one computes."""

        def __init__(self) -> None:
            super().__init__()
            self.paint, self.mask = nn.Conv2d(3, 3, 5, padding=2), nn.Conv2d(3, 1, 9, padding=4)

        def forward(self, x: Tensor) -> Tensor:
            product: Tensor = self.paint(x) * self.mask(x)
            return product

        def trace_field(self, features: Features, through: Through) -> Features:
            return through(self.paint, features) | through(self.mask, features)

    assert receptive_field(Attention()).before == receptive_field(Attention()).after == 4


@pytest.mark.parametrize(
    ("net", "obstacle"),
    [
        (ResNetGenerator(width=2, blocks=1), "InstanceNorm takes statistics"),
        (nn.GroupNorm(1, 4), "GroupNorm takes statistics"),
        (nn.BatchNorm2d(4).train(), "BatchNorm2d takes statistics"),
        (nn.BatchNorm2d(4, track_running_stats=False).eval(), "BatchNorm2d takes statistics"),
        (UNetGenerator(size=8, width=2, noise=True).eval(), "dropout draws random numbers"),
        (nn.Dropout(0.5).train(), "Dropout draws random numbers"),
    ],
)
def test_what_reaches_beyond_the_field_is_named(net: nn.Module, obstacle: str) -> None:
    field = receptive_field(net)
    assert not field.is_local and field.obstacle is not None and obstacle in field.obstacle


def test_norms_with_kept_statistics_are_local() -> None:
    kept = nn.BatchNorm2d(4), nn.InstanceNorm2d(4, track_running_stats=True), FrozenNorm(torch.zeros(4), torch.ones(4))
    for net in (*kept, UNetGenerator(size=8, width=2), ResNetGenerator(width=2, blocks=1, norm="renorm")):
        assert receptive_field(net.eval()).is_local
    assert not receptive_field(ResNetGenerator(width=2, blocks=1, norm="renorm").train()).is_local


@pytest.mark.parametrize(
    ("net", "name"),
    [
        (nn.Sequential(nn.Linear(3, 3)), "Linear"),
        (nn.Upsample(scale_factor=2, mode="bicubic"), "Upsample"),
        (nn.Conv2d(1, 1, (3, 5)), "rows and columns differ"),
        (nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular"), "circular"),
    ],
)
def test_a_layer_without_a_rule_is_named(net: nn.Module, name: str) -> None:
    with pytest.raises(TypeError, match=name):
        receptive_field(net)

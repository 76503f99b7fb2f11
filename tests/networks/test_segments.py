"""Networks cut at their instance norms."""

import torch
from torch import nn

from viceversa.networks.norms import InstanceNorm
from viceversa.networks.resnet import ResNetGenerator
from viceversa.networks.segments import instance_norms, segments
from viceversa.networks.unet import UNetGenerator


def test_segments_and_norms_in_turn_are_the_network() -> None:
    torch.manual_seed(0)
    net = ResNetGenerator(width=4, blocks=2).eval()
    parts = segments(net)
    assert parts is not None and len(parts) == 5 + 2 * 2
    maps = [torch.rand(1, 3, 32, 32)]
    x = maps[0]
    for part in parts:
        maps = part(maps)
        maps[-1] = net.get_submodule(part.norm)(maps[-1])
    head = nn.Sequential(*list(net.model)[-3:])  # what follows the last norm
    torch.testing.assert_close(torch.tanh(head(maps[-1])), net(x))


def test_networks_of_other_structures_are_not_cut() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = InstanceNorm(3)

    net = ResNetGenerator(width=4, blocks=1)
    net.model.append(Odd())
    assert segments(net) is None
    assert segments(UNetGenerator(size=16, width=4, norm="instance")) is None


def test_norms_with_running_statistics_take_none_over_the_image() -> None:
    net = nn.Sequential(InstanceNorm(3), nn.InstanceNorm2d(3, track_running_stats=True), nn.BatchNorm2d(3))
    assert list(instance_norms(net)) == ["0"]

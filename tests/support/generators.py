"""Generators with weights that make every part of their receptive field count."""

import torch
from torch import nn

from viceversa.networks.norms import FrozenNorm
from viceversa.networks.painter import PaintingGenerator
from viceversa.networks.resnet import ResNetGenerator
from viceversa.networks.unet import UNetGenerator

LOCAL = {
    "painter": lambda: PaintingGenerator(width=4, blocks=2),
    "painter, transposed": lambda: PaintingGenerator(width=4, blocks=1, upsampling="transposed"),
    "painter of six bands": lambda: PaintingGenerator(6, width=4, blocks=1, channels_out=1),
    "resnet": lambda: ResNetGenerator(width=4, blocks=2),
    "resnet, bilinear": lambda: ResNetGenerator(width=4, blocks=1, upsampling="bilinear"),
    "unet": lambda: UNetGenerator(size=8, width=4),
}


def local_generator(name: str) -> nn.Module:
    """A generator in evaluation mode with fixed statistics, whose output changes clearly with its input."""
    torch.manual_seed(0)
    net = LOCAL[name]()
    freeze(net)
    if isinstance(net, PaintingGenerator):
        nn.init.normal_(net.brush[-1].weight, std=0.3)
    if isinstance(net, UNetGenerator):
        nn.init.normal_(net.head[-1].weight, std=0.3)
    return net.eval()


def freeze(net: nn.Module) -> nn.Module:
    """Freeze instance norms at drawn statistics, and draw those of batch norms."""
    for module in list(net.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.InstanceNorm2d):
                mean, variance = 0.1 * torch.randn(child.num_features), torch.rand(child.num_features) / 20 + 0.01
                setattr(module, name, FrozenNorm(mean, variance))
    for norm in net.modules():
        if isinstance(norm, nn.BatchNorm2d):
            nn.init.normal_(norm.running_mean, std=0.1)
            nn.init.uniform_(norm.running_var, 0.01, 0.05)
    return net.eval()

"""A generator that paints the change onto its input."""

import torch
from torch import Tensor, nn

from .layers import Chain, full, normal_init
from .resnet import trunk


class PaintingGenerator(nn.Module):
    """x + paint(x, trunk(x)): the trunk tells what a place is, the brush sees its very colour.

    The brush is a 3x3 and a 1x1 convolution over the input beside the trunk's features; it has no normalisation, so
    that a tone curve is within its reach, and starts near zero, so that training starts near the identity.
    (N, channels, H, W) in [-1, 1] -> the same. In training what leaves the range stays visible, for D to reject: a
    clamp there would hide it and let it grow (docs/log.md).
    """

    def __init__(
        self,
        channels: int = 3,
        width: int = 16,  # channels after the first convolution
        blocks: int = 4,  # residual blocks
        upsampling: str = "bilinear",  # or "transposed"
        winograd: bool = False,  # as in ResNetGenerator
        recompute: bool = False,
    ) -> None:
        super().__init__()
        self.trunk = Chain(*trunk(channels, width, blocks, upsampling, winograd), recompute=recompute)
        normal_init(self.trunk)
        self.brush = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels + width, 2 * width, 3),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, channels, 1),
        )
        for layer, std in ((self.brush[1], (2 / (9 * (channels + width))) ** 0.5), (self.brush[3], 0.01)):
            normal_init(layer, std)

    def forward(self, x: Tensor) -> Tensor:
        features = self.trunk(x)
        painted: Tensor = x + full(self.brush(torch.cat([x, features.to(x.dtype)], 1)))
        return painted if self.training else painted.clamp(-1, 1)

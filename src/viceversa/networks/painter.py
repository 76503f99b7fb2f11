"""A generator that paints the change onto its input."""

import torch
from torch import Tensor, nn

from .checkpointed import Chain
from .layers import Block, at_least_float32, normal_init, upsample
from .norms import ChannelNorm


class PixelNormBlock(Block):
    """x + conv3-norm-relu-conv3-norm(x), zero padded, normalised place by place. (N, C, H, W) -> same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        c = channels
        self.conv_block = nn.Sequential(
            nn.Conv2d(c, c, 3, padding=1), ChannelNorm(c), nn.ReLU(), nn.Conv2d(c, c, 3, padding=1), ChannelNorm(c)
        )


def trunk(channels: int, width: int, blocks: int, upsampling: str) -> list[nn.Module]:
    """Down to a quarter of the side, blocks, up again: (N, channels, H, W) -> (N, width, H, W), H and W / 4 whole."""
    w = width
    layers: list[nn.Module] = [nn.Conv2d(channels, w, 3, padding=1), nn.ReLU()]
    for c in (w, 2 * w):
        layers += [nn.Conv2d(c, 2 * c, 3, stride=2, padding=1), ChannelNorm(2 * c), nn.ReLU()]
    layers += [PixelNormBlock(4 * w) for _ in range(blocks)]
    layers += [*larger(4 * w, 2 * w, upsampling), ChannelNorm(2 * w), nn.ReLU()]
    return [*layers, *larger(2 * w, w, upsampling), nn.ReLU()]


def larger(channels_in: int, channels_out: int, how: str) -> list[nn.Module]:
    """`upsample` with nothing beyond the edge, where mirrored pixels would have to be copied."""
    if how != "bilinear":
        return upsample(channels_in, channels_out, how)
    grow = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
    return [grow, nn.Conv2d(channels_in, channels_out, 3, padding=1)]


class PaintingGenerator(nn.Module):
    """x + paint(x, trunk(x)): the trunk tells what a place is, the brush sees its very colour.

    The brush is a 3x3 and two 1x1 convolutions over the input beside the trunk's features; it has no normalisation, so
    that a tone curve is within its reach, and starts near zero, so that training starts near the identity. The trunk
    is normalised over the channels of each place, never over the picture, and lies channels last: on a processor
    it takes two thirds of the time of the reference's layers at this width (docs/log.md).
    (N, channels, H, W) in [-1, 1] -> the same. In training what leaves the range stays visible, for D to reject: a
    clamp there would hide it and let it grow (docs/log.md).
    """

    def __init__(
        self,
        channels: int = 3,
        width: int = 16,  # channels after the first convolution
        blocks: int = 4,  # residual blocks
        upsampling: str = "bilinear",  # or "transposed"
        recompute: bool = False,  # keep little for the way back
    ) -> None:
        super().__init__()
        w = 2 * width
        self.trunk = Chain(*trunk(channels, width, blocks, upsampling), recompute=recompute, lying=True)
        self.brush = nn.Sequential(
            nn.Conv2d(channels + width, w, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(w, w, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(w, channels, 1),
        )
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                normal_init(layer, (2 / layer.weight[0].numel()) ** 0.5)  # He et al. 2015
        normal_init(self.brush[-1], 0.01)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, x: Tensor) -> Tensor:
        features = self.trunk(x.contiguous(memory_format=torch.channels_last))
        painted: Tensor = x + at_least_float32(self.brush(torch.cat([x.to(features.dtype), features], 1)))
        return painted if self.training else painted.clamp(-1, 1)

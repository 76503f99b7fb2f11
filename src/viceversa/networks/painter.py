"""The painting generator: it predicts the change of its input, with normalisation per pixel."""

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from .. import images
from .checkpointed import CheckpointedSequential
from .layers import Block, at_least_float32, normal_init, upsample
from .norms import ChannelNorm
from .receptive_field import Features, Through


class PixelNormBlock(Block):
    """x + conv3-norm-relu-conv3-norm(x), zero padded, normalised per pixel: (N, C, H, W) -> same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        c = channels
        self.conv_block = nn.Sequential(
            nn.Conv2d(c, c, 3, padding=1), ChannelNorm(c), nn.ReLU(), nn.Conv2d(c, c, 3, padding=1), ChannelNorm(c)
        )


def trunk(channels: int, width: int, blocks: int, upsampling: str) -> list[nn.Module]:
    """Layers down to a quarter of the side, residual blocks, and up again.

    (N, channels, H, W) -> (N, width, H, W); H and W multiples of 4.
    """
    w = width
    layers: list[nn.Module] = [nn.Conv2d(channels, w, 3, padding=1), nn.ReLU()]
    for c in (w, 2 * w):
        layers += [nn.Conv2d(c, 2 * c, 3, stride=2, padding=1), ChannelNorm(2 * c), nn.ReLU()]
    layers += [PixelNormBlock(4 * w) for _ in range(blocks)]
    layers += [*zero_padded_upsample(4 * w, 2 * w, upsampling), ChannelNorm(2 * w), nn.ReLU()]
    layers += [*zero_padded_upsample(2 * w, w, upsampling), nn.ReLU()]
    return layers


def zero_padded_upsample(channels_in: int, channels_out: int, how: str) -> list[nn.Module]:
    """`upsample` with zero padding, which unlike reflection padding needs no copy of the map."""
    if how != "bilinear":
        return upsample(channels_in, channels_out, how)
    return [
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
        nn.Conv2d(channels_in, channels_out, 3, padding=1),
    ]


class PaintingGenerator(nn.Module):
    """L x + brush(x, trunk(x)): (N, channels, H, W) in [-1, 1] -> (N, channels_out, H, W), H and W multiples of 4.

    L is the identity, or a fixed linear map of channels where their numbers differ (`images.channel_map`).

    The trunk extracts features; it is normalised over the channels of each pixel, never over the image, and
    channels-last: on a CPU it takes two thirds of the time of the reference's layers at this width (docs/log.md).
    The brush is a 3x3 and two 1x1 convolutions over the input and the trunk's features. It has no normalisation, so
    that it can learn a tone curve, and small initial weights, so that training starts near the identity.
    The output is clamped to [-1, 1] in evaluation only: in training the discriminator must see values outside of the
    range, or nothing stops them from growing (docs/log.md).
    """

    channel_map: Tensor | None

    def __init__(
        self,
        channels: int = 3,
        width: int = 16,  # channels after the first convolution
        blocks: int = 4,  # residual blocks
        upsampling: str = "bilinear",  # or "transposed"
        recompute: bool = False,  # recompute activations in the backward pass: same bits, less memory
        channels_out: int | None = None,  # none: as many as of the input
    ) -> None:
        super().__init__()
        channels_out, w = channels_out or channels, 2 * width
        layers = trunk(channels, width, blocks, upsampling)
        self.trunk = CheckpointedSequential(*layers, recompute=recompute, channels_last=True)
        self.brush = nn.Sequential(
            nn.Conv2d(channels + width, w, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(w, w, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(w, channels_out, 1),
        )
        fixed = torch.from_numpy(images.channel_map(channels, channels_out))[:, :, None, None]
        self.register_buffer("channel_map", None if channels == channels_out else fixed, persistent=False)

        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                normal_init(layer, (2 / layer.weight[0].numel()) ** 0.5)  # He et al. 2015
        normal_init(self.brush[-1], 0.01)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, x: Tensor) -> Tensor:
        features = self.trunk(x.contiguous(memory_format=torch.channels_last))
        start = x if self.channel_map is None else conv2d(x, self.channel_map.to(x.dtype))
        painted: Tensor = start + at_least_float32(self.brush(torch.cat([x.to(features.dtype), features], 1)))
        return painted if self.training else painted.clamp(-1, 1)

    def trace_field(self, features: Features, through: Through) -> Features:
        return through(self.brush, features | through(self.trunk, features))

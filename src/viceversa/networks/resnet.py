"""The residual generator of CycleGAN."""

import torch
from torch import Tensor, nn

from .checkpointed import CheckpointedSequential
from .layers import ImageConv, ResidualBlock, at_least_float32, normal_init, upsample
from .norms import NORMS
from .receptive_field import Features, Through


class ResNetGenerator(nn.Module):
    """c7s1-w, d2w, d4w, R4w x blocks, u2w, uw, c7s1-3, tanh (Zhu et al. 2017, sec. 7.2; Johnson et al. 2016).

    (N, channels_in, H, W) -> (N, channels_out, H, W), both in [-1, 1]; H and W multiples of 4.
    With width 64: 11,378,179 parameters at 9 blocks, 7,837,699 at 6. Layers have the numbers of the authors' code, so
    that its weights can be loaded.
    """

    def __init__(
        self,
        channels_in: int = 3,
        channels_out: int = 3,
        width: int = 64,  # channels after the first convolution
        blocks: int = 9,  # 9 at 256 px and above, 6 at 128 px
        upsampling: str = "transposed",  # or "bilinear"
        winograd: bool = False,  # Winograd for the 3x3 convolutions of the blocks, on a CPU where it is faster
        recompute: bool = False,  # recompute activations in the backward pass: same bits, less memory
        norm: str = "instance",  # or "renorm"
    ) -> None:
        super().__init__()

        def norm_relu(c: int) -> list[nn.Module]:
            return [NORMS[norm](c), nn.ReLU(inplace=True)]

        layers: list[nn.Module] = [nn.ReflectionPad2d(3), ImageConv(channels_in, width, 7), *norm_relu(width)]
        for c in (width, 2 * width):
            layers += [nn.Conv2d(c, 2 * c, 3, stride=2, padding=1), *norm_relu(2 * c)]
        layers += [ResidualBlock(4 * width, winograd, norm) for _ in range(blocks)]
        for c in (4 * width, 2 * width):
            layers += [*upsample(c, c // 2, upsampling), *norm_relu(c // 2)]
        layers += [nn.ReflectionPad2d(3), ImageConv(width, channels_out, 7)]
        self.model = CheckpointedSequential(*layers, recompute=recompute)
        normal_init(self)

    @property
    def sequence(self) -> nn.Sequential:
        """The layers in order, up to the last one with a norm at least."""
        return self.model

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(at_least_float32(self.model(x)))

    def trace_field(self, features: Features, through: Through) -> Features:
        return through(self.model, features)

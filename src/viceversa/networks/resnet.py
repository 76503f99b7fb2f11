"""The residual generator of CycleGAN."""

import torch
from torch import Tensor, nn

from .layers import ResidualBlock, normal_init, upsample


class ResNetGenerator(nn.Module):
    """c7s1-w, d2w, d4w, R4w x blocks, u2w, uw, c7s1 (Zhu et al. 2017, sec. 7.2; Johnson et al. 2016).

    (N, channels_in, H, W) -> (N, channels_out, H, W), both in [-1, 1]; H and W multiples of 4.
    With width 64: 11,378,179 parameters at 9 blocks, 7,837,699 at 6. Layers are numbered as in the
    authors' code, so that its weights fit.
    """

    def __init__(
        self,
        channels_in: int = 3,
        channels_out: int = 3,
        width: int = 64,  # channels after the first convolution
        blocks: int = 9,  # 9 at 256 px and above, 6 at 128 px
        upsampling: str = "transposed",  # or "bilinear"
        residual: bool = False,  # out = x + change: the network paints only what changes
    ) -> None:
        super().__init__()
        if residual and channels_in != channels_out:
            raise ValueError("a residual generator needs as many output channels as input channels")
        self.residual = residual

        def norm_relu(channels: int) -> list[nn.Module]:
            return [nn.InstanceNorm2d(channels), nn.ReLU(inplace=True)]

        layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(channels_in, width, 7), *norm_relu(width)]
        for c in (width, 2 * width):
            layers += [nn.Conv2d(c, 2 * c, 3, stride=2, padding=1), *norm_relu(2 * c)]
        layers += [ResidualBlock(4 * width) for _ in range(blocks)]
        for c in (4 * width, 2 * width):
            layers += [*upsample(c, c // 2, upsampling), *norm_relu(c // 2)]
        head = nn.Conv2d(width, channels_out, 7)
        self.model = nn.Sequential(*layers, nn.ReflectionPad2d(3), head)
        normal_init(self)
        if residual:  # begin near the identity
            nn.init.normal_(head.weight, 0.0, 0.002)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.model(x).float()
        if not self.residual:
            return torch.tanh(out)
        # In training what leaves the range stays visible: D rejects it. A clamp would hide it and let it grow.
        return x + out if self.training else (x + out).clamp(-1, 1)

"""Pieces that generators and discriminators share."""

from torch import Tensor, nn


def normal_init(module: nn.Module, std: float = 0.02) -> None:
    """Draw every convolution weight from N(0, std) and zero its bias (Zhu et al. 2017, sec. 7.1)."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(part.weight, 0.0, std)
            if part.bias is not None:
                nn.init.zeros_(part.bias)


class ResidualBlock(nn.Module):
    """x + conv3-norm-relu-conv3-norm(x), reflection padded (Johnson et al. 2016). (N, C, H, W) -> same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            nn.InstanceNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            nn.InstanceNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.conv_block(x)
        return out


def upsample(channels_in: int, channels_out: int, how: str) -> list[nn.Module]:
    """Twice the size: `transposed` as in the reference, or `bilinear` + convolution, which draws no checkerboard.

    Both hold one convolution (Odena et al. 2016 for the second).
    """
    if how == "transposed":
        return [nn.ConvTranspose2d(channels_in, channels_out, 3, stride=2, padding=1, output_padding=1)]
    if how == "bilinear":
        grow = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        return [grow, nn.ReflectionPad2d(1), nn.Conv2d(channels_in, channels_out, 3)]
    raise ValueError(f"upsampling '{how}' is unknown; choose transposed or bilinear")


def count_parameters(module: nn.Module) -> int:
    """Number of trainable numbers."""
    return sum(p.numel() for p in module.parameters())


def receptive_field(module: nn.Module) -> int:
    """Side in pixels of what one output of a chain of convolutions sees."""
    field, jump = 1, 1
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            field += (part.kernel_size[0] - 1) * jump
            jump *= part.stride[0]
    return field

"""The patch discriminator of pix2pix and CycleGAN."""

from torch import Tensor, nn

from .layers import ImageConv, at_least_float32, normal_init
from .norms import NORMS, apply_spectral_norm
from .receptive_field import Features, Through


class PatchGAN(nn.Module):
    """C64-C128-C256-C512 and one logit per overlapping patch (Isola et al. 2017, sec. 6.1.2).

    (N, channels, H, W) in [-1, 1] -> (N, 1, h, w) logits, no sigmoid. With `layers` 3 a logit sees 70x70 pixels and
    256 px give 30x30 logits: 2,764,737 parameters at width 64. With 2 a logit sees 34x34 pixels, with 1 16x16.
    """

    def __init__(self, channels: int = 3, width: int = 64, layers: int = 3, norm: str = "instance") -> None:
        super().__init__()
        modules: list[nn.Module] = [ImageConv(channels, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2, True)]
        c = width
        for i in range(1, layers + 1):
            wider = min(width * 2**i, 8 * width)
            stride = 1 if i == layers else 2
            modules += [nn.Conv2d(c, wider, 4, stride=stride, padding=1), NORMS[norm](wider), nn.LeakyReLU(0.2, True)]
            c = wider
        modules += [ImageConv(c, 1, 4, stride=1, padding=1)]
        self.model = nn.Sequential(*modules)
        normal_init(self)
        if norm == "spectral":
            apply_spectral_norm(self)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = at_least_float32(self.model(x))
        return logits

    def trace_field(self, features: Features, through: Through) -> Features:
        return through(self.model, features)

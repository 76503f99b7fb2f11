"""The U-Net generator of pix2pix (Isola, Zhu, Zhou, Efros 2017)."""

import torch
from torch import Tensor, nn

from .layers import at_least_float32, normal_init
from .layers import dropout as drop
from .norms import NORMS
from .receptive_field import Features, Through


def halvings(size: int) -> int:
    """How often `size` can be halved without remainder, at most 8: log2 of a power of two."""
    count = 0
    while count < 8 and size > 1 and size % 2 == 0:
        size, count = size // 2, count + 1
    return count


class UNetGenerator(nn.Module):
    """Encoder C64-C128-C256-C512-... and mirrored decoder, with skip connections at every level (sec. 6.1.1).

    (N, channels_in, H, W) -> (N, channels_out, H, W) in [-1, 1], H and W multiples of 2^halvings(size).
    54,413,955 parameters at 256 px, width 64, 3 -> 3 channels with batch norm. Dropout is in the three innermost
    levels of the decoder, as in the paper; the authors' PyTorch code has it one level further out.
    ValueError for a size that is no multiple of 4.
    """

    margin = 0  # of TranslationModule: its maps shrink to one pixel, and any margin would double the side

    def __init__(
        self,
        channels_in: int = 3,
        channels_out: int = 3,
        size: int = 256,  # side in pixels
        width: int = 64,  # channels after the first convolution
        norm: str = "batch",  # or "instance"
        dropout: float = 0.5,
        noise: bool = False,  # dropout in evaluation mode too, as in the paper
    ) -> None:
        super().__init__()
        depth = halvings(size)
        if depth < 2:
            raise ValueError(
                f"a U-Net halves its input at least twice, which {size} px do not allow: use a multiple of 4"
            )
        self.multiple = 2**depth  # both sides of an image must be multiples of it
        widths = [width * min(2**i, 8) for i in range(depth)]
        biased = norm != "batch"  # batch norm has its own bias
        self.down, self.up = nn.ModuleList(), nn.ModuleList()

        for i, (c, wider) in enumerate(zip([channels_in, *widths], widths, strict=False)):
            layers: list[nn.Module] = [nn.LeakyReLU(0.2)] if i else []
            layers += [nn.Conv2d(c, wider, 4, stride=2, padding=1, bias=biased)]
            layers += [NORMS[norm](wider)] if 0 < i < depth - 1 else []  # one pixel has no variance
            self.down.append(nn.Sequential(*layers))

        for i in reversed(range(1, depth)):
            c = widths[i] if i == depth - 1 else 2 * widths[i]  # with the skip connection
            layers = [nn.ReLU(), nn.ConvTranspose2d(c, widths[i - 1], 4, stride=2, padding=1, bias=biased)]
            layers += [NORMS[norm](widths[i - 1]), drop(dropout if i >= depth - 3 else 0.0, noise)]
            self.up.append(nn.Sequential(*layers))

        self.head = nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(2 * width, channels_out, 4, stride=2, padding=1))
        normal_init(self)

    def forward(self, x: Tensor) -> Tensor:
        maps = []
        for level in self.down:
            x = level(x)
            maps.append(x)

        maps.pop()  # the bottleneck is x
        for level in self.up:
            x = torch.cat([level(x), maps.pop()], 1)
        return torch.tanh(at_least_float32(self.head(x)))

    def trace_field(self, features: Features, through: Through) -> Features:
        maps = []
        for level in self.down:
            features = through(level, features)
            maps.append(features)

        maps.pop()
        for level in self.up:
            features = through(level, features) | maps.pop()
        return through(self.head, features)

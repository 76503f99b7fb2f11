"""The fully convolutional network that names every pixel (Long, Shelhamer, Darrell 2015)."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from .layers import at_least_float32
from .norms import batch_norm

MULTIPLES = (1, 2, 4, 8, 8)  # channels of the maps at strides 1, 2, 4, 8 and 16, in widths
STRIDE = 16  # of the coarsest map, pixels


class FCN(nn.Module):
    """Class scores of every pixel: (N, channels, H, W) -> (N, classes, H, W), any size; other sides are padded.

    Predictions of five strides are fused from coarse to fine (sec. 4.2), down to the pixels themselves, for at 64 px a
    thing can be one pixel wide. FCN-8s adds up scores; here each map is scored in view of the coarser scores, which
    leaves a sixth fewer pixels wrong after as many steps, each a third dearer (one seed, docs/log.md).
    """

    def __init__(
        self,
        channels: int = 3,
        classes: int = 19,
        width: int = 16,  # channels of the finest map
        depth: int = 2,  # convolutions at each coarser map
    ) -> None:
        super().__init__()
        self.levels, self.heads = nn.ModuleList(), nn.ModuleList()
        for i, multiple in enumerate(MULTIPLES):
            wider, seen = multiple * width, max(classes, min(multiple, 2) * width)
            layers = convolution(channels, wider, 2 if i else 1)
            for _ in range(1, depth if i else 1):  # a second one at full size would double the cost
                layers += convolution(wider, wider)
            coarser = classes if i < len(MULTIPLES) - 1 else 0  # scores that the head sees too
            self.levels.append(nn.Sequential(*layers))
            self.heads.append(nn.Sequential(*convolution(wider + coarser, seen), nn.Conv2d(seen, classes, 1)))
            channels = wider

    def forward(self, x: Tensor) -> Tensor:
        h, w = x.shape[-2:]
        x = functional.pad(x, (0, -w % STRIDE, 0, -h % STRIDE), mode="replicate")
        maps = []
        for level in self.levels:
            x = level(x)
            maps.append(x)
        scores = self.heads[-1](maps[-1])
        for head, features in zip(list(self.heads)[-2::-1], maps[-2::-1], strict=True):
            scores = functional.interpolate(scores, scale_factor=2.0, mode="bilinear", align_corners=False)
            scores = scores + head(torch.cat([features, scores], 1))
        return at_least_float32(scores)[..., :h, :w]


def convolution(channels: int, wider: int, stride: int = 1) -> list[nn.Module]:
    """3x3 convolution, batch norm, ReLU."""
    return [nn.Conv2d(channels, wider, 3, stride, padding=1, bias=False), batch_norm(wider), nn.ReLU(inplace=True)]

"""The fully convolutional network for semantic segmentation (Long, Shelhamer, Darrell 2015)."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from .layers import at_least_float32
from .norms import BatchNorm

MULTIPLES = (1, 2, 4, 8, 8)  # of `width`: channels of the maps at strides 1, 2, 4, 8 and 16
STRIDE = 16  # of the coarsest map, pixels


class FCN(nn.Module):
    """Logits of the classes at every pixel: (N, channels, H, W) -> (N, classes, H, W).

    H and W are padded to multiples of 16 inside. Predictions of five strides are fused from coarse to fine (sec. 4.2),
    down to single pixels, since at 64 px an object can be one pixel wide. FCN-8s adds scores; here each head also sees
    the coarser scores: a sixth fewer wrong pixels after as many steps, each a third slower (one seed, docs/log.md).
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
            wider = multiple * width
            layers = convolution(channels, wider, stride=2 if i else 1)
            for _ in range(1, depth if i else 1):  # a second one at full size would double the cost
                layers += convolution(wider, wider)
            self.levels.append(nn.Sequential(*layers))

            coarser = classes if i < len(MULTIPLES) - 1 else 0  # channels of the coarser scores
            hidden = max(classes, min(multiple, 2) * width)
            self.heads.append(nn.Sequential(*convolution(wider + coarser, hidden), nn.Conv2d(hidden, classes, 1)))
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


def convolution(channels_in: int, channels_out: int, stride: int = 1) -> list[nn.Module]:
    """3x3 convolution, batch norm, ReLU: (N, channels_in, H, W) -> (N, channels_out, H / stride, W / stride)."""
    conv = nn.Conv2d(channels_in, channels_out, 3, stride, padding=1, bias=False)
    return [conv, BatchNorm(channels_out), nn.ReLU(inplace=True)]

"""The embedded feature extractor: a small network that knows drawn worlds and what can be wrong with a picture."""

import itertools

import torch
from torch import Tensor, nn

from .layers import at_least_float32

SIDE = 64  # pixels that it looks at
DIMENSIONS = 64


class Extractor(nn.Module):
    """(N, 3, 64, 64) in [-1, 1] -> (N, 64) features.

    Convolutions, then mean and deviation of every channel over the picture, so that texture counts as much as content.
    Each feature has mean 0 and deviation 1 on the pictures it was trained with; a Fréchet distance is in that unit.
    """

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        widths = (3, width, 2 * width, 64, 64, 96, 128)
        strides = (2, 1, 2, 1, 2, 1)
        layers: list[nn.Module] = []
        for (a, b), stride in zip(itertools.pairwise(widths), strides, strict=True):
            layers += [nn.Conv2d(a, b, 3, stride, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU(inplace=True)]
        self.convolutions = nn.Sequential(*layers)
        self.head = nn.Linear(2 * widths[-1], DIMENSIONS)
        self.register_buffer("mean", torch.zeros(DIMENSIONS))
        self.register_buffer("deviation", torch.ones(DIMENSIONS))

    def forward(self, x: Tensor) -> Tensor:
        maps = at_least_float32(self.convolutions(x)).flatten(2)
        # the root has an infinite slope at 0, which a channel that is silent everywhere would reach
        spread = (maps.var(2, correction=0) + 1e-6).sqrt()
        found: Tensor = (self.head(torch.cat([maps.mean(2), spread], 1)) - self.mean) / self.deviation
        return found

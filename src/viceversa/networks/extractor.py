"""The embedded feature extractor: a small network trained on drawn worlds and on distorted copies of their images."""

import itertools

import torch
from torch import Tensor, nn

from .layers import at_least_float32

SIDE = 64  # of the input, pixels
DIMENSIONS = 64  # of the features


class Extractor(nn.Module):
    """(N, 3, 64, 64) in [-1, 1] -> (N, 64) features.

    Convolutions, then the mean and the standard deviation of every channel over the image, so that texture counts as
    much as content, then a dense layer. On the training images each feature has mean 0 and standard deviation 1, which
    is the unit of a Fréchet distance. benchmarks/extractor.py trains the weights.
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
        # the square root has an infinite slope at 0, the variance of a channel that is 0 everywhere
        deviation = (maps.var(2, correction=0) + 1e-6).sqrt()
        features: Tensor = (self.head(torch.cat([maps.mean(2), deviation], 1)) - self.mean) / self.deviation
        return features

"""Two small perceptrons for points on a plane."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from .layers import MinibatchDiscrimination


def dense(sizes: list[int], slope: float) -> list[nn.Module]:
    """Dense layers, each with a leaky ReLU behind it (He et al. 2015 for their start)."""
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        linear = nn.Linear(before, after)
        nn.init.kaiming_normal_(linear.weight, slope)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.LeakyReLU(slope)]
    return layers


class PointGenerator(nn.Module):
    """(N, latent) -> (N, 2), unbounded.

    `signs`: it also sees the sign of each number. A continuous map cannot tear a cloud of noise apart and leaves points
    between any two heaps (Tanielian et al. 2020); one that jumps need not.
    """

    def __init__(self, latent: int = 2, width: int = 128, depth: int = 3, signs: bool = False) -> None:
        super().__init__()
        self.signs = signs
        inputs = 2 * latent if signs else latent
        self.model = nn.Sequential(*dense([inputs] + [width] * depth, 0.2), nn.Linear(width, 2))

    def forward(self, z: Tensor) -> Tensor:
        points: Tensor = self.model(torch.cat([z, z.sign()], 1) if self.signs else z)
        return points


class PointDiscriminator(nn.Module):
    """(N, 2 * packing) -> (N, 1) logits.

    `wave`: it also sees sine and cosine of `wave` times each coordinate, for a perceptron learns what varies slowly
    first (Tancik et al. 2020); 0 = the coordinates alone.
    """

    def __init__(
        self, width: int = 128, depth: int = 3, packing: int = 1, minibatch: int = 0, wave: float = 0.0
    ) -> None:
        super().__init__()
        self.wave = wave
        compare = [MinibatchDiscrimination(width, minibatch)] if minibatch else []
        inputs = 2 * packing * (3 if wave else 1)
        self.model = nn.Sequential(
            *dense([inputs] + [width] * depth, 0.2), *compare, nn.Linear(width + minibatch, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        turns = self.wave * x
        logits: Tensor = self.model(torch.cat([x, turns.sin(), turns.cos()], 1) if self.wave else x)
        return logits

"""Generator and discriminator for points on a plane: two small perceptrons."""

from itertools import pairwise

from torch import Tensor, nn

from .layers import MinibatchDiscrimination


def dense(sizes: list[int], slope: float) -> list[nn.Module]:
    """Dense layers of these sizes, each followed by a leaky ReLU; initialised after He et al. 2015."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        linear = nn.Linear(inputs, outputs)
        nn.init.kaiming_normal_(linear.weight, slope)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.LeakyReLU(slope)]
    return layers


class PointGenerator(nn.Module):
    """(N, latent) -> (N, 2) points, unbounded."""

    def __init__(self, latent: int = 2, width: int = 128, depth: int = 3) -> None:
        super().__init__()
        self.model = nn.Sequential(*dense([latent] + [width] * depth, 0.2), nn.Linear(width, 2))

    def forward(self, z: Tensor) -> Tensor:
        points: Tensor = self.model(z)
        return points


class PointDiscriminator(nn.Module):
    """(N, 2 * packing) -> (N, 1) logits; `packing` points form one sample (Lin et al. 2018)."""

    def __init__(self, width: int = 128, depth: int = 3, packing: int = 1, minibatch: int = 0) -> None:
        super().__init__()
        compare = [MinibatchDiscrimination(width, minibatch)] if minibatch else []
        self.model = nn.Sequential(
            *dense([2 * packing] + [width] * depth, 0.2), *compare, nn.Linear(width + minibatch, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.model(x)
        return logits

"""DCGAN: the generator from noise and its discriminator (Radford, Metz, Chintala 2016)."""

import torch
from torch import Tensor, nn

from .layers import MinibatchDiscrimination, at_least_float32, normal_init, output_size, upsample
from .layers import dropout as drop
from .norms import NORMS, apply_spectral_norm


def _halvings(size: int) -> int:
    """How often `size` is halved without remainder before it is 4 or odd: 2 for 28, 3 for 32, 4 for 64."""
    if size % 4 or size < 8:
        raise ValueError(
            f"DCGAN draws sides that are multiples of 4 from 8 on, not {size} px: try {max(8, size // 4 * 4)}"
        )
    count = 0
    while size > 4 and size % 2 == 0:
        size, count = size // 2, count + 1
    return count


class DCGANGenerator(nn.Module):
    """A dense layer to a small map, doublings of its side, tanh: (N, latent) -> (N, channels, size, size) in [-1, 1].

    At width 64 and 28 px the maps are 7x7x128, 14x14x64 and 28x28. Fig. 1 of the paper, from 4x4x1024 to 64 px, has
    width 128. ValueError for a size that is no multiple of 4 or below 8.
    """

    def __init__(
        self,
        latent: int = 100,  # numbers of z
        channels: int = 1,
        size: int = 28,  # side in pixels, a multiple of 4
        width: int = 64,  # channels before the last doubling; twice as many before each earlier one
        norm: str = "batch",  # a name of NORMS
        upsampling: str = "transposed",  # or "bilinear", which leaves no checkerboard
        kernel: int = 5,  # 4 overlaps evenly where transposed
        depth: int = 0,  # 3x3 convolutions on the smallest map; more of them draw fewer shapes between two digits
    ) -> None:
        super().__init__()
        doublings = _halvings(size)
        side, c = size >> doublings, width << doublings - 1
        layers: list[nn.Module] = [nn.Linear(latent, c * side * side), nn.Unflatten(1, (c, side, side))]

        for _ in range(depth):
            layers += [NORMS[norm](c), nn.ReLU(True), nn.Conv2d(c, c, 3, padding=1)]
        for _ in range(doublings - 1):
            layers += [NORMS[norm](c), nn.ReLU(True), *upsample(c, c // 2, upsampling, kernel)]
            c //= 2

        layers += [NORMS[norm](c), nn.ReLU(True), *upsample(c, channels, upsampling, kernel)]
        self.model = nn.Sequential(*layers)
        normal_init(self)

    def forward(self, z: Tensor) -> Tensor:
        return torch.tanh(at_least_float32(self.model(z)))


class DCGANDiscriminator(nn.Module):
    """Strided convolutions down to a 4x4 map, one dense neuron: (N, channels, size, size) -> (N, 1) logits.

    At width 64 and 28 px: 5x5 convolutions with 64, 128 and 256 channels. No norm on the first layer, no sigmoid.
    With a gradient penalty `norm` must be `layer`, `instance` or `none`, since batch norm mixes samples.
    """

    def __init__(
        self,
        channels: int = 1,
        size: int = 28,  # side in pixels, a multiple of 4
        width: int = 64,  # channels after the first convolution
        norm: str = "batch",  # a name of NORMS
        dropout: float = 0.0,  # after each convolution
        kernel: int = 5,
        minibatch: int = 0,  # kernels of minibatch discrimination before the last layer; 0 = none
    ) -> None:
        super().__init__()
        _halvings(size)  # ValueError for a size that the generator does not have
        padding = (kernel - 1) // 2
        layers: list[nn.Module] = []
        side, c = size, channels
        while side > 4:
            wider = 2 * c if layers else width
            norms = [NORMS[norm](wider)] if layers else []
            layers += [nn.Conv2d(c, wider, kernel, 2, padding), *norms, nn.LeakyReLU(0.2, True), drop(dropout)]
            side, c = output_size(side, kernel, 2, padding), wider

        features = c * side * side
        compare = [MinibatchDiscrimination(features, minibatch)] if minibatch else []
        self.body = nn.Sequential(*layers, nn.Flatten(), *compare)
        self.head = nn.Linear(features + minibatch, 1)
        normal_init(self)
        if norm == "spectral":
            apply_spectral_norm(self)

    def features(self, x: Tensor) -> Tensor:
        """Activations before the last layer: (N, features)."""
        out: Tensor = self.body(x)
        return out

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = at_least_float32(self.head(self.features(x)))
        return logits

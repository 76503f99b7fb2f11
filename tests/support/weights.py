"""Weights for Inception that need no download: random ones, and ones that take no room in a file."""

import torch

from viceversa.networks.inception import InceptionV3
from viceversa.weights.inception import shapes


def random_weights(seed: int = 0) -> dict[str, torch.Tensor]:
    """He's scale for convolutions, mild batch norms: the features neither vanish nor explode."""
    rng = torch.Generator().manual_seed(seed)
    found = {}
    for name, shape in shapes().items():
        if name.endswith("conv.weight"):
            inputs = shape[1] * shape[2] * shape[3]
            found[name] = torch.randn(shape, generator=rng) * (2 / inputs) ** 0.5
        elif name.endswith(("bn.weight", "running_var")):
            found[name] = torch.rand(shape, generator=rng) / 2 + 0.75
        else:
            found[name] = torch.randn(shape, generator=rng) / 10
    return found


def network_of(weights: dict[str, torch.Tensor]) -> InceptionV3:
    network = InceptionV3()
    network.load_state_dict(weights)
    return network.eval().requires_grad_(False)


def hollow_weights() -> dict[str, torch.Tensor]:
    """All names and shapes over a single number, so that a pickle of them is small."""
    return {name: torch.ones(()).expand(shape) for name, shape in shapes().items()}

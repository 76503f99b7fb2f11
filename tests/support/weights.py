"""Weights for Inception without a download: random ones, and ones whose file is small."""

import torch

from viceversa.networks.inception import InceptionV3
from viceversa.weights.inception import inception_weights


def random_weights(seed: int = 0) -> dict[str, torch.Tensor]:
    """He initialisation for convolutions, batch norms near the identity: features neither vanish nor explode."""
    rng = torch.Generator().manual_seed(seed)
    weights = {}
    for name, shape in inception_weights().shapes.items():
        if name.endswith("conv.weight"):
            inputs = shape[1] * shape[2] * shape[3]
            weights[name] = torch.randn(shape, generator=rng) * (2 / inputs) ** 0.5
        elif name.endswith(("bn.weight", "running_var")):
            weights[name] = torch.rand(shape, generator=rng) / 2 + 0.75
        else:
            weights[name] = torch.randn(shape, generator=rng) / 10
    return weights


def network_of(weights: dict[str, torch.Tensor]) -> InceptionV3:
    network = InceptionV3()
    network.load_state_dict(weights)
    return network.eval().requires_grad_(False)


def hollow_weights() -> dict[str, torch.Tensor]:
    """All names and shapes over a single number, so that a pickle of them is small."""
    return {name: torch.ones(()).expand(shape) for name, shape in inception_weights().shapes.items()}

"""A penalty on a generator whose samples are more similar to each other than real ones."""

import torch
from torch import Tensor


def mean_distance(x: Tensor) -> Tensor:
    """Mean absolute difference of two different samples of a batch: (N, ...) -> scalar."""
    flat = x.float().flatten(1)
    return torch.pdist(flat, 1).mean() / flat.shape[1]


def similarity(fake: Tensor, real: Tensor, weight: float) -> Tensor | float:
    """weight * max(0, 1 - d(fake) / d(real)) with d = `mean_distance`; a scalar, 0.0 where `weight` is 0.

    It is 0 for a batch as varied as the real one and `weight` for copies of one sample. Our own form of the pixel
    distance of mode-seeking GANs (Mao et al. 2019), with the real batch as its scale. fake, real: (N, ...).
    """
    if not weight:
        return 0.0
    return weight * (1 - mean_distance(fake) / mean_distance(real).clamp(min=1e-6)).relu()

"""A penalty that pulls the discriminator's slope to zero where the samples lie."""

from collections.abc import Callable

import torch
from torch import Tensor


def zero_centred_penalty(D: Callable[[Tensor], Tensor], x: Tensor, gamma: float) -> Tensor | float:
    """gamma/2 E |grad D(x)|^2: R1 at real samples (Mescheder et al. 2018, Eq. 9), R2 at fake ones; 0 where gamma is 0.

    x (N, ...); the gradient of each sample's mean logit, squared and summed over its numbers. D must treat samples one
    by one, so it has no batch norm.
    """
    if not gamma:
        return 0.0
    x = x.detach().requires_grad_()
    logits = D(x).float().reshape(len(x), -1).mean(1)
    (slope,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
    return gamma / 2 * slope.float().square().flatten(1).sum(1).mean()

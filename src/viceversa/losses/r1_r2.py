"""The zero-centred gradient penalties R1 and R2 of a discriminator."""

from collections.abc import Callable

import torch
from torch import Tensor


def zero_centred_penalty(D: Callable[[Tensor], Tensor], x: Tensor, gamma: float) -> Tensor | float:
    """gamma/2 E |grad D(x)|^2: R1 for real samples (Mescheder et al. 2018, Eq. 9), R2 for fake ones; a scalar.

    x (N, ...); the squared gradient of each sample's mean logit, summed over the sample's numbers. D must treat the
    samples of a batch independently: no batch norm. 0.0 where `gamma` is 0.
    """
    if not gamma:
        return 0.0
    x = x.detach().requires_grad_()
    logits = D(x).float().reshape(len(x), -1).mean(1)
    (slope,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
    return gamma / 2 * slope.float().square().flatten(1).sum(1).mean()

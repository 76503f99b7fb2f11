"""Two ways to keep a Wasserstein critic Lipschitz: a penalty on its gradient, or a limit on its weights."""

from collections.abc import Callable

import torch
from torch import Tensor, nn


def gradient_penalty(
    critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, draws: Tensor, one_sided: bool = False
) -> Tensor:
    """E (|grad D(x)|_2 - 1)^2 on lines between real and fake, Gulrajani et al. 2017, Eq. (3); their weight is 10.

    real, fake (N, ...); draws (N,) uniform in [0, 1], the place on each line. The critic must treat samples one by one.
    `one_sided` leaves slopes below 1 alone (Petzka et al. 2018): a critic that starts downhill can then turn around.
    """
    place = draws.to(real.dtype).reshape(-1, *[1] * (real.dim() - 1))
    between = torch.lerp(fake.detach(), real.detach(), place).requires_grad_()
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    excess = slope.flatten(1).norm(dim=1) - 1
    penalty: Tensor = (excess.relu() if one_sided else excess).square().mean()
    return penalty


@torch.no_grad()
def clip_weights(critic: nn.Module, limit: float = 0.01) -> None:
    """Clamp every parameter to [-limit, limit], after each critic step (Arjovsky et al. 2017, Algorithm 1)."""
    for p in critic.parameters():
        p.clamp_(-limit, limit)

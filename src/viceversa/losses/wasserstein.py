"""Two ways to keep a Wasserstein critic Lipschitz: the gradient penalty and weight clipping."""

from collections.abc import Callable

import torch
from torch import Tensor, nn


def gradient_penalty(
    critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, draws: Tensor, one_sided: bool = False
) -> Tensor:
    """E (|grad D(x)|_2 - 1)^2 for x between real and fake, Gulrajani et al. 2017, Eq. (3), where its weight is 10.

    real, fake (N, ...); x = fake + draws * (real - fake) with draws (N,) uniform in [0, 1]. The critic must treat the
    samples of a batch independently. `one_sided` leaves slopes below 1 unpunished (Petzka et al. 2018), so that a
    critic whose slope has the wrong sign at the start can turn around.
    """
    draws = draws.to(real.dtype).reshape(-1, *[1] * (real.dim() - 1))
    x = torch.lerp(fake.detach(), real.detach(), draws).requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    excess = slope.flatten(1).norm(dim=1) - 1
    penalty: Tensor = (excess.relu() if one_sided else excess).square().mean()
    return penalty


@torch.no_grad()
def clip_weights(critic: nn.Module, limit: float = 0.01) -> None:
    """Clamp every parameter to [-limit, limit], after each critic step (Arjovsky et al. 2017, Algorithm 1)."""
    for p in critic.parameters():
        p.clamp_(-limit, limit)

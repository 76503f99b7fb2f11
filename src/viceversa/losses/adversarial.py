"""Adversarial losses, each a pair: what D minimises and what G minimises.

`d_loss(real, fake)` and `g_loss(fake)` take logits of any shape and return a scalar.
"""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor
from torch.nn import functional


class AdversarialLoss(NamedTuple):
    d_loss: Callable[[Tensor, Tensor], Tensor]
    g_loss: Callable[[Tensor], Tensor]


def _log_d(real: Tensor, fake: Tensor) -> Tensor:
    """-E log D(x) - E log(1 - D(G(z))), Goodfellow et al. 2014, Eq. (1); 2 log 2 when D = 1/2."""
    return functional.softplus(-real).mean() + functional.softplus(fake).mean()


def _minimax_g(fake: Tensor) -> Tensor:
    """E log(1 - D(G(z))), Goodfellow et al. 2014, Eq. (1); its gradient fades when D wins."""
    return -functional.softplus(fake).mean()


def _nonsaturating_g(fake: Tensor) -> Tensor:
    """-E log D(G(z)), Goodfellow et al. 2014, end of sec. 3."""
    return functional.softplus(-fake).mean()


def _lsgan_d(real: Tensor, fake: Tensor) -> Tensor:
    """E (D(x) - 1)^2 + E D(G(z))^2, Mao et al. 2017; 1/2 when D = 1/2."""
    return (real - 1).square().mean() + fake.square().mean()


def _lsgan_g(fake: Tensor) -> Tensor:
    """E (D(G(z)) - 1)^2, Mao et al. 2017."""
    return (fake - 1).square().mean()


def _wasserstein_d(real: Tensor, fake: Tensor) -> Tensor:
    """E D(G(z)) - E D(x), Arjovsky et al. 2017, Eq. (2): minus the distance, once D is 1-Lipschitz and best."""
    return fake.mean() - real.mean()


def _wasserstein_g(fake: Tensor) -> Tensor:
    """-E D(G(z)), Arjovsky et al. 2017, Algorithm 1."""
    return -fake.mean()


ADVERSARIAL: dict[str, AdversarialLoss] = {
    "minimax": AdversarialLoss(_log_d, _minimax_g),
    "nonsaturating": AdversarialLoss(_log_d, _nonsaturating_g),
    "lsgan": AdversarialLoss(_lsgan_d, _lsgan_g),
    "wasserstein": AdversarialLoss(_wasserstein_d, _wasserstein_g),  # needs a Lipschitz critic: losses/wasserstein.py
}

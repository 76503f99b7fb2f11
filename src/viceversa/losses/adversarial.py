"""Adversarial losses, each a pair: what D minimises and what G minimises.

`d_loss(real, fake)` and `g_loss(fake)` take logits of any shape and return a scalar. The relativistic pair compares:
its `g_loss(fake, real)` needs the logits of real samples too.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor
from torch.nn import functional


class AdversarialLoss(NamedTuple):
    d_loss: Callable[[Tensor, Tensor], Tensor]
    g_loss: Callable[..., Tensor]


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


def _relativistic_d(real: Tensor, fake: Tensor) -> Tensor:
    """E log(1 + exp(-(D(x) - D(G(z))))), Jolicoeur-Martineau 2019, in pairs; log 2 when D cannot tell."""
    return functional.softplus(fake - real).mean()


def _relativistic_g(fake: Tensor, real: Tensor) -> Tensor:
    """E log(1 + exp(-(D(G(z)) - D(x)))), the same with the roles exchanged."""
    return functional.softplus(real - fake).mean()


def smoothed_d_loss(name: str, smoothing: float) -> Callable[[Tensor, Tensor], Tensor]:
    """The `d_loss` of `name` with the target 1 - `smoothing` for real samples, 0 for fake (Salimans et al. 2016, 3.4).

    The best D is then (1 - smoothing) p / (p + q). ValueError for a loss that has no targets.
    """
    d_loss = ADVERSARIAL[name].d_loss
    if not smoothing:
        return d_loss
    if d_loss is _log_d:  # softplus(x) = softplus(-x) + x
        return lambda real, fake: _log_d(real, fake) + smoothing * real.mean()
    if d_loss is _lsgan_d:
        return lambda real, fake: _lsgan_d(real + smoothing, fake)
    raise ValueError(f"the loss {name} has no target to smooth: set method.smoothing=0")


def with_image_term(loss: Callable[..., Tensor], share: float) -> Callable[..., Tensor]:
    """`loss` of logits (N, 1, h, w): `share` of it on the mean of each picture's, the rest on each patch's.

    The mean of all responses is D's answer as Isola et al. 2017, sec. 3.2.2, put it, while their code asks each patch
    for one. With LSGAN both differ by the variance of the patches of a picture: there it counts 1 - `share`.
    """
    if not share:
        return loss

    def mixed(*logits: Tensor) -> Tensor:
        return (1 - share) * loss(*logits) + share * loss(*(x.flatten(1).mean(1) for x in logits))

    return mixed


ADVERSARIAL: dict[str, AdversarialLoss] = {
    "minimax": AdversarialLoss(_log_d, _minimax_g),
    "nonsaturating": AdversarialLoss(_log_d, _nonsaturating_g),
    "lsgan": AdversarialLoss(_lsgan_d, _lsgan_g),
    "relativistic": AdversarialLoss(_relativistic_d, _relativistic_g),
    "wasserstein": AdversarialLoss(_wasserstein_d, _wasserstein_g),  # needs a Lipschitz critic: losses/wasserstein.py
}

EQUILIBRIUM = {  # losses of D (for real and fake together) and of G when D cannot tell (Goodfellow 2014, Mao 2017)
    "nonsaturating": (2 * math.log(2), math.log(2)),
    "minimax": (2 * math.log(2), -math.log(2)),  # G's loss vanishes where D wins
    "lsgan": (0.5, 0.25),  # G's loss ends at 1 where D wins
    "relativistic": (math.log(2), math.log(2)),
}

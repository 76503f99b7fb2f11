"""Adversarial losses, each a pair: what the discriminator D minimises and what the generator G minimises.

`d_loss(real, fake)` and `g_loss(fake)` take logits of any shape and return a scalar, a mean over all logits. The
relativistic `g_loss(fake, real)` needs the logits of real samples too.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor
from torch.nn import functional


class AdversarialLoss(NamedTuple):
    """`d_loss(real, fake)` and `g_loss(fake)` on logits."""

    d_loss: Callable[[Tensor, Tensor], Tensor]
    g_loss: Callable[..., Tensor]


def _log_d(real: Tensor, fake: Tensor) -> Tensor:
    """-E log D(x) - E log(1 - D(G(z))), Goodfellow et al. 2014, Eq. (1); 2 log 2 when D = 1/2."""
    return functional.softplus(-real).mean() + functional.softplus(fake).mean()


def _minimax_g(fake: Tensor) -> Tensor:
    """E log(1 - D(G(z))), Goodfellow et al. 2014, Eq. (1); its gradient vanishes when D wins."""
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
    """E D(G(z)) - E D(x), Arjovsky et al. 2017, Eq. (2): minus W1 for the best 1-Lipschitz D."""
    return fake.mean() - real.mean()


def _wasserstein_g(fake: Tensor) -> Tensor:
    """-E D(G(z)), Arjovsky et al. 2017, Algorithm 1."""
    return -fake.mean()


def _relativistic_d(real: Tensor, fake: Tensor) -> Tensor:
    """E log(1 + exp(-(D(x) - D(G(z))))), Jolicoeur-Martineau 2019, paired; log 2 when D cannot tell."""
    return functional.softplus(fake - real).mean()


def _relativistic_g(fake: Tensor, real: Tensor) -> Tensor:
    """E log(1 + exp(-(D(G(z)) - D(x)))), `_relativistic_d` with the roles exchanged."""
    return functional.softplus(real - fake).mean()


def smoothed_d_loss(name: str, smoothing: float) -> Callable[[Tensor, Tensor], Tensor]:
    """`d_loss` of `name` with label smoothing: target 1 - `smoothing` for real, 0 for fake (Salimans et al. 2016, 3.4).

    The best D is then (1 - smoothing) p / (p + q). ValueError for a loss without targets.
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
    """(1 - share) * loss(logits) + share * loss(mean logit of each image), for logits (N, 1, h, w); `share` in [0, 1].

    Isola et al. 2017, sec. 3.2.2, average the responses of all patches to D's output, while their code has a loss per
    patch. With LSGAN the two differ by the variance of the patches within an image, whose weight here is 1 - `share`.
    """
    if not share:
        return loss

    def weighted(*logits: Tensor) -> Tensor:
        return (1 - share) * loss(*logits) + share * loss(*(x.flatten(1).mean(1) for x in logits))

    return weighted


ADVERSARIAL: dict[str, AdversarialLoss] = {
    "minimax": AdversarialLoss(_log_d, _minimax_g),
    "nonsaturating": AdversarialLoss(_log_d, _nonsaturating_g),
    "lsgan": AdversarialLoss(_lsgan_d, _lsgan_g),
    "relativistic": AdversarialLoss(_relativistic_d, _relativistic_g),
    "wasserstein": AdversarialLoss(_wasserstein_d, _wasserstein_g),  # for a Lipschitz critic: losses/wasserstein.py
}

EQUILIBRIUM = {  # (loss of D, loss of G) when D cannot tell real from fake (Goodfellow 2014, Mao 2017)
    "nonsaturating": (2 * math.log(2), math.log(2)),
    "minimax": (2 * math.log(2), -math.log(2)),  # G's loss vanishes where D wins
    "lsgan": (0.5, 0.25),  # G's loss ends at 1 where D wins
    "relativistic": (math.log(2), math.log(2)),
}

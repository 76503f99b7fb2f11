"""The optimal discriminator of two Gaussians. Expectations are means over quantiles."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.stats import norm
from torch import Tensor

from viceversa.losses.adversarial import ADVERSARIAL
from viceversa.networks.mlp import MLP

P, Q = norm(0, 1), norm(1.5, 0.7)
LEVELS = (np.arange(200_000) + 0.5) / 200_000
REAL, FAKE = P.ppf(LEVELS), Q.ppf(LEVELS)


def optimal_logits(x: np.ndarray) -> Tensor:
    """Logits of D* = p / (p + q), Goodfellow et al. 2014, Prop. 1."""
    return torch.tensor(P.logpdf(x) - Q.logpdf(x))


def jensen_shannon() -> float:
    """JSD(p, q) in nats by the trapezoidal rule."""
    x = np.linspace(-9, 9, 20_001)
    p, q = P.pdf(x), Q.pdf(x)
    m = (p + q) / 2
    return float(np.trapezoid(p * np.log(p / m) + q * np.log(q / m), x) / 2)


def test_value_of_the_game_at_the_optimum() -> None:
    """V(D*) = -log 4 + 2 JSD(p, q), Theorem 1; -log 4 where p = q and D = 1/2."""
    value = -ADVERSARIAL["minimax"].d_loss(optimal_logits(REAL), optimal_logits(FAKE)).item()
    assert value == pytest.approx(-math.log(4) + 2 * jensen_shannon(), abs=1e-4)
    assert value > -math.log(4) + 0.5
    half = torch.zeros(10)
    assert -ADVERSARIAL["minimax"].d_loss(half, half).item() == pytest.approx(-math.log(4))


@pytest.mark.parametrize("direction", [np.ones_like, np.sin, np.tanh, lambda x: np.exp(-(x**2)), lambda x: x])
def test_optimum_is_a_minimum_in_every_direction(direction: Callable[[np.ndarray], np.ndarray]) -> None:
    t = torch.zeros((), dtype=torch.double, requires_grad=True)
    real, fake = (optimal_logits(x) + t * torch.tensor(direction(x)) for x in (REAL, FAKE))
    (slope,) = torch.autograd.grad(ADVERSARIAL["minimax"].d_loss(real, fake), t, create_graph=True)
    (curvature,) = torch.autograd.grad(slope, t)
    assert abs(slope.item()) < 1e-4 and curvature > 0.01


def test_trained_discriminator_approaches_the_optimum() -> None:
    torch.manual_seed(0)
    D = MLP(1, 1, width=32, depth=2, activation="tanh", init="glorot_normal")
    optimizer = torch.optim.Adam(D.parameters(), 0.01)
    real, fake = (torch.tensor(x[::200], dtype=torch.float32)[:, None] for x in (REAL, FAKE))
    for _ in range(400):
        loss = ADVERSARIAL["nonsaturating"].d_loss(D(real), D(fake))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    x = np.linspace(-2, 3, 50)
    probabilities = D(torch.tensor(x, dtype=torch.float32)[:, None]).sigmoid()[:, 0].detach().double()
    torch.testing.assert_close(probabilities, optimal_logits(x).sigmoid(), rtol=0, atol=0.03)


def test_minimax_gradient_vanishes_where_the_discriminator_is_sure() -> None:
    """For distant fakes at D* it is proportional to D(fake); that of -log D is not (sec. 3)."""
    x = torch.tensor([4.0], dtype=torch.double, requires_grad=True)  # p = N(0, 1) real, q = N(4, 1) fake: D* = -4 x + 8
    slopes = {
        n: torch.autograd.grad(ADVERSARIAL[n].g_loss(8 - 4 * x), x)[0].item() for n in ("minimax", "nonsaturating")
    }
    D = 1 / (1 + math.exp(8))
    assert slopes["minimax"] == pytest.approx(4 * D) and slopes["nonsaturating"] == pytest.approx(4 * (1 - D))

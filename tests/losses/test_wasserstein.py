"""The Wasserstein losses, the gradient penalty and weight clipping, against closed forms and trained critics."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import norm
from torch import nn

from viceversa.losses.adversarial import ADVERSARIAL
from viceversa.losses.wasserstein import clip_weights, gradient_penalty
from viceversa.metrics.wasserstein import gaussian_distance
from viceversa.networks.mlp import MLP

LEVELS = (np.arange(20_000) + 0.5) / 20_000  # their quantiles stand for a standard normal distribution


def test_losses_by_hand() -> None:
    d_loss, g_loss = ADVERSARIAL["wasserstein"]
    real, fake = torch.tensor([3.0, 5.0]), torch.tensor([-1.0, 2.0])
    assert d_loss(real, fake) == 0.5 - 4 and g_loss(fake) == -0.5


@pytest.mark.parametrize("shape", [(3,), (2, 4, 4)])
def test_gradient_penalty_of_a_linear_critic(shape: tuple[int, ...]) -> None:
    """D(x) = w . x + b has the gradient w everywhere: (|w| - 1)^2, and 2 (|w| - 1) w / |w| its own gradient."""
    torch.manual_seed(0)
    critic = nn.Sequential(nn.Flatten(), nn.Linear(math.prod(shape), 1)).double()
    w = critic[1].weight
    real, fake = torch.randn(2, 8, *shape, dtype=torch.double)
    penalty = gradient_penalty(critic, real, fake, torch.rand(8))
    length = w.norm().item()
    assert penalty.item() == pytest.approx((length - 1) ** 2)
    penalty.backward()
    torch.testing.assert_close(w.grad, 2 * (length - 1) * w.detach() / length)


def test_gradient_penalty_is_taken_between_real_and_fake() -> None:
    """D(x) = x^2 / 2 has slope x: at draws 1, 0, 1/4 that is real, fake, and a quarter of the way from fake to real."""
    real, fake = torch.full((3, 1), 3.0), torch.full((3, 1), -1.0)
    penalty = gradient_penalty(lambda x: x.square() / 2, real, fake, torch.tensor([1.0, 0.0, 0.25]))
    assert penalty.item() == pytest.approx(((3 - 1) ** 2 + (1 - 1) ** 2 + (0 - 1) ** 2) / 3, abs=1e-6)


def test_clip_weights() -> None:
    net = MLP(3, 1, init="he_normal")
    before = [p.clone() for p in net.parameters()]
    clip_weights(net, 0.1)
    for p, old in zip(net.parameters(), before, strict=True):
        assert p.abs().max() <= 0.1 and torch.equal(p[old.abs() <= 0.1], old[old.abs() <= 0.1])


def train_critic(
    D: nn.Module, m: float, s: float, seed: int, penalty: float = 0.0, clip: float = 0.0
) -> tuple[float, float]:
    """Train a critic of N(0, 1) against N(m, s^2); its estimate of W1 and its largest slope."""
    torch.manual_seed(seed)
    optimizer = torch.optim.Adam(D.parameters(), 3e-3, (0.0, 0.9))
    for step in range(500):
        optimizer.param_groups[0]["lr"] = 3e-3 * (1 - step / 500)
        real, fake = torch.randn(256, 1), m + s * torch.randn(256, 1)
        loss = ADVERSARIAL["wasserstein"].d_loss(D(real), D(fake))
        if penalty:
            loss = loss + penalty * gradient_penalty(D, real, fake, torch.rand(256), one_sided=True)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if clip:
            clip_weights(D, clip)
    real = torch.tensor(norm.ppf(LEVELS), dtype=torch.float32)[:, None]
    x = torch.cat([real, m + s * real]).requires_grad_()
    (slope,) = torch.autograd.grad(D(x).sum(), x)
    return -ADVERSARIAL["wasserstein"].d_loss(D(real), D(m + s * real)).item(), slope.abs().max().item()


def smooth_critic(seed: int) -> MLP:
    torch.manual_seed(seed)
    return MLP(1, 1, width=32, depth=2, activation="mish", init="he_normal")


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("m", "s"), [(3.0, 1.0), (1.0, 1.0), (0.0, 2.0), (1.0, 2.0)])
def test_critic_with_penalty_estimates_the_distance(m: float, s: float, seed: int) -> None:
    found, _ = train_critic(smooth_critic(seed), m, s, seed, penalty=100.0)
    assert found == pytest.approx(gaussian_distance(0, 1, m, s), rel=0.05)


@pytest.mark.long
def test_weak_penalty_overestimates_by_a_known_factor() -> None:
    """A slope of 1 + h gains h W and costs weight * h^2; the best h = W / (2 weight) is 15 % here."""
    found, _ = train_critic(smooth_critic(0), 3.0, 1.0, seed=0, penalty=10.0)
    assert found == pytest.approx(3 * 1.15, rel=0.02)


def test_clipped_critic_estimates_the_distance_up_to_a_factor() -> None:
    """Divided by its slope the estimate is exact where the best critic is linear, and too small elsewhere."""
    torch.manual_seed(0)
    found, slope = train_critic(MLP(1, 1, width=64, activation="tanh"), 3.0, 1.0, seed=0, clip=0.05)
    assert found < 0.2 * 3 and found / slope == pytest.approx(3, rel=0.05)
    found, slope = train_critic(MLP(1, 1, width=64, activation="tanh"), 1.0, 2.0, seed=0, clip=0.05)
    assert 0.5 < found / slope / gaussian_distance(0, 1, 1, 2) < 0.95

"""Adversarial losses at points computed by hand."""

import math

import pytest
import torch

from viceversa.losses.adversarial import ADVERSARIAL, smoothed_d_loss, with_image_term


def test_lsgan_at_its_targets_and_at_equilibrium() -> None:
    d_loss, g_loss = ADVERSARIAL["lsgan"]
    one, zero, half = torch.ones(2, 1, 3, 3), torch.zeros(2, 1, 3, 3), torch.full((2, 1, 3, 3), 0.5)
    assert d_loss(one, zero) == 0 and g_loss(one) == 0
    assert d_loss(zero, one) == 2 and g_loss(zero) == 1
    assert d_loss(half, half) == 0.5


def test_log_losses_at_equilibrium_give_minus_log_4() -> None:
    logits = torch.zeros(4, 1)
    for name in ("minimax", "nonsaturating"):
        assert ADVERSARIAL[name].d_loss(logits, logits).item() == pytest.approx(math.log(4))
    assert ADVERSARIAL["minimax"].g_loss(logits).item() == pytest.approx(-math.log(2))
    assert ADVERSARIAL["nonsaturating"].g_loss(logits).item() == pytest.approx(math.log(2))


def test_minimax_is_a_zero_sum_game_in_the_fake_term() -> None:
    fake = torch.randn(100)
    real = torch.full((100,), 40.0)  # D(real) = 1: only the fake term is left
    d_loss, g_loss = ADVERSARIAL["minimax"]
    assert d_loss(real, fake).item() == pytest.approx(-g_loss(fake).item(), rel=1e-5)


def test_only_minimax_saturates_when_the_discriminator_wins() -> None:
    gradients = {}
    for name in set(ADVERSARIAL) - {"relativistic"}:  # it compares with real samples
        fake = torch.full((1,), -10.0, requires_grad=True)
        ADVERSARIAL[name].g_loss(fake).backward()
        assert fake.grad is not None and fake.grad.item() < 0  # towards a higher score
        gradients[name] = -fake.grad.item()
    assert gradients["minimax"] < 1e-4 < 0.9 < gradients["nonsaturating"]


@pytest.mark.parametrize("name", ["lsgan", "nonsaturating"])
def test_best_discriminator_of_two_densities(name: str) -> None:
    """Over p and q on two points, D minimises at p / (p + q) (Goodfellow et al. 2014, Prop. 1; Mao et al. 2017)."""
    p, q = torch.tensor([0.8, 0.2]), torch.tensor([0.3, 0.7])
    logits = torch.zeros(2, requires_grad=True)
    optimizer = torch.optim.LBFGS([logits], max_iter=200, tolerance_grad=1e-10)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        d = ADVERSARIAL[name].d_loss
        # expectations as sums over the two points, each weighted by its probability
        sure = torch.tensor([40.0 if name != "lsgan" else 1.0]), torch.tensor([-40.0 if name != "lsgan" else 0.0])
        loss = sum(p[i] * d(logits[i : i + 1], sure[1]) + q[i] * d(sure[0], logits[i : i + 1]) for i in range(2))
        assert isinstance(loss, torch.Tensor)
        loss.backward()
        return loss

    optimizer.step(closure)
    best = logits.sigmoid() if name != "lsgan" else logits
    torch.testing.assert_close(best.detach(), p / (p + q), rtol=0, atol=1e-4)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_image_term_lowers_the_weight_of_the_variance_within_images(share: float) -> None:
    """With LSGAN. With a log loss it is the weighted mean of the loss of mean logits and of all logits."""
    real, fake = torch.randn(2, 5, 1, 3, 4, dtype=torch.float64)
    variance = [x.flatten(1).var(1, correction=0).mean() for x in (real, fake)]
    pair = ADVERSARIAL["lsgan"]
    d_loss, g_loss = (with_image_term(loss, share) for loss in pair)
    torch.testing.assert_close(d_loss(real, fake), pair.d_loss(real, fake) - share * sum(variance))
    torch.testing.assert_close(g_loss(fake), pair.g_loss(fake) - share * variance[1])
    means = (torch.stack([y.mean() for y in x]) for x in (real, fake))
    log = ADVERSARIAL["nonsaturating"].d_loss
    expected = (1 - share) * log(real, fake) + share * log(*means)
    torch.testing.assert_close(with_image_term(log, share)(real, fake), expected)


def test_label_smoothing_moves_the_best_discriminator():
    """D* = a p / (p + q) with target a: the loss is stationary there (Salimans et al. 2016, sec. 3.4)."""
    a, p, q = 0.9, 0.3, 0.6
    for name, logit in (("nonsaturating", lambda d: math.log(d / (1 - d))), ("lsgan", lambda d: d)):
        t = torch.tensor(float(logit(a * p / (p + q))), dtype=torch.float64, requires_grad=True)
        d_loss = smoothed_d_loss(name, 1 - a)
        real_part = d_loss(t, t.detach()) - d_loss(t.detach(), t.detach())
        fake_part = d_loss(t.detach(), t) - d_loss(t.detach(), t.detach())
        (slope,) = torch.autograd.grad(p * real_part + q * fake_part, t)
        assert abs(slope.item()) < 1e-12
    lowest = smoothed_d_loss("nonsaturating", 0.1)(torch.tensor([math.log(9)]), torch.tensor([-100.0]))
    assert lowest.item() == pytest.approx(-0.9 * math.log(0.9) - 0.1 * math.log(0.1))  # the entropy H(0.9)
    with pytest.raises(ValueError, match="no target"):
        smoothed_d_loss("relativistic", 0.1)


def test_relativistic_losses_depend_on_differences():
    d_loss, g_loss = ADVERSARIAL["relativistic"]
    r, f = torch.tensor([1.0, 2.0]), torch.tensor([0.5, 3.0])
    assert d_loss(r, r).item() == pytest.approx(math.log(2)) == pytest.approx(g_loss(r, r).item())
    assert d_loss(r, f).item() == pytest.approx((math.log1p(math.exp(-0.5)) + math.log1p(math.exp(1.0))) / 2)
    assert torch.equal(g_loss(f, r), d_loss(f, r))  # the roles exchanged

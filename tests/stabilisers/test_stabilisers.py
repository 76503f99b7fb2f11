"""Remedies: off they change no bit, on they do what their papers say."""

import itertools
import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from viceversa.losses.adversarial import ADVERSARIAL, smoothed_d_loss
from viceversa.losses.discriminator_auc import auc
from viceversa.losses.r1_r2 import zero_centred_penalty
from viceversa.methods.cyclegan import CycleGAN, CycleGANConfig
from viceversa.methods.gan import GAN, GANConfig
from viceversa.networks.layers import MinibatchDiscrimination
from viceversa.networks.norms import apply_spectral_norm
from viceversa.stabilisers.diffaugment import OPERATIONS, augment
from viceversa.stabilisers.discriminator_input import DiscriminatorInput
from viceversa.stabilisers.similarity import mean_distance, similarity

SMALL = GANConfig(channels=1, width=4, d_width=4, latent=5)
ON = [
    {"loss": "relativistic"}, {"smoothing": 0.1}, {"noise": 0.2}, {"augment": "colour,shift,cutout"}, {"packing": 2},
    {"minibatch": 3}, {"r1": 1.0, "r2": 1.0, "d_norm": "none"}, {"similarity": 1.0}, {"pool": 4},
    {"d_norm": "spectral"}, {"d_turns": 2}, {"g_turns": 2}, {"loss": "lsgan", "smoothing": 0.1},
]  # fmt: skip


def gan(config: GANConfig = SMALL) -> GAN:
    torch.manual_seed(0)
    return GAN(config, size=16)


def real(seed: int = 0) -> torch.Tensor:
    return torch.rand(8, 1, 16, 16, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def plain_step(method: GAN, x: torch.Tensor) -> None:
    """Goodfellow et al. 2014, Algorithm 1, without any remedy."""
    G, D = method.nets.values()
    loss = ADVERSARIAL["nonsaturating"]
    z = torch.randn(len(x), 5)
    with method.discriminator.turn() as update:
        update(loss.d_loss(D(x), D(G(z))))
    with method.generator.turn() as update:
        update(loss.g_loss(D(G(z))))


def test_with_every_remedy_off_no_bit_changes():
    ours, plain = gan(), gan()
    for i in range(3):
        torch.manual_seed(i)
        ours.step(real(i))
        torch.manual_seed(i)
        plain_step(plain, real(i))
    assert all(torch.equal(a, b) for a, b in zip(ours.state_dict().values(), plain.state_dict().values(), strict=True))


def test_any_two_remedies_go_together_or_are_refused_with_a_reason():
    """`treat` may put one on top of another."""
    trained = 0
    for one, other in itertools.combinations(ON, 2):
        try:
            config = replace(SMALL, **(one | other))
        except ValueError as reason:
            assert ":" in str(reason)  # and what to do
            continue
        losses = gan(config).step(real())
        assert all(value.isfinite().all() for value in losses.values()), (one, other)
        trained += 1
    assert trained > 60


@pytest.mark.parametrize("change", ON, ids=lambda c: "-".join(c))
def test_every_remedy_trains_changes_something_and_survives_a_stop(change):
    method, without = gan(replace(SMALL, **change)), gan()
    for i in range(2):
        for one in (method, without):
            torch.manual_seed(i)
            losses = one.step(real(i))
            assert all(v.isfinite() for v in losses.values())
    G = method.nets["G"].state_dict(), without.nets["G"].state_dict()
    assert any(not torch.equal(a, b) for a, b in zip(G[0].values(), G[1].values(), strict=True))
    again = gan(replace(SMALL, **change))
    again.load_state_dict(method.state_dict())
    assert all(
        torch.equal(a, b) for a, b in zip(again.state_dict().values(), method.state_dict().values(), strict=True)
    )


def test_translation_takes_its_remedies_too():
    small = CycleGANConfig(width=4, blocks=1, d_width=4, d_layers=1, pool=0)
    weights = []
    for change in (
        {},
        {"cycle_noise": 0.1},
        {"smoothing": 0.1},
        {"noise": 0.1},
        {"augment": "shift"},
        {"d_norm": "spectral"},
    ):
        torch.manual_seed(0)
        method = CycleGAN(replace(small, **change))
        for i in range(2):
            torch.manual_seed(i)
            x = torch.rand(2, 2, 3, 16, 16) * 2 - 1
            assert all(v.isfinite() for v in method.step(x[0], x[1]).values())
        weights.append(torch.cat([p.flatten() for p in method.nets["G"].parameters()]))
    assert all(not torch.equal(weights[0], w) for w in weights[1:])


def test_auc_counts_pairs():
    high, low = torch.tensor([[3.0], [4.0]]), torch.tensor([[1.0], [2.0]])
    assert auc(high, low) == 1 and auc(low, high) == 0 and auc(high, high) == 0.5
    dice = torch.Generator().manual_seed(0)
    r, f = torch.randn(7, 3, 2, generator=dice), torch.randn(5, 3, 2, generator=dice)
    wins = [float(a.mean() > b.mean()) for a in r for b in f]
    assert auc(r, f).item() == pytest.approx(sum(wins) / len(wins))
    assert auc(r.exp() * 0 + r, f) == auc(2 * r + 5, 2 * f + 5)  # whatever the scale


def test_smoothing_moves_the_best_answer():
    """D* = a p / (p + q) with target a: the loss is stationary there (Salimans et al. 2016, sec. 3.4)."""
    a, p, q = 0.9, 0.3, 0.6
    for name, answer in (("nonsaturating", lambda d: math.log(d / (1 - d))), ("lsgan", lambda d: d)):
        t = torch.tensor(float(answer(a * p / (p + q))), dtype=torch.float64, requires_grad=True)
        d_loss = smoothed_d_loss(name, 1 - a)
        real_part = d_loss(t, t.detach()) - d_loss(t.detach(), t.detach())
        fake_part = d_loss(t.detach(), t) - d_loss(t.detach(), t.detach())
        (slope,) = torch.autograd.grad(p * real_part + q * fake_part, t)
        assert abs(slope.item()) < 1e-12
    assert smoothed_d_loss("nonsaturating", 0.1)(
        torch.tensor([math.log(9)]), torch.tensor([-100.0])
    ).item() == pytest.approx(
        -0.9 * math.log(0.9) - 0.1 * math.log(0.1)  # the floor, H(0.9)
    )
    with pytest.raises(ValueError, match="no target"):
        smoothed_d_loss("relativistic", 0.1)


def test_relativistic_losses_compare():
    d_loss, g_loss = ADVERSARIAL["relativistic"]
    r, f = torch.tensor([1.0, 2.0]), torch.tensor([0.5, 3.0])
    assert d_loss(r, r).item() == pytest.approx(math.log(2)) == pytest.approx(g_loss(r, r).item())
    assert d_loss(r, f).item() == pytest.approx((math.log1p(math.exp(-0.5)) + math.log1p(math.exp(1.0))) / 2)
    assert torch.equal(g_loss(f, r), d_loss(f, r))  # the roles exchanged


def test_zero_centred_penalty_of_known_critics():
    x, w = torch.randn(6, 4, dtype=torch.float64), torch.tensor([1.0, 2.0, 0.0, -1.0], dtype=torch.float64)
    assert zero_centred_penalty(lambda v: v @ w, x, 3.0).item() == pytest.approx(1.5 * 6)
    square = zero_centred_penalty(lambda v: v.square().sum(1) / 2, x, 2.0)
    assert square.item() == pytest.approx(x.square().sum(1).mean().item())
    assert zero_centred_penalty(lambda v: v @ w, x, 0.0) == 0.0


def test_instance_noise_has_its_deviation_and_fades_with_the_lead():
    view = DiscriminatorInput(noise=0.5)
    x = torch.zeros(4, 1, 64, 64)
    assert view(x).std().item() == pytest.approx(0.5, rel=0.02)
    for _ in range(400):
        view.fade(torch.tensor(0.6))
    assert view.lead.item() == pytest.approx(0.2, abs=1e-3)
    for _ in range(400):
        view.fade(torch.tensor(0.3))  # D is wrong: no noise
    assert view(x).abs().max().item() < 1e-2
    assert DiscriminatorInput()(x) is x and not DiscriminatorInput().state_dict()


def test_packing_puts_pictures_of_one_kind_together():
    x = torch.arange(4.0).reshape(4, 1, 1, 1).expand(4, 3, 2, 2)
    packed = DiscriminatorInput(packing=2)(x)
    assert packed.shape == (2, 6, 2, 2)
    assert packed[0, :, 0, 0].tolist() == [0, 0, 0, 1, 1, 1]


def test_minibatch_discrimination_counts_copies():
    torch.manual_seed(0)
    layer = MinibatchDiscrimination(6, kernels=4)
    same = layer(torch.ones(5, 6))
    assert torch.equal(same[:, 6:], torch.full((5, 4), 4.0))
    apart = layer(torch.randn(5, 6) * 1000)
    assert apart[:, 6:].abs().max() < 1e-3


def test_similarity_penalty():
    dice = torch.Generator().manual_seed(0)
    x = torch.randn(6, 3, generator=dice)
    by_hand = sum((x[i] - x[j]).abs().mean() for i in range(6) for j in range(i)) / 15
    assert mean_distance(x).item() == pytest.approx(by_hand.item(), rel=1e-6)
    assert similarity(x[:1].expand(6, 3), x, 0.7).item() == pytest.approx(0.7)
    assert similarity(x / 4, x, 1.0).item() == pytest.approx(0.75)
    assert similarity(3 * x, x, 1.0).item() == 0
    fake = (x / 2).requires_grad_()
    similarity(fake, x, 1.0).backward()
    assert mean_distance(x / 2 - 0.01 * fake.grad) > mean_distance(x / 2)  # downhill is farther apart


def test_spectral_norm_makes_the_largest_singular_value_one():
    net = nn.Sequential(nn.Linear(2, 2, bias=False))
    with torch.no_grad():
        net[0].weight.copy_(torch.diag(torch.tensor([3.0, 1.0])))
    apply_spectral_norm(net)
    for _ in range(50):
        net(torch.ones(1, 2))
    torch.testing.assert_close(net[0].weight, torch.diag(torch.tensor([1.0, 1 / 3])))


@pytest.mark.parametrize("name", OPERATIONS)
def test_augmentation_is_the_same_for_all_who_draw_the_same_and_lets_gradients_through(name):
    x = torch.rand(16, 3, 32, 32) * 2 - 1
    outs = []
    for _ in range(2):
        torch.manual_seed(1)
        outs.append(augment(x, (name,)))
    assert torch.equal(*outs) and outs[0].shape == x.shape and not torch.equal(outs[0], x)
    x.requires_grad_()
    augment(x, (name,)).square().sum().backward()
    assert (x.grad != 0).float().mean() > 0.5


def test_shift_moves_whole_pictures():
    x = torch.full((64, 1, 16, 16), -1.0)
    x[:, :, 8, 8] = 1
    moved = augment(x, ("shift",))
    places = [tuple(p.tolist()) for p in (moved[:, 0] == 1).nonzero()[:, 1:]]
    assert len(places) == 64 and {y for y, _ in places} == {x for _, x in places} == {6, 7, 8, 9, 10}


def test_cutout_greys_up_to_a_quarter():
    cut = augment(torch.ones(200, 1, 32, 32), ("cutout",))
    shares = (cut == 0).float().mean((1, 2, 3))
    assert shares.max().item() == 0.25 and shares.min().item() > 0.05

"""Stabilisers in training: off they change no bit, on they change the result and survive a stop."""

import itertools
from dataclasses import replace

import pytest
import torch

from viceversa.losses.adversarial import ADVERSARIAL
from viceversa.methods.cyclegan import CycleGAN, CycleGANConfig
from viceversa.methods.gan import GAN, GANConfig

SMALL = GANConfig(channels=1, width=4, d_width=4, latent=5)
ON = [
    {"loss": "relativistic"},
    {"smoothing": 0.1},
    {"noise": 0.2},
    {"augment": "colour,shift,cutout"},
    {"packing": 2},
    {"minibatch": 3},
    {"r1": 1.0, "r2": 1.0, "d_norm": "none"},
    {"similarity": 1.0},
    {"pool": 4},
    {"d_norm": "spectral"},
    {"d_turns": 2},
    {"g_turns": 2},
    {"loss": "lsgan", "smoothing": 0.1},
]


def gan(config: GANConfig = SMALL) -> GAN:
    torch.manual_seed(0)
    return GAN(config, size=16)


def real(seed: int = 0) -> torch.Tensor:
    return torch.rand(8, 1, 16, 16, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def plain_step(method: GAN, x: torch.Tensor) -> None:
    """Goodfellow et al. 2014, Algorithm 1, without any stabiliser."""
    G, D = method.nets.values()
    loss = ADVERSARIAL["nonsaturating"]
    z = torch.randn(len(x), 5)
    with method.discriminator.turn() as update:
        update(loss.d_loss(D(x), D(G(z))))
    with method.generator.turn() as update:
        update(loss.g_loss(D(G(z))))


def test_step_without_stabilisers_is_algorithm_1():
    ours, plain = gan(), gan()
    for i in range(3):
        torch.manual_seed(i)
        ours.step(real(i))
        torch.manual_seed(i)
        plain_step(plain, real(i))
    assert all(torch.equal(a, b) for a, b in zip(ours.state_dict().values(), plain.state_dict().values(), strict=True))


def test_any_two_stabilisers_combine_or_are_refused_with_a_reason():
    """Treating a run may add one to another."""
    trained = 0
    for one, other in itertools.combinations(ON, 2):
        try:
            config = replace(SMALL, **(one | other))
        except ValueError as reason:
            assert ":" in str(reason)  # followed by what to do
            continue
        losses = gan(config).step(real())
        assert all(value.isfinite().all() for value in losses.values()), (one, other)
        trained += 1
    assert trained > 60


@pytest.mark.parametrize("change", ON, ids=lambda c: "-".join(c))
def test_every_stabiliser_changes_the_result_and_its_state_is_saved(change):
    method, plain = gan(replace(SMALL, **change)), gan()
    for i in range(2):
        for one in (method, plain):
            torch.manual_seed(i)
            losses = one.step(real(i))
            assert all(v.isfinite() for v in losses.values())
    G = method.nets["G"].state_dict(), plain.nets["G"].state_dict()
    assert any(not torch.equal(a, b) for a, b in zip(G[0].values(), G[1].values(), strict=True))
    again = gan(replace(SMALL, **change))
    again.load_state_dict(method.state_dict())
    assert all(
        torch.equal(a, b) for a, b in zip(again.state_dict().values(), method.state_dict().values(), strict=True)
    )


def test_stabilisers_of_cyclegan_change_the_result():
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

"""Turns of players, skipped updates, and the learning-rate schedule."""

import itertools

import pytest
import torch
from torch import nn

from viceversa.optimize import Player, linear_decay
from viceversa.runs.config import TrainConfig
from viceversa.training.schedule import schedule


def test_linear_decay_by_epoch_is_the_rule_of_the_authors_code() -> None:
    epoch = 1334  # horse2zebra
    rates = {e: linear_decay((e - 1) * epoch, 200 * epoch, 100 * epoch, epoch) for e in range(1, 201)}
    assert all(rates[e] == 1 for e in range(1, 101))
    for e in range(101, 201):
        assert rates[e] == pytest.approx(1 - (e - 100) / 101)
    assert [round(rates[e], 4) for e in (101, 150, 200)] == [0.9901, 0.505, 0.0099]
    assert linear_decay(150 * epoch - 1, 200 * epoch, 100 * epoch, epoch) == rates[150]  # constant within an epoch


def test_linear_decay_by_step_never_reaches_zero() -> None:
    rates = [linear_decay(n, 100, 50) for n in range(100)]
    assert rates[:50] == [1.0] * 50
    assert all(a - b == pytest.approx(1 / 51) for a, b in itertools.pairwise(rates[49:]))
    assert min(rates) == pytest.approx(1 / 51)


@pytest.mark.parametrize("epochs", [0.2, 0.8, 1.5, 3.7])
def test_short_run_has_a_full_schedule(epochs: float) -> None:
    total = round(1000 * epochs)
    plan = schedule(TrainConfig(epochs=200, decay_every="epoch"), total, 1000)
    rates = [plan.rate(step) for step in range(plan.steps)]
    assert all(rate == 1 for rate in rates[: max(0, total // 2 - 1000)]) and min(rates) > 0
    assert rates[0] > 0.99 and rates[-1] < 0.5 and rates == sorted(rates, reverse=True)


def test_only_the_player_of_the_turn_is_updated() -> None:
    a, b = nn.Linear(2, 2), nn.Linear(2, 2)
    one, two = Player([a]), Player([b])
    before = [p.clone() for p in (*a.parameters(), *b.parameters())]
    with one.turn() as update:
        assert all(p.requires_grad for p in a.parameters()) and not any(p.requires_grad for p in b.parameters())
        update(b(a(torch.ones(1, 2))).sum())
    changed = [not torch.equal(x, y) for x, y in zip(before, (*a.parameters(), *b.parameters()), strict=True)]
    assert changed == [True, True, False, False]
    assert all(p.grad is None for p in b.parameters()) and two.nonfinite == 0


def test_losses_of_a_turn_add_up_to_one_step() -> None:
    torch.manual_seed(0)
    nets = [nn.Linear(3, 1) for _ in range(2)]
    nets[1].load_state_dict(nets[0].state_dict())
    x, y = torch.randn(4, 3), torch.randn(4, 3)
    with Player([nets[0]]).turn() as update:
        update(nets[0](x).square().mean() + nets[0](y).abs().mean())
    with Player([nets[1]]).turn() as update:
        update(nets[1](x).square().mean())
        update(nets[1](y).abs().mean())
    torch.testing.assert_close(nets[0].weight, nets[1].weight)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_nonfinite_gradient_skips_the_update(bad: float) -> None:
    net = nn.Linear(2, 1)
    player = Player([net])
    with player.turn() as update:
        update(net(torch.ones(1, 2)).sum())
    before, steps = net.weight.clone(), [s["step"].clone() for s in player.optimizer.state.values()]
    with player.turn() as update:
        update(net(torch.tensor([[bad, 1.0]])).sum())
    assert player.nonfinite == 1 and torch.equal(net.weight, before)
    assert [s["step"] for s in player.optimizer.state.values()] == steps


def test_first_step_of_adam() -> None:
    """It is lr in the direction of the gradient's sign (Kingma and Ba 2015)."""
    net = nn.Linear(2, 1, bias=False)
    before = net.weight.clone()
    player = Player([net], lr=0.01)
    player.set_rate(0.5)
    with player.turn() as update:
        update(net(torch.tensor([[2.0, -3.0]])).sum())
    torch.testing.assert_close(net.weight, before - 0.005 * torch.tensor([[1.0, -1.0]]))


def scaled_player(net: nn.Module) -> Player:
    """A player with float16 convolutions and their loss scale."""
    return Player([net], lr=0.1, precision="fp16", optimizer="sgd", betas=(0.0, 0.0))


def test_a_loss_scale_leaves_the_gradient_as_it_is() -> None:
    """Also one so small that float16 has no number for it."""
    net = nn.Linear(1, 1, bias=False)
    before = net.weight.clone()
    player = scaled_player(net)
    with player.turn() as update:
        update(net(torch.ones(1, 1)).float().sum() * 1e-8)
    torch.testing.assert_close(net.weight, before - 0.1 * 1e-8)
    assert player.norm == pytest.approx(1e-8, rel=1e-3) and player.nonfinite == 0


def test_a_loss_scale_halves_after_an_overflow_and_grows_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viceversa.optimize.LossScale.GROWTH_STEPS", 3)
    net = nn.Linear(1, 1, bias=False)
    player = scaled_player(net)
    assert player.scale is not None

    def step(value: float) -> None:
        with player.turn() as update:
            update(net(torch.full((1, 1), value)).float().sum())

    before = net.weight.clone()
    step(float("inf"))
    assert player.scale.factor == 2**15 and torch.equal(net.weight, before)
    assert player.nonfinite == 0 and player.norm == 0
    for _ in range(3):
        step(1.0)
    assert player.scale.factor == 2**16 and not torch.equal(net.weight, before)

    for _ in range(16):
        step(float("nan"))
    assert player.scale.factor == 1 and player.nonfinite == 0
    step(float("nan"))
    assert player.scale.factor == 1 and player.nonfinite == 1  # nothing is left to halve: training has diverged


def test_another_precision_has_no_loss_scale() -> None:
    assert Player([nn.Linear(1, 1)]).scale is None and Player([nn.Linear(1, 1)], precision="bf16").scale is None

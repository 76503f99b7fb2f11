"""The classifiers of the ladder and their losses."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from viceversa.losses.classification import CLASSIFICATION
from viceversa.networks.cnn import CNN
from viceversa.networks.layers import count_parameters, dropout
from viceversa.networks.mlp import ACTIVATIONS, INITIALISATIONS, MLP

LOGITS = torch.tensor([[0.0, math.log(3), 0.0], [2.0, 2.0, 2.0]], dtype=torch.double)  # softmax (.2 .6 .2), thirds
LABELS = torch.tensor([1, 0])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cross_entropy", (-math.log(0.6) + math.log(3)) / 2),
        ("mse", (0.04 + 0.16 + 0.04 + 4 / 9 + 1 / 9 + 1 / 9) / 6),
        ("mae", (0.8 + 4 / 3) / 6),
        ("perceptron", 0.0),
    ],
)
def test_losses_by_hand(name: str, value: float) -> None:
    assert CLASSIFICATION[name](LOGITS, LABELS).item() == pytest.approx(value)


@pytest.mark.parametrize("name", CLASSIFICATION)
def test_losses_fall_when_the_right_score_rises_and_vanish_at_certainty(name: str) -> None:
    logits = torch.tensor([[1.0, 3.0, 2.0]], requires_grad=True)
    loss = CLASSIFICATION[name](logits, torch.tensor([2]))
    (slope,) = torch.autograd.grad(loss, logits)
    assert loss > 0 and slope[0, 2] < 0 < slope[0, 1]
    assert CLASSIFICATION[name](torch.tensor([[0.0, 0.0, 60.0]]), torch.tensor([2])) < 1e-20


def test_a_gradient_step_on_the_perceptron_loss_is_rosenblatts_rule() -> None:
    """W += (onehot(y) - onehot(argmax W x)) x^T with learning rate 1 and batches of one, from W = 0."""
    rng = np.random.default_rng(0)
    xs, ys = rng.normal(size=(300, 5)), rng.integers(0, 4, 300)
    weights, bias = np.zeros((4, 5)), np.zeros(4)
    net = MLP(5, 4, depth=0, init="zeros").double()
    optimizer = torch.optim.SGD(net.parameters(), lr=1.0)
    for x, y in zip(xs, ys, strict=True):
        error = np.eye(4)[y] - np.eye(4)[np.argmax(weights @ x + bias)]
        weights += np.outer(error, x)
        bias += error
        optimizer.zero_grad()
        logits = net.head(torch.tensor(x)[None])
        CLASSIFICATION["perceptron"](logits, torch.tensor([y])).backward()
        optimizer.step()
    np.testing.assert_allclose(net.head.weight.detach().numpy(), weights, atol=1e-12)
    np.testing.assert_allclose(net.head.bias.detach().numpy(), bias, atol=1e-12)


@pytest.mark.parametrize(("depth", "count"), [(0, 7_850), (1, 101_770), (3, 134_794)])
def test_mlp_size(depth: int, count: int) -> None:
    net = MLP(784, 10, depth=depth)
    assert count_parameters(net) == count
    assert net(torch.zeros(3, 1, 28, 28)).shape == (3, 10)
    assert net.features(torch.zeros(3, 784)).shape == (3, 128 if depth else 784)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_only_depth_makes_xor_possible(activation: str) -> None:
    x, y = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]]), torch.tensor([0, 1, 1, 0])
    right = {}
    for depth in (0, 1):
        torch.manual_seed(0)
        net = MLP(2, 2, width=16, depth=depth, activation=activation, init="glorot_normal")
        optimizer = torch.optim.Adam(net.parameters(), 0.05)
        for _ in range(250):
            loss = CLASSIFICATION["cross_entropy"](net(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        right[depth] = int((net(x).argmax(1) == y).sum())
    assert right[0] <= 3 and right[1] == 4


@pytest.mark.parametrize(
    ("init", "deviation"),
    [
        ("normal", 0.05),
        ("uniform", 0.05),
        ("glorot_normal", math.sqrt(2 / 1000)),
        ("glorot_uniform", math.sqrt(2 / 1000)),
        ("he_normal", math.sqrt(2 / 600)),
        ("he_uniform", math.sqrt(2 / 600)),
        ("zeros", 0.0),
    ],
)
def test_initial_deviations(init: str, deviation: float) -> None:
    torch.manual_seed(0)
    weights = MLP(600, 10, width=400, init=init).body[1].weight
    assert weights.std().item() == pytest.approx(deviation, rel=0.01)
    if "uniform" in init:
        assert weights.abs().max() <= math.sqrt(3) * deviation * 1.001


def test_every_initialisation_is_tested() -> None:
    kinds = {"normal", "uniform", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "zeros"}
    assert set(INITIALISATIONS) == kinds


def test_neurons_that_start_equal_stay_equal() -> None:
    net = MLP(6, 3, width=5, activation="tanh", init="zeros")
    CLASSIFICATION["cross_entropy"](net(torch.randn(8, 6)), torch.randint(3, (8,))).backward()
    assert net.body[1].weight.grad is not None and not net.body[1].weight.grad.any()


def test_the_cnn_of_the_report() -> None:
    net = CNN(widths=(64, 32), pool="none", padding="valid")
    kinds = [type(part).__name__ for part in [*net.body, net.head] if not isinstance(part, nn.Identity | nn.ReLU)]
    assert kinds == ["Conv2d", "Conv2d", "Flatten", "Linear", "Linear"]
    assert [part.out_channels for part in net.body if isinstance(part, nn.Conv2d)] == [64, 32]
    conv = (9 * 64 + 64) + (9 * 64 * 32 + 32)
    assert count_parameters(net) == conv + (24 * 24 * 32 * 128 + 128) + (128 * 10 + 10)


@pytest.mark.parametrize("pool", ["max", "average", "none"])
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
def test_every_cnn_that_is_built_runs(kernel: int, stride: int, padding: str, pool: str) -> None:
    """The dense layer is sized by formula: a wrong size would not run."""
    settings = dict(
        channels=2, size=19, widths=(3, 4), kernel=kernel, stride=stride, padding=padding, pool=pool, dense=8
    )
    try:
        net = CNN(**settings, norm=True, dropout=0.2)  # type: ignore[arg-type]
    except ValueError as error:
        assert stride == 2 and pool != "none" and "no pixel left" in str(error)
        return
    x = torch.randn(2, 2, 19, 19)
    assert net(x).shape == (2, 10) and net.features(x).shape == (2, 8)
    net(x).sum().backward()
    assert all(p.grad is not None for p in net.parameters())


def test_a_cnn_without_pixels_is_refused_in_one_line() -> None:
    with pytest.raises(ValueError, match="8 px image has no pixel left after convolution 2 of 3") as error:
        CNN(size=8, widths=(4, 4, 4), kernel=5, padding="valid")
    assert "\n" not in str(error.value)


def test_pooling_shrugs_off_a_shift_that_the_mlp_cannot() -> None:
    """A dot moved within a pooling window gives the same features after 1x1 convolutions and max pooling."""
    net = CNN(size=8, widths=(4,), kernel=1, dense=0)
    x, moved = torch.zeros(2, 1, 1, 8, 8)
    x[0, 0, 2, 4] = moved[0, 0, 3, 5] = 1.0
    assert torch.equal(net(x), net(moved))
    assert not torch.equal(CNN(size=8, widths=(4,), kernel=1, pool="none")(x), net(moved))


def test_dropout_keeps_the_mean_and_rests_in_evaluation() -> None:
    torch.manual_seed(0)
    x = torch.ones(100_000)
    layer = dropout(0.3)
    assert (layer(x) == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)
    assert layer(x).mean().item() == pytest.approx(1, abs=0.01)
    assert torch.equal(layer.eval()(x), x)
    assert (dropout(0.3, lasting=True).eval()(x) == 0).any()
    assert isinstance(dropout(0.0), nn.Identity)

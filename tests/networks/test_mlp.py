"""The multi-layer perceptron: size, what depth adds, initialisation."""

import math

import pytest
import torch

from viceversa.losses.classification import CLASSIFICATION
from viceversa.networks.layers import count_parameters
from viceversa.networks.mlp import ACTIVATIONS, INITIALISATIONS, MLP


@pytest.mark.parametrize(("depth", "count"), [(0, 7_850), (1, 101_770), (3, 134_794)])
def test_parameter_count_and_shapes(depth: int, count: int) -> None:
    net = MLP(784, 10, depth=depth)
    assert count_parameters(net) == count
    assert net(torch.zeros(3, 1, 28, 28)).shape == (3, 10)
    assert net.features(torch.zeros(3, 784)).shape == (3, 128 if depth else 784)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_xor_needs_a_hidden_layer(activation: str) -> None:
    x, y = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]]), torch.tensor([0, 1, 1, 0])
    correct = {}
    for depth in (0, 1):
        torch.manual_seed(0)
        net = MLP(2, 2, width=16, depth=depth, activation=activation, init="glorot_normal")
        optimizer = torch.optim.Adam(net.parameters(), 0.05)
        for _ in range(250):
            loss = CLASSIFICATION["cross_entropy"](net(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        correct[depth] = int((net(x).argmax(1) == y).sum())
    assert correct[0] <= 3 and correct[1] == 4


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
def test_initial_standard_deviations(init: str, deviation: float) -> None:
    torch.manual_seed(0)
    weights = MLP(600, 10, width=400, init=init).body[1].weight
    assert weights.std().item() == pytest.approx(deviation, rel=0.01)
    if "uniform" in init:
        assert weights.abs().max() <= math.sqrt(3) * deviation * 1.001


def test_every_initialisation_is_tested() -> None:
    kinds = {"normal", "uniform", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "zeros"}
    assert set(INITIALISATIONS) == kinds


def test_zero_initialisation_keeps_hidden_neurons_equal() -> None:
    net = MLP(6, 3, width=5, activation="tanh", init="zeros")
    CLASSIFICATION["cross_entropy"](net(torch.randn(8, 6)), torch.randint(3, (8,))).backward()
    assert net.body[1].weight.grad is not None and not net.body[1].weight.grad.any()

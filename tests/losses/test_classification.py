"""Classification losses at points computed by hand."""

import math

import numpy as np
import pytest
import torch

from viceversa.losses.classification import CLASSIFICATION
from viceversa.networks.mlp import MLP

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
def test_values_by_hand(name: str, value: float) -> None:
    assert CLASSIFICATION[name](LOGITS, LABELS).item() == pytest.approx(value)


@pytest.mark.parametrize("name", CLASSIFICATION)
def test_gradient_raises_the_true_logit_and_loss_vanishes_at_certainty(name: str) -> None:
    logits = torch.tensor([[1.0, 3.0, 2.0]], requires_grad=True)
    loss = CLASSIFICATION[name](logits, torch.tensor([2]))
    (slope,) = torch.autograd.grad(loss, logits)
    assert loss > 0 and slope[0, 2] < 0 < slope[0, 1]
    assert CLASSIFICATION[name](torch.tensor([[0.0, 0.0, 60.0]]), torch.tensor([2])) < 1e-20


def test_sgd_on_the_perceptron_loss_is_rosenblatts_rule() -> None:
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

"""Averaged networks against the formula of the moving mean."""

import pytest
import torch
from torch import nn

from viceversa.stabilisers.ema import Average


def test_mean_follows_the_formula_and_buffers_are_copied() -> None:
    net = nn.BatchNorm2d(1)
    average = Average({"G": net}, decay=0.5)
    expected = net.weight.item()
    for t in range(1, 15):
        with torch.no_grad():
            net.weight.fill_(float(t))
            net.running_mean.fill_(2.0 * t)
        average.update()
        decay = min(0.5, (1 + t) / (10 + t))
        expected = decay * expected + (1 - decay) * t
        assert average.nets["G"].weight.item() == pytest.approx(expected, rel=1e-5)
        assert average.nets["G"].running_mean.item() == 2.0 * t
    assert not average.nets["G"].training and not average.nets["G"].weight.requires_grad


def test_decay_zero_keeps_the_networks_themselves() -> None:
    net = nn.Linear(2, 2)
    average = Average({"G": net}, decay=0.0)
    average.update()
    assert average.nets["G"] is net and not list(average.parameters())

"""The experiments of chapter 1 on tiny settings: what they measure is so, and what they write can be drawn."""

from pathlib import Path

import numpy as np
import pytest
import torch

from support.experiments import claims, means, told
from viceversa.methods.classifier import ClassifierConfig
from viceversa_lab.chapter1 import (
    activations,
    backpropagation,
    batch,
    depth,
    descent,
    initialisation,
    learning_rate,
    trials,
    width,
)


def test_activations_and_losses_are_their_closed_forms(tmp_path: Path) -> None:
    found, _ = told(activations.EXPERIMENT, activations.Settings(reach=4.0, points=81), tmp_path)
    z = np.array(found["z"])
    value, slope = (np.array(found["curves"]["sigmoid"][what]) for what in ("value", "derivative"))
    np.testing.assert_allclose(slope, value * (1 - value), atol=1e-12)
    for curve in (*found["curves"].values(), *found["losses"].values()):
        steps = np.gradient(curve["value"], z)
        smooth = np.abs(z) > 0.15  # ReLU has a corner at 0
        np.testing.assert_allclose(np.array(curve["derivative"])[smooth], steps[smooth], atol=6e-3, rtol=0.1)
    np.testing.assert_allclose(found["losses"]["cross_entropy"]["value"], -np.log(found["softmax"]), atol=1e-12)


def test_gradients_by_hand_are_those_of_autograd_and_quotients_are_coarse(tmp_path: Path) -> None:
    settings = backpropagation.Settings(seeds=(0, 1), sizes=(4, 5, 3), exponents=(-11, -5, -1))
    found, parts = told(backpropagation.EXPERIMENT, settings, tmp_path)
    assert len(found["by hand"]) == 18 and max(max(errors) for errors in found["by hand"]) < 1e-13
    small, middle, large = (np.mean(row) for row in found["quotients"])
    assert 1e-12 < middle < 1e-2 * min(small, large)
    assert claims(parts) == [True]


def test_a_wrong_gradient_is_seen() -> None:
    settings = backpropagation.Settings()
    net, x, y = backpropagation.made(settings, "mish", "mse", 0)
    truth = backpropagation.by_autograd(net, x, y, "mish", "mse")
    assert backpropagation.error(backpropagation.by_hand(net, x, y), truth) < 1e-13
    assert backpropagation.error(backpropagation.by_autograd(net, x, y, "tanh", "mse"), truth) > 0.01


def test_plain_descent_needs_a_rate_below_two_over_the_curvature(tmp_path: Path) -> None:
    """Across the valley the curvature is 25, and a step of lr multiplies the distance by 1 - 25 lr."""
    found, _ = told(descent.EXPERIMENT, descent.Settings(rates=(0.02, 0.07, 0.09, 1.0), steps=200), tmp_path)
    slow, fast, *diverged = found["valley sgd"]["steps"]
    assert fast < slow < 200 and diverged == [None, None]
    assert found["valley sgd"]["best"] == 0.07 and len(found["valley sgd"]["path"]) == fast + 1
    assert found["valley adam"]["steps"][-1] is not None  # normalised steps do not blow up


@pytest.mark.long
def test_one_neuron_is_too_few(tmp_path: Path) -> None:
    found, parts = told(width.EXPERIMENT, width.Settings(seeds=(0, 1), widths=(1, 32), epochs=3), tmp_path)
    few, enough = means(found["trials"])
    assert few < 0.4 and enough > 0.85
    assert claims(parts)[1] is False  # the widest is the best here


@pytest.mark.long
def test_depth_costs_time_and_needs_the_right_start(tmp_path: Path) -> None:
    found, _ = told(depth.EXPERIMENT, depth.Settings(seeds=(0, 1), depths=(0, 1, 8), width=32, epochs=4), tmp_path)
    assert means(found["he_normal"])[2] > means(found["normal"])[2] + 0.2
    seconds = [sum(one["seconds"] for one in row) for row in found["he_normal"]]
    assert seconds[0] < seconds[2]


def test_one_large_batch_takes_few_steps(tmp_path: Path) -> None:
    settings = batch.Settings(seeds=(0, 1), batches=(8, 32, 2048), count=200, epochs=4, width=16)
    found, _ = told(batch.EXPERIMENT, settings, tmp_path)
    assert found["examples"] == 200
    small, _, large = means(found["same"])
    assert small > large + 0.2
    assert trials.accuracies(found["same"])[1] == trials.accuracies(found["scaled"])[1]  # the rate is that of 32


@pytest.mark.long
def test_zeros_learn_nothing_and_the_shape_hardly_matters(tmp_path: Path) -> None:
    settings = initialisation.Settings(seeds=(0, 1), deviations=(0.001, 0.1), width=32, epochs=3)
    found, _ = told(initialisation.EXPERIMENT, settings, tmp_path)
    assert means(found["zeros"])[0] < 0.2 and found["inputs"] == 784
    for shape in initialisation.SHAPES:
        tiny, good = means(found[shape])
        assert good > tiny + 0.2


def test_the_drawn_weights_have_the_deviation_that_was_asked_for() -> None:
    for shape in initialisation.SHAPES:
        layer = torch.nn.Linear(300, 200)
        trials.gaussian(0.3, shape)(layer)
        assert layer.weight.std().item() == pytest.approx(0.3, rel=0.02)
    assert layer.weight.abs().max() < 0.3 * 3**0.5


@pytest.mark.long
def test_a_rate_can_be_too_small_and_too_large(tmp_path: Path) -> None:
    settings = learning_rate.Settings(seeds=(0, 1, 2), rates=(1e-6, 1e-2, 1e2), width=32, epochs=3)
    found, parts = told(learning_rate.EXPERIMENT, settings, tmp_path)
    for name in learning_rate.OPTIMIZERS:
        small, good, large = means(found[name])
        assert good > 0.8 > max(small, large)
    assert claims(parts) == [True]


def test_trials_see_what_they_are_told_and_repeat() -> None:
    whole = trials.pictures("handwritten", 1)
    small = trials.pictures("handwritten", 1, count=50, crop=4, shrink=2)
    assert whole.train_x.shape[1:] == (1, 28, 28) and small.train_x.shape == (50, 1, 10, 10)
    np.testing.assert_allclose(small.test_x[3, 0, 0, 0], whole.test_x[3, 0, 4:6, 4:6].mean(), atol=1e-6)
    assert not np.array_equal(whole.test_y, trials.pictures("handwritten", 2).test_y)  # a seed is a split
    config = ClassifierConfig(network="mlp", width=8)
    runs = [trials.trial(config, small, seed=3, epochs=2)["accuracy"] for _ in range(2)]
    assert runs[0] == runs[1]

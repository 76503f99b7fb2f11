"""Chapter 1 with small settings: values against closed forms and known effects, and sections that can be rendered."""

from pathlib import Path

import numpy as np
import pytest
import torch

from support.experiments import claims, means, measure_and_write
from viceversa.methods.classifier import ClassifierConfig
from viceversa_lab import classifiers
from viceversa_lab.chapter1 import (
    activations,
    backpropagation,
    batch,
    depth,
    descent,
    initialisation,
    learning_rate,
    width,
)
from viceversa_lab.sweep import Curve


def test_activation_and_loss_curves_match_closed_forms(tmp_path: Path) -> None:
    results, _ = measure_and_write(activations.EXPERIMENT, tmp_path, reach=4.0, points=81)
    z = np.array(results["z"])
    value, slope = (np.array(results["curves"]["sigmoid"][what]) for what in ("value", "derivative"))
    np.testing.assert_allclose(slope, value * (1 - value), atol=1e-12)
    for curve in (*results["curves"].values(), *results["losses"].values()):
        differences = np.gradient(curve["value"], z)
        smooth = np.abs(z) > 0.15  # ReLU has a corner at 0
        np.testing.assert_allclose(np.array(curve["derivative"])[smooth], differences[smooth], atol=6e-3, rtol=0.1)
    np.testing.assert_allclose(results["losses"]["cross_entropy"]["value"], -np.log(results["softmax"]), atol=1e-12)


def test_gradients_by_hand_match_autograd(tmp_path: Path) -> None:
    results, blocks = measure_and_write(
        backpropagation.EXPERIMENT, tmp_path, seeds=(0, 1), sizes=(4, 5, 3), exponents=(-11, -5, -1)
    )
    assert len(results["by hand"]) == 18 and max(max(errors) for errors in results["by hand"]) < 1e-13
    small, middle, large = (np.mean(row) for row in results["quotients"])
    assert 1e-12 < middle < 1e-2 * min(small, large)
    assert claims(blocks) == [True]


def test_wrong_gradient_is_detected() -> None:
    net, x, y = backpropagation.random_network(backpropagation.Settings(), "mish", "mse", 0)
    truth = backpropagation.by_autograd(net, x, y, "mish", "mse")
    assert backpropagation.error(backpropagation.by_hand(net, x, y), truth) < 1e-13
    assert backpropagation.error(backpropagation.by_autograd(net, x, y, "tanh", "mse"), truth) > 0.01


def test_plain_descent_needs_a_rate_below_two_over_the_curvature(tmp_path: Path) -> None:
    """Across the valley the curvature is 25, and a step of lr multiplies the distance by 1 - 25 lr."""
    results, _ = measure_and_write(descent.EXPERIMENT, tmp_path, rates=(0.02, 0.07, 0.09, 1.0), steps=200)
    slow, fast, *diverged = results["valley sgd"]["steps"]
    assert fast < slow < 200 and diverged == [None, None]
    assert results["valley sgd"]["best"] == 0.07 and len(results["valley sgd"]["path"]) == fast + 1
    assert results["valley adam"]["steps"][-1] is not None  # normalised steps do not diverge


@pytest.mark.long
def test_one_neuron_is_too_few(tmp_path: Path) -> None:
    results, blocks = measure_and_write(width.EXPERIMENT, tmp_path, seeds=(0, 1), values=(1, 32), epochs=3)
    few, enough = means(results["trials"])
    assert few < 0.4 and enough > 0.85
    assert claims(blocks)[1] is False  # the widest is the best here


@pytest.mark.long
def test_depth_costs_time_and_needs_scaled_weights(tmp_path: Path) -> None:
    results, _ = measure_and_write(depth.EXPERIMENT, tmp_path, seeds=(0, 1), values=(0, 1, 8), width=32, epochs=4)
    assert means(results["he_normal"])[2] > means(results["normal"])[2] + 0.2
    seconds = [sum(trial["seconds"] for trial in row) for row in results["he_normal"]]
    assert seconds[0] < seconds[2]


def test_large_batch_takes_few_steps(tmp_path: Path) -> None:
    settings = {"seeds": (0, 1), "values": (8, 32, 2048), "count": 200, "epochs": 4, "width": 16}
    results, _ = measure_and_write(batch.EXPERIMENT, tmp_path, **settings)
    assert results["examples"] == 200
    small, _, large = means(results["same"])
    assert small > large + 0.2
    at_32 = [[trial["accuracy"] for trial in results[rule][1]] for rule in ("same", "scaled")]
    assert at_32[0] == at_32[1]  # both rules give a batch of 32 the same rate


@pytest.mark.long
def test_zero_weights_learn_nothing_and_small_ones_little(tmp_path: Path) -> None:
    results, _ = measure_and_write(
        initialisation.EXPERIMENT, tmp_path, seeds=(0, 1), values=(0.001, 0.1), width=32, epochs=3
    )
    assert means(results["zeros"])[0] < 0.2 and results["inputs"] == 784
    for shape in ("normal", "uniform"):
        tiny, good = means(results[shape])
        assert good > tiny + 0.2


def test_random_weights_have_the_requested_deviation() -> None:
    for shape in ("normal", "uniform"):
        weights = initialisation.random_weights(torch.empty(200, 300), shape, 0.3)
        assert weights.std().item() == pytest.approx(0.3, rel=0.02)
    assert weights.abs().max() < 0.3 * 3**0.5


@pytest.mark.long
def test_learning_rate_can_be_too_small_and_too_large(tmp_path: Path) -> None:
    results, blocks = measure_and_write(
        learning_rate.EXPERIMENT, tmp_path, seeds=(0, 1, 2), values=(1e-6, 1e-2, 1e2), width=32, epochs=3
    )
    for optimizer in ("adam", "sgd"):
        small, good, large = means(results[optimizer])
        assert good > 0.8 > max(small, large)
    assert claims(blocks) == [True]


def test_curve_compares_values_by_seed() -> None:
    rows = [[0.5, 0.6, 0.7], [0.9, 0.9, 0.9], [0.8, 0.9, 1.0]]
    trials = [[{"accuracy": accuracy, "seconds": 2.0 * i} for accuracy in row] for i, row in enumerate(rows)]
    curve = Curve("", 0, (1, 2, 3), ("width 1", "width 2", "width 3"), trials)
    assert curve.best == 1 and curve.mean(0).mean == pytest.approx(0.6) and curve.mean_seconds(2) == 4
    better, equal = curve.claim("Few hurt.", better=1, worse=0), curve.claim("Many hurt.", better=1, worse=2)
    assert better.holds and better.measured == "Width 2 against width 1: +30.0 ± 24.8 points."
    assert not equal.holds and equal.measured.endswith("within the spread of the seeds.")
    same = curve.select((0, 1)).claim("Many hurt.", better=1, worse=-1)
    assert not same.holds and same.measured == "Width 2 does best."


def test_digits_are_cropped_and_shrunk_and_trainings_repeat() -> None:
    whole = classifiers.load_digits("handwritten", 1)
    small = classifiers.load_digits("handwritten", 1, count=50, crop=4, shrink=2)
    assert whole.train_x.shape[1:] == (1, 28, 28) and small.train_x.shape == (50, 1, 10, 10)
    np.testing.assert_allclose(small.test_x[3, 0, 0, 0], whole.test_x[3, 0, 4:6, 4:6].mean(), atol=1e-6)
    assert not np.array_equal(whole.test_y, classifiers.load_digits("handwritten", 2).test_y)  # another split
    config = ClassifierConfig(network="mlp", width=8)
    trials = [classifiers.train_and_test(config, small, seed=3, epochs=2)["accuracy"] for _ in range(2)]
    assert trials[0] == trials[1]

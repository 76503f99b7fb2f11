"""Activations and losses, each with the derivative that learning uses."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..blocks import Block, Figure, Finding, Formula, Text
from ..by_hand.mlp import ACTIVATIONS, LOSSES
from ..experiment import Experiment, Results
from ..figures import axes, legend, line
from ..workspace import Workspace

ACTIVATION_NAMES = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU", "mish": "Mish"}
LOSS_NAMES = {"mae": "MAE", "mse": "MSE", "cross_entropy": "cross-entropy"}


@dataclass(frozen=True)
class Settings:
    """The curves run from -reach to reach."""

    reach: float = 5.0
    points: int = 201


def measure(s: Settings, work: Workspace) -> dict[str, Any]:
    """Values and derivatives of the activations; losses of two classes over the score of the correct one."""
    z = np.linspace(-s.reach, s.reach, s.points)
    scores = np.stack([np.zeros_like(z), z], 1)  # of the wrong class and of the correct one
    return {
        "z": z,
        "curves": {name: activation_curve(name, z) for name in ACTIVATION_NAMES},
        "softmax": ACTIVATIONS["softmax"].value(scores)[:, 1],
        "losses": {name: loss_curve(name, scores) for name in LOSSES},
    }


def activation_curve(name: str, z: NDArray[np.float64]) -> dict[str, Any]:
    f = ACTIVATIONS[name]
    return {"value": f.value(z), "derivative": f.backward(z, np.ones_like(z))}


def loss_curve(name: str, scores: NDArray[np.float64]) -> dict[str, list[float]]:
    """Loss of single samples whose second class is correct, and its derivative by the score of that class."""
    output = ACTIVATIONS["identity" if name == "cross_entropy" else "softmax"]
    loss, target = LOSSES[name], np.array([[0.0, 1.0]])
    values, derivatives = [], []
    for row in scores[:, None]:
        outputs = output.value(row)
        values.append(loss.value(outputs, target))
        derivatives.append(float(output.backward(row, loss.gradient(outputs, target))[0, 1]))
    return {"value": values, "derivative": derivatives}


def plot(results: Results, curves: dict[str, Any], names: dict[str, str], x: str) -> list[Any]:
    """All curves of one kind, and their derivatives."""
    panels = []
    for what in ("value", "derivative"):
        figure, ax = axes(x, size="panel", height=260)
        for series, (name, label) in enumerate(names.items()):
            line(ax, results["z"], curves[name][what], label, series)
        legend(ax)
        panels.append(figure)
    return panels


def write(results: Results) -> list[Block]:
    curves, losses, z = results["curves"], results["losses"], np.array(results["z"])
    reach = results.settings.reach
    slope = {name: abs(float(np.interp(-reach, z, losses[name]["derivative"]))) for name in losses}
    steepest = {name: float(np.max(curves[name]["derivative"])) for name in ACTIVATION_NAMES}
    return [
        Text(
            "Several linear layers in a row are one linear layer. What makes a second one useful is the curve between "
            "them, the activation. Learning multiplies by its derivative once per layer, so the derivative matters "
            "more than the curve: where it is near zero, nothing is learnt."
        ),
        Formula(r"\mathrm{sigmoid}(z) = \frac{1}{1 + e^{-z}}, \quad \mathrm{ReLU}(z) = \max(0, z)"),
        Formula(r"\mathrm{Mish}(z) = z \tanh(\ln(1 + e^z))"),
        Figure(
            plot(results, curves, ACTIVATION_NAMES, "sum of the inputs, z"),
            "Four activations. Sigmoid and tanh flatten on both sides, ReLU on one; Mish dips below zero.",
            alt="Curves of sigmoid, tanh, ReLU and Mish, and their derivatives",
            titles=("activation", "derivative"),
        ),
        Text(
            "Softmax is the activation of a whole layer: it turns the scores of all classes into probabilities that "
            "add up to one. The loss is what a wrong answer costs. Its derivative by the score of the correct class is "
            "the push that the network gets, in @2:"
        ),
        Formula(r"\mathrm{softmax}(s)_k = \frac{e^{s_k}}{\sum_j e^{s_j}}, \quad \mathrm{CE} = -\sum_k y_k \ln p_k"),
        Formula(
            r"\mathrm{MAE} = \frac{1}{K} \sum_k |p_k - y_k|, \quad \mathrm{MSE} = \frac{1}{K} \sum_k (p_k - y_k)^2"
        ),
        Figure(
            plot(results, losses, LOSS_NAMES, "lead of the correct class"),
            "Three losses of two classes behind softmax, by the lead of the correct class over the wrong one. Left of "
            "zero the answer is wrong.",
            alt="Cross-entropy rises along a line for wrong answers, MAE and MSE flatten",
            titles=("loss", "derivative"),
        ),
        Finding(
            f"The derivative of the sigmoid is {steepest['sigmoid']:.2f} at most, so ten such layers shrink a gradient "
            f"to {steepest['sigmoid'] ** 10:.0e} of itself or less; that of ReLU is {steepest['relu']:.0f} wherever "
            f"the neuron is active. On an answer that is wrong by {reach:g}, cross-entropy still pushes with "
            f"{slope['cross_entropy']:.2f}, MAE with {slope['mae']:.3f}, MSE with {slope['mse']:.3f}."
        ),
    ]


EXPERIMENT = Experiment(
    name="activations",
    chapter=1,
    title="Which curves stand between the layers, and behind them?",
    full=Settings(),
    quick=Settings(),
    measure=measure,
    write=write,
)

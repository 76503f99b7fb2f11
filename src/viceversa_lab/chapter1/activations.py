"""What bends the answer of a neuron, and what measures its error? Each curve with the derivative that learning uses."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..by_hand.mlp import ACTIVATIONS, LOSSES
from ..experiment import Experiment, Found
from ..figures import axes, legend, line
from ..parts import Figure, Finding, Formula, Part, Text
from ..work import Work

SINGLE = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU", "mish": "Mish"}
TOLD = {"mae": "MAE", "mse": "MSE", "cross_entropy": "cross-entropy"}


@dataclass(frozen=True)
class Settings:
    """The curves run from -reach to reach."""

    reach: float = 5.0
    points: int = 201


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """Values and derivatives of the activations; losses of two classes by the score of the right one."""
    z = np.linspace(-s.reach, s.reach, s.points)
    curves = {name: _curve(name, z) for name in SINGLE}
    scores = np.stack([np.zeros_like(z), z], 1)  # of the wrong class and of the right one
    right = ACTIVATIONS["softmax"].value(scores)[:, 1]
    losses = {name: _loss(name, scores) for name in LOSSES}
    return {"z": z, "curves": curves, "softmax": right, "losses": losses}


def _curve(name: str, z: NDArray[np.float64]) -> dict[str, Any]:
    f = ACTIVATIONS[name]
    return {"value": f.value(z), "derivative": f.back(z, np.ones_like(z))}


def _loss(name: str, scores: NDArray[np.float64]) -> dict[str, list[float]]:
    """Loss of single samples whose second class is right, and its derivative by the score of that class."""
    output = ACTIVATIONS["identity" if name == "cross_entropy" else "softmax"]
    loss, truth = LOSSES[name], np.array([[0.0, 1.0]])
    values, slopes = [], []
    for row in scores[:, None]:
        answer = output.value(row)
        values.append(loss.value(answer, truth))
        slopes.append(float(output.back(row, loss.gradient(answer, truth))[0, 1]))
    return {"value": values, "derivative": slopes}


def drawn(found: Found, curves: dict[str, Any], names: dict[str, str], x: str) -> list[Any]:
    """All curves of one kind, and their derivatives."""
    panels = []
    for what in ("value", "derivative"):
        figure, ax = axes(x, size="panel", height=260)
        for series, (name, told) in enumerate(names.items()):
            line(ax, found["z"], curves[name][what], told, series)
        legend(ax)
        panels.append(figure)
    return panels


def write(found: Found) -> list[Part]:
    """Activations and losses, each beside its derivative."""
    curves, losses, z = found["curves"], found["losses"], np.array(found["z"])
    slope = {name: float(np.interp(-found.settings.reach, z, losses[name]["derivative"])) for name in losses}
    steepest = {name: float(np.max(curves[name]["derivative"])) for name in SINGLE}
    return [
        Text(
            "Layers of plain sums are one plain sum. What makes a second layer worth having is the curve between them, "
            "the activation. Learning multiplies by its derivative once per layer, so the derivative matters more than "
            "the curve: where it is near zero, nothing is learnt."
        ),
        Formula(r"\mathrm{sigmoid}(z) = \frac{1}{1 + e^{-z}}, \quad \mathrm{ReLU}(z) = \max(0, z)"),
        Formula(r"\mathrm{Mish}(z) = z \tanh(\ln(1 + e^z))"),
        Figure(
            drawn(found, curves, SINGLE, "sum of the inputs, z"),
            "Four activations. Sigmoid and tanh flatten on both sides, ReLU on one; Mish dips below zero.",
            alt="Curves of sigmoid, tanh, ReLU and Mish, and their derivatives",
            titles=("activation", "derivative"),
        ),
        Text(
            "Softmax is the activation of a whole layer: it turns the scores of all classes into shares that add up to "
            "one. What a wrong answer costs is the loss. Its derivative by the score of the right class is the push "
            "that the network gets, in @2:"
        ),
        Formula(r"\mathrm{softmax}(s)_k = \frac{e^{s_k}}{\sum_j e^{s_j}}, \quad \mathrm{CE} = -\sum_k y_k \ln p_k"),
        Formula(
            r"\mathrm{MAE} = \frac{1}{K} \sum_k |p_k - y_k|, \quad \mathrm{MSE} = \frac{1}{K} \sum_k (p_k - y_k)^2"
        ),
        Figure(
            drawn(found, losses, TOLD, "lead of the right class"),
            "Three losses of two classes behind softmax, by the lead of the right class over the wrong one. Left of "
            "zero the answer is wrong.",
            alt="Cross-entropy rises along a line for wrong answers, MAE and MSE flatten",
            titles=("loss", "derivative"),
        ),
        Finding(
            f"The derivative of the sigmoid is {steepest['sigmoid']:.2f} at most, so ten such layers shrink a gradient "
            f"to {steepest['sigmoid'] ** 10:.0e} of itself or less; that of ReLU is {steepest['relu']:.0f} wherever "
            f"the neuron answers. On an answer that is wrong by {found.settings.reach:g}, cross-entropy still pushes "
            f"with {abs(slope['cross_entropy']):.2f}, MAE with {abs(slope['mae']):.3f}, MSE with "
            f"{abs(slope['mse']):.3f}."
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

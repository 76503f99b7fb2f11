"""Are the gradients written by hand right? Compared with automatic differentiation, and with difference quotients."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ..blocks import Block, Claim, Figure, Finding, Formula, Table, Text
from ..by_hand.mlp import ACTIVATIONS, LOSSES, MLP
from ..experiment import Experiment, Results
from ..figures import RED, axes, band, ticks
from ..interval import interval
from ..workspace import Workspace

Array = NDArray[np.float64]
TORCH_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "identity": lambda z: z,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "mish": functional.mish,
    "softmax": lambda z: z.softmax(-1),
}
TORCH_LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mae": functional.l1_loss,
    "mse": functional.mse_loss,
    "cross_entropy": functional.cross_entropy,
}


@dataclass(frozen=True)
class Settings:
    """Networks of these sizes with random weights, inputs and targets, in double precision."""

    seeds: tuple[int, ...] = tuple(range(50))
    sizes: tuple[int, ...] = (6, 8, 7, 4)
    samples: int = 5
    exponents: tuple[int, ...] = tuple(range(-13, 0))  # of ten: steps of the difference quotient


def random_network(s: Settings, activation: str, loss: str, seed: int) -> tuple[MLP, Array, Array]:
    """A network, inputs, and targets that are probabilities; cross-entropy takes the scores before the softmax."""
    output = "identity" if loss == "cross_entropy" else "softmax"
    rng = np.random.default_rng(seed)
    targets = ACTIVATIONS["softmax"].value(rng.normal(size=(s.samples, s.sizes[-1])))
    return MLP(s.sizes, activation, output, loss, seed=seed), rng.normal(size=(s.samples, s.sizes[0])), targets


def by_hand(net: MLP, x: Array, y: Array) -> Array:
    """All derivatives in one row, weights first."""
    _, weights, biases = net.gradients(x, y)
    return np.concatenate([gradient.ravel() for gradient in (*weights, *biases)])


def by_autograd(net: MLP, x: Array, y: Array, activation: str, loss: str) -> Array:
    """The same row from PyTorch."""
    weights = [torch.tensor(w, requires_grad=True) for w in net.weights]
    biases = [torch.tensor(b, requires_grad=True) for b in net.biases]
    out = torch.tensor(x)
    activations = [activation] * (len(weights) - 1) + ["identity" if loss == "cross_entropy" else "softmax"]
    for w, b, name in zip(weights, biases, activations, strict=True):
        out = TORCH_ACTIVATIONS[name](out @ w + b)
    TORCH_LOSSES[loss](out, torch.tensor(y)).backward()  # type: ignore[no-untyped-call]
    return np.concatenate([p.grad.numpy().ravel() for p in (*weights, *biases) if p.grad is not None])


def by_differences(net: MLP, x: Array, y: Array, h: float) -> Array:
    """The same row from (L(w + h) - L(w - h)) / 2h, one weight at a time."""
    derivatives = []
    for parameters in (*net.weights, *net.biases):
        for index in np.ndindex(parameters.shape):
            original, losses = parameters[index], []
            for moved in (original + h, original - h):
                parameters[index] = moved
                losses.append(net.loss.value(net(x), y))
            parameters[index] = original
            derivatives.append((losses[0] - losses[1]) / (2 * h))
    return np.array(derivatives)


def error(gradient: Array, truth: Array) -> float:
    """The greatest difference of two gradients, relative to the greatest derivative."""
    return float(np.abs(gradient - truth).max() / np.abs(truth).max())


def measure(s: Settings, work: Workspace) -> dict[str, Any]:
    """Errors by hand for every pair of activation and loss; errors of difference quotients for one pair."""

    def pair(activation: str, loss: str) -> list[float]:
        networks = [random_network(s, activation, loss, seed) for seed in s.seeds]
        return [error(by_hand(*network), by_autograd(*network, activation, loss)) for network in networks]

    def quotient(exponent: int, seed: int) -> float:
        network = random_network(s, "mish", "cross_entropy", seed)
        return error(by_differences(*network, 10.0**exponent), by_autograd(*network, "mish", "cross_entropy"))

    pairs = [(activation, loss) for activation in ACTIVATIONS for loss in LOSSES]
    return {
        "by hand": work.map("by hand", pairs, pair),
        "quotients": work.sweep("quotient", s.exponents, s.seeds[:5], quotient),
    }


def plot(results: Results, by_hand: float) -> Any:
    """Error of the quotient by its step, above that of the gradient by hand."""
    exponents = results.settings.exponents
    steps = [10.0**exponent for exponent in exponents]
    figure, ax = axes("step of the difference quotient", "relative error of the gradient", log="xy")
    band(ax, steps, results["quotients"])
    ax.axhline(by_hand, color=RED, linewidth=1.6)
    ax.annotate("by hand", (steps[-1], by_hand), xytext=(0, 6), textcoords="offset points", color=RED, ha="right")
    ticks(ax, steps[::3], [f"1e{exponent}" for exponent in exponents[::3]])
    return figure


def write(results: Results) -> list[Block]:
    s = results.settings
    greatest = [max(errors) for errors in results["by hand"]]
    rows = [greatest[i : i + len(LOSSES)] for i in range(0, len(greatest), len(LOSSES))]
    worst, mish = max(greatest), rows[list(ACTIVATIONS).index("mish")][list(LOSSES).index("cross_entropy")]
    best_quotient = min(interval(row).mean for row in results["quotients"])
    return [
        Text(
            "Backpropagation is the chain rule, applied from the loss backwards, so that one pass gives the derivative "
            "by every weight. With $\\delta_l$ the derivative by the sums of layer $l$ and $f$ the activation:"
        ),
        Formula(
            r"\delta_l = (\delta_{l+1} W_{l+1}^T) \odot f'(z_l), \quad \frac{\partial L}{\partial W_l} = a_{l-1}^T "
            r"\delta_l, \quad \frac{\partial L}{\partial b_l} = \sum \delta_l"
        ),
        Text(
            "`viceversa_lab.by_hand.mlp` holds these lines in NumPy. A wrong gradient often learns too, only worse, so "
            "they are compared with PyTorch’s automatic differentiation, for "
            f"{len(s.seeds)} random networks of each kind:"
        ),
        Table(
            ["hidden layers", "MAE", "MSE", "cross-entropy"],
            [[name, *(f"{value:.1e}" for value in row)] for name, row in zip(ACTIVATIONS, rows, strict=True)],
            f"Greatest error of any derivative, relative to the greatest derivative, in {len(s.seeds)} networks "
            f"{'–'.join(map(str, s.sizes))}. Double precision resolves 2.2e-16.",
        ),
        Text(
            "The naive way would be to move each weight a little and see what the loss does. That takes two passes for "
            "each weight, and a long step leaves the tangent while a short one suffers from rounding, as @1 shows."
        ),
        Figure(
            plot(results, mish),
            "Error of the difference quotient by its step (Mish, cross-entropy; mean and 95 % interval over "
            f"{len(results['quotients'][0])} networks), and of backpropagation by hand.",
            alt="A V-shaped curve over the step; the line of backpropagation lies far below its lowest point",
        ),
        Finding(
            f"The gradients by hand differ from autograd by {worst:.0e} at most. The error of the best difference "
            f"quotient is {best_quotient / mish:,.0f} times that of the gradient by hand of the same networks."
        ),
        Claim(
            claimed="A multi-layer perceptron can be written from scratch, without a library that differentiates.",
            measured=f"All {len(greatest)} pairs of activation and loss agree with autograd to {worst:.0e}.",
            holds=worst < 1e-10,
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="backpropagation",
    chapter=1,
    title="Is backpropagation written by hand right?",
    full=FULL,
    quick=replace(FULL, seeds=(0, 1, 2, 3, 4)),
    measure=measure,
    write=write,
)

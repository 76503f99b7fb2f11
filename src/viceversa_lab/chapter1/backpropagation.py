"""Are the gradients written by hand right? Against automatic differentiation, and against differences of the loss."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ..by_hand.mlp import ACTIVATIONS, LOSSES, MLP
from ..experiment import Experiment, Found
from ..figures import RED, axes, band, ticks
from ..parts import Claim, Figure, Finding, Formula, Part, Table, Text
from ..work import Work

CURVES: dict[str, Callable[[Tensor], Tensor]] = {
    "identity": lambda z: z,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "mish": functional.mish,
    "softmax": lambda z: z.softmax(-1),
}
ERRORS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
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


def made(s: Settings, activation: str, loss: str, seed: int) -> tuple[MLP, NDArray[np.float64], NDArray[np.float64]]:
    """A network, inputs, and targets that are shares; classes are scored before the softmax of the cross-entropy."""
    output = "identity" if loss == "cross_entropy" else "softmax"
    rng = np.random.default_rng(seed)
    targets = ACTIVATIONS["softmax"].value(rng.normal(size=(s.samples, s.sizes[-1])))
    return MLP(s.sizes, activation, output, loss, seed=seed), rng.normal(size=(s.samples, s.sizes[0])), targets


def by_hand(net: MLP, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """All derivatives in one row, weights first."""
    _, weights, biases = net.gradients(x, y)
    return np.concatenate([part.ravel() for part in (*weights, *biases)])


def by_autograd(net: MLP, x: NDArray[np.float64], y: NDArray[np.float64], activation: str, loss: str) -> Any:
    """The same row from PyTorch."""
    weights = [torch.tensor(w, requires_grad=True) for w in net.weights]
    biases = [torch.tensor(b, requires_grad=True) for b in net.biases]
    out = torch.tensor(x)
    curves = [activation] * (len(weights) - 1) + ["identity" if loss == "cross_entropy" else "softmax"]
    for w, b, curve in zip(weights, biases, curves, strict=True):
        out = CURVES[curve](out @ w + b)
    ERRORS[loss](out, torch.tensor(y)).backward()  # type: ignore[no-untyped-call]
    return np.concatenate([part.grad.numpy().ravel() for part in (*weights, *biases) if part.grad is not None])


def by_differences(net: MLP, x: NDArray[np.float64], y: NDArray[np.float64], h: float) -> NDArray[np.float64]:
    """The same row from (L(w + h) - L(w - h)) / 2h, a weight at a time."""
    slopes = []
    for part in (*net.weights, *net.biases):
        for place in np.ndindex(part.shape):
            kept, losses = part[place], []
            for moved in (kept + h, kept - h):
                part[place] = moved
                losses.append(net.loss.value(net(x), y))
            part[place] = kept
            slopes.append((losses[0] - losses[1]) / (2 * h))
    return np.array(slopes)


def error(found: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """The greatest difference of two gradients, by the greatest derivative."""
    return float(np.abs(found - truth).max() / np.abs(truth).max())


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """Differences by hand for every pair of activation and loss; by difference quotients for one of them."""

    def pair(activation: str, loss: str) -> list[float]:
        nets = [made(s, activation, loss, seed) for seed in s.seeds]
        return [error(by_hand(*net), by_autograd(*net, activation, loss)) for net in nets]

    def quotient(exponent: int, seed: int) -> float:
        net = made(s, "mish", "cross_entropy", seed)
        return error(by_differences(*net, 10.0**exponent), by_autograd(*net, "mish", "cross_entropy"))

    pairs = [(activation, loss) for activation in ACTIVATIONS for loss in LOSSES]
    return {
        "by hand": work.each("by hand", pairs, pair),
        "quotients": work.sweep("quotient", s.exponents, s.seeds[:5], quotient),
    }


def drawn(found: Found, by_hand: float) -> tuple[Any, float]:
    """Error of the quotient by its step above that of the gradient by hand, and the least mean error."""
    exponents = found.settings.exponents
    figure, ax = axes("step of the difference quotient", "relative error of the gradient", log="xy")
    quotients = band(ax, [10.0**e for e in exponents], found["quotients"])
    ax.axhline(by_hand, color=RED, linewidth=1.6)
    ax.annotate(
        "by hand", (10.0 ** exponents[-1], by_hand), xytext=(0, 6), textcoords="offset points", color=RED, ha="right"
    )
    ticks(ax, [10.0**e for e in exponents[::3]], [f"1e{e}" for e in exponents[::3]])
    return figure, min(i.mean for i in quotients)


def write(found: Found) -> list[Part]:
    """The table of differences, and how much coarser a difference quotient is."""
    s = found.settings
    greatest = [max(errors) for errors in found["by hand"]]
    rows = [greatest[i : i + len(LOSSES)] for i in range(0, len(greatest), len(LOSSES))]
    worst, mish = max(greatest), rows[list(ACTIVATIONS).index("mish")][list(LOSSES).index("cross_entropy")]
    figure, finest = drawn(found, mish)
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
            "`byhand.mlp` holds these lines in NumPy. A wrong gradient often learns too, only worse, so they are "
            f"compared with PyTorch’s automatic differentiation, for {len(s.seeds)} random networks of each kind:"
        ),
        Table(
            ["hidden layers", "MAE", "MSE", "cross-entropy"],
            [[name, *(f"{value:.1e}" for value in row)] for name, row in zip(ACTIVATIONS, rows, strict=True)],
            f"Greatest difference of any derivative, by the greatest derivative, in {len(s.seeds)} networks "
            f"{'–'.join(map(str, s.sizes))}. Double precision resolves 2.2e-16.",
        ),
        Text(
            "The naive way would be to move each weight a little and see what the loss does. That takes two passes for "
            "each weight, and a long step leaves the tangent while a short one drowns in rounding, as @1 shows."
        ),
        Figure(
            figure,
            "Error of the difference quotient by its step (Mish, cross-entropy; mean and 95 % interval over "
            f"{len(found['quotients'][0])} networks), and of backpropagation by hand.",
            alt="A V-shaped curve over the step; the line of backpropagation lies far below its lowest point",
        ),
        Finding(
            f"The gradients by hand differ from autograd by {worst:.0e} at most. The best difference quotient is "
            f"{finest / mish:,.0f} times as far away as the gradient by hand of the same networks."
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

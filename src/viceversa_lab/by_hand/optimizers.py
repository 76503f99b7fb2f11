"""Gradient descent, momentum, RMSProp and Adam, and loss surfaces over two weights on which to compare them.

A rule is created once per array of weights, keeps its own state, and is called as `w = rule(w, gradient)`.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Rule = Callable[[Array, Array], Array]


class SGD:
    """w -= lr g."""

    def __init__(self, lr: float = 0.1) -> None:
        self.lr = lr

    def __call__(self, w: Array, g: Array) -> Array:
        return w - self.lr * g


class Momentum:
    """v = mu v + g, w -= lr v (Polyak 1964): a heavy ball; along a constant slope the rate is lr / (1 - mu)."""

    def __init__(self, lr: float = 0.1, mu: float = 0.9) -> None:
        self.lr, self.mu = lr, mu
        self.v: Array | float = 0.0

    def __call__(self, w: Array, g: Array) -> Array:
        self.v = self.mu * self.v + g
        return w - self.lr * self.v


class RMSProp:
    """s = rho s + (1 - rho) g^2, w -= lr g / (sqrt(s) + eps) (Tieleman and Hinton 2012)."""

    def __init__(self, lr: float = 0.01, rho: float = 0.99, eps: float = 1e-8) -> None:
        self.lr, self.rho, self.eps = lr, rho, eps
        self.s: Array | float = 0.0

    def __call__(self, w: Array, g: Array) -> Array:
        self.s = self.rho * self.s + (1 - self.rho) * g**2
        return w - self.lr * g / (np.sqrt(self.s) + self.eps)


class Adam:
    """m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w -= lr m^ / (sqrt(v^) + eps) (Kingma and Ba 2015, Algorithm 1).

    m^ = m / (1 - b1^t) and v^ = v / (1 - b2^t) correct the bias of starting at 0.
    """

    def __init__(self, lr: float = 0.001, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8) -> None:
        self.lr, self.b1, self.b2, self.eps = lr, b1, b2, eps
        self.m: Array | float = 0.0
        self.v: Array | float = 0.0
        self.t = 0

    def __call__(self, w: Array, g: Array) -> Array:
        self.t += 1
        self.m = self.b1 * self.m + (1 - self.b1) * g
        self.v = self.b2 * self.v + (1 - self.b2) * g**2
        m, v = self.m / (1 - self.b1**self.t), self.v / (1 - self.b2**self.t)
        return w - self.lr * m / (np.sqrt(v) + self.eps)


OPTIMIZERS: dict[str, Callable[..., Rule]] = {"sgd": SGD, "momentum": Momentum, "rmsprop": RMSProp, "adam": Adam}


def path(rule: Rule, gradient: Callable[[Array], Array], start: ArrayLike, steps: int) -> Array:
    """The weights before and after each step: (steps + 1, weights)."""
    weights = [np.asarray(start, float)]
    for _ in range(steps):
        weights.append(rule(weights[-1], gradient(weights[-1])))
    return np.array(weights)


class Surface(NamedTuple):
    """A loss over two weights; both functions take (..., 2), so that they can be evaluated on a grid."""

    value: Callable[[Array], Array]  # (..., 2) -> (...)
    gradient: Callable[[Array], Array]  # (..., 2) -> (..., 2)
    start: tuple[float, float]  # of the paths
    minimum: tuple[float, float]  # to five digits where there is no formula
    window: tuple[float, float, float, float]  # drawn region: left, right, bottom, top


def valley(steepness: float = 25.0) -> Surface:
    """(a^2 + k b^2) / 2, k times as steep along b as along a: plain descent needs lr < 2 / k and is slow along a."""
    scale = np.array([1.0, steepness])
    return Surface(
        lambda w: (scale * w**2).sum(-1) / 2, lambda w: scale * w, (-4.0, 1.2), (0.0, 0.0), (-5.0, 2.0, -2.0, 2.0)
    )


def _rosenbrock(w: Array) -> Array:
    """(1 - a)^2 + 100 (b - a^2)^2."""
    a, b = w[..., 0], w[..., 1]
    out: Array = (1 - a) ** 2 + 100 * (b - a**2) ** 2
    return out


def _rosenbrock_gradient(w: Array) -> Array:
    a, b = w[..., 0], w[..., 1]
    return np.stack([-2 * (1 - a) - 400 * a * (b - a**2), 200 * (b - a**2)], -1)


def neuron(x: ArrayLike, y: ArrayLike) -> tuple[Callable[[Array], Array], Callable[[Array], Array]]:
    """Loss and gradient over (a, b) of the neuron sigmoid(a x + b) on samples (N,), by the mean squared error.

    It is not convex: where the neuron is certain of a wrong answer the surface is flat.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)

    def answer(w: Array) -> Array:
        out: Array = 0.5 + 0.5 * np.tanh((w[..., :1] * x + w[..., 1:]) / 2)  # the sigmoid, without overflow
        return out

    def value(w: Array) -> Array:
        out: Array = ((answer(w) - y) ** 2).mean(-1)
        return out

    def gradient(w: Array) -> Array:
        p = answer(w)
        delta = 2 * (p - y) * p * (1 - p)
        return np.stack([(delta * x).mean(-1), delta.mean(-1)], -1)

    return value, gradient


_X = np.array([-2.4, -1.9, -1.5, -1.1, -0.8, -0.4, 0.0, 0.3, 0.7, 1.0, 1.3, 1.8, 2.2, 2.7])
_Y = np.array([0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 1, 1, 1])

SURFACES: dict[str, Surface] = {
    "valley": valley(),
    "rosenbrock": Surface(
        _rosenbrock, _rosenbrock_gradient, (-1.2, 1.0), (1.0, 1.0), (-2.0, 2.0, -1.0, 3.0)
    ),  # Rosenbrock 1960
    "neuron": Surface(*neuron(_X, _Y), (-3.5, 5.0), (1.45432, -0.88238), (-6.0, 8.0, -8.0, 8.0)),
}

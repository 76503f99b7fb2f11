"""A multi-layer perceptron with backpropagation by hand (Rumelhart, Hinton, Williams 1986), samples in rows.

Forward, layer l = 1 ... L, from a_0 = x:
    (1)  z_l = a_{l-1} W_l + b_l
    (2)  a_l = f(z_l), and f the output activation for l = L
Backward, with d_l = dLoss / dz_l:
    (3)  d_L = dLoss / da_L through the output activation
    (4)  d_l = (d_{l+1} W_{l+1}^T) through f at z_l; for an elementwise f this multiplies by f'(z_l)
    (5)  dLoss / dW_l = a_{l-1}^T d_l
    (6)  dLoss / db_l = the sum of d_l over the samples
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .optimizers import SGD, Rule

Array = NDArray[np.float64]


class Activation(NamedTuple):
    value: Callable[[Array], Array]  # z -> f(z), (N, neurons)
    backward: Callable[[Array, Array], Array]  # z, dLoss/da -> dLoss/dz


class Loss(NamedTuple):
    value: Callable[[Array, Array], float]  # outputs, targets (N, outputs) -> mean over the batch
    gradient: Callable[[Array, Array], Array]  # the same -> dLoss/doutputs


def _elementwise(f: Callable[[Array], Array], derivative: Callable[[Array], Array]) -> Activation:
    """The activation f(z_k) of each number; its Jacobian is diagonal."""
    return Activation(f, lambda z, g: g * derivative(z))


def sigmoid(z: Array) -> Array:
    """1 / (1 + e^-z), without overflow."""
    return 0.5 + 0.5 * np.tanh(z / 2)


def softmax(z: Array) -> Array:
    """e^z_k / sum_j e^z_j along the last axis."""
    e = np.exp(z - z.max(-1, keepdims=True))
    out: Array = e / e.sum(-1, keepdims=True)
    return out


def _softmax_backward(z: Array, g: Array) -> Array:
    """dp_j / dz_k = p_j ([j = k] - p_k), hence p (g - g . p)."""
    p = softmax(z)
    out: Array = p * (g - (g * p).sum(-1, keepdims=True))
    return out


def _softplus(z: Array) -> Array:
    return np.logaddexp(0, z)


def _mish_derivative(z: Array) -> Array:
    """t + z (1 - t^2) sigmoid(z), with t = tanh(softplus(z))."""
    t = np.tanh(_softplus(z))
    out: Array = t + z * (1 - t**2) * sigmoid(z)
    return out


ACTIVATIONS: dict[str, Activation] = {
    "identity": _elementwise(lambda z: z, np.ones_like),
    "sigmoid": _elementwise(sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z))),
    "tanh": _elementwise(np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "relu": _elementwise(lambda z: np.maximum(z, 0), lambda z: (z > 0).astype(float)),
    "mish": _elementwise(lambda z: z * np.tanh(_softplus(z)), _mish_derivative),  # Misra 2019
    "softmax": Activation(softmax, _softmax_backward),
}

LOSSES: dict[str, Loss] = {
    "mae": Loss(lambda a, y: float(np.abs(a - y).mean()), lambda a, y: np.sign(a - y) / a.size),
    "mse": Loss(lambda a, y: float(np.square(a - y).mean()), lambda a, y: 2 * (a - y) / a.size),
    # -sum_k y_k log softmax(a)_k: takes scores, so the output activation is identity; its gradient is p - y
    "cross_entropy": Loss(
        lambda a, y: float(-(y * (a - a.max(-1, keepdims=True) - _log_total(a))).sum() / len(a)),
        lambda a, y: (softmax(a) - y) / len(a),
    ),
}


def _log_total(a: Array) -> Array:
    """log sum_k e^(a_k - max a), (N, 1)."""
    out: Array = np.log(np.exp(a - a.max(-1, keepdims=True)).sum(-1, keepdims=True))
    return out


DEVIATIONS: dict[str, Callable[[int, int], float]] = {
    "fixed": lambda fan_in, fan_out: 0.05,
    "glorot": lambda fan_in, fan_out: float(np.sqrt(2 / (fan_in + fan_out))),  # Glorot and Bengio 2010
    "he": lambda fan_in, fan_out: float(np.sqrt(2 / fan_in)),  # He et al. 2015
}


def draw(rng: np.random.Generator, fan_in: int, fan_out: int, shape: str = "normal", scale: str = "glorot") -> Array:
    """Initial weights (fan_in, fan_out), `normal` or `uniform`, mean 0, standard deviation DEVIATIONS[scale]."""
    deviation = DEVIATIONS[scale](fan_in, fan_out)
    if shape == "normal":
        return rng.normal(0, deviation, (fan_in, fan_out))
    return rng.uniform(-np.sqrt(3) * deviation, np.sqrt(3) * deviation, (fan_in, fan_out))


class MLP:
    """`MLP([784, 128, 10])`: two dense layers. Targets are rows, one-hot for classes."""

    def __init__(
        self,
        sizes: Sequence[int],  # inputs, neurons of each hidden layer, outputs
        activation: str = "relu",  # of the hidden layers
        output: str = "identity",  # of the last one
        loss: str = "cross_entropy",
        shape: str = "normal",  # of the initial weights, or "uniform"
        scale: str = "glorot",  # "fixed" or "he"
        seed: int = 0,
    ) -> None:
        rng = np.random.default_rng(seed)
        pairs = list(pairwise(sizes))
        self.weights = [draw(rng, i, o, shape, scale) for i, o in pairs]
        self.biases = [np.zeros(o) for _, o in pairs]
        self.activations = [ACTIVATIONS[activation]] * (len(pairs) - 1) + [ACTIVATIONS[output]]
        self.loss = LOSSES[loss]

    def forward(self, x: Array) -> tuple[list[Array], list[Array]]:
        """z_1 ... z_L and a_0 ... a_L, Eq. (1) and (2)."""
        zs, outputs = [], [x]
        for W, b, f in zip(self.weights, self.biases, self.activations, strict=True):
            zs.append(outputs[-1] @ W + b)
            outputs.append(f.value(zs[-1]))
        return zs, outputs

    def __call__(self, x: Array) -> Array:
        """Outputs (N, outputs)."""
        return self.forward(x)[1][-1]

    def gradients(self, x: Array, y: Array) -> tuple[float, list[Array], list[Array]]:
        """The loss and its derivatives by the weights and by the biases, Eq. (3) to (6)."""
        zs, outputs = self.forward(x)
        weight_gradients: list[Array] = []
        bias_gradients: list[Array] = []

        g = self.loss.gradient(outputs[-1], y)
        for i in reversed(range(len(zs))):
            d = self.activations[i].backward(zs[i], g)  # (3), (4)
            weight_gradients.insert(0, outputs[i].T @ d)  # (5)
            bias_gradients.insert(0, d.sum(0))  # (6)
            g = d @ self.weights[i].T

        return self.loss.value(outputs[-1], y), weight_gradients, bias_gradients

    def train(
        self,
        x: Array,
        y: Array,
        epochs: int,
        batch: int = 32,
        make_rule: Callable[[], Rule] = SGD,  # one rule per array of weights
        seed: int = 0,
    ) -> list[float]:
        """Train on mini-batches, reshuffled each epoch; returns the mean loss of every epoch."""
        rng = np.random.default_rng(seed)
        rules = [(make_rule(), make_rule()) for _ in self.weights]
        history = []

        for _ in range(epochs):
            losses = []
            for rows in np.array_split(rng.permutation(len(x)), max(1, round(len(x) / batch))):
                loss, weight_gradients, bias_gradients = self.gradients(x[rows], y[rows])
                losses.append(loss)
                for i, (weight_rule, bias_rule) in enumerate(rules):
                    self.weights[i] = weight_rule(self.weights[i], weight_gradients[i])
                    self.biases[i] = bias_rule(self.biases[i], bias_gradients[i])
            history.append(float(np.mean(losses)))

        return history

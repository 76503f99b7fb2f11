"""The formal neuron and Rosenblatt's rule (Rosenblatt 1958), for two classes and for many.

The bias is the weight of a constant input: x~ = (1, x), so w has one number more than x. Samples are rows: (N, inputs).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Labels = NDArray[np.int64]


class Fit(NamedTuple):
    weights: Array  # (1 + inputs,) for two classes, (classes, 1 + inputs) for many
    mistakes: list[int]  # of each epoch; the last is 0 if the rule has converged
    path: list[Array]  # the weights at the start and after every correction, if asked for


def augment(x: ArrayLike) -> Array:
    """x~ = (1, x): (N, inputs) -> (N, 1 + inputs)."""
    x = np.atleast_2d(np.asarray(x, float))
    return np.hstack([np.ones((len(x), 1)), x])


def heaviside(s: ArrayLike) -> Labels:
    """H(s) = 1 where s >= 0, else 0."""
    return (np.asarray(s) >= 0).astype(np.int64)


def neuron(w: ArrayLike, x: ArrayLike) -> Labels:
    """The formal neuron y = H(w . x~) (McCulloch and Pitts 1943). (1 + inputs,), (N, inputs) -> (N,) of 0 and 1."""
    return heaviside(augment(x) @ np.asarray(w))


def classify(weights: ArrayLike, x: ArrayLike) -> Labels:
    """One weight vector per class, the greatest score wins. (classes, 1 + inputs), (N, inputs) -> (N,) labels."""
    winners: Labels = np.argmax(augment(x) @ np.asarray(weights).T, axis=1)
    return winners


def rosenblatt(w: Array, x: Array, y: int, lr: float) -> Array:
    """w += lr (y - H(w . x)) x: nothing changes where the answer is right. x with its leading 1, y 0 or 1."""
    step: Array = lr * (y - heaviside(w @ x)) * x
    return w + step


def rosenblatt_classes(weights: Array, x: Array, y: int, lr: float) -> Array:
    """The same rule for each class against its 0 or 1: w_y += lr x and w_k -= lr x, where k won in place of y."""
    answer = np.arange(len(weights))
    error = (answer == y).astype(float) - (answer == np.argmax(weights @ x))
    return weights + lr * np.outer(error, x)


def fit(
    x: ArrayLike, y: ArrayLike, epochs: int, lr: float = 1.0, seed: int | None = None, keep_path: bool = False
) -> Fit:
    """Rosenblatt's rule from w = 0 until an epoch is free of mistakes or `epochs` are over. y (N,) of 0 and 1.

    On separable data the mistakes are at most (R / gamma)^2 in all (Novikoff 1962): R the longest x~, gamma the margin.
    Samples come in their own order, or shuffled anew each epoch with a seed.
    """
    samples = augment(x)
    return _learn(rosenblatt, np.zeros(samples.shape[1]), samples, y, epochs, lr, seed, keep_path)


def fit_classes(
    x: ArrayLike,
    y: ArrayLike,
    epochs: int,
    lr: float = 1.0,
    seed: int | None = None,
    keep_path: bool = False,
) -> Fit:
    """`fit` for labels 0, 1, ..., K - 1."""
    samples = augment(x)
    weights = np.zeros((int(np.max(y)) + 1, samples.shape[1]))
    return _learn(rosenblatt_classes, weights, samples, y, epochs, lr, seed, keep_path)


def _learn(
    rule: Callable[[Array, Array, int, float], Array],
    weights: Array,
    samples: Array,
    y: ArrayLike,
    epochs: int,
    lr: float,
    seed: int | None,
    keep_path: bool,
) -> Fit:
    labels = np.asarray(y, int)
    rng = None if seed is None else np.random.default_rng(seed)
    mistakes: list[int] = []
    path = [weights] if keep_path else []
    while len(mistakes) < epochs and (not mistakes or mistakes[-1]):
        mistakes.append(0)
        for i in rng.permutation(len(samples)) if rng else range(len(samples)):
            corrected = rule(weights, samples[i], labels[i], lr)
            if not np.array_equal(corrected, weights):
                mistakes[-1] += 1
                weights = corrected
                path += [weights] if keep_path else []
    return Fit(weights, mistakes, path)

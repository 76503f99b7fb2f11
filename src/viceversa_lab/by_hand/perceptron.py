"""The formal neuron and Rosenblatt's learning rule (Rosenblatt 1958).

The bias is the weight of a constant input: x~ = (1, x), so w has one number more than x. Samples are rows: (N, inputs).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Labels = NDArray[np.int64]


class Fit(NamedTuple):
    weights: Array  # (1 + inputs,)
    mistakes: list[int]  # of each epoch; the last is 0 if the rule has converged


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


def rosenblatt(w: Array, x: Array, y: int, lr: float) -> Array:
    """w += lr (y - H(w . x)) x: a correct answer changes nothing. x with its leading 1, y 0 or 1."""
    step: Array = lr * (y - heaviside(w @ x)) * x
    return w + step


def fit(x: ArrayLike, y: ArrayLike, epochs: int, lr: float = 1.0, seed: int | None = None) -> Fit:
    """Apply Rosenblatt's rule from w = 0 until an epoch has no mistakes, or for `epochs`. y (N,) of 0 and 1.

    On separable data there are at most (R / gamma)^2 mistakes in all (Novikoff 1962): R the longest x~, gamma the
    margin. Samples are taken in their own order, or with a seed in a new random order each epoch.
    """
    samples, labels = augment(x), np.asarray(y, int)
    rng = None if seed is None else np.random.default_rng(seed)
    weights = np.zeros(samples.shape[1])
    mistakes: list[int] = []

    while len(mistakes) < epochs and (not mistakes or mistakes[-1]):
        mistakes.append(0)
        for i in rng.permutation(len(samples)) if rng else range(len(samples)):
            corrected = rosenblatt(weights, samples[i], labels[i], lr)
            if not np.array_equal(corrected, weights):
                mistakes[-1] += 1
                weights = corrected

    return Fit(weights, mistakes)

"""Does a translation still show what its input showed?"""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from .patches import downsampled

Images = NDArray[np.float32]


def edge_agreement(images: Images, others: Images) -> NDArray[np.float64]:
    """Pearson's correlation of the edge strengths of each pair, (N,) in [-1, 1]; 0 where one of them is flat.

    Both (N, C, H, W); channels are averaged and 2 x 2 pixels are one, so that noise is not an edge. Colour and
    brightness do not count: a world repainted in its own shapes keeps 1.
    """
    a, b = _edges(images), _edges(others)
    norms = np.sqrt(np.square(a).sum(1) * np.square(b).sum(1))
    found: NDArray[np.float64] = np.where(norms > 1e-9, (a * b).sum(1) / np.maximum(norms, 1e-9), 0)
    return found


def _edges(images: Images) -> NDArray[np.float64]:
    """Length of the slope of small copies, each row around its mean."""
    n, _, h, w = images.shape
    grey = images.astype(np.float64).mean(1)[:, : h // 2 * 2, : w // 2 * 2]
    small = grey.reshape(n, h // 2, 2, w // 2, 2).mean((2, 4))
    slope = np.hypot(small[:, 1:, :-1] - small[:, :-1, :-1], small[:, :-1, 1:] - small[:, :-1, :-1]).reshape(n, -1)
    centred: NDArray[np.float64] = slope - slope.mean(1, keepdims=True)
    return centred


def edge_signature(x: Tensor) -> NDArray[np.float64]:
    """Strength of the edges of small copies, each row of mean 0 and length 1."""
    s = downsampled(x, 32).mean(1)
    strength = (s[:, 1:, 1:] - s[:, :-1, 1:]).abs() + (s[:, 1:, 1:] - s[:, 1:, :-1]).abs()
    flat = downsampled(strength[:, None]).flatten(1).numpy().astype(np.float64)
    flat -= flat.mean(1, keepdims=True)
    found: NDArray[np.float64] = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
    return found


def retrieval_rate(made: NDArray[np.float64], given: NDArray[np.float64]) -> float:
    """`retrieval` for the edges of translations and of their inputs, a row each."""
    alike = made @ given.T
    own = np.diag(alike)
    others = np.where(np.eye(len(alike), dtype=bool), -np.inf, alike).max(1)
    return float((own > others).mean())

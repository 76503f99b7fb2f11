"""Whether a translation kept the content of its input, by its edges.

The two scores have edges of their own, since their published numbers rest on them: `edge_agreement` compares a pair
of images at half their resolution, `retrieval_rate` compares all pairs at a fixed small size.
"""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from .patches import downsampled

Images = NDArray[np.float32]


def edge_agreement(images: Images, others: Images) -> NDArray[np.float64]:
    """Pearson's correlation of the gradient magnitudes of each pair, (N,) in [-1, 1]; 0 where one image is flat.

    Both (N, C, H, W). Colour and brightness do not count: an image recoloured within its own shapes keeps 1.
    """
    a, b = _gradient_magnitude(images), _gradient_magnitude(others)
    norms = np.sqrt(np.square(a).sum(1) * np.square(b).sum(1))
    correlations: NDArray[np.float64] = np.where(norms > 1e-9, (a * b).sum(1) / np.maximum(norms, 1e-9), 0)
    return correlations


def _gradient_magnitude(images: Images) -> NDArray[np.float64]:
    """(N, C, H, W) -> (N, pixels) minus the mean of each row, of the channels' mean at half the resolution.

    Means over 2x2 pixels keep noise from counting as edges.
    """
    n, _, h, w = images.shape
    grey = images.astype(np.float64).mean(1)[:, : h // 2 * 2, : w // 2 * 2]
    half = grey.reshape(n, h // 2, 2, w // 2, 2).mean((2, 4))
    down, right = half[:, 1:, :-1] - half[:, :-1, :-1], half[:, :-1, 1:] - half[:, :-1, :-1]
    magnitude = np.hypot(down, right).reshape(n, -1)
    centred: NDArray[np.float64] = magnitude - magnitude.mean(1, keepdims=True)
    return centred


def edge_signature(x: Tensor) -> NDArray[np.float64]:
    """Edge strength of images (N, C, H, W) at 32 px, averaged to 16x16: (N, d), d <= 256; rows of mean 0 and length 1.

    The product of two rows is the correlation of the two images' edges.
    """
    s = downsampled(x, 32).mean(1)
    strength = (s[:, 1:, 1:] - s[:, :-1, 1:]).abs() + (s[:, 1:, 1:] - s[:, 1:, :-1]).abs()
    rows = downsampled(strength[:, None]).flatten(1).numpy().astype(np.float64)
    rows -= rows.mean(1, keepdims=True)
    unit: NDArray[np.float64] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return unit


def retrieval_rate(outputs: NDArray[np.float64], inputs: NDArray[np.float64]) -> float:
    """Share of translations whose edges are nearer to their own input's than to any other's; 1 / N at chance.

    Both (N, d): `edge_signature` of the translations and of their inputs, in the same order.
    """
    similarity = outputs @ inputs.T
    own = np.diag(similarity)
    others = np.where(np.eye(len(similarity), dtype=bool), -np.inf, similarity).max(1)
    return float((own > others).mean())

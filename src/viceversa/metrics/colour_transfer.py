"""The affine colour change that gives one set of images the colours of another: what no pair is needed for."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
FLAT = 1e-6  # variance along a direction of colour space below which it counts as none; black to white is 2


@dataclass(frozen=True)
class ColourMoments:
    """Mean (C,) and covariance (C, C) of the colours of all pixels."""

    mean: Array
    covariance: Array


def colour_moments(pictures: Iterable[NDArray[np.float32]]) -> ColourMoments:
    """`ColourMoments` of images (C, H, W), each image with the same weight; ValueError without an image."""
    first, second, count = np.zeros(0), np.zeros(0), 0
    for pixels in pictures:
        colours = pixels.reshape(len(pixels), -1).astype(np.float64)
        count += 1
        first = first + colours.mean(1) if first.size else colours.mean(1)
        product = colours @ colours.T / colours.shape[1]
        second = second + product if second.size else product
    if not count:
        raise ValueError("no image, so no colours")
    mean = first / count
    return ColourMoments(mean, second / count - np.outer(mean, mean))


def colour_transfer(source: ColourMoments, target: ColourMoments) -> Array:
    """The affine map of colours that carries the moments of `source` to those of `target`: (C + 1, C), offset last.

    Of all such maps the one that changes colours least, the optimal transport between two Gaussians (Pitié and Kokaram
    2007, sec. 3.3): A = S^-1/2 (S^1/2 T S^1/2)^1/2 S^-1/2. A direction without variance in `source` stays without.
    """
    root, inverse = _root(source.covariance), _root(source.covariance, -0.5)
    matrix = inverse @ _root(root @ target.covariance @ root) @ inverse
    return np.concatenate([matrix, (target.mean - source.mean @ matrix)[None]])


def _root(matrix: Array, power: float = 0.5) -> Array:
    """A power of a symmetric positive semi-definite matrix; 0 along its flat directions."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    powers = np.where(values > FLAT**2, np.maximum(values, FLAT**2) ** power, 0.0)
    if power < 0:
        powers = np.where(values > FLAT, powers, 0.0)
    result: Array = vectors * powers @ vectors.T
    return result

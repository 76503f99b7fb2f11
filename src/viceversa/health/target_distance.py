"""How far translations have come from their inputs towards the target domain, by features of real images of both.

Two kinds of features, neither of them learned: statistics of colours and edges at three scales, and the layout of light
and edges over the image. A linear discriminant (ridge regression on -1 for the source and +1 for the target) says along
which direction the domains differ, and how far a translation moved along it. A generator can move along one direction
and be far off in all others, so two distances to the target are measured as well.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, pad

REFERENCES = 128  # real images of each domain, at most
FEWEST = 32  # below which the domains are not compared
SEPARABLE = 0.65  # accuracy on images that were left out above which the domains are distinguished
RIDGE = 1.0  # on standardised features, of which the kernel is the mean
SHRINKAGE = 0.5  # of the correlation towards independence
SIDE = 64  # pixels; larger images are reduced first
Features = NDArray[np.float64]


class TargetDistance:
    """Compares translations with real images of the source and of the target, both (N, C, H, W) with equal C."""

    def __init__(self, source: Tensor, target: Tensor) -> None:
        fits = [Discriminant.fit(features, features(source), features(target)) for features in (statistics, layout)]
        self.discriminant = max(fits, key=lambda fit: fit.accuracy)
        self.target = Cloud.fit(statistics(target))

    def measure(self, inputs: Tensor, outputs: Tensor) -> dict[str, float]:
        """`way` (0 still the input, 1 like the target), its standard error, `separable`, and two distances.

        `mean_ratio` is the distance of the mean from that of the target, `typical_ratio` the distance of a typical
        image; both are over that of the inputs. `way` is missing where the domains are not distinguished.
        """
        before, after = statistics(inputs), statistics(outputs)
        signals = {
            "separable": self.discriminant.accuracy,
            "mean_ratio": self.target.mean_distance(after) / max(self.target.mean_distance(before), 1e-9),
            "typical_ratio": self.target.typical_distance(after) / max(self.target.typical_distance(before), 1e-9),
        }
        if self.discriminant.accuracy >= SEPARABLE:
            moves = self.discriminant.moves(inputs, outputs)
            signals |= {"way": float(moves.mean()), "way_error": float(moves.std() / len(moves) ** 0.5)}
        return signals


@dataclass(frozen=True)
class Discriminant:
    """A direction in a feature space from source to target."""

    features: Callable[[Tensor], Features]
    deviation: Features
    weights: Features  # of standardised features
    gap: float  # of the scores of left-out images, target minus source
    accuracy: float  # on left-out images

    @staticmethod
    def fit(features: Callable[[Tensor], Features], source: Features, target: Features) -> "Discriminant":
        """Ridge regression; the scores of left-out images follow in closed form from those of all."""
        x, y = np.concatenate([source, target]), np.repeat([-1.0, 1.0], [len(source), len(target)])
        deviation = x.std(0) + 1e-6
        z, centred = (x - x.mean(0)) / deviation, y - y.mean()
        kernel = z @ z.T / z.shape[1]
        inverse = np.linalg.inv(kernel + RIDGE * np.eye(len(z)))

        hat = kernel @ inverse
        leverage = np.diag(hat) + 1 / len(z)
        left_out = (hat @ centred - leverage * centred) / np.maximum(1 - leverage, 1e-9)
        middle = (left_out[y < 0].mean() + left_out[y > 0].mean()) / 2
        return Discriminant(
            features=features,
            deviation=deviation,
            weights=z.T @ (inverse @ centred) / z.shape[1],
            gap=float(left_out[y > 0].mean() - left_out[y < 0].mean()),
            accuracy=float(((left_out > middle) == (y > 0)).mean()),
        )

    def moves(self, inputs: Tensor, outputs: Tensor) -> Features:
        """How far each output lies from its input along the direction; 1 is the gap of the domains."""
        steps: Features = (self.features(outputs) - self.features(inputs)) / self.deviation @ self.weights
        return steps / max(self.gap, 1e-9)


@dataclass(frozen=True)
class Cloud:
    """Mean, deviation and shrunk correlation of the features of a domain."""

    mean: Features
    deviation: Features
    precision: Features

    @staticmethod
    def fit(x: Features) -> "Cloud":
        deviation = x.std(0) + 1e-6
        z = (x - x.mean(0)) / deviation
        correlation = (1 - SHRINKAGE) * z.T @ z / len(z) + SHRINKAGE * np.eye(z.shape[1])
        return Cloud(x.mean(0), deviation, np.linalg.inv(correlation))

    def mean_distance(self, x: Features) -> float:
        """Euclidean distance of the means in standard deviations."""
        return float(np.linalg.norm((x.mean(0) - self.mean) / self.deviation))

    def typical_distance(self, x: Features) -> float:
        """Squared Mahalanobis distance of an image, per feature; geometric mean, to which no image matters much."""
        z = (x - self.mean) / self.deviation
        squares = ((z @ self.precision) * z).sum(1) / z.shape[1]
        return float(np.exp(np.log(squares + 1e-12).mean()))


def reduced(x: Tensor) -> Tensor:
    """Images of at most `SIDE` pixels a side, which keeps a check cheap."""
    return adaptive_avg_pool2d(x.float(), SIDE) if max(x.shape[-2:]) > SIDE else x.float()


def scales(x: Tensor) -> list[Tensor]:
    """The images at their own size, at a half and at a quarter."""
    return [x, avg_pool2d(x, 2), avg_pool2d(x, 4)]


def statistics(x: Tensor) -> Features:
    """Mean, deviation and covariance of the channels, mean and deviation of their differences, at three scales."""
    parts = []
    for y in scales(reduced(x)):
        across, down = y.diff(dim=-1).abs(), y.diff(dim=-2).abs()
        parts += [edges.mean((2, 3)) for edges in (across, down)]
        parts += [edges.std((2, 3)) for edges in (across, down)]
        flat = y.flatten(2)
        centred = flat - flat.mean(2, keepdim=True)
        covariance = centred @ centred.transpose(1, 2) / flat.shape[2]
        parts += [flat.mean(2), flat.std(2), covariance.flatten(1)]
    return as_rows(parts)


def layout(x: Tensor) -> Features:
    """Light on a grid of 16 by 16, without its mean, and the strength of edges on one of 8 by 8."""
    y = reduced(x)
    light = adaptive_avg_pool2d(y.mean(1, keepdim=True), 16)
    light = light - light.mean((2, 3), keepdim=True)
    across = pad(y.diff(dim=-1).abs().mean(1, keepdim=True), (0, 1))
    down = pad(y.diff(dim=-2).abs().mean(1, keepdim=True), (0, 0, 0, 1))
    return as_rows([light.flatten(1), *(adaptive_avg_pool2d(edges, 8).flatten(1) for edges in (across, down))])


def as_rows(parts: list[Tensor]) -> Features:
    """Features (N, d) side by side, in double precision."""
    return torch.cat(parts, 1).numpy().astype(np.float64)

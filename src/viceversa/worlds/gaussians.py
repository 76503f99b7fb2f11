"""Mixtures of narrow Gaussians in the plane: the smallest datasets on which a generator can lose modes."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .. import distributed


@dataclass(frozen=True)
class GaussianMixture:
    """Isotropic Gaussians of equal weight: their `centres` (K, 2) and their common standard `deviation`."""

    centres: NDArray[np.float64]
    deviation: float

    def sample(self, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """Draw points (count, 2)."""
        centres = self.centres[rng.integers(len(self.centres), size=count)]
        return (centres + self.deviation * rng.standard_normal((count, 2))).astype(np.float32)


def ring(count: int = 8, radius: float = 1.0, deviation: float = 0.01) -> GaussianMixture:
    """`count` Gaussians on a circle, with the constants of VEEGAN and PacGAN (Lin et al. 2018, code)."""
    angles = 2 * np.pi * np.arange(count) / count
    return GaussianMixture(radius * np.stack([np.cos(angles), np.sin(angles)], 1), deviation)


def grid(side: int = 5, spacing: float = 2.0, deviation: float = 0.05) -> GaussianMixture:
    """side x side Gaussians around the origin, with the constants of VEEGAN and PacGAN (Lin et al. 2018, code)."""
    line = spacing * (np.arange(side) - (side - 1) / 2)
    return GaussianMixture(np.stack(np.meshgrid(line, line), -1).reshape(-1, 2), deviation)


class GaussianBatches:
    """Batches of new points of a mixture, addressable by step, multiplied by `scale` for the networks."""

    def __init__(self, mixture: GaussianMixture, batch: int, seed: int = 0, scale: float = 1.0) -> None:
        distributed.require_divisible(batch)
        self.mixture, self.batch_size, self.seed, self.scale = mixture, batch, seed, scale

    def batch(self, step: int) -> tuple[Tensor, ...]:
        """Points (N, 2), a function of (seed, step) alone."""
        points = self.mixture.sample(self.batch_size, np.random.default_rng((self.seed, step)))
        return (distributed.shard(torch.from_numpy(points * np.float32(self.scale))),)

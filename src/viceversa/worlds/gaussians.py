"""Points on a plane in tight heaps: the smallest worlds on which a generator can lose modes."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .. import distributed


@dataclass(frozen=True)
class Heaps:
    """Equal Gaussians: `centres` (K, 2) and their standard deviation."""

    centres: NDArray[np.float64]
    deviation: float

    def draw(self, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """Samples (count, 2)."""
        chosen = self.centres[rng.integers(len(self.centres), size=count)]
        return (chosen + self.deviation * rng.standard_normal((count, 2))).astype(np.float32)


def ring(count: int = 8, radius: float = 1.0, deviation: float = 0.01) -> Heaps:
    """`count` Gaussians on a circle; the constants of VEEGAN and PacGAN (Lin et al. 2018, code)."""
    angles = 2 * np.pi * np.arange(count) / count
    return Heaps(radius * np.stack([np.cos(angles), np.sin(angles)], 1), deviation)


def grid(side: int = 5, spacing: float = 2.0, deviation: float = 0.05) -> Heaps:
    """side x side Gaussians around the origin; the constants of VEEGAN and PacGAN (Lin et al. 2018, code)."""
    line = spacing * (np.arange(side) - (side - 1) / 2)
    return Heaps(np.stack(np.meshgrid(line, line), -1).reshape(-1, 2), deviation)


class Points:
    """Batches of fresh samples, addressable by step, scaled by `scale` for the networks."""

    def __init__(self, heaps: Heaps, batch: int, seed: int = 0, scale: float = 1.0) -> None:
        distributed.require_divisible(batch)
        self.heaps, self.batch_size, self.seed, self.scale = heaps, batch, seed, scale

    def batch(self, step: int) -> tuple[Tensor, ...]:
        """(N, 2): all that it holds follows from (seed, step)."""
        drawn = self.heaps.draw(self.batch_size, np.random.default_rng((self.seed, step)))
        return (distributed.shard(torch.from_numpy(drawn * np.float32(self.scale))),)

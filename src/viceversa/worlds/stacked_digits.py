"""Stacked digits: three independent digits as red, green and blue, a thousand modes that can be counted."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .. import distributed
from .digits import CLASSES, SIDE, mode

EDGE = 2  # pixels without ink on each side of an MNIST-like digit
MODES = CLASSES**3


def small(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(N, 28, 28) uint8 to (N, 12, 12) in [-1, 1]: the inner 24 pixels, mean of 2 x 2."""
    side = (SIDE - 2 * EDGE) // 2
    inner = pictures[:, EDGE:-EDGE, EDGE:-EDGE].astype(np.float32)
    means: NDArray[np.float32] = inner.reshape(-1, side, 2, side, 2).mean((2, 4))
    return means / np.float32(127.5) - 1


class Stacks:
    """Batches of stacks (N, 3, S, S) of pictures (M, S, S) in [-1, 1] and their classes, addressable by step.

    The test of 1,000 modes of Metz et al. (2017), section 3.3.1; every stack is drawn anew.
    """

    def __init__(self, pictures: NDArray[np.float32], classes: NDArray[np.int64], batch: int, seed: int = 0) -> None:
        distributed.require_divisible(batch)
        self.pictures, self.classes, self.batch_size, self.seed = pictures, classes, batch, seed

    def draw(self, count: int, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """`count` stacks and their modes."""
        chosen = rng.integers(len(self.classes), size=(count, 3))
        return self.pictures[chosen], mode(self.classes[chosen])

    def batch(self, step: int) -> tuple[Tensor, ...]:
        """(N, 3, S, S): all that it holds follows from (seed, step)."""
        drawn, _ = self.draw(self.batch_size, np.random.default_rng((self.seed, step)))
        return (distributed.shard(torch.from_numpy(drawn)),)

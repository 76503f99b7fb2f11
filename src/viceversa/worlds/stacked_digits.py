"""Stacked digits: three independent digits as red, green and blue, which gives 1,000 modes that can be counted.

The experiment of Metz et al. (2017), section 3.3.1.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .. import distributed
from .digits import CLASSES, SIDE

MARGIN = 2  # pixels without ink on each side of an MNIST-like digit
MODES = CLASSES**3


def downsample(digits: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(N, 28, 28) uint8 to (N, 12, 12) in [-1, 1]: the inner 24 pixels, averaged over 2 x 2."""
    side = (SIDE - 2 * MARGIN) // 2
    inner = digits[:, MARGIN:-MARGIN, MARGIN:-MARGIN].astype(np.float32)
    means: NDArray[np.float32] = inner.reshape(-1, side, 2, side, 2).mean((2, 4))
    return means / np.float32(127.5) - 1


def mode_index(classes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Classes (N, 3) of red, green and blue to the number 0..999 of their mode, (N,): 4, 0, 7 is mode 407."""
    index: NDArray[np.int64] = classes @ np.array([100, 10, 1])
    return index


class StackedDigitBatches:
    """Batches of new stacks (N, 3, S, S) of digits (M, S, S) in [-1, 1] with classes (M,), addressable by step."""

    def __init__(self, digits: NDArray[np.float32], classes: NDArray[np.int64], batch: int, seed: int = 0) -> None:
        distributed.require_divisible(batch)
        self.digits, self.classes, self.batch_size, self.seed = digits, classes, batch, seed

    def sample(self, count: int, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Draw stacks (count, 3, S, S) and the numbers of their modes (count,)."""
        indices = rng.integers(len(self.classes), size=(count, 3))
        return self.digits[indices], mode_index(self.classes[indices])

    def batch(self, step: int) -> tuple[Tensor, ...]:
        """Stacks (N, 3, S, S), a function of (seed, step) alone."""
        stacks, _ = self.sample(self.batch_size, np.random.default_rng((self.seed, step)))
        return (distributed.shard(torch.from_numpy(stacks)),)

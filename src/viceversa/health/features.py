"""A fixed space in which pictures are compared: principal components of small copies of the real ones."""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ..metrics.patches import downsampled

DIMENSIONS = 32


class Space:
    """(N, C, H, W) -> (N, d) coordinates along the leading axes of the real pictures; nothing is trained.

    No network judges here, least of all the D of the training. A collapse that pixels do not show stays unseen.
    """

    def __init__(self, real: Tensor, dimensions: int = DIMENSIONS) -> None:
        flat = downsampled(real).flatten(1).numpy().astype(np.float64)
        self.mean = flat.mean(0)
        _, _, axes = np.linalg.svd(flat - self.mean, full_matrices=False)
        self.axes = axes[:dimensions]

    def __call__(self, x: Tensor) -> NDArray[np.float32]:
        flat = downsampled(x).flatten(1).numpy().astype(np.float64)
        found: NDArray[np.float32] = ((flat - self.mean) @ self.axes.T).astype(np.float32)
        return found

"""A fixed feature space: principal components of downsampled real images."""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ..metrics.patches import downsampled

DIMENSIONS = 32


class PrincipalComponents:
    """(N, C, H, W) -> (N, d): projection on the leading principal components of the real images.

    No network is involved, least of all the discriminator. A collapse that pixels do not show is not detected.
    """

    def __init__(self, real: Tensor, dimensions: int = DIMENSIONS) -> None:
        flat = downsampled(real).flatten(1).numpy().astype(np.float64)
        self.mean = flat.mean(0)
        _, _, axes = np.linalg.svd(flat - self.mean, full_matrices=False)
        self.axes = axes[:dimensions]

    def project(self, x: Tensor) -> NDArray[np.float32]:
        flat = downsampled(x).flatten(1).numpy().astype(np.float64)
        coordinates: NDArray[np.float32] = ((flat - self.mean) @ self.axes.T).astype(np.float32)
        return coordinates

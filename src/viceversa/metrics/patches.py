"""Texture scores: distances between sets of patches, and checkerboard artefacts."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def sliced_wasserstein(
    images: NDArray[np.float32],
    target: NDArray[np.float32],
    patch: int = 7,
    per_image: int = 64,
    directions: int = 256,
    seed: int = 0,
) -> float:
    """Sliced Wasserstein distance of patches: mean 1-D distance over random directions, times 1000; 0 for equal sets.

    Both sets (N, C, H, W) in [-1, 1]; their N, H and W may differ. After Karras et al. 2018, sec. 5, without their
    normalisation of colours, since these are part of the translation.
    """
    rng = np.random.default_rng(seed)
    a, b = (_patches(x, patch, per_image, np.random.default_rng(seed)) for x in (images, target))
    axes = rng.standard_normal((a.shape[1], directions))
    axes /= np.linalg.norm(axes, axis=0)
    levels = (np.arange(min(len(a), len(b))) + 0.5) / min(len(a), len(b))
    quantiles = [np.quantile(patches @ axes, levels, axis=0) for patches in (a, b)]
    return float(np.abs(quantiles[0] - quantiles[1]).mean() * 1000)


def _patches(images: NDArray[np.float32], patch: int, per_image: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """`per_image` random patches of each image, flattened: (N * per_image, C * patch * patch)."""
    n, c, h, w = images.shape
    views = np.lib.stride_tricks.sliding_window_view(images, (patch, patch), axis=(2, 3))
    which = np.repeat(np.arange(n), per_image)
    top, left = rng.integers(h - patch + 1, size=len(which)), rng.integers(w - patch + 1, size=len(which))
    return views[which, :, top, left].reshape(len(which), c * patch * patch).astype(np.float64)


def checkerboard(images: NDArray[np.float32]) -> float:
    """Share of the spectral energy at the Nyquist frequency of either axis or both, times 1000.

    images (N, C, H, W). Transposed convolutions leave this pattern, photographs hardly have it (Odena et al. 2016).
    """
    x = images.astype(np.float64) - images.mean(axis=(2, 3), keepdims=True)
    spectrum = np.abs(np.fft.fft2(x)) ** 2
    h, w = spectrum.shape[-2:]
    nyquist = spectrum[..., h // 2, :].sum() + spectrum[..., :, w // 2].sum() - spectrum[..., h // 2, w // 2].sum()
    return float(1000 * nyquist / spectrum.sum())


SIDE = 16  # pixels, of `downsampled`


def downsampled(x: Tensor, side: int = SIDE) -> Tensor:
    """(N, C, H, W) -> (N, C, side, side) by area averages; smaller images and points (N, d) are returned unchanged."""
    return torch.nn.functional.adaptive_avg_pool2d(x.float(), side) if x.dim() == 4 and x.shape[-1] > side else x

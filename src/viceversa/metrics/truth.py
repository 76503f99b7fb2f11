"""How near a translation is to the known truth, and what the best trivial answers reach."""

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]


def psnr(images: Images, truth: Images) -> float:
    """Mean over the pairs of 10 log10(peak^2 / MSE) in dB. Both (N, C, H, W) in [-1, 1], so the peak is 2."""
    errors = np.square(images.astype(np.float64) - truth).mean(axis=(1, 2, 3))
    return float(np.mean(10 * np.log10(4 / np.maximum(errors, 1e-10))))


def fit_affine_colour(source: Images, target: Images) -> NDArray[np.float64]:
    """The least-squares affine map of colours between true pairs: (C + 1, C), last row the offset.

    No global colour change (brightness, contrast, tint, channel mixing) comes nearer to the target in squared error.
    """
    x = source.transpose(0, 2, 3, 1).reshape(-1, source.shape[1]).astype(np.float64)
    y = target.transpose(0, 2, 3, 1).reshape(-1, target.shape[1]).astype(np.float64)
    x = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    return np.linalg.lstsq(x, y, rcond=None)[0].astype(np.float64)


def apply_affine_colour(images: Images, colour_map: NDArray[np.float64]) -> Images:
    """`images` (N, C, H, W) through the map of `fit_affine_colour`, clipped to [-1, 1]."""
    mapped = np.einsum("nchw,cd->ndhw", images, colour_map[:-1]) + colour_map[-1][:, None, None]
    clipped: Images = np.clip(mapped, -1, 1).astype(np.float32)
    return clipped

"""How near a translation is to the known truth, and what the best trivial answers reach."""

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]
PEAK = 2.0  # between black and white


def psnr(images: Images, truth: Images) -> float:
    """Mean of `psnr_of_each`, in dB."""
    return float(psnr_of_each(images, truth).mean())


def psnr_of_each(images: Images, truth: Images) -> NDArray[np.float64]:
    """10 log10(peak^2 / MSE) of each pair, (N,) in dB; at most 106 dB, for equal pictures."""
    errors = np.square(images.astype(np.float64) - truth).mean(axis=(1, 2, 3))
    found: NDArray[np.float64] = 10 * np.log10(PEAK**2 / np.maximum(errors, 1e-10))
    return found


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


def ssim(images: Images, truth: Images) -> NDArray[np.float64]:
    """Structural similarity of each pair, (N,) in [-1, 1]; both (N, C, H, W) in [-1, 1] (Wang et al. 2004, Eq. 13).

    Gaussian window of 11 pixels with deviation 1.5 where it fits whole, K1 = 0.01, K2 = 0.03, mean over the channels;
    on values in [0, 1], since its term for brightness means nothing below black.
    """
    x, y = ((side.astype(np.float64) + 1) / 2 for side in (images, truth))
    mx, my = _windowed(x), _windowed(y)
    vx, vy, vxy = _windowed(x * x) - mx * mx, _windowed(y * y) - my * my, _windowed(x * y) - mx * my
    c1, c2 = 0.01**2, 0.03**2
    likeness = (2 * mx * my + c1) * (2 * vxy + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
    found: NDArray[np.float64] = likeness.mean(axis=(1, 2, 3))
    return found


def _windowed(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gaussian means of all windows that lie inside, rows and columns one after the other."""
    window = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    window /= window.sum()
    for axis in (2, 3):
        x = np.lib.stride_tricks.sliding_window_view(x, 11, axis=axis) @ window
    return x

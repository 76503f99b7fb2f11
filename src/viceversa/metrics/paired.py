"""How near a translation is to its ground truth, and what the best global colour change reaches."""

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]
Known = NDArray[np.bool_]
PEAK = 2.0  # from black to white


def psnr(images: Images, truth: Images) -> float:
    """Mean of `psnr_of_each` over the images, in dB."""
    return float(psnr_of_each(images, truth).mean())


def psnr_of_each(images: Images, truth: Images, known: Known | None = None) -> NDArray[np.float64]:
    """10 log10(peak^2 / MSE) of each pair of (N, C, H, W) in [-1, 1]: (N,) in dB; 106 dB for equal images.

    `known` (N, 1, H, W) is true where pixels count.
    """
    errors = mean_of_each(np.square(images.astype(np.float64) - truth), known)
    decibels: NDArray[np.float64] = 10 * np.log10(PEAK**2 / np.maximum(errors, 1e-10))
    return decibels


def mean_of_each(errors: NDArray[np.float64], known: Known | None = None) -> NDArray[np.float64]:
    """Mean of each of (N, C, H, W), where `known` (N, 1, H, W) of its pixels: (N,)."""
    if known is None:
        return np.asarray(errors.mean(axis=(1, 2, 3), dtype=np.float64))
    pixels = np.maximum(known.sum(axis=(1, 2, 3)), 1)
    return np.asarray((errors * known).sum(axis=(1, 2, 3), dtype=np.float64) / (pixels * errors.shape[1]))


def fit_affine_colour(source: Images, target: Images) -> NDArray[np.float64]:
    """The least-squares affine map of colours between pairs of (N, C, H, W): (C + 1, C), the last row is the offset.

    No brightness, contrast, tint or channel mixing for all pixels comes nearer to the target in squared error.
    """
    x = source.transpose(0, 2, 3, 1).reshape(-1, source.shape[1]).astype(np.float64)
    y = target.transpose(0, 2, 3, 1).reshape(-1, target.shape[1]).astype(np.float64)
    x = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    return np.linalg.lstsq(x, y, rcond=None)[0].astype(np.float64)


def apply_affine_colour(images: Images, colour_map: NDArray[np.float64]) -> Images:
    """Apply the map of `fit_affine_colour` to `images` (N, C, H, W), clipped to [-1, 1]."""
    mapped = np.einsum("nchw,cd->ndhw", images, colour_map[:-1]) + colour_map[-1][:, None, None]
    clipped: Images = np.clip(mapped, -1, 1).astype(np.float32)
    return clipped


def ssim(images: Images, truth: Images) -> NDArray[np.float64]:
    """SSIM of each pair of (N, C, H, W) in [-1, 1] (Wang et al. 2004, Eq. 13): (N,) in [-1, 1].

    Gaussian window of 11x11 pixels with standard deviation 1.5, valid positions only, K1 = 0.01, K2 = 0.03, mean over
    the channels; on values in [0, 1], since its luminance term needs non-negative values.
    """
    x, y = (images.astype(np.float64) + 1) / 2, (truth.astype(np.float64) + 1) / 2
    mx, my = _windowed(x), _windowed(y)
    vx, vy, vxy = _windowed(x * x) - mx * mx, _windowed(y * y) - my * my, _windowed(x * y) - mx * my
    c1, c2 = 0.01**2, 0.03**2
    similarity = (2 * mx * my + c1) * (2 * vxy + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
    means: NDArray[np.float64] = similarity.mean(axis=(1, 2, 3))
    return means


def _windowed(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gaussian means over all valid 11x11 windows, by rows and columns: (N, C, H, W) -> (N, C, H - 10, W - 10)."""
    window = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    window /= window.sum()
    for axis in (2, 3):
        x = np.lib.stride_tricks.sliding_window_view(x, 11, axis=axis) @ window
    return x

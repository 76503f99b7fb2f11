"""Convolution, the cross-correlation that libraries compute instead, padding, stride and pooling.

An image is (H, W), or (C, H, W) for a layer; the first index runs down, the second to the right. Padding is a name or a
number of zeros on each side: `valid` none, `same` k - 1 in all (the size stays at stride 1), `full` k - 1 on each side.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viceversa.networks.layers import output_size

Array = NDArray[np.float64]

# For `correlate`; `convolve` rotates them by 180 degrees, which flips the sign of Sobel's and the lighting of emboss.
KERNELS: dict[str, Array] = {
    "identity": np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]], float),
    "box blur": np.full((3, 3), 1 / 9),
    "gaussian": np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256,
    "sharpen": np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], float),
    "sobel x": np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], float),  # brighter to the right: positive
    "sobel y": np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]], float),  # brighter below: positive
    "laplace": np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], float),
    "emboss": np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]], float),
}


def _pad_width(kernel: int, padding: str | int) -> tuple[int, int]:
    """Number of zeros before and after an axis."""
    if isinstance(padding, int):
        return padding, padding
    return {"valid": (0, 0), "same": ((kernel - 1) // 2, kernel // 2), "full": (kernel - 1, kernel - 1)}[padding]


def correlate(image: ArrayLike, kernel: ArrayLike, stride: int = 1, padding: str | int = "valid") -> Array:
    """sum_ij K[i, j] I[x + i, y + j]: the cross-correlation that libraries call convolution. (H, W) -> (h, w)."""
    image, K = np.asarray(image, float), np.asarray(kernel, float)
    h, w = (output_size(n, k, stride, padding) for n, k in zip(image.shape, K.shape, strict=True))
    padded = np.pad(image, [_pad_width(k, padding) for k in K.shape])
    out = np.zeros((h, w))
    for i, j in np.ndindex(K.shape):
        out += K[i, j] * padded[i : i + stride * h : stride, j : j + stride * w : stride][:h, :w]
    return out


def convolve(image: ArrayLike, kernel: ArrayLike, stride: int = 1, padding: str | int = "valid") -> Array:
    """sum_ij K[i, j] I[x - i, y - j]: the convolution as defined: the correlation with the rotated kernel.

    With `full` padding x and y cover every position where kernel and image overlap, and the product commutes.
    """
    return correlate(image, np.asarray(kernel, float)[::-1, ::-1], stride, padding)


def layer(
    image: ArrayLike, kernels: ArrayLike, bias: ArrayLike = 0.0, stride: int = 1, padding: str | int = "valid"
) -> Array:
    """One output map per kernel: sum_c K[o, c] * I[c] + b[o], * the correlation, as in `torch.nn.Conv2d`.

    image (C_in, H, W), kernels (C_out, C_in, kh, kw), bias (C_out,) or a number -> (C_out, h, w).
    """
    channels, stacks = np.asarray(image, float), np.asarray(kernels, float)
    maps = [[correlate(c, k, stride, padding) for c, k in zip(channels, stack, strict=True)] for stack in stacks]
    out: Array = np.sum(maps, axis=1) + np.reshape(bias, (-1, 1, 1))
    return out


def _windows(image: ArrayLike, size: int, stride: int | None) -> Array:
    step = stride or size
    views = np.lib.stride_tricks.sliding_window_view(np.asarray(image, float), (size, size), axis=(-2, -1))
    return views[..., ::step, ::step, :, :]


def max_pool(image: ArrayLike, size: int = 2, stride: int | None = None) -> Array:
    """The maximum of each window; `stride` is `size` by default. (..., H, W) -> (..., h, w)."""
    pooled: Array = _windows(image, size, stride).max((-2, -1))
    return pooled


def average_pool(image: ArrayLike, size: int = 2, stride: int | None = None) -> Array:
    """The mean of each window; `stride` is `size` by default. (..., H, W) -> (..., h, w)."""
    pooled: Array = _windows(image, size, stride).mean((-2, -1))
    return pooled

"""Edge-aware enlargement: the change of a small image as local maps of colour, applied to the full image.

A guided filter in colour (He, Sun 2010), fitted at low and applied at full resolution (He, Sun 2015; Chen et al. 2016).
Edges stay where the full image has them, because every pixel is changed according to its own colour.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from .. import images
from ..images.arrays import Array

RADIUS = 5  # pixels of the small image: a map is fitted to windows of 11 x 11; chosen by experiment (docs/log.md)
EPSILON = 1e-3  # regularisation: contrasts well below its root, four of 255 levels, keep their strength
STRIP_PIXELS = 2**16  # of the full image at a time: their coefficients fit into the processor's cache


def enlarge_change(full: Array, reduced: Array, output: Array) -> Array:
    """The change from `reduced` to `output`, small (C, h, w) and (C', h, w), made to `full` (C, H, W): (C', H, W).

    All in [-1, 1]. Beside the result it takes the memory of one strip.
    """
    change = torch.from_numpy(output - images.to_channels(reduced, len(output)))
    coefficients = fit_colour_maps(torch.from_numpy(reduced), change)
    return apply_colour_maps(full, coefficients)


def fit_colour_maps(x: Tensor, change: Tensor, radius: int = RADIUS, epsilon: float = EPSILON) -> Tensor:
    """Local maps change ~ A x + b from colours (C, h, w) to changes (C', h, w): [A, b] as (C', C + 1, h, w).

    Ridge regression in the window around each pixel, which draws A to 0, where the change is the same for all colours;
    then means over the windows that contain a pixel (He, Sun 2010, eq. 15 to 18).
    """
    x, change = x.double(), change.double()
    mean_x, mean_change = window_means(x, radius), window_means(change, radius)
    var_x = window_means(products(x, x), radius) - products(mean_x, mean_x)  # (C, C, h, w)
    cov = window_means(products(change, x), radius) - products(mean_change, mean_x)  # (C', C, h, w)

    ridge = epsilon * torch.eye(len(x), dtype=x.dtype)
    A = torch.linalg.solve(var_x.permute(2, 3, 0, 1) + ridge, cov.permute(2, 3, 1, 0)).permute(3, 2, 0, 1)
    b = mean_change - (A * mean_x).sum(1)
    return window_means(torch.cat([A, b[:, None]], 1), radius).float()


def products(a: Tensor, b: Tensor) -> Tensor:
    """Products of every channel of `a` (C', h, w) with every channel of `b` (C, h, w): (C', C, h, w)."""
    return a[:, None] * b[None]


def window_means(x: Tensor, radius: int) -> Tensor:
    """Means of (..., h, w) over windows of 2 radius + 1, of the part of a window that lies in the image."""
    k = 2 * radius + 1
    flat = x.reshape(1, -1, *x.shape[-2:])
    columns = avg_pool2d(flat, (k, 1), 1, (radius, 0), count_include_pad=False)
    return avg_pool2d(columns, (1, k), 1, (0, radius), count_include_pad=False).reshape(x.shape)


def apply_colour_maps(full: Array, coefficients: Tensor, strip_pixels: int = STRIP_PIXELS) -> Array:
    """x + A x + b for every pixel of (C, H, W), clipped to [-1, 1]: (C', H, W).

    `coefficients` (C', C + 1, h, w) are enlarged bilinearly, strip by strip; the strips do not change the result.
    """
    _, height, width = full.shape
    result = np.empty((len(coefficients), height, width), np.float32)
    above, below, share = neighbours(height, coefficients.shape[2])
    left, right, column_share = neighbours(width, coefficients.shape[3])

    step = max(1, strip_pixels // width)
    for start in range(0, height, step):
        rows = slice(start, start + step)
        first, last = int(above[rows][0]), int(below[rows][-1]) + 1
        part = coefficients[:, :, first:last]
        wide = torch.lerp(part[..., left], part[..., right], column_share)  # (C', C + 1, few, W)
        maps = torch.lerp(wide[:, :, above[rows] - first], wide[:, :, below[rows] - first], share[rows, None])
        change_colours(full[:, rows], maps, result[:, rows])
    return result


def change_colours(x: Array, maps: Tensor, result: Array) -> None:
    """Write x + A x + b, clipped to [-1, 1], into `result` (C', H, W), for x (C, H, W) and maps (C', C + 1, H, W)."""
    colours, changed = torch.from_numpy(x), torch.from_numpy(result)
    changed.copy_(torch.from_numpy(images.to_channels(x, len(result))))
    for channel, own in zip(changed, maps, strict=True):
        for weight, colour in zip(own[:-1], colours, strict=True):
            channel.addcmul_(weight, colour)
        channel.add_(own[-1]).clamp_(-1, 1)


def neighbours(large: int, small: int) -> tuple[Tensor, Tensor, Tensor]:
    """For each of `large` pixels the two nearest of `small` on the same line, and the share of the second."""
    position = ((torch.arange(large, dtype=torch.float64) + 0.5) * (small / large) - 0.5).clamp(0, small - 1)
    first = position.long()
    return first, (first + 1).clamp(max=small - 1), (position - first).float()

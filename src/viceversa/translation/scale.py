"""At which size a network sees an image, and how its change is carried over to the full image."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .. import images
from ..errors import UsageError, did_you_mean

Array = npt.NDArray[Any]
SCALES = ("auto", "native", "trained")
MAX_NATIVE_RATIO = 2.0  # auto: images more than this many times the training size are reduced


def require_scale(scale: str) -> None:
    """UsageError for an unknown scale."""
    if scale not in SCALES:
        raise UsageError(f"--scale '{scale}': choose {', '.join(SCALES)}.{did_you_mean(scale, SCALES)}")


def network_input(pixels: Array, scale: str, size: int) -> Array:
    """(C, H, W) as the network sees it: as it is, or with a shorter side of the training `size` in pixels."""
    _, h, w = pixels.shape
    ratio = min(h, w) / size
    largest = MAX_NATIVE_RATIO if scale == "auto" else 1
    if scale == "native" or ratio <= largest:
        return pixels
    return images.resize(pixels, (round(h / ratio), round(w / ratio)))


def carry_change(full: Array, reduced: Array, output: Array) -> Array:
    """`full` (C, H, W) with the change from `reduced` to `output`, both smaller, resized to its size."""
    channels = len(output)
    change = output - images.to_channels(reduced, channels)
    full = images.to_channels(full, channels)
    resized = images.resize(change / 2, full.shape[1:])  # halved, since resize keeps [-1, 1]
    return np.clip(full + 2 * resized, -1, 1)

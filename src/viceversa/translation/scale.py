"""The scale policy: at which size the network sees an image, and how its change reaches the full image."""

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
    """The image (C, H, W) for the network: unchanged, or reduced to a shorter side of `size`, the training size."""
    _, h, w = pixels.shape
    ratio = min(h, w) / size
    largest = MAX_NATIVE_RATIO if scale == "auto" else 1
    if scale == "native" or ratio <= largest:
        return pixels
    return images.resize(pixels, (round(h / ratio), round(w / ratio)))


def carry_change(full: Array, reduced: Array, output: Array) -> Array:
    """Add the change from `reduced` to `output` to `full` (C, H, W), resized to its size; clipped to [-1, 1]."""
    channels = len(output)
    change = output - images.to_channels(reduced, channels)
    full = images.to_channels(full, channels)
    resized = images.resize(change / 2, full.shape[1:])  # halved, since resize keeps [-1, 1]
    return np.clip(full + 2 * resized, -1, 1)

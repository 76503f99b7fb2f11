"""Colours by code, and which one of a list is nearest."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def rgb(codes: Sequence[str]) -> NDArray[np.uint8]:
    """["0080ff", ...] as (K, 3)."""
    return np.array([list(bytes.fromhex(code)) for code in codes], np.uint8).reshape(len(codes), 3)


def nearest(pixels: NDArray[np.uint8], colours: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Which of (K, 3) colours is nearest to each pixel (..., 3), and the squared distance in RGB; the first of equals.

    K at most 255.
    """
    wide = pixels.astype(np.int32)
    chosen = np.zeros(pixels.shape[:-1], np.uint8)
    least = np.full(pixels.shape[:-1], np.iinfo(np.int32).max, np.int32)
    for number, colour in enumerate(colours.astype(np.int32)):
        far = np.square(wide - colour).sum(axis=-1, dtype=np.int32)
        chosen[far < least] = number
        least = np.minimum(least, far)
    return chosen, least

"""Hexadecimal colours, and the nearest colour of a palette."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def rgb(codes: Sequence[str]) -> NDArray[np.uint8]:
    """["0080ff", ...] as (K, 3)."""
    return np.array([list(bytes.fromhex(code)) for code in codes], np.uint8).reshape(len(codes), 3)


def nearest(pixels: NDArray[np.uint8], palette: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """For pixels (..., 3): the index of the nearest colour of the palette (K, 3), and its squared distance in RGB.

    The first of equally near colours; K is at most 255.
    """
    wide = pixels.astype(np.int32)
    index = np.zeros(pixels.shape[:-1], np.uint8)
    smallest = np.full(pixels.shape[:-1], np.iinfo(np.int32).max, np.int32)
    for number, colour in enumerate(palette.astype(np.int32)):
        distance = np.square(wide - colour).sum(axis=-1, dtype=np.int32)
        index[distance < smallest] = number
        smallest = np.minimum(smallest, distance)
    return index, smallest

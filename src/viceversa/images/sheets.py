"""Contact sheets, and 8-bit PNG files of pixel arrays."""

import os
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .arrays import Array, to_channels, to_display
from .picture import Picture, write


def save_png(path: str | os.PathLike[str], pixels: Array) -> None:
    """Write (C, H, W) in [-1, 1] as an 8-bit PNG, of more than three channels the first three, atomically."""
    write(path, Picture(pixels=to_display(pixels)))


def grid(rows: Sequence[Sequence[Array]], gap: int = 2, show: Sequence[int] = ()) -> npt.NDArray[np.float32]:
    """A contact sheet (3, H, W) on white of images (C, h, w), each in the top left corner of its cell.

    `show` are the channels to draw, see `to_display`.
    """
    heights = [max(p.shape[1] for p in row) for row in rows]
    columns = max(len(row) for row in rows)
    widths = [max(row[i].shape[2] for row in rows if i < len(row)) for i in range(columns)]
    height, width = sum(heights) + gap * (len(heights) + 1), sum(widths) + gap * (len(widths) + 1)
    sheet = np.ones((3, height, width), np.float32)

    top = gap
    for row, height in zip(rows, heights, strict=True):
        left = gap
        for pixels, width in zip(row, widths, strict=False):
            sheet[:, top : top + pixels.shape[1], left : left + pixels.shape[2]] = to_channels(
                to_display(pixels, show), 3
            )
            left += width + gap
        top += height + gap
    return sheet

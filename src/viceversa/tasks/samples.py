"""Fixed images for sample sheets, test accuracy and health checks."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .. import images
from ..data.transforms import fit_pixels
from ..errors import DataError


def fixed_images(
    paths: Sequence[Path], size: int, channels: int, count: int = 4, *, fit: str = "cover", stand_in: bool = False
) -> Tensor:
    """The centres of the first readable images: (count, channels, size, size) in [-1, 1].

    With `stand_in` an image that cannot be read is replaced by grey, so that the others keep their index. DataError
    where none can be read.
    """
    centres: list[np.ndarray] = []
    reasons: list[str] = []  # of the broken ones
    for path in paths:
        try:
            pixels = fit_pixels(images.read(path, side=size), size, fit, channels)
        except DataError as error:
            reasons.append(str(error))
            if not stand_in:
                continue
            pixels = np.zeros((channels, size, size), np.float32)

        _, h, w = pixels.shape
        centres.append(pixels[:, (h - size) // 2 :, (w - size) // 2 :][:, :size, :size])
        if len(centres) == count:
            break

    readable = len(centres) - len(reasons) if stand_in else len(centres)
    if not readable:
        folder = images.printable_path(paths[0].parent)
        raise DataError(f"none of the {len(paths)} pictures in {folder} can be read; the first: {reasons[0]}")
    return torch.from_numpy(np.stack(centres))


def evenly_spaced(paths: Sequence[Path], count: int) -> Sequence[Path]:
    """About `count` of the files, from all over the list: files are often sorted by kind."""
    return paths[:: max(1, len(paths) // count)]

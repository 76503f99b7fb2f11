"""Fixed images for sample sheets, test accuracy and health checks."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .. import images
from ..data.preparation import Preparation
from ..errors import DataError


def fixed_images(paths: Sequence[Path], prepare: Preparation, count: int = 4, *, stand_in: bool = False) -> Tensor:
    """The centres of the first readable images at the scale of training: (count, channels, size, size) in [-1, 1].

    With `stand_in` an image that cannot be read is replaced by grey, so that the others keep their index. DataError
    where none can be read.
    """
    centres: list[np.ndarray] = []
    reasons: list[str] = []  # of the broken ones
    for path in paths:
        try:
            centres.append(prepare.centre(path))
        except DataError as error:
            reasons.append(str(error))
            if not stand_in:
                continue
            centres.append(np.zeros((prepare.channels, prepare.size or 0, prepare.size or 0), np.float32))
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

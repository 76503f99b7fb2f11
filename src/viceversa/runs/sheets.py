"""Sample sheets: images that a run keeps of itself, side by side in one file.

A sheet of translations has three columns for each direction: the input, its translation, and the cycle or the truth.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from .. import images
from ..errors import DataError
from .folder import RunFolder

GAP = 2  # white pixels around the cells

Array = NDArray[np.float32]


class Cells(NamedTuple):
    """One row of one direction on a sheet of translations; images (3, size, size) in [-1, 1]."""

    input: Array
    output: Array
    last: Array  # the cycle, or the truth where the method learns from pairs


def save_sheet(
    run: RunFolder, step: int, columns: Sequence[Tensor], folder: Path | None = None, show: Sequence[int] = ()
) -> None:
    """Write columns of images (N, C, H, W) side by side as step-<N>.png of `folder`, or of the run's samples.

    `show` are the channels to draw, from 1; without it the first three.
    """
    folder = folder or run.samples
    arrays = [column.cpu().numpy() for column in columns]
    rows = [[x[i] for x in arrays] for i in range(min(map(len, arrays)))]
    folder.mkdir(exist_ok=True)
    images.save_png(folder / f"step-{step:06}.png", images.grid(rows, GAP, show))


def sheets(folder: Path) -> dict[int, Path]:
    """The sheets of a folder by their step, in order."""
    by_step = {int(path.stem[5:]): path for path in folder.glob("step-*.png") if path.stem[5:].isdigit()}
    return {step: by_step[step] for step in sorted(by_step)}


def cut_sheet(sheet: Array, size: int) -> list[list[Array]]:
    """Rows of images (3, size, size) of a sheet (3, H, W); DataError where it is not made of such cells."""
    pitch = size + GAP
    _, h, w = sheet.shape
    if (h - GAP) % pitch or (w - GAP) % pitch:
        raise DataError(f"a sheet of {w} x {h} px is not made of images of {size} px")
    tops, lefts = range(GAP, h - GAP, pitch), range(GAP, w - GAP, pitch)
    return [[sheet[:, top : top + size, left : left + size] for left in lefts] for top in tops]


def cut_directions(sheet: Array, size: int) -> list[list[Cells]]:
    """The rows of each direction of a sheet of translations: one or two directions; DataError for another layout."""
    rows = cut_sheet(sheet, size)
    columns = len(rows[0]) if rows else 0
    if columns not in (3, 6):
        raise DataError(f"a sheet of {columns} columns is none of translations")
    return [[Cells(*row[first : first + 3]) for row in rows] for first in range(0, columns, 3)]

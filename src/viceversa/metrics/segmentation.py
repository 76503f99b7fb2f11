"""How well the class of each pixel was found: pixel accuracy, class accuracy, mean IoU (Long, Shelhamer, Darrell 2015).

One confusion matrix over all pictures, as the Cityscapes evaluation of pix2pix and CycleGAN has it. A class that does
not occur has no accuracy and is left out of the mean; the authors' code gives it 0, which is the same wherever every
class occurs, as in the Cityscapes validation set.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class PixelScores:
    """Shares between 0 and 1."""

    pixel: float  # of the pixels, named rightly
    class_: float  # the same within each class, averaged over the classes that occur
    iou: float  # right / (true or found) of each class, the Jaccard index, averaged over those that occur or are found


def confusion(truth: NDArray[Any], found: NDArray[Any], classes: int, ignore: int = 255) -> Matrix:
    """Pixels of class i found to be j, (K, K), of whole-number arrays of one shape; add the matrices of batches.

    Pixels whose truth is `ignore` do not count. ValueError for any other number that is no class.
    """
    if truth.shape != found.shape:
        raise ValueError(f"truth has the shape {truth.shape}, what was found {found.shape}")
    counted = truth != ignore
    rows, columns = truth[counted].astype(np.int64), found[counted].astype(np.int64)
    for numbers in (rows, columns):
        if len(numbers) and not 0 <= numbers.min() <= numbers.max() < classes:
            raise ValueError(f"class numbers from {numbers.min()} to {numbers.max()}, of {classes} classes")
    return np.bincount(classes * rows + columns, minlength=classes**2).reshape(classes, classes)


def class_accuracies(matrix: Matrix) -> NDArray[np.float64]:
    """(K,) right / true; nan for a class that does not occur."""
    return _shares(np.diag(matrix), matrix.sum(1))


def class_ious(matrix: Matrix) -> NDArray[np.float64]:
    """(K,) right / (true + found - right); nan for a class that neither occurs nor is found."""
    return _shares(np.diag(matrix), matrix.sum(1) + matrix.sum(0) - np.diag(matrix))


def _shares(right: Matrix, of: Matrix) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = np.divide(right, of, out=np.full(len(of), np.nan), where=of > 0)
    return shares


def scores(matrix: Matrix) -> PixelScores:
    """trace / sum, mean diag / row, mean diag / (row + column - diag). ValueError without any pixel."""
    if not matrix.sum():
        raise ValueError("there is no pixel to count")
    return PixelScores(
        pixel=float(np.trace(matrix) / matrix.sum()),
        class_=float(np.nanmean(class_accuracies(matrix))),
        iou=float(np.nanmean(class_ious(matrix))),
    )

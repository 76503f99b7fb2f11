"""Scores of semantic segmentation: pixel accuracy, class accuracy, mean IoU (Long, Shelhamer, Darrell 2015).

One confusion matrix over all images, as in the Cityscapes evaluation of pix2pix and CycleGAN. A class that does not
occur is left out of the means; the authors' code gives it 0. Both agree where every class occurs, as in the Cityscapes
validation set.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class PixelScores:
    """Shares between 0 and 1."""

    pixel: float  # of the pixels, classified correctly
    class_: float  # the same within each class, mean over the classes that occur
    iou: float  # intersection over union (Jaccard) of each class, mean over those that occur or are predicted


def confusion(truth: NDArray[Any], predicted: NDArray[Any], classes: int, ignore: int = 255) -> Matrix:
    """(K, K): number of pixels of class i (row) predicted as class j (column); matrices of batches can be added.

    Both are integer arrays of the same shape; pixels with the true value `ignore` do not count. ValueError for unequal
    shapes or any other value outside of [0, classes).
    """
    if truth.shape != predicted.shape:
        raise ValueError(f"truth has the shape {truth.shape}, the prediction {predicted.shape}")

    counted = truth != ignore
    rows, columns = truth[counted].astype(np.int64), predicted[counted].astype(np.int64)
    for numbers in (rows, columns):
        if len(numbers) and not 0 <= numbers.min() <= numbers.max() < classes:
            raise ValueError(f"class numbers from {numbers.min()} to {numbers.max()}, of {classes} classes")
    return np.bincount(classes * rows + columns, minlength=classes**2).reshape(classes, classes)


def class_accuracies(matrix: Matrix) -> NDArray[np.float64]:
    """(K,): right / true of each class; NaN for a class that does not occur."""
    return _shares(np.diag(matrix), matrix.sum(1))


def class_ious(matrix: Matrix) -> NDArray[np.float64]:
    """(K,): right / (true + predicted - right) of each class; NaN for a class that neither occurs nor is predicted."""
    return _shares(np.diag(matrix), matrix.sum(1) + matrix.sum(0) - np.diag(matrix))


def _shares(right: Matrix, total: Matrix) -> NDArray[np.float64]:
    """right / total, NaN where total is 0."""
    shares: NDArray[np.float64] = np.divide(right, total, out=np.full(len(total), np.nan), where=total > 0)
    return shares


def scores(matrix: Matrix) -> PixelScores:
    """The scores of a confusion matrix (K, K); ValueError for one without any pixel."""
    if not matrix.sum():
        raise ValueError("there is no pixel to count")
    return PixelScores(
        pixel=float(np.trace(matrix) / matrix.sum()),
        class_=float(np.nanmean(class_accuracies(matrix))),
        iou=float(np.nanmean(class_ious(matrix))),
    )

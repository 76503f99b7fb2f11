"""Segmentation scores at confusion matrices computed by hand."""

import numpy as np
import pytest

from viceversa.metrics.segmentation import class_accuracies, class_ious, confusion, scores


def test_confusion_by_hand() -> None:
    truth = np.array([[0, 0, 1], [1, 2, 255]], np.uint8)
    predicted = np.array([[0, 1, 1], [1, 0, 2]], np.uint8)
    matrix = confusion(truth, predicted, 4)
    np.testing.assert_array_equal(matrix, [[1, 1, 0, 0], [0, 2, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]])
    assert matrix.dtype == np.int64
    s = scores(matrix)
    assert s.pixel == pytest.approx(3 / 5)
    assert s.class_ == pytest.approx((1 / 2 + 1 + 0) / 3)  # the fourth class does not occur
    assert s.iou == pytest.approx((1 / 3 + 2 / 3 + 0) / 3)


def test_class_that_is_only_predicted_lowers_iou_alone() -> None:
    matrix = np.array([[3, 1], [0, 0]])
    s = scores(matrix)
    assert (s.pixel, s.class_, s.iou) == pytest.approx((3 / 4, 3 / 4, (3 / 4 + 0) / 2))
    np.testing.assert_array_equal(class_accuracies(matrix), [0.75, np.nan])
    np.testing.assert_array_equal(class_ious(matrix), [0.75, 0.0])


def test_scores_where_every_class_occurs() -> None:
    """diag / row and diag / (row + column - diag) of a full 3 x 3 matrix, over all classes as in the authors' code."""
    m = np.array([[50, 2, 8], [3, 20, 7], [1, 4, 5]])
    s = scores(m)
    assert s.pixel == pytest.approx(75 / 100)
    assert s.class_ == pytest.approx((50 / 60 + 20 / 30 + 5 / 10) / 3)
    assert s.iou == pytest.approx((50 / (60 + 54 - 50) + 20 / (30 + 26 - 20) + 5 / (10 + 20 - 5)) / 3)


def test_perfect_constant_and_batched_predictions() -> None:
    truth = np.random.default_rng(0).integers(0, 5, (4, 8, 8))
    assert scores(confusion(truth, truth, 5)) == type(scores(np.eye(2, dtype=int)))(pixel=1.0, class_=1.0, iou=1.0)
    constant = confusion(truth, np.zeros_like(truth), 5)
    assert scores(constant).class_ == pytest.approx(1 / 5)  # one class for every pixel
    predicted = np.random.default_rng(1).integers(0, 5, truth.shape)
    total = sum(confusion(t, f, 5) for t, f in zip(truth, predicted, strict=True))
    np.testing.assert_array_equal(total, confusion(truth, predicted, 5))


def test_invalid_arrays_are_refused() -> None:
    one = np.zeros((2, 2), np.uint8)
    with pytest.raises(ValueError, match="shape"):
        confusion(one, one[:1], 3)
    with pytest.raises(ValueError, match="class numbers from 3 to 3, of 3 classes"):
        confusion(one, one + 3, 3)  # a pixel without a class must not be left out silently
    with pytest.raises(ValueError, match="class numbers"):
        confusion(one - 1 + 8, one, 3)
    assert not confusion(one + 255, one + 255, 3).any()
    with pytest.raises(ValueError, match="no pixel"):
        scores(np.zeros((3, 3), np.int64))

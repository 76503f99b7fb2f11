"""The scores of found classes at matrices computed by hand."""

import numpy as np
import pytest

from viceversa.metrics.segmentation import class_accuracies, class_ious, confusion, scores


def test_confusion_by_hand() -> None:
    truth = np.array([[0, 0, 1], [1, 2, 255]], np.uint8)
    found = np.array([[0, 1, 1], [1, 0, 2]], np.uint8)
    matrix = confusion(truth, found, 4)
    np.testing.assert_array_equal(matrix, [[1, 1, 0, 0], [0, 2, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]])
    assert matrix.dtype == np.int64
    s = scores(matrix)
    assert s.pixel == pytest.approx(3 / 5)
    assert s.class_ == pytest.approx((1 / 2 + 1 + 0) / 3)  # the fourth class does not occur
    assert s.iou == pytest.approx((1 / 3 + 2 / 3 + 0) / 3)


def test_a_class_that_is_only_found_counts_against_iou_alone() -> None:
    matrix = np.array([[3, 1], [0, 0]])
    s = scores(matrix)
    assert (s.pixel, s.class_, s.iou) == pytest.approx((3 / 4, 3 / 4, (3 / 4 + 0) / 2))
    np.testing.assert_array_equal(class_accuracies(matrix), [0.75, np.nan])
    np.testing.assert_array_equal(class_ious(matrix), [0.75, 0.0])


def test_the_example_of_the_authors_formulas_where_every_class_occurs() -> None:
    """diag / row and diag / (row + column - diag) of a full 3 x 3 matrix, over all classes as their code has it."""
    m = np.array([[50, 2, 8], [3, 20, 7], [1, 4, 5]])
    s = scores(m)
    assert s.pixel == pytest.approx(75 / 100)
    assert s.class_ == pytest.approx((50 / 60 + 20 / 30 + 5 / 10) / 3)
    assert s.iou == pytest.approx((50 / (60 + 54 - 50) + 20 / (30 + 26 - 20) + 5 / (10 + 20 - 5)) / 3)


def test_perfect_useless_and_batched() -> None:
    truth = np.random.default_rng(0).integers(0, 5, (4, 8, 8))
    assert scores(confusion(truth, truth, 5)) == type(scores(np.eye(2, dtype=int)))(pixel=1.0, class_=1.0, iou=1.0)
    flat = confusion(truth, np.zeros_like(truth), 5)
    assert scores(flat).class_ == pytest.approx(1 / 5)  # one class whatever the input
    found = np.random.default_rng(1).integers(0, 5, truth.shape)
    parts = sum(confusion(t, f, 5) for t, f in zip(truth, found, strict=True))
    np.testing.assert_array_equal(parts, confusion(truth, found, 5))


def test_what_is_refused() -> None:
    one = np.zeros((2, 2), np.uint8)
    with pytest.raises(ValueError, match="shape"):
        confusion(one, one[:1], 3)
    with pytest.raises(ValueError, match="class numbers from 3 to 3, of 3 classes"):
        confusion(one, one + 3, 3)  # a pixel without a class must not drop out of its score
    with pytest.raises(ValueError, match="class numbers"):
        confusion(one - 1 + 8, one, 3)
    assert not confusion(one + 255, one + 255, 3).any()
    with pytest.raises(ValueError, match="no pixel"):
        scores(np.zeros((3, 3), np.int64))

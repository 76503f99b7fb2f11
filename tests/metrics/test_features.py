"""Subsampling of feature vectors."""

import numpy as np

from viceversa.metrics.features import subsample


def test_subsample_keeps_the_ends_and_the_order():
    x = np.arange(100)[:, None]
    assert subsample(x, 5)[:, 0].tolist() in ([0, 25, 50, 74, 99], [0, 25, 50, 75, 99])
    assert subsample(x, 100) is x

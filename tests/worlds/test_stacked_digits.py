"""Stacked digits: downsampling, the numbers of the modes, and batches that follow from seed and step."""

import numpy as np
import pytest
import torch

from viceversa.metrics.modes import kl_to_uniform
from viceversa.worlds import digits
from viceversa.worlds.stacked_digits import MODES, StackedDigitBatches, downsample, mode_index


def test_downsampling_averages_the_inner_pixels():
    images = np.zeros((2, 28, 28), np.uint8)
    images[1, 2:26, 2:26] = 255  # all that is kept
    small = downsample(images)
    assert small.shape == (2, 12, 12) and small.dtype == np.float32
    assert (small[0] == -1).all() and (small[1] == 1).all()
    images[0, 2, 2] = 255  # a quarter of the first pixel
    small = downsample(images)
    assert small[0, 0, 0] == pytest.approx(-0.5) and (small[0].ravel()[1:] == -1).all()


def test_the_margin_holds_hardly_any_ink():
    x = digits.glyphs(200, seed=1).train_x.astype(float)
    kept = x[:, 2:-2, 2:-2].sum() / x.sum()
    assert kept > 0.99
    np.testing.assert_allclose((downsample(x.astype(np.uint8)) + 1).sum() * 4 / 2 * 255, x.sum() * kept, rtol=1e-5)


def test_three_classes_give_the_number_of_a_mode():
    assert mode_index(np.array([[0, 0, 0], [0, 4, 2], [9, 9, 9]])).tolist() == [0, 42, 999]


def test_stacks_are_three_independent_digits():
    images = np.arange(20, dtype=np.float32)[:, None, None] * np.ones((1, 4, 4), np.float32)
    classes = np.arange(20) % 10
    stacks, modes = StackedDigitBatches(images, classes, 8).sample(25_600, np.random.default_rng(0))
    assert stacks.shape == (25_600, 3, 4, 4)
    np.testing.assert_array_equal(stacks[:, :, 0, 0].astype(int) % 10 @ [100, 10, 1], modes)
    shares = np.bincount(modes, minlength=MODES) / len(modes)
    assert (shares > 0).all()  # 25.6 of each are expected
    assert kl_to_uniform(shares) == pytest.approx(999 / (2 * 25_600), rel=0.15)  # the floor of a perfect generator


def test_batches_follow_from_seed_and_step():
    d = digits.glyphs(50, seed=1)
    a, b = (StackedDigitBatches(downsample(d.train_x), d.train_y, 6, seed) for seed in (1, 2))
    assert torch.equal(a.batch(3)[0], a.batch(3)[0])
    assert not torch.equal(a.batch(3)[0], a.batch(4)[0]) and not torch.equal(a.batch(3)[0], b.batch(3)[0])
    assert a.batch(0)[0].shape == (6, 3, 12, 12) and a.batch(0)[0].dtype == torch.float32

"""Stacked digits: what they hold, what they spell, and that they follow from seed and step."""

import numpy as np
import pytest
import torch

from viceversa.metrics.modes import kl_to_uniform
from viceversa.worlds import digits
from viceversa.worlds.digits import mode
from viceversa.worlds.stacked_digits import MODES, Stacks, small


def test_small_digits_keep_their_ink():
    ink = np.zeros((2, 28, 28), np.uint8)
    ink[1, 2:26, 2:26] = 255  # all that is kept
    found = small(ink)
    assert found.shape == (2, 12, 12) and found.dtype == np.float32
    assert (found[0] == -1).all() and (found[1] == 1).all()
    ink[0, 2, 2] = 255  # a quarter of the first pixel
    assert small(ink)[0, 0, 0] == pytest.approx(-0.5) and (small(ink)[0].ravel()[1:] == -1).all()


def test_hardly_any_ink_of_a_digit_lies_outside():
    x = digits.glyphs(200, seed=1).train_x.astype(float)
    inside = x[:, 2:-2, 2:-2].sum() / x.sum()
    assert inside > 0.99
    np.testing.assert_allclose((small(x.astype(np.uint8)) + 1).sum() * 4 / 2 * 255, x.sum() * inside, rtol=1e-5)


def test_three_classes_spell_a_mode():
    assert mode(np.array([[0, 0, 0], [0, 4, 2], [9, 9, 9]])).tolist() == [0, 42, 999]


def test_stacks_are_three_independent_digits():
    pictures = np.arange(20, dtype=np.float32)[:, None, None] * np.ones((1, 4, 4), np.float32)
    classes = np.arange(20) % 10
    drawn, modes = Stacks(pictures, classes, 8).draw(25_600, np.random.default_rng(0))
    assert drawn.shape == (25_600, 3, 4, 4)
    np.testing.assert_array_equal(drawn[:, :, 0, 0].astype(int) % 10 @ [100, 10, 1], modes)
    shares = np.bincount(modes, minlength=MODES) / len(modes)
    assert (shares > 0).all()  # 25.6 of each are expected
    assert kl_to_uniform(shares) == pytest.approx(999 / (2 * 25_600), rel=0.15)  # the floor of a perfect generator


def test_batches_follow_from_seed_and_step():
    found = digits.glyphs(50, seed=1)
    a, b = (Stacks(small(found.train_x), found.train_y, 6, seed) for seed in (1, 2))
    assert torch.equal(a.batch(3)[0], a.batch(3)[0])
    assert not torch.equal(a.batch(3)[0], a.batch(4)[0]) and not torch.equal(a.batch(3)[0], b.batch(3)[0])
    assert a.batch(0)[0].shape == (6, 3, 12, 12) and a.batch(0)[0].dtype == torch.float32

"""Digits drawn from fonts: classes, fonts, recognisability, likeness to MNIST, and the distance they are drawn from."""

import numpy as np
import pytest

from support.digit_images import centre_of_mass, nearest_class
from viceversa.worlds import glyphs


def test_every_ten_glyphs_are_all_classes_and_a_longer_set_begins_with_the_shorter(glyphs_2000):
    assert (np.sort(glyphs_2000.train_y.reshape(-1, 10), 1) == np.arange(10)).all()
    x, y = glyphs.draw(1_230, 5, glyphs.TRAIN_FONTS)
    np.testing.assert_array_equal(x, glyphs_2000.train_x[:1_230])
    np.testing.assert_array_equal(y, glyphs_2000.train_y[:1_230])
    assert not np.array_equal(x[:100], glyphs.draw(100, 6, glyphs.TRAIN_FONTS)[0])


def test_glyphs_vary_yet_are_recognised_in_held_out_fonts(glyphs_2000):
    train_x, train_y = glyphs_2000.train_x, glyphs_2000.train_y
    test_x, test_y = glyphs_2000.test_x, glyphs_2000.test_y
    assert not set(glyphs.TRAIN_FONTS) & set(glyphs.TEST_FONTS)
    assert (len(train_y), len(test_y)) == (2_000, 200)
    assert len({x.tobytes() for x in train_x}) == 2_000
    assert (nearest_class(train_x, train_y, test_x) == test_y).mean() > 0.9
    assert (nearest_class(train_x[:10], train_y[:10], test_x) == test_y).mean() < 0.8


def test_glyphs_have_the_statistics_of_mnist(glyphs_2000):
    x = glyphs_2000.train_x
    border = np.concatenate([x[:, [0, -1]].reshape(2_000, -1), x[:, :, [0, -1]].reshape(2_000, -1)], 1)
    assert (border.max(1) > 127).mean() < 0.005  # hardly a stroke leaves the image
    assert 20 < x.mean() < 60  # MNIST has 33
    assert np.abs(centre_of_mass(x).mean(1) - 13.5).max() < 0.3
    assert (x.max((1, 2)) > 150).all()


def test_every_font_has_ten_different_digits():
    for font in (*glyphs.TRAIN_FONTS, *glyphs.TEST_FONTS):
        shapes = glyphs._font_distances(font) > 0
        assert len({shape.tobytes() for shape in shapes}) == 10, font
        assert np.abs(shapes.any(2).sum(1) - glyphs.HEIGHT).max() <= 3, font


def test_the_signed_distance_is_exact():
    inside = np.random.default_rng(0).random((12, 12)) < 0.3
    y, x = np.indices(inside.shape)
    for i, j in np.ndindex(inside.shape):
        other = inside != inside[i, j]
        expected = np.sqrt(((y - i) ** 2 + (x - j) ** 2)[other].min()) - 0.5
        assert glyphs._signed_distance(inside)[i, j] == pytest.approx(expected if inside[i, j] else -expected, rel=1e-6)

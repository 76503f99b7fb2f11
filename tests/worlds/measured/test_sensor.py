"""Blur, noise, uneven sensitivity and hot pixels."""

import numpy as np
import pytest

from viceversa.worlds.measured import sensor
from viceversa.worlds.scenes.noise import SceneRng


def test_blur_spreads_a_point_as_a_gaussian_and_keeps_a_constant() -> None:
    planes = np.zeros((2, 41, 41), np.float32)
    planes[0, 20, 20], planes[1] = 1, 7
    blurred = sensor.blur(planes, 2.0)
    y, x = np.mgrid[:41, :41] - 20
    assert blurred[0].sum() == pytest.approx(1, abs=1e-5)
    assert (blurred[0] * x * x).sum() == pytest.approx(4, rel=0.03)  # cut off at three sigma
    np.testing.assert_allclose(blurred[0, :, 20] * blurred[0, 20, 20], blurred[0, 20, :] * blurred[0, 20, 20])
    np.testing.assert_allclose(blurred[1], 7, rtol=1e-6)
    assert y.shape == x.shape


def test_normal_numbers_have_the_moments_of_a_normal_distribution() -> None:
    z = sensor.normal(SceneRng(1), (400, 500))
    assert z.dtype == np.float32
    assert z.mean() == pytest.approx(0, abs=0.01) and z.std() == pytest.approx(1, abs=0.01)
    assert np.mean(z**4) == pytest.approx(3, abs=0.06) and np.mean(z > 1.96) == pytest.approx(0.025, abs=0.002)


def test_a_field_is_smooth_and_about_one_at_any_size() -> None:
    small, large = sensor.smooth_field(3, (32, 32), 0.2), sensor.smooth_field(3, (128, 128), 0.2)
    assert 0.8 <= large.min() < large.max() <= 1.2
    assert np.abs(np.diff(large, axis=0)).max() < 0.02
    np.testing.assert_allclose(small, large.reshape(32, 4, 32, 4).mean(axis=(1, 3)), atol=0.02)


def test_hot_pixels_are_as_many_as_stated() -> None:
    image = np.zeros((100, 100, 2), np.uint16)
    sensor.hot_pixels(SceneRng(0), image, 0.001, 4095)
    hot = image[image > 0]
    assert 17 <= len(hot) <= 20 and hot.min() >= 2047 and hot.max() <= 4095

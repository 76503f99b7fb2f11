"""The colour change without pairs, against closed forms of optimal transport."""

import numpy as np
import pytest

from viceversa.metrics.colour_transfer import ColourMoments, colour_moments, colour_transfer
from viceversa.metrics.paired import apply_affine_colour

RNG = np.random.default_rng(0)


def pictures(mean: np.ndarray, mixing: np.ndarray, count: int = 6) -> list[np.ndarray]:
    return [(mixing @ RNG.normal(size=(3, 400)) + mean[:, None]).reshape(3, 20, 20) for _ in range(count)]


def test_moments_are_those_of_all_pixels():
    images = pictures(np.array([0.1, -0.2, 0.3]), 0.1 * np.eye(3))
    colours = np.concatenate([x.reshape(3, -1) for x in images], axis=1)
    moments = colour_moments(images)
    np.testing.assert_allclose(moments.mean, colours.mean(1), atol=1e-12)
    np.testing.assert_allclose(moments.covariance, np.cov(colours, bias=True), atol=1e-12)
    with pytest.raises(ValueError, match="no image"):
        colour_moments([])


def test_a_transfer_carries_mean_and_covariance():
    a, b = RNG.normal(size=(2, 3, 3)) / 10
    source, target = (ColourMoments(RNG.normal(size=3) / 10, m @ m.T) for m in (a, b))
    change = colour_transfer(source, target)
    matrix, offset = change[:-1], change[-1]
    np.testing.assert_allclose(matrix.T @ source.covariance @ matrix, target.covariance, atol=1e-9)
    np.testing.assert_allclose(source.mean @ matrix + offset, target.mean, atol=1e-12)
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-9)  # optimal transport: symmetric and not negative
    assert np.linalg.eigvalsh(matrix).min() >= 0


def test_uncorrelated_colours_are_scaled_channel_by_channel():
    source = ColourMoments(np.zeros(3), np.diag([0.04, 0.01, 0.09]))
    target = ColourMoments(np.full(3, 0.5), np.diag([0.01, 0.01, 0.36]))
    np.testing.assert_allclose(colour_transfer(source, target)[:-1], np.diag([0.5, 1, 2]), atol=1e-9)
    np.testing.assert_allclose(colour_transfer(source, source)[:-1], np.eye(3), atol=1e-9)


def test_grey_pictures_stay_finite():
    grey = np.repeat(RNG.uniform(-0.5, 0.5, (1, 16, 16)), 3, axis=0).astype(np.float32)
    change = colour_transfer(colour_moments([grey]), colour_moments(pictures(np.zeros(3), 0.1 * np.eye(3))))
    recoloured = apply_affine_colour(grey[None], change)
    assert np.isfinite(change).all() and np.abs(change).max() < 10 and np.isfinite(recoloured).all()

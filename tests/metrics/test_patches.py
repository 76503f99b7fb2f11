"""Sliced Wasserstein distance and checkerboard score at known answers."""

import numpy as np
import pytest
import torch

from viceversa.metrics.patches import checkerboard, downsampled, sliced_wasserstein

RNG = np.random.default_rng(0)
NOISE = RNG.uniform(-1, 1, (6, 3, 24, 24)).astype(np.float32)


def test_sliced_wasserstein_of_a_shift_and_of_a_blur() -> None:
    assert sliced_wasserstein(NOISE, NOISE) < 1e-9
    shift = 0.25  # adds the same vector v to every patch: the distance is the mean over directions u of |v.u|
    distance = sliced_wasserstein(NOISE, NOISE + shift, directions=4000) / 1000
    dimension = 7 * 7 * 3
    expected = shift * np.sqrt(dimension) * np.sqrt(2 / (np.pi * dimension))
    assert distance == pytest.approx(expected, rel=0.05)
    blurred = (NOISE + np.roll(NOISE, 1, -1)) / 2
    assert sliced_wasserstein(blurred, NOISE) > 1.5 * sliced_wasserstein(NOISE[:3], NOISE[3:])


def test_checkerboard_of_a_smooth_image_and_of_the_pattern() -> None:
    smooth = np.cos(np.arange(24) / 24 * 2 * np.pi)[None, None, None].repeat(24, 2).astype(np.float32)
    board = np.fromfunction(lambda n, c, y, x: (-1.0) ** (x + y), (1, 1, 24, 24)).astype(np.float32)
    assert checkerboard(smooth) < 1e-6
    assert checkerboard(board) == pytest.approx(1000)
    assert 0 < checkerboard(smooth + 0.1 * board) < checkerboard(smooth + 0.2 * board)


def test_downsampled_averages_areas_and_leaves_points_unchanged() -> None:
    x = torch.arange(64.0).reshape(1, 1, 8, 8)
    torch.testing.assert_close(downsampled(x, 4), x.reshape(1, 1, 4, 2, 4, 2).mean((3, 5)))
    points = torch.zeros(5, 2)
    assert downsampled(x, 8) is x and downsampled(points) is points

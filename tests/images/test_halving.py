"""Smaller copies of images: means of 2 x 2 pixels, compared with exact arithmetic."""

import math
from fractions import Fraction

import numpy as np
import pytest

from viceversa.images.halving import halved

TYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"]


def exact(samples, nodata=None):
    """The mean of the pixels that a pixel covers, with Python's integers; halves are rounded upwards."""
    height, width, channels = samples.shape
    result = np.zeros((-(-height // 2), -(-width // 2), channels), samples.dtype)
    for y, x in np.ndindex(result.shape[:2]):
        pixels = samples[2 * y : 2 * y + 2, 2 * x : 2 * x + 2].reshape(-1, channels)
        known = [pixel for pixel in pixels.tolist() if nodata is None or nodata not in pixel]
        for c in range(channels):
            mean = Fraction(sum(pixel[c] for pixel in known), len(known) or 1)
            value = math.floor(mean + Fraction(1, 2)) if known else nodata
            result[y, x, c] = nodata + 1 if known and value == nodata else value
    return result


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("size", [(1, 1), (1, 2), (3, 5), (6, 4)])
def test_integers_are_rounded_exactly(dtype, size):
    limits = np.iinfo(dtype)
    rng = np.random.default_rng(0)
    for low, high in ((limits.min, limits.max), (limits.max - 3, limits.max), (limits.min, limits.min + 3), (0, 4)):
        samples = rng.integers(low, high, (*size, 3), dtype, endpoint=True)
        np.testing.assert_array_equal(halved(samples), exact(samples))
        assert halved(samples).dtype == dtype


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("nodata", [0, 3])
def test_missing_integers_count_for_nothing(dtype, nodata):
    samples = np.random.default_rng(1).integers(0, 6, (9, 12, 2)).astype(dtype)
    np.testing.assert_array_equal(halved(samples, nodata), exact(samples, nodata))


def test_means_of_known_pixels_are_not_the_number_of_missing_ones():
    samples = np.array([[[99], [101]], [[99], [101]]], np.uint8)
    assert halved(samples)[0, 0, 0] == 100
    assert halved(samples, 100)[0, 0, 0] == 101
    top = np.array([[[255], [254]]], np.uint8)
    assert halved(top, 255)[0, 0, 0] == 254  # the only one that is known


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_are_means_in_their_type(dtype):
    samples = np.random.default_rng(2).normal(0, 100, (7, 10, 3)).astype(dtype)
    padded = np.pad(samples, ((0, 1), (0, 0), (0, 0)), mode="edge").astype(np.float64)
    means = padded.reshape(4, 2, 5, 2, 3).mean(axis=(1, 3))
    result = halved(samples)
    assert result.dtype == dtype
    np.testing.assert_allclose(result, means, rtol=4 * np.finfo(dtype).eps, atol=100 * np.finfo(dtype).eps)


def test_largest_floats_do_not_overflow():
    top = np.finfo(np.float32).max
    assert halved(np.full((2, 2, 1), top, np.float32))[0, 0, 0] == top


@pytest.mark.parametrize("nodata", [None, -9999.0])
def test_missing_floats_count_for_nothing(nodata):
    number = np.nan if nodata is None else nodata
    samples = np.array([[1, 2, number, number], [np.nan, 5, number, np.nan]], np.float32)[..., None]
    result = halved(samples, nodata)[0, :, 0]
    assert result[0] == np.float32(8 / 3)
    assert np.isnan(result[1]) if nodata is None else result[1] == nodata
    two = np.stack([np.ones((2, 2)), np.full((2, 2), np.inf)], axis=2).astype(np.float32)
    assert np.isnan(halved(two)).all()  # a pixel is missing where one of its channels is

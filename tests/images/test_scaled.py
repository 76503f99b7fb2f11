"""A scaled image: its windows are parts of one image, whatever the windows are."""

import numpy as np
import pytest

from viceversa.images import ScaledImage, Window
from viceversa.images.arrays import Array
from viceversa.images.decoded import Decoded
from viceversa.images.windows import WholeImage


def image(samples: Array, nodata: float | None = None) -> WholeImage:
    return WholeImage("image", "TIFF", Decoded(samples=samples, nodata=nodata))


@pytest.mark.parametrize("downsample", [1.0, 1.37, 2.0, 3.3])
def test_windows_are_parts_of_the_whole(downsample: float):
    rng = np.random.default_rng(0)
    blocks = rng.integers(0, 255, (40, 50, 3))
    scaled = ScaledImage(image(np.kron(blocks, np.ones((8, 8, 1))).astype(np.uint8)), downsample)
    height, width = scaled.size
    whole = scaled.read(Window(0, 0, height, width)).samples.astype(int)
    for _ in range(30):
        top, left = int(rng.integers(height)), int(rng.integers(width))
        window = Window(top, left, int(rng.integers(1, height - top + 1)), int(rng.integers(1, width - left + 1)))
        assert np.abs(scaled.read(window).samples - whole[window.slices]).max() <= 1  # rounding of .5


def test_its_own_scale_changes_nothing():
    samples = np.random.default_rng(1).integers(0, 65535, (37, 53, 6)).astype(np.uint16)
    scaled = ScaledImage(image(samples))
    assert np.array_equal(scaled.read(Window(3, 5, 20, 30)).samples, samples[3:23, 5:35])


def test_a_ramp_stays_a_ramp():
    ramp = np.tile(np.arange(300, dtype=np.float32)[:, None, None], (1, 200, 1))
    scaled = ScaledImage(image(ramp), 3.0)
    inside = scaled.read(Window(10, 10, 50, 5)).samples[:, 0, 0]
    assert inside == pytest.approx(np.arange(10, 60) * 3 + 1, abs=1e-3)  # the centre of three pixels


@pytest.mark.parametrize("nodata", [None, -9999.0])
def test_missing_pixels_stay_missing(nodata: float | None):
    samples = np.ones((60, 60, 1), np.float32)
    samples[20:40, 20:40] = np.nan if nodata is None else nodata
    small = ScaledImage(image(samples, nodata), 2.0).read(Window(0, 0, 30, 30)).samples[..., 0]
    missing = np.isnan(small) if nodata is None else small == nodata
    assert missing[10:20, 10:20].all() and not missing[:5].any()
    assert small[~missing] == pytest.approx(1)

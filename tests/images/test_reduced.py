"""Images at a reduced scale: means over boxes by their definition, the level that is enough, thumbnails."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from support.slides import smooth, write_pyramid
from viceversa import images
from viceversa.images import reduced
from viceversa.images.decoded import Decoded
from viceversa.images.windows import WholeImage

rng = np.random.default_rng(0)


def image_of(samples, **known):
    return WholeImage("x", "TIFF", Decoded(samples=samples, **known))


def means(samples, factor, weights=None):
    """By the definition."""
    height, width, channels = samples.shape
    weights = np.ones((height, width)) if weights is None else weights
    rows, columns = range(0, height, factor), range(0, width, factor)
    result = np.zeros((len(rows), len(columns), channels))
    for i, top in enumerate(rows):
        for j, left in enumerate(columns):
            box = (slice(top, top + factor), slice(left, left + factor))
            weight = weights[box][..., None]
            result[i, j] = (samples[box] * weight).sum((0, 1)) / weight.sum() if weight.sum() else 0
    return result


@pytest.fixture(autouse=True)
def small_bands(monkeypatch):
    monkeypatch.setattr(reduced, "LARGE", 100)
    monkeypatch.setattr(reduced, "BAND_BYTES", 500)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
@pytest.mark.parametrize("size", [(48, 60), (49, 61), (53, 40)])
def test_means_over_boxes(dtype, size):
    samples = (rng.normal(0, 100, (*size, 2)) + 200).clip(0, 255).astype(dtype)
    side = 4
    factor = min(size) // (3 * side)
    got = reduced.read_reduced(image_of(samples), side)
    expected = means(samples.astype(float), factor)
    assert got.samples.dtype == dtype and got.full_size == size
    np.testing.assert_allclose(got.samples, expected if dtype == "float32" else np.rint(expected), rtol=1e-6)
    assert got.box == pytest.approx((0, 0, size[1] / factor, size[0] / factor))


def test_missing_pixels_count_for_nothing():
    samples = rng.integers(10, 200, (48, 60, 1)).astype(np.int16)
    samples[:20, :24] = -9
    got = reduced.read_reduced(image_of(samples, nodata=-9), 4).samples
    expected = means(samples.astype(float), 4, (samples[..., 0] != -9).astype(float))
    expected[:5, :6] = -9
    np.testing.assert_array_equal(got, np.rint(expected))


def test_transparent_pixels_count_by_their_alpha():
    samples, alpha = rng.integers(0, 256, (48, 60, 3)).astype(np.uint8), rng.random((48, 60)).astype(np.float32)
    alpha[:4, :4] = 0
    got = reduced.read_reduced(image_of(samples, alpha=alpha), 4)
    np.testing.assert_array_equal(got.samples, np.rint(means(samples.astype(float), 4, alpha.astype(float))))
    np.testing.assert_allclose(got.alpha, means(alpha[..., None].astype(float), 4)[..., 0], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("side, level", [(20, 3), (12, 3), (13, 2), (25, 2), (26, 1), (50, 1), (51, 0), (500, 0)])
def test_the_coarsest_level_that_is_enough(tmp_path, side, level):
    path = write_pyramid(tmp_path / "x.tif", smooth(304, 400), (2, 4, 8))
    with images.open_windows(path) as image:
        chosen = reduced.coarsest_level(image, 3 * side)
        sizes = [min(item[:2]) for item in image.about.levels]
    assert sizes[chosen] >= 3 * side or chosen == 0
    assert chosen == 3 or sizes[chosen + 1] < 3 * side
    assert chosen <= level


def test_large_files_are_read_at_a_level(tmp_path, monkeypatch):
    path = write_pyramid(tmp_path / "x.tif", smooth(304, 400), (2, 4, 8))
    assert images.read(path, side=12).reduction == 1  # as ever: a file that is not large is decoded in full
    monkeypatch.setattr("viceversa.images.formats.tiff_windows.LARGE", 1000)
    monkeypatch.setattr(reduced, "LARGE", 10**6)
    picture = images.read(path, side=12)
    assert (picture.reduction, picture.size, picture.pixels.shape) == (8, (304, 400), (3, 38, 50))
    full = images.resize(images.read(path).pixels, (12, 16))
    assert np.abs(images.resize(picture.pixels, (12, 16), picture.box) - full).max() < 0.03


@pytest.mark.parametrize("name", ["x.png", "x.tif"])
def test_thumbnails(tmp_path, name):
    array = smooth(200, 300)
    Image.fromarray(array).save(tmp_path / name)
    got = images.thumbnail(tmp_path / name, 50)
    assert got.shape == (50, 75, 3) and got.dtype == np.uint8
    assert np.abs(got.astype(float) - means(array.astype(float), 4)).max() <= 2
    assert images.thumbnail(tmp_path / name, 500).shape == (200, 300, 3)
    with images.open_windows(tmp_path / name) as image:
        np.testing.assert_array_equal(images.thumbnail(image, 50), got)


def test_a_thumbnail_keeps_numbers_and_missing_pixels(tmp_path):
    array = np.full((100, 100), 3000, np.int16)
    array[:, 50:] = -7
    tifffile.imwrite(tmp_path / "x.tif", array, photometric="minisblack", extratags=[(42113, 2, 0, "-7")])
    got = images.thumbnail(tmp_path / "x.tif", 10)[..., 0]
    assert got.dtype == np.int16 and (got[:, :5] == 3000).all() and (got[:, 5:] == -7).all()

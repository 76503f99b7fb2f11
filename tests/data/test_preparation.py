"""Inputs of the networks: depth kept, channels of the domain, the same scale in training and use."""

import numpy as np
import pytest
from PIL import Image

from support.user_files import write_tiff
from viceversa import images
from viceversa.data.preparation import Preparation
from viceversa.images import ImageError, Values

CT = Values(number_type="int16", channels=1, low=-1024, high=3071, relative=False)


def gradient(h, w, low=0.0, high=1.0):
    return low + (high - low) * np.linspace(0, 1, h * w).reshape(h, w)


@pytest.mark.parametrize(
    ("number_type", "stored"),
    [("uint8", "uint8"), ("int8", "uint16"), ("uint16", "uint16"), ("int16", "uint16"), ("int32", "float32"),
     ("float16", "float32"), ("float32", "float32"), ("float64", "float32")],
)  # fmt: skip
def test_the_store_loses_nothing_in_the_smallest_type(tmp_path, number_type, stored):
    samples = gradient(16, 16, 0, 120).astype(number_type)
    write_tiff(tmp_path / "x.tif", samples)
    values = Values(number_type=number_type, channels=1, low=0, high=127, relative=False)
    prepare = Preparation(size=16, channels=1, values=values)
    kept = prepare.stored(tmp_path / "x.tif")
    assert kept.dtype == stored == prepare.store_type and kept.shape == (1, 16, 16)
    read = (images.from_stored(kept)[0] + 1) * 63.5
    np.testing.assert_allclose(read, samples.astype(float), atol=0.25 if stored == "uint8" else 2e-3)


def test_sixteen_bits_keep_every_level(tmp_path):
    samples = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    write_tiff(tmp_path / "x.tif", samples)
    prepare = Preparation(size=256, channels=1, values=Values(number_type="uint16", channels=1, high=65535))
    np.testing.assert_array_equal(prepare.stored(tmp_path / "x.tif")[0], samples)


def test_runs_of_earlier_versions_have_8_bits(tmp_path):
    write_tiff(tmp_path / "x.tif", gradient(16, 16, 0, 65535).astype(np.uint16))
    assert Preparation(size=16, channels=1).stored(tmp_path / "x.tif").dtype == np.uint8


@pytest.mark.parametrize(("load", "scale"), [(None, 32), (32, 32), (40, 32), (41, 41), (128, 128)])
def test_scale_of_training(load, scale):
    assert Preparation(size=32, load=load).scale_side == scale


@pytest.mark.parametrize("fit", ["cover", "squash"])
def test_the_centre_is_a_crop_of_what_training_sees(tmp_path, fit):
    write_tiff(tmp_path / "x.tif", gradient(60, 90, -1000, 1000).astype(np.int16))
    prepare = Preparation(size=16, load=48, fit=fit, channels=1, values=CT)
    stored = images.from_stored(prepare.stored(tmp_path / "x.tif"))
    assert stored.shape[1:] == ((48, 48) if fit == "squash" else (48, 72))
    left = (stored.shape[2] - 16) // 2
    centre = prepare(tmp_path / "x.tif")
    assert centre.shape == (1, 16, 16)
    np.testing.assert_allclose(centre, stored[:, 16:32, left : left + 16], atol=1 / 32767)


def test_every_file_is_read_by_the_range_of_its_domain(tmp_path):
    for name, extra in (("plain", 0), ("metal", 30000)):
        samples = np.full((16, 16), 40, np.int16)
        samples[0, 0] = extra
        write_tiff(tmp_path / f"{name}.tif", samples)
    prepare = Preparation(size=16, channels=1, values=CT)
    plain, metal = (prepare(tmp_path / f"{name}.tif") for name in ("plain", "metal"))
    assert plain[0, 8, 8] == metal[0, 8, 8] == pytest.approx((40 + 1024) / 2047.5 - 1, abs=1e-6)


def test_missing_pixels_are_filled_for_the_network(tmp_path):
    samples = np.full((16, 16), 1000, np.int16)
    samples[:4] = -2000
    write_tiff(tmp_path / "x.tif", samples)
    values = Values(number_type="int16", channels=1, low=-1024, high=3071, relative=False, nodata=-2000)
    pixels = Preparation(size=16, channels=1, values=values)(tmp_path / "x.tif")
    np.testing.assert_allclose(pixels, (1000 + 1024) / 2047.5 - 1, atol=1e-6)


def test_grey_and_rgb_become_each_other(tmp_path):
    Image.fromarray(gradient(16, 16, 0, 255).astype(np.uint8)).save(tmp_path / "grey.png")
    Image.new("RGB", (16, 16), (255, 0, 0)).save(tmp_path / "red.png")
    assert Preparation(size=16, channels=3)(tmp_path / "grey.png").shape == (3, 16, 16)
    red = Preparation(size=16, channels=1)(tmp_path / "red.png")
    np.testing.assert_allclose(red, 2 * 0.299 - 1, atol=1 / 255)


@pytest.mark.parametrize(("found", "expected"), [(2, 3), (4, 3), (6, 1), (3, 4), (1, 8)])
def test_other_channels_are_refused_in_one_line(tmp_path, found, expected):
    write_tiff(tmp_path / "x.tif", np.zeros((8, 8, found), np.uint8))
    with pytest.raises(ImageError, match=f"it has {found} channels, where its domain has {expected}"):
        Preparation(size=8, channels=expected)(tmp_path / "x.tif")


@pytest.mark.parametrize("count", [1, 2, 3, 5, 64])
def test_any_number_of_channels(tmp_path, count):
    samples = np.random.default_rng(0).random((16, 16, count)).astype(np.float32)
    write_tiff(tmp_path / "x.tif", samples)
    values = Values(number_type="float32", channels=count, high=1, relative=False)
    pixels = Preparation(size=16, channels=count, values=values)(tmp_path / "x.tif")
    np.testing.assert_allclose((pixels + 1) / 2, samples.transpose(2, 0, 1), atol=1e-6)


def test_photographs_have_the_levels_of_8_bits():
    pixels = np.linspace(-1, 1, 1000, dtype=np.float32).reshape(1, 25, 40)
    assert len(np.unique(Preparation(size=8).rounded(pixels))) == 256
    assert len(np.unique(Preparation(size=8, values=CT).rounded(pixels))) == 1000

"""Scaling to [-1, 1] and back loses nothing: every number type, missing pixels, clipped values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from viceversa import images
from viceversa.images import Picture, Values
from viceversa.images.values import (
    denormalise,
    full_span,
    missing_pixels,
    nodata_fits,
    normalise,
    own_span,
)

WHOLE = ["uint8", "int8", "uint16", "int16"]
MANY = ["uint32", "int32", "uint64", "int64"]
FLOAT = ["float16", "float32", "float64"]


def limits(number_type):
    """Least and largest number of a type, as far as float64 has them."""
    kind = np.dtype(number_type)
    info = np.finfo(kind) if kind.kind == "f" else np.iinfo(kind)
    return float(info.min), float(info.max)


@settings(deadline=None, max_examples=30)
@given(data=st.data(), number_type=st.sampled_from(WHOLE))
def test_whole_numbers_of_up_to_16_bits_come_back_exactly(data, number_type):
    samples = data.draw(arrays(number_type, st.tuples(*[st.integers(1, 5)] * 3)))
    span = limits(number_type)
    pixels, clipped = normalise(samples, span)
    assert pixels.dtype == np.float32 and pixels.shape == np.moveaxis(samples, 2, 0).shape and not clipped
    assert np.abs(pixels).max() <= 1
    np.testing.assert_array_equal(denormalise(pixels, span, number_type), samples)


@settings(deadline=None, max_examples=30)
@given(data=st.data(), number_type=st.sampled_from([*WHOLE, *MANY, *FLOAT]))
def test_numbers_come_back_within_the_rounding_of_float32(data, number_type):
    low, high = -100.0 if number_type[0] != "u" else 0.0, 1000.0
    numbers = st.integers(int(low), 100 if number_type.endswith("int8") else 1000)
    samples = data.draw(arrays(number_type, (3, 4, 2), elements=numbers))
    back = denormalise(normalise(samples, (low, high))[0], (low, high), number_type)
    assert back.dtype == number_type
    tolerance = 0 if number_type[0] in "ui" else 1 if number_type == "float16" else 2e-4
    np.testing.assert_allclose(back.astype(float), samples.astype(float), atol=tolerance)


@pytest.mark.parametrize("number_type", [*WHOLE, *MANY, *FLOAT])
def test_both_ends_and_the_middle(number_type):
    samples = np.array([10, 60, 110], number_type).reshape(1, 3, 1)
    pixels, clipped = normalise(samples, (10, 110))
    np.testing.assert_array_equal(pixels[0, 0], [-1, 0, 1])
    assert clipped == 0


def test_values_outside_are_clipped_and_counted():
    samples = np.array([-5000, -1024, 0, 3071, 3072, 30000], np.int16).reshape(2, 3, 1)
    pixels, clipped = normalise(samples, (-1024, 3071))
    assert clipped == 3 and pixels.min() == -1 and pixels.max() == 1
    note = images.clipping_note(clipped, samples.size, (-1024, 3071))
    assert note == ("3 of 6 values lay outside of -1024 to 3071 and were clipped",)


def test_metal_in_one_image_moves_no_other_value():
    tissue = np.random.default_rng(0).integers(-1000, 1200, (8, 8, 1)).astype(np.int16)
    metal = tissue.copy()
    metal[3:5, 3:5] = 30000
    elsewhere = metal[..., 0] != 30000
    plain, spoiled = (normalise(x, (-1024, 3071))[0][0] for x in (tissue, metal))
    np.testing.assert_array_equal(plain[elsewhere], spoiled[elsewhere])


@pytest.mark.parametrize("number_type", FLOAT)
def test_nan_infinity_and_the_stated_number_are_missing(number_type):
    samples = np.zeros((2, 3, 2), number_type)
    samples[0, 0, 1], samples[0, 1, 0], samples[1, 2] = np.nan, np.inf, -9999
    expected = [[True, True, False], [False, False, True]]
    np.testing.assert_array_equal(missing_pixels(samples, -9999), expected)
    assert missing_pixels(samples[1:, :2], -9999) is None


def test_a_number_that_a_type_lacks_is_never_missing():
    samples = np.zeros((2, 2, 1), np.uint8)
    assert missing_pixels(samples, 256) is None  # 256 would wrap around to 0
    assert missing_pixels(samples, -9999) is None
    assert missing_pixels(samples, 0).all()


def test_missing_pixels_get_the_mean_of_the_others_per_channel():
    samples = np.array([[[0, 10], [100, 30], [-9999, -9999]]], np.float32)
    pixels, clipped = normalise(samples, (0, 100), missing_pixels(samples, -9999))
    np.testing.assert_allclose(pixels[:, 0, 2], [0, -0.6], atol=1e-6)
    assert clipped == 0


def test_an_image_without_a_value_is_the_lowest_number():
    samples = np.full((2, 2, 1), np.nan, np.float32)
    pixels, _ = normalise(samples, (20, 30), missing_pixels(samples, None))
    np.testing.assert_array_equal(pixels, -1)


@pytest.mark.parametrize(
    ("samples", "span"),
    [
        (np.zeros((2, 2, 1), np.uint8), (0, 255)),
        (np.full((2, 2, 1), 900, np.uint16), (0, 65535)),
        (np.array([[[0.2], [0.9]]], np.float32), (0, 1)),
        (np.array([[[-3.0], [5.0]]], np.float64), (-3, 5)),
        (np.array([[[0], [70000]]], np.uint32), (0, 70000)),
        (np.array([[[0], [700]]], np.int32), (0, 65535)),
    ],
)
def test_a_file_without_a_domain_has_its_own_span(samples, span):
    assert own_span(samples) == span


def test_own_span_without_missing_pixels():
    samples = np.array([[[-9999.0], [2.0], [7.0]]], np.float32)
    assert own_span(samples, missing_pixels(samples, -9999)) == (2, 7)
    assert own_span(samples, np.ones((1, 3), bool)) == (0, 1)


@pytest.mark.parametrize(
    ("nodata", "number_type", "fits"),
    [
        (-9999, "int16", True), (-9999, "uint8", False), (np.nan, "float32", True), (np.nan, "int16", False),
        (1e30, "float32", True), (1e300, "float32", False), (0.5, "uint8", False), (255, "uint8", True),
        (65536, "uint16", False),
    ],
)  # fmt: skip
def test_which_types_have_a_number(nodata, number_type, fits):
    assert nodata_fits(nodata, number_type) is fits


@pytest.mark.parametrize("number_type", [*WHOLE, *FLOAT])
def test_missing_pixels_come_back_as_they_were(number_type, tmp_path):
    hole = 99 if number_type in WHOLE else -9999
    samples = np.random.default_rng(0).integers(0, 90, (6, 5, 1)).astype(number_type)
    samples[2:4, 1:3] = hole
    values = Values(number_type=number_type, channels=1, low=0, high=100, relative=False, nodata=hole)
    missing = missing_pixels(samples, hole)
    pixels, _ = normalise(samples, (0, 100), missing)
    options = dict(missing=missing, format="TIFF", depth=number_type, low=0, high=100, nodata=hole)
    images.write(tmp_path / "x.tif", Picture(pixels=pixels, **options))
    picture = images.read(tmp_path / "x.tif", values=values)
    np.testing.assert_array_equal(picture.missing, missing)
    np.testing.assert_allclose(images.to_samples(picture).astype(float), samples.astype(float), atol=0.07)
    assert (images.to_samples(picture)[2:4, 1:3] == hole).all()


def test_a_type_without_a_number_for_missing_pixels_is_said():
    float_picture = Picture(
        pixels=np.zeros((1, 2, 2), np.float32),
        missing=np.eye(2, dtype=bool),
        format="TIFF",
        depth="float32",
        nodata=-9999,
    )
    target = Values(number_type="uint8", channels=1, low=0, high=255, relative=False)
    result = images.with_pixels(float_picture, float_picture.pixels, None, target)
    assert result.notes == ("missing pixels became 0: uint8 has no number for them; set data.nodata",)
    np.testing.assert_array_equal(images.to_samples(result)[..., 0], [[0, 128], [128, 0]])


def test_spans_and_words():
    assert full_span("uint8") == (0, 255) and full_span("float32") == (0, 1) and full_span("int16") == (0, 32767)
    photographs = Values()
    assert photographs.is_plain and photographs.span("uint16") == (0, 65535)
    ct = Values(number_type="int16", channels=1, low=-1024, high=3071, relative=False, nodata=-2000)
    assert ct.describe() == "1 channel of int16, values -1024 to 3071, -2000 is missing"
    assert not ct.is_plain and ct.span("float32") == (-1024, 3071)
    assert Values(number_type="uint16").describe() == "3 channels of uint16, values 0 to 65535"
    assert Values(**ct.to_dict()) == ct

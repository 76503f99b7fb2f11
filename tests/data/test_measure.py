"""What numbers plainly are: ranges snapped, outliers left out, numbers that stand for missing pixels found."""

from dataclasses import replace

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from support.user_files import tomography, write_tiff
from viceversa.data import measure
from viceversa.data.measure import (
    ValueSample,
    common_type,
    evenly_spaced,
    measure_values,
    parse_range,
    rounded_outwards,
    snap,
    without_specks,
)
from viceversa.errors import DataError, UsageError


def sample_of(values):
    values = np.asarray(values, np.float64)
    return ValueSample(
        values=values,
        least=values.min(),
        largest=values.max(),
        is_whole=bool((values == np.rint(values)).all()),
    )


def spread(low, high, whole=True, count=5000):
    values = np.linspace(low, high, count)
    return np.rint(values) if whole else values


def files_of(folder, *images, **options):
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{i}.tif" for i in range(len(images))]
    for path, samples in zip(paths, images, strict=True):
        write_tiff(path, samples, **options)
    return paths


@pytest.mark.parametrize(
    ("values", "number_type", "span"),
    [
        (spread(3, 900), "uint16", (0, 1023)),
        (spread(0, 4095), "uint16", (0, 4095)),
        (spread(0, 4096), "uint16", (0, 8191)),
        (spread(100, 60000), "uint16", (0, 65535)),
        (spread(0, 255), "float32", (0, 255)),
        (spread(0.1, 0.9, whole=False), "float32", (0, 1)),
        (spread(-0.8, 0.9, whole=False), "float64", (-1, 1)),
        (spread(0.001, 0.05, whole=False), "float32", (0, 0.05)),
        (spread(280, 320, whole=False), "float32", (280, 320)),
        (spread(280.3, 319.2, whole=False), "float32", (280, 320)),
        (spread(-1000, 900), "int16", (-1024, 1023)),
        (spread(-1024, 3071), "int16", (-1024, 3071)),
        (spread(-1000, 3000), "float32", (-1024, 3071)),
        (spread(-25, 4, whole=False), "float32", (-25, 4)),
        (spread(0, 70000), "uint32", (0, 70000)),
        (spread(200_000, 240_000), "uint32", (200_000, 240_000)),
        (np.full(10, 7.0), "float32", (7, 8)),
    ],
)
def test_what_the_numbers_plainly_are(values, number_type, span):
    assert snap(sample_of(values), number_type) == pytest.approx(span)


def test_scanner_padding_and_metal_leave_hounsfield_units():
    tissue = spread(-1000, 1500)
    padded = np.concatenate([tissue, np.full(2000, -2000)])
    assert snap(sample_of(padded), "int16") == (-1024, 2047)
    metal = np.concatenate([tissue, np.linspace(3000, 30000, 25).round()])
    assert snap(sample_of(metal), "int16") == (-1024, 3071)


def test_depths_of_the_sea_are_not_hounsfield_units():
    assert snap(sample_of(spread(-3000, 2000)), "int16") == (-3000, 2000)


def test_hot_pixels_do_not_widen_the_range():
    values = np.concatenate([spread(100, 900), [60000, 61000]])
    assert snap(sample_of(values), "uint16") == (0, 1023)


@settings(deadline=None, max_examples=60)
@given(low=st.floats(-1e6, 1e6), width=st.floats(1e-3, 1e6))
def test_rounding_outwards_covers_with_little_to_spare(low, width):
    least, largest = rounded_outwards(low, low + width)
    slack = 1e-6 * (abs(low) + width)
    assert least <= low + slack and largest >= low + width - slack
    assert largest - least <= 1.45 * width + slack


@settings(deadline=None, max_examples=40)
@given(
    low=st.integers(-30000, 30000),
    width=st.integers(1, 30000),
    number_type=st.sampled_from(["uint16", "int16", "float32"]),
)
def test_the_range_covers_all_values_without_outliers(low, width, number_type):
    low = abs(low) if number_type[0] == "u" else low
    span = snap(sample_of(spread(low, low + width)), number_type)
    air = (-1024.0, -1024.0) if -3100 <= low <= -900 and span[0] == -1024 else (low, low)
    assert span[0] <= air[0] and span[1] >= low + width


def test_photographs_of_8_bits_are_not_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(measure, "sample_values", lambda *_: pytest.fail("values were read"))
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    values = measure_values([tmp_path / "a.png"], "a")
    assert values.is_plain and values.channels == 3


def test_one_range_for_all_files_whatever_one_slice_holds(tmp_path):
    rng = np.random.default_rng(0)
    slices = [tomography(rng) for _ in range(6)]
    plain = measure_values(files_of(tmp_path / "plain", *slices), "ct")
    slices[2][5:8, 5:8] = 30000
    assert measure_values(files_of(tmp_path / "metal", *slices), "ct") == plain
    assert (plain.low, plain.high, plain.number_type, plain.channels) == (-1024, 2047, "int16", 1)


@pytest.mark.parametrize("hole", [-9999, -32768, 32767])
def test_hidden_missing_pixels_are_found(tmp_path, hole):
    heights = np.linspace(300, 800, 400).reshape(20, 20).astype(np.float32)
    heights[:3, :3] = hole
    with pytest.raises(DataError, match=rf"2.25% of the values of terrain are {hole}, far from all others") as error:
        measure_values(files_of(tmp_path, heights), "terrain")
    assert str(error.value).endswith(f"--set data.nodata={hole}, else --set data.range_a=300,800")
    values = measure_values(files_of(tmp_path, heights), "terrain", nodata=hole)
    assert (values.low, values.high, values.nodata) == (300, 800, hole)
    given = measure_values(files_of(tmp_path, heights), "terrain", given="0,1000")
    assert (given.low, given.high) == (0, 1000)


def test_the_tag_of_gdal_states_missing_pixels(tmp_path):
    heights = np.linspace(300, 800, 400).reshape(20, 20).astype(np.float32)
    heights[:3, :3] = -9999
    values = measure_values(files_of(tmp_path, heights, extratags=[(42113, 2, 0, "-9999", True)]), "terrain")
    assert values.nodata == -9999 and values.low == 300


def test_nan_counts_for_nothing(tmp_path):
    heights = np.linspace(300, 800, 400).reshape(20, 20).astype(np.float32)
    heights[:3, :3] = np.nan
    values = measure_values(files_of(tmp_path, heights), "terrain")
    assert (values.low, values.high, values.nodata) == (300, 800, None)


def test_files_without_any_value_are_named(tmp_path):
    with pytest.raises(DataError, match="every pixel is missing"):
        measure_values(files_of(tmp_path, np.full((4, 4), np.nan, np.float32)), "empty")


@pytest.mark.parametrize(("low", "high", "span"), [(0, 65535, (0, 65535)), (0, 1, (0, 255)), (3, 1000, (0, 1023))])
def test_masks_of_two_levels_have_no_missing_pixels(tmp_path, low, high, span):
    mask = np.full((8, 8), low, np.uint16)
    mask[2:4] = high
    values = measure_values(files_of(tmp_path, mask), "masks")
    assert (values.low, values.high) == span


def test_a_frequent_high_number_is_no_speck():
    values = np.concatenate([spread(0, 100, count=900), np.full(100, 30000.0)])
    assert without_specks(sample_of(values)).largest == 30000
    rare = sample_of(np.concatenate([spread(0, 100, count=995), np.full(5, 30000.0)]))
    assert without_specks(rare).largest == 100 and without_specks(replace(rare)).values.max() == 100


def test_channels_come_from_the_files(tmp_path):
    files = files_of(tmp_path, *(np.ones((8, 8, 5), np.float32) * k for k in (0.1, 0.5)))
    assert measure_values(files, "bands").channels == 5
    Image.new("L", (8, 8)).save(tmp_path / "grey.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "rgb.png")
    assert measure_values([tmp_path / "grey.png", tmp_path / "rgb.png"], "both").channels == 3
    with pytest.raises(DataError, match=r"mixes files of 1 and 5 channels .*grey\.png.*0\.tif"):
        measure_values([tmp_path / "grey.png", *files], "both")


def test_8_and_16_bits_together_are_relative(tmp_path):
    files = files_of(
        tmp_path, np.full((8, 8), 200, np.uint8), np.linspace(0, 65535, 64).reshape(8, 8).astype(np.uint16)
    )
    values = measure_values(files, "photographs")
    assert values.relative and values.number_type == "uint16" and values.span("uint8") == (0, 255)


def test_types_together():
    assert common_type({"uint8", "int16"}) == "int16"
    assert common_type({"uint16", "float32"}) == "float32"


@pytest.mark.parametrize("given", ["1", "5,1", "a,b", "1,2,3", "nan,1", "0,inf", ""])
def test_a_range_is_two_rising_numbers(given):
    with pytest.raises(UsageError, match=r"data.range_b.*write auto, or the lowest and the highest value"):
        parse_range(given, "data.range_b")


def test_ranges_as_typed():
    assert parse_range("auto", "k") is None and parse_range("-1024, 3071", "k") == (-1024, 3071)


def test_a_sample_is_evenly_spaced(tmp_path):
    assert evenly_spaced(list(range(10)), 5) == [0, 2, 4, 6, 8] and evenly_spaced([1, 2], 5) == [1, 2]


def test_broken_files_are_left_to_training(tmp_path):
    files = files_of(tmp_path, np.linspace(0, 900, 64).reshape(8, 8).astype(np.uint16))
    (tmp_path / "broken.tif").write_bytes(b"II*\0 nothing")
    assert measure_values([tmp_path / "broken.tif", *files], "a").high == 1023
    assert measure_values([tmp_path / "broken.tif"], "a") == measure.Values()


def test_pages_are_measured_like_files(tmp_path):
    stack = np.stack([np.full((8, 8), level, np.uint16) + np.arange(8, dtype=np.uint16) for level in (0, 500, 4000)])
    tifffile.imwrite(tmp_path / "s.tif", stack, photometric="minisblack")
    pages = [tmp_path / f"s.tif#{n}" for n in (1, 2, 3)]
    assert measure_values(pages, "stack").high == 4095 and measure_values(pages[:2], "stack").high == 511

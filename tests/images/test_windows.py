"""Windows of any image: addresses of windows, parts of images, levels, files in memory, large NumPy files."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from support.slides import pattern, write_pyramid
from viceversa import images
from viceversa.images import ImageError, Level, Window
from viceversa.images.address import Address, address_of
from viceversa.images.windows import level_of


@pytest.mark.parametrize(
    "path, expected",
    [
        ("x.tif", Address("x.tif", 0, "")),
        ("x.tif#3", Address("x.tif", 2, "")),
        ("x.tif#left", Address("x.tif", 0, "#left")),
        ("x.tif#1,2,30,40", Address("x.tif", 0, "", Window(2, 1, 40, 30))),
        ("x.tif#3#1,2,30,40", Address("x.tif", 2, "", Window(2, 1, 40, 30))),
        ("x.tif#1,2,30", Address("x.tif#1,2,30", 0, "")),
        ("x.tif#0", Address("x.tif#0", 0, "")),
        ("x.tif#-1,2,30,40", Address("x.tif#-1,2,30,40", 0, "")),
        ("x#1/y.tif", Address("x#1/y.tif", 0, "")),
    ],
)
def test_what_a_path_names(path, expected):
    assert address_of(path) == expected
    assert images.file_of(path) == (expected.file, path[len(expected.file) :])


def test_a_file_of_that_very_name_comes_first(tmp_path):
    for name in ("x.png", "x.png#0,0,2,2"):
        Image.fromarray(pattern(8, 9) if name == "x.png" else pattern(5, 6)).save(tmp_path / name, "PNG")
    assert images.read(tmp_path / "x.png#0,0,2,2").size == (5, 6)
    assert images.read(f"{tmp_path}/x.png#0,0,2,3").size == (3, 2)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".npy", ".bmp"])
def test_a_window_is_an_image_of_its_own_in_every_format(tmp_path, suffix):
    path, array = tmp_path / f"x{suffix}", pattern(100, 120)
    np.save(path, array) if suffix == ".npy" else Image.fromarray(array).save(path)
    whole = images.read(path)
    part = images.read(f"{path}#30,20,50,40")
    np.testing.assert_array_equal(part.pixels, whole.pixels[:, 20:60, 30:80])
    assert part.size == (40, 50)
    assert images.describe(f"{path}#30,20,50,40") == images.describe(path)
    np.testing.assert_array_equal(images.read_decoded(f"{path}#30,20,50,40").samples, array_of(path)[20:60, 30:80])
    with images.open_windows(f"{path}#30,20,50,40") as image:
        assert image.about.size == (40, 50)
        np.testing.assert_array_equal(image.read(Window(5, 6, 7, 8)).samples, array_of(path)[25:32, 36:44])
        with pytest.raises(ImageError):
            image.read(Window(0, 0, 41, 50))
    assert [page.size for page in images.read_pages(f"{path}#30,20,50,40")] == [(40, 50)]


def array_of(path: Path) -> np.ndarray:
    return images.read_decoded(path).samples


@pytest.mark.parametrize("window", ["100,0,21,5", "0,90,5,11", "0,0,0,5", "0,0,5,0", "9999999999,0,1,1"])
def test_a_window_outside_of_the_image_is_refused_in_one_line(tmp_path, window):
    Image.fromarray(pattern(100, 120)).save(tmp_path / "x.png")
    for function in (images.read, images.read_decoded, images.open_windows):
        with pytest.raises(ImageError) as caught:
            function(f"{tmp_path}/x.png#{window}")
        assert str(caught.value).endswith("reaches outside of its 120 x 100 pixels; name a window inside")


def test_a_window_of_a_page(tmp_path):
    stack = np.random.default_rng(0).integers(0, 255, (3, 40, 50), np.uint8)
    tifffile.imwrite(tmp_path / "x.tif", stack, photometric="minisblack")
    part = images.read_decoded(f"{tmp_path}/x.tif#2#10,5,20,30").samples[..., 0]
    np.testing.assert_array_equal(part, stack[1, 5:35, 10:30])


def test_a_part_of_a_map_has_no_georeference(tmp_path):
    tags = [(33550, 12, 3, (1.0, 1.0, 0.0)), (33922, 12, 6, (0.0, 0, 0, 5, 7, 0))]
    tifffile.imwrite(tmp_path / "x.tif", pattern(64, 64), photometric="rgb", tile=(16, 16), extratags=tags)
    images.write(tmp_path / "whole.tif", images.read(tmp_path / "x.tif"))
    images.write(tmp_path / "part.tif", images.read(f"{tmp_path}/x.tif#16,16,20,20"))
    for name, has_tags in (("whole", True), ("part", False)):
        with tifffile.TiffFile(tmp_path / f"{name}.tif") as file:
            assert (33922 in file.pages[0].tags) == has_tags


def test_the_levels_of_a_part(tmp_path):
    array = pattern(256, 320)
    path = write_pyramid(tmp_path / "x.tif", array, (2, 4))
    with images.open_windows(f"{path}#64,32,128,96") as image:
        assert image.about.levels == (Level(96, 128, 1), Level(48, 64, 2), Level(24, 32, 4))
        for level, factor in enumerate((1, 2, 4)):
            size = image.about.levels[level]
            part = image.read(Window(0, 0, size.height, size.width), level).samples
            np.testing.assert_array_equal(part, array[32:128, 64:192][::factor, ::factor])
    with images.open_windows(f"{path}#5,5,1,1") as image:
        assert len(image.about.levels) == 1  # nothing of it is left at others


@pytest.mark.parametrize(
    "size, full, downsample",
    [((50, 100), (100, 200), 2), ((50, 100), (101, 201), 2), ((51, 101), (101, 201), 2), ((40, 70), (100, 175), 2.5)],
)
def test_the_downsample_of_a_level_is_what_its_sides_are_rounded_from(size, full, downsample):
    assert level_of(size, full) == Level(*size, downsample)


def test_a_large_numpy_file_is_read_by_windows(tmp_path):
    path = tmp_path / "x.npy"
    array = np.lib.format.open_memmap(path, "w+", np.uint8, (14_000, 13_000))
    array[9_000:9_010, 7_000:7_020] = np.arange(200).reshape(10, 20)
    array.flush()
    with images.open_windows(path) as image:
        assert image.about.size == (14_000, 13_000)
        part = image.read(Window(9_000, 7_000, 10, 20)).samples[..., 0]
    np.testing.assert_array_equal(part, np.arange(200).reshape(10, 20))
    with pytest.raises(ImageError, match="name a window"):
        images.read(path)


@pytest.mark.parametrize("order", "CF")
def test_pages_of_numpy_files(tmp_path, order):
    array = np.asarray(np.random.default_rng(0).integers(0, 2**16, (3, 90, 80, 2)).astype(">u2"), order=order)
    np.save(tmp_path / "x.npy", array)
    with images.open_windows(f"{tmp_path}/x.npy#2") as image:
        assert (image.about.number_type, image.about.channels) == ("uint16", 2)
        np.testing.assert_array_equal(image.read(Window(3, 4, 50, 60)).samples, array[1, 3:53, 4:64])
    data = (tmp_path / "x.npy").read_bytes()
    (tmp_path / "x.npy").write_bytes(data[:-1])
    with pytest.raises(ImageError, match="truncated"):
        images.open_windows(tmp_path / "x.npy")

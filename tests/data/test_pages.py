"""Pages of stacks as images of a dataset: names, order, pairs, and what is left out."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from viceversa import images
from viceversa.data.pages import count_pages, expand_pages
from viceversa.errors import DataError


@pytest.fixture
def files(tmp_path):
    """A stack of three pages, a file of one, an animation of two frames and a file that is broken."""
    stack = np.arange(3 * 8 * 8, dtype=np.uint16).reshape(3, 8, 8)
    tifffile.imwrite(tmp_path / "stack.tif", stack, photometric="minisblack")
    Image.fromarray(stack[0].astype(np.uint8)).save(tmp_path / "one.png")
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    (tmp_path / "broken.tif").write_bytes(b"II*\0 nothing")
    return tmp_path


def names(paths):
    return [path.name for path in paths]


def test_every_page_is_an_image_in_order(files):
    paths = (files / "one.png", files / "stack.tif")
    expanded = expand_pages({"train": paths}, "auto", [])
    assert names(expanded.files["train"]) == ["one.png", "stack.tif#1", "stack.tif#2", "stack.tif#3"]
    assert expanded.notes == ("1 files hold 3 pages, each of them an image",)
    for page, path in enumerate(expanded.files["train"][1:]):
        assert images.read_decoded(path).samples[0, 0, 0] == page * 64


def test_the_first_page_alone(files):
    expanded = expand_pages({"train": (files / "stack.tif",)}, "first", [])
    assert names(expanded.files["train"]) == ["stack.tif"]
    assert expanded.notes == ("1 files hold 3 pages; 2 are left out (data.pages=first)",)


def test_files_of_one_page_change_nothing(files):
    listing = {"train": (files / "one.png",), "test": ()}
    expanded = expand_pages(listing, "auto", [("train", "test")])
    assert expanded.files == listing and expanded.notes == ()


@pytest.mark.parametrize(
    ("name", "pages", "count"),
    [
        ("stack.tif", "auto", 3), ("stack.tif", "all", 3), ("moving.gif", "auto", 1), ("moving.gif", "all", 2),
        ("broken.tif", "auto", 1), ("stack.tif#2", "auto", 1), ("one.png", "all", 1), ("absent.tif", "auto", 1),
    ],
)  # fmt: skip
def test_pages_of_a_file(files, name, pages, count):
    assert count_pages(files / name, pages) == count


def test_frames_of_an_animation_where_wanted(files):
    expanded = expand_pages({"train": (files / "moving.gif",)}, "all", [])
    red, blue = (images.read(path).pixels[:, 4, 4] for path in expanded.files["train"])
    assert red[0] > 0.9 > red[2] and blue[2] > 0.9 > blue[0]


def test_files_that_belong_together_have_equal_pages(files):
    listing = {"test_a": (files / "stack.tif",), "truth_a": (files / "one.png",)}
    with pytest.raises(DataError, match=r"stack\.tif has 3 pages and .*one\.png.* has 1") as error:
        expand_pages(listing, "auto", [("test_a", "truth_a")])
    assert "\n" not in str(error.value) and "data.pages=first" in str(error.value)
    assert expand_pages(listing, "first", [("test_a", "truth_a")]).files == listing


def test_pairs_stay_pairs(files):
    tifffile.imwrite(files / "truth.tif", np.zeros((3, 8, 8), np.uint8), photometric="minisblack")
    listing = {"test_a": (files / "stack.tif",), "truth_a": (files / "truth.tif",)}
    expanded = expand_pages(listing, "auto", [("test_a", "truth_a")]).files
    assert [n.partition("#")[2] for n in names(expanded["test_a"])] == ["1", "2", "3"]
    assert [n.partition("#")[2] for n in names(expanded["truth_a"])] == ["1", "2", "3"]

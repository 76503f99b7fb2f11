"""Arrays, batches, bytes and lists: the result is of the kind of the input, with the known answer."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from support.pictures import noise
from support.translators import expected_swap, swapping_translator
from viceversa import images
from viceversa.errors import DataError, UsageError


def encoded(form: str, **options: object) -> bytes:
    out = BytesIO()
    Image.fromarray(noise((20, 24, 3))).save(out, form, **options)
    return out.getvalue()


@pytest.mark.parametrize("shape", [(20, 24, 3), (2, 20, 24, 3)])
def test_uint8_arrays(shape: tuple[int, ...]) -> None:
    x = noise(shape)
    y = swapping_translator()(x, to="oranges")
    assert y.dtype == np.uint8 and y.shape == shape and np.abs(y - expected_swap(x)).max() <= 0.501


@pytest.mark.parametrize("shape", [(20, 24, 3), (2, 20, 24, 3)])
def test_float_arrays_in_a_stated_range(shape: tuple[int, ...]) -> None:
    x = noise(shape).astype(np.float32) / 255  # all in 0..1, but stated to be -1..1
    y = swapping_translator().translate(x, "oranges", value_range=(-1, 1))
    assert y.dtype == np.float32
    np.testing.assert_allclose(y, (x[..., ::-1] + 1) / 2 - 1, atol=1e-6)
    y = swapping_translator().translate(x, "oranges")
    np.testing.assert_allclose(y, x[..., ::-1] / 2, atol=1e-6)
    with pytest.raises(UsageError, match="outside value_range"):
        swapping_translator().translate(x * 2, "oranges", value_range=(0, 1))


def test_the_images_of_a_batch_have_one_range() -> None:
    x = noise((2, 20, 24, 3)).astype(np.float32) / 255
    x[1] -= 0.5  # the batch is in -1..1, though its first image would be in 0..1
    y = swapping_translator().translate(x, "oranges")
    np.testing.assert_allclose(y, (x[..., ::-1] + 1) / 2 - 1, atol=1e-6)


def test_alpha_of_a_batch_is_kept() -> None:
    x = noise((2, 20, 24, 4))
    y = swapping_translator().translate(x, "oranges")
    np.testing.assert_array_equal(y[..., 3], x[..., 3])
    assert np.abs(y[..., :3] - expected_swap(x[..., :3])).max() <= 0.501


@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP", "WEBP", "JPEG"])
def test_bytes_become_the_bytes_of_the_same_format(form: str) -> None:
    options = {"lossless": True} if form == "WEBP" else {}
    y = swapping_translator().translate(encoded(form, **options), "oranges")
    assert isinstance(y, bytes)
    with Image.open(BytesIO(y)) as image:
        assert image.format == form and image.size == (24, 20)
        if form != "JPEG":
            assert np.abs(np.asarray(image) - expected_swap(noise((20, 24, 3)))).max() <= 0.501


def test_a_path_becomes_an_image_with_its_alpha(tmp_path: Path) -> None:
    Image.fromarray(noise((20, 24, 4))).save(tmp_path / "x.png")
    y = swapping_translator().translate(str(tmp_path / "x.png"), "oranges")
    assert isinstance(y, Image.Image) and y.mode == "RGBA"
    np.testing.assert_array_equal(np.asarray(y)[..., 3], noise((20, 24, 4))[..., 3])


def test_a_list_may_mix_kinds_and_keeps_their_order(tmp_path: Path) -> None:
    array = noise((20, 24, 3))
    Image.fromarray(array).save(tmp_path / "x.png")
    floats, tensor = array.astype(np.float32) / 255, torch.from_numpy(array.transpose(2, 0, 1).copy())
    items = [array, tmp_path / "x.png", Image.fromarray(array), tensor, array[None], encoded("PNG"), floats]
    results = swapping_translator().translate(items, "oranges", value_range=(0, 1))
    assert [type(r) for r in results] == [
        np.ndarray, Image.Image, Image.Image, torch.Tensor, np.ndarray, bytes, np.ndarray,
    ]  # fmt: skip
    results[3], results[5] = results[3].permute(1, 2, 0), Image.open(BytesIO(results[5]))
    for result, scale in zip(results, (1, 1, 1, 1, 1, 1, 255), strict=True):
        assert np.abs(np.asarray(result).reshape(20, 24, 3) * scale - expected_swap(array)).max() <= 0.501
    assert isinstance(swapping_translator().translate((array,), "oranges"), tuple)
    assert swapping_translator().translate([], "oranges") == []


@pytest.mark.parametrize("item", [None, 3, [[1, 2], [3, 4]], {}, np.zeros((2, 3, 20, 24)), np.zeros((2, 4, 4, 3), int)])
def test_what_is_no_image_is_refused_in_one_line(item: object) -> None:
    with pytest.raises(UsageError) as caught:
        swapping_translator().translate(item, "oranges")
    assert "\n" not in str(caught.value)


def test_a_range_for_what_states_its_own_is_refused() -> None:
    for image in (Image.new("RGB", (20, 20)), encoded("PNG"), noise((20, 24, 3))):
        with pytest.raises(UsageError, match="value_range"):
            swapping_translator().translate(image, "oranges", value_range=(0, 1))


@pytest.mark.parametrize("data", [b"", b"junk"])
def test_bytes_that_are_no_file_are_refused_in_one_line(data: bytes) -> None:
    with pytest.raises(DataError, match="cannot read the bytes"):
        swapping_translator().translate(data, "oranges")


def test_a_pil_image_keeps_its_exif(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[271], exif[274] = "Maker", 6
    Image.fromarray(noise((20, 24, 3))).save(tmp_path / "x.jpg", exif=exif)
    with Image.open(tmp_path / "x.jpg") as image:
        result = swapping_translator().translate(image, "oranges")
    assert result.size == (20, 24) and result.getexif()[271] == "Maker" and result.getexif()[274] == 1
    assert images.read(tmp_path / "x.jpg").exif is not None

"""The translator: kinds of input, file formats, batches and precision, each against a known answer."""

import unicodedata
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms
from torch import nn

from support.pictures import png
from support.translators import RecordShapes, SwapRedBlue, expected_swap, smooth_photo, swapping_translator
from viceversa import images
from viceversa.errors import UsageError
from viceversa.translation.pipeline import translate_files
from viceversa.translation.translator import Translator


def translate_file(path: Path, out: Path) -> Path:
    summary = translate_files(swapping_translator(), [path], "oranges", out)
    assert summary.written == [out / path.name] and not summary.skipped
    return summary.written[0]


def test_jpeg_with_exif_rotation(tmp_path: Path) -> None:
    photo = smooth_photo()
    exif = Image.Exif()
    exif[0x0112] = 6  # stored sideways, to be shown turned clockwise
    sideways = Image.fromarray(photo).rotate(90, expand=True)
    sideways.save(tmp_path / "turned.jpg", quality=100, subsampling=0, exif=exif)
    assert sideways.size == (301, 250)
    with Image.open(translate_file(tmp_path / "turned.jpg", tmp_path / "out")) as result:
        assert result.format == "JPEG" and result.size == (250, 301)
        assert result.getexif().get(0x0112, 1) == 1  # upright, and not turned a second time
        error = np.abs(np.asarray(result).astype(float) - expected_swap(photo))
    assert error.max() <= 6 and error.mean() < 1  # two JPEG encodings of a smooth image


def test_sixteen_bit_png_keeps_its_depth(tmp_path: Path) -> None:
    ramp = (np.arange(64 * 48 * 3).reshape(48, 64, 3) * 7 % 65536).astype(np.uint16)
    (tmp_path / "deep.png").write_bytes(png(ramp, 16))
    picture = images.read(translate_file(tmp_path / "deep.png", tmp_path / "out"))
    assert picture.depth == "uint16"
    samples = images.to_samples(picture).astype(np.int64)
    assert np.abs(samples - expected_swap(ramp)).max() <= 0.51
    assert len(np.unique(samples)) > 256


def test_rgba_png_keeps_alpha_and_profile(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rgba = rng.integers(0, 256, (37, 53, 4), dtype=np.uint8)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(rgba, "RGBA").save(tmp_path / "clear.png", icc_profile=profile)
    with Image.open(translate_file(tmp_path / "clear.png", tmp_path / "out")) as result:
        assert result.mode == "RGBA" and result.size == (53, 37)
        assert result.info["icc_profile"] == profile
        output = np.asarray(result)
    assert np.array_equal(output[..., 3], rgba[..., 3])
    assert np.abs(output[..., :3] - expected_swap(rgba[..., :3])).max() <= 0.501


def test_cmyk_jpeg_becomes_rgb_of_the_same_colours(tmp_path: Path) -> None:
    cmyk = np.zeros((32, 32, 4), np.uint8)
    cmyk[:, :16, 1:3] = 255  # magenta + yellow: red
    cmyk[:, 16:, 0] = 255  # cyan
    Image.fromarray(cmyk, "CMYK").save(tmp_path / "print.jpg", quality=100, subsampling=0)
    with Image.open(translate_file(tmp_path / "print.jpg", tmp_path / "out")) as result:
        assert result.mode == "RGB" and result.format == "JPEG"
        left, right = result.getpixel((5, 16)), result.getpixel((26, 16))
    assert np.abs(np.subtract(left, (0, 0, 128))).max() <= 4  # red, swapped and halved
    assert np.abs(np.subtract(right, (128, 128, 0))).max() <= 4


def test_grey_png_is_translated(tmp_path: Path) -> None:
    Image.fromarray(np.full((20, 30), 200, np.uint8)).save(tmp_path / "grey.png")
    with Image.open(translate_file(tmp_path / "grey.png", tmp_path / "out")) as result:
        assert np.asarray(result.convert("RGB")).reshape(-1, 3).tolist() == [[100] * 3] * 600


def test_result_has_the_type_of_the_input(tmp_path: Path) -> None:
    translator, photo = swapping_translator(), smooth_photo()
    expected = expected_swap(photo)
    pil = translator.translate(Image.fromarray(photo), to="oranges")
    assert isinstance(pil, Image.Image) and np.abs(np.asarray(pil) - expected).max() <= 0.501
    array = translator.translate(photo, to="B")
    assert array.dtype == np.uint8 and np.abs(array - expected).max() <= 0.501
    tensor = torch.from_numpy(photo.transpose(2, 0, 1)) / 127.5 - 1
    torch.testing.assert_close(translator.translate(tensor, to="oranges"), SwapRedBlue()(tensor[None])[0])
    assert translator.translate(tensor[None], to="oranges").shape == (1, 3, 301, 250)
    Image.fromarray(photo).save(tmp_path / "x.png")
    assert np.abs(np.asarray(translator.translate(tmp_path / "x.png", to="oranges")) - expected).max() <= 0.501


def test_unknown_domain_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean 'oranges'"):
        swapping_translator().side("orange")


def test_bfloat16_is_used_for_8_bit_images_only() -> None:
    torch.manual_seed(0)
    nets = {side: nn.Conv2d(3, 3, 3, padding=1) for side in "AB"}
    exact, rounded = (Translator(nets, ("a", "b"), (3, 3), 64, 1, precision=p) for p in ("fp32", "bf16"))
    pixels = np.random.default_rng(0).uniform(-1, 1, (3, 32, 32)).astype(np.float32)
    shallow, deep = images.Picture(pixels=pixels), images.Picture(pixels=pixels, depth="uint16", high=65535.0)
    one, two = (t.pictures([shallow], "b")[0].pixels for t in (exact, rounded))
    assert 0 < abs(one - two).max() < 0.02
    one, two = (t.pictures([shallow, deep], "b")[1].pixels for t in (exact, rounded))
    np.testing.assert_array_equal(one, two)


def test_batched_images_equal_single_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several sizes in any order, one of them reduced; a batch holds images of one size."""
    sizes = [(64, 64), (32, 48), (64, 64), (300, 200), (64, 64), (32, 48)]
    rng, translator = np.random.default_rng(0), swapping_translator("auto")
    translator.batch_size = 2
    pictures = [images.Picture(pixels=rng.uniform(-1, 1, (3, *size)).astype(np.float32)) for size in sizes]
    shapes: list[tuple[int, ...]] = []
    batch = translator.batch

    def recorded(x: torch.Tensor, side: str, precision: str | None = None) -> torch.Tensor:
        shapes.append(tuple(x.shape))
        return batch(x, side, precision)

    monkeypatch.setattr(translator, "batch", recorded)
    outputs = translator.pictures(pictures, "oranges")
    assert shapes == [(2, 3, 64, 64), (1, 3, 64, 64), (2, 3, 32, 48), (1, 3, 96, 64)]
    for picture, output in zip(pictures, outputs, strict=True):
        np.testing.assert_array_equal(output.pixels, translator.picture(picture, "oranges").pixels)


def test_fixed_batch_pads_with_the_last_image() -> None:
    """A network compiled for one shape gets full batches only; the padding is dropped from the result."""
    net = RecordShapes()
    translator = Translator({"A": nn.Identity(), "B": net}, ("a", "b"), (3, 3), 64, 1, scale="native", fixed_batch=True)
    translator.batch_size = 4
    rng = np.random.default_rng(0)
    sizes = [(20, 24)] * 4 + [(16, 16)] + [(20, 24)] * 2
    pictures = [images.Picture(pixels=rng.uniform(-1, 1, (3, *size)).astype(np.float32)) for size in sizes]
    outputs = translator.pictures(pictures, "b")
    assert net.shapes == [(4, 3, 24, 28), (4, 3, 24, 28), (4, 3, 20, 20)]  # with the margin
    for picture, output in zip(pictures, outputs, strict=True):
        np.testing.assert_array_equal(output.pixels, swapping_translator().picture(picture, "oranges").pixels)


def test_a_domain_is_named_in_any_unicode_form() -> None:
    nfc, nfd = (unicodedata.normalize(form, "été") for form in ("NFC", "NFD"))
    for stored in (nfc, nfd):
        translator = Translator({"A": nn.Identity(), "B": nn.Identity()}, (stored, "hiver"), (3, 3), 64, 1)
        assert translator.side(nfc) == translator.side(nfd) == translator.side("A") == "A"
        with pytest.raises(UsageError, match=r"--to 'Été'.* Did you mean"):
            translator.side("Été")

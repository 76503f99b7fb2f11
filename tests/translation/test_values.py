"""Numbers of a domain through a translator: with a network that changes nothing they are those of the target."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image
from torch import Tensor, nn

from support.user_files import write_tiff
from viceversa import images
from viceversa.errors import UsageError
from viceversa.images import Values
from viceversa.translation.pipeline import translate_files
from viceversa.translation.translator import Translator

MR = Values(number_type="uint16", channels=1, low=0, high=1023, relative=False)
CT = Values(number_type="int16", channels=1, low=-1024, high=3071, relative=False)
KELVIN = Values(number_type="float32", channels=1, low=250, high=350, relative=False, nodata=-9999)
HEIGHTS = Values(number_type="float32", channels=1, low=0, high=1000, relative=False)


def identity(a: Values, b: Values, squash: bool = False, size: int = 64) -> Translator:
    """A to B and back by networks that change nothing."""
    networks = {"A": nn.Identity(), "B": nn.Identity()}
    return Translator(networks, ("a", "b"), (a.channels, b.channels), size, 1, values={"A": a, "B": b}, squash=squash)


def gradient(low, high, number_type, shape=(32, 40)):
    numbers = np.linspace(low, high, shape[0] * shape[1]).reshape(shape)
    return (np.rint(numbers) if np.dtype(number_type).kind in "ui" else numbers).astype(number_type)


def scaled(samples, source, target):
    """The exact numbers of the target."""
    share = (samples.astype(float) - source.low) / (source.high - source.low)
    return target.low + np.clip(share, 0, 1) * (target.high - target.low)


PAIRS = [(MR, CT), (CT, MR), (CT, CT), (MR, KELVIN), (KELVIN, CT), (HEIGHTS, KELVIN)]


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_arrays_come_back_in_the_numbers_of_the_target(source, target):
    samples = gradient(source.low, source.high, source.number_type)
    result = identity(source, target).translate(samples, to="b")
    assert result.dtype == target.number_type and result.shape == samples.shape
    np.testing.assert_allclose(
        result, scaled(samples, source, target), atol=0.51 if "int" in target.number_type else 1e-2
    )


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_files_come_back_like_arrays(tmp_path, source, target):
    samples = gradient(source.low, source.high, source.number_type)
    write_tiff(tmp_path / "x.tif", samples, resolution=(400, 400), resolutionunit="INCH")
    translator = identity(source, target)
    path = translate_files(translator, [tmp_path / "x.tif"], "b", tmp_path / "out").written[0]
    np.testing.assert_array_equal(tifffile.imread(path), translator.translate(samples, to="b"))
    assert images.read(path).dpi == pytest.approx((400, 400))


@pytest.mark.parametrize("values", [MR, CT, KELVIN])
def test_there_and_back_is_the_same(values):
    samples = gradient(values.low, values.high, values.number_type)
    translator = identity(values, values)
    back = translator.translate(translator.translate(samples, to="b"), to="a")
    np.testing.assert_allclose(back, samples, atol=0 if "int" in values.number_type else 1e-4)


def test_missing_pixels_keep_their_place_and_get_the_number_of_the_target():
    samples = gradient(0, 1000, "float32")
    samples[3:6, 4:9] = np.nan
    result = identity(HEIGHTS, KELVIN).translate(samples, to="b")
    np.testing.assert_array_equal(result == -9999, np.isnan(samples))
    back = identity(HEIGHTS, KELVIN).translate(result, to="a")
    np.testing.assert_array_equal(~np.isfinite(back) | (back == -9999), np.isnan(samples))
    np.testing.assert_allclose(back[~np.isnan(samples)], samples[~np.isnan(samples)], atol=1e-2)


def test_clipped_values_are_counted_once_per_file(tmp_path):
    samples = gradient(-1024, 3071, "int16")
    samples[:2, :5] = 30000
    write_tiff(tmp_path / "metal.tif", samples)
    summary = translate_files(identity(CT, MR), [tmp_path / "metal.tif"], "b", tmp_path / "out")
    assert summary.notes == ["metal.tif: 10 of 1280 values lay outside of -1024 to 3071 and were clipped"]
    assert tifffile.imread(summary.written[0])[:2, :5].min() == 1023


class FirstOf(nn.Module):
    """The first channels, repeated where there are fewer."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x] * self.count, dim=1)[:, : self.count]


@pytest.mark.parametrize(("a", "b"), [(6, 1), (1, 6), (2, 3), (8, 2), (4, 4)])
def test_unequal_channels(tmp_path, a, b):
    values = [Values(number_type="uint16", channels=n, low=0, high=10_000, relative=False) for n in (a, b)]
    networks = {"A": FirstOf(a), "B": FirstOf(b)}
    translator = Translator(networks, ("a", "b"), (a, b), 64, 1, values=dict(zip("AB", values, strict=True)))
    samples = np.random.default_rng(0).integers(0, 10_001, (32, 40, a)).astype(np.uint16)
    write_tiff(tmp_path / "x.tif", samples)
    path = translate_files(translator, [tmp_path / "x.tif"], "b", tmp_path / "out").written[0]
    expected = np.concatenate([samples] * b, axis=2)[..., :b]
    np.testing.assert_array_equal(images.read_decoded(path).samples, expected)
    assert images.read(path).alpha is None


def stack_of(path: Path, pages: int) -> np.ndarray:
    stack = np.stack([gradient(100 * n, 100 * n + 500, "uint16") for n in range(pages)])
    tifffile.imwrite(path, stack, photometric="minisblack")
    return stack


def test_a_stack_comes_back_whole_and_its_notes_are_said_once(tmp_path):
    stack = stack_of(tmp_path / "stack.tif", 30)
    summary = translate_files(identity(MR, CT), [tmp_path / "stack.tif"], "b", tmp_path / "out")
    written = tifffile.imread(summary.written[0])
    assert written.shape == stack.shape and written.dtype == np.int16
    np.testing.assert_allclose(written, scaled(stack, MR, CT), atol=0.51)
    assert len(summary.written) == 1 and len(summary.notes) == 1  # not thirty


def test_pages_and_their_stack_become_different_files(tmp_path):
    stack_of(tmp_path / "stack.tif", 3)
    inputs = [tmp_path / "stack.tif", *(f"{tmp_path}/stack.tif#{n}" for n in (1, 3))]
    summary = translate_files(identity(MR, CT), inputs, "b", tmp_path / "out")
    assert [path.name for path in summary.written] == ["stack.tif", "stack-1.tif", "stack-3.tif"]
    whole, first, third = (tifffile.imread(path) for path in summary.written)
    np.testing.assert_array_equal(whole[[0, 2]], [first, third])


def test_a_page_beside_a_file_of_its_name_is_refused(tmp_path):
    stack_of(tmp_path / "stack.tif", 3)
    write_tiff(tmp_path / "stack-2.tif", gradient(0, 900, "uint16"))
    inputs = [f"{tmp_path}/stack.tif#2", tmp_path / "stack-2.tif"]
    with pytest.raises(UsageError, match="would both become") as error:
        translate_files(identity(MR, CT), inputs, "b", tmp_path / "out")
    assert "\n" not in str(error.value) and not (tmp_path / "out").exists()


def test_an_input_is_never_overwritten(tmp_path):
    stack_of(tmp_path / "stack.tif", 3)
    for name in ("stack.tif", "stack.tif#2"):
        before = (tmp_path / "stack.tif").read_bytes()
        if name == "stack.tif":
            with pytest.raises(UsageError, match="would overwrite"):
                translate_files(identity(MR, CT), [f"{tmp_path}/{name}"], "b", tmp_path)
        else:
            translate_files(identity(MR, CT), [f"{tmp_path}/{name}"], "b", tmp_path)
        assert (tmp_path / "stack.tif").read_bytes() == before


def test_two_files_that_need_another_suffix_stay_two(tmp_path):
    for suffix in (".png", ".bmp"):
        Image.fromarray(gradient(0, 255, "uint8")).save(tmp_path / f"x{suffix}")
    eight = Values(number_type="uint8", channels=1, low=0, high=255)
    summary = translate_files(identity(eight, CT), [tmp_path / "x.png", tmp_path / "x.bmp"], "b", tmp_path / "out")
    assert len({path for path in summary.written}) == 2
    for path in summary.written:
        assert path.suffix == ".tif" and tifffile.imread(path).dtype == np.int16
    assert any("written as TIFF: PNG files do not hold 1 channels of int16" in note for note in summary.notes)


@pytest.mark.parametrize("name", ["moving.gif", "moving.png", "moving.webp"])
def test_the_first_frame_of_an_animation_is_translated_and_said_once(tmp_path, name):
    frames = [Image.fromarray(np.full((32, 40, 3), level, np.uint8)) for level in (50, 200)]
    frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], lossless=True)
    summary = translate_files(identity(Values(), Values()), [tmp_path / name], "b", tmp_path / "out")
    notes = [note for note in summary.notes if "frames" in note]
    assert notes == [f"{name}: several frames: only the first is used"]
    assert abs(images.to_samples(images.read(summary.written[0]))[..., :3].astype(int) - 50).max() <= 1


def test_squashed_images_return_to_their_shape():
    samples = gradient(-1024, 3071, "int16", (64, 160))
    translator = identity(CT, CT, squash=True, size=32)
    assert translator.translate(samples, to="b").shape == samples.shape


def test_a_page_never_overwrites_the_file_of_another_page(tmp_path):
    stack_of(tmp_path / "s.tif", 3)
    stack_of(tmp_path / "s-2.tif", 3)
    inputs = [f"{tmp_path}/s.tif#2", f"{tmp_path}/s-2.tif#1"]
    with pytest.raises(UsageError, match="would overwrite"):
        translate_files(identity(MR, CT), inputs, "b", tmp_path)


def test_translating_again_gives_the_same_names(tmp_path):
    Image.fromarray(gradient(0, 255, "uint8")).save(tmp_path / "x.png")
    translator = identity(Values(channels=1), CT)
    first, second = (translate_files(translator, [tmp_path / "x.png"], "b", tmp_path / "out") for _ in range(2))
    assert first.written == second.written == [tmp_path / "out" / "x.tif"]

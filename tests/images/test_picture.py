"""Orientation, profiles, frames; files that are not images; writing; arrays; PIL and NumPy images."""

import os
import pickle
import struct
import subprocess
import sys
import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from support.pictures import SRGB, noise, png, round_trip, stored
from viceversa import images
from viceversa.errors import UsageError
from viceversa.images import ImageError, Picture

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # as the module itself asks for


# orientation, profiles, frames


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "16.png"])
def test_all_eight_orientations(tmp_path, turn, suffix):
    upright = np.zeros((24, 16, 3), np.uint8)
    upright[:8, :8] = (255, 0, 0)  # red top left, green top right, blue bottom left
    upright[:8, 8:] = (0, 255, 0)
    upright[16:, :8] = (0, 0, 255)
    # the stored pixels by the EXIF table, which states the visual position of row 0 and column 0
    turned = {1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1],
              5: upright.swapaxes(0, 1), 6: np.rot90(upright, 1), 7: upright[::-1, ::-1].swapaxes(0, 1),
              8: np.rot90(upright, -1)}[turn]  # fmt: skip
    path = tmp_path / f"x.{suffix}"
    exif = Image.Exif()
    exif[0x0112] = turn
    if suffix == "16.png":
        data = b"eXIf" + exif.tobytes().removeprefix(b"Exif\0\0")
        extra = struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
        path.write_bytes(png(turned.astype(np.uint16) * 257, 16, extra))
    else:
        options = {"quality": 100, "subsampling": 0} if suffix == "jpg" else {}
        Image.fromarray(np.ascontiguousarray(turned)).save(path, exif=exif, lossless=True, **options)
    picture = images.read(path)
    assert np.abs(images.to_uint8(picture.pixels).transpose(1, 2, 0).astype(int) - upright).max() <= 3
    images.write(tmp_path / "out", picture)
    with Image.open(tmp_path / "out") as image:
        assert image.getexif().get(0x0112, 1) == 1 and image.size == (16, 24)


@pytest.mark.parametrize(
    "junk", [b"", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12"]
)
def test_an_image_with_junk_exif_is_read(tmp_path, junk):
    Image.fromarray(noise((8, 8, 3))).save(tmp_path / "x.jpg", exif=junk)
    assert images.read(tmp_path / "x.jpg").pixels.shape == (3, 8, 8)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
def test_colour_profile_is_kept_byte_for_byte(tmp_path, suffix):
    profile = SRGB + bytes(range(256)) * 300  # longer than one JPEG segment
    Image.fromarray(noise((8, 8, 3))).save(tmp_path / f"x.{suffix}", icc_profile=profile)
    assert images.read(tmp_path / f"x.{suffix}").icc == profile
    assert round_trip(tmp_path, tmp_path / f"x.{suffix}")[1][3] == profile


def test_profile_goes_when_grey_becomes_colour():
    grey = Picture(pixels=np.zeros((1, 4, 4), np.float32), icc=b"grey")
    assert images.with_pixels(grey, np.ones((1, 4, 4), np.float32)).icc == b"grey"
    colour = images.with_pixels(grey, np.zeros((3, 4, 4), np.float32))
    assert colour.icc is None and "profile" in colour.notes[-1]


@pytest.mark.parametrize("suffix", ["webp", "png"])
def test_first_of_several_frames_with_a_note(tmp_path, suffix):
    frames = [Image.fromarray(noise((6, 6, 3), seed=i)) for i in range(3)]
    frames[0].save(tmp_path / f"x.{suffix}", save_all=True, append_images=frames[1:], lossless=True)
    picture = images.read(tmp_path / f"x.{suffix}")
    np.testing.assert_array_equal(stored(picture), noise((6, 6, 3)))
    assert any("frames" in note for note in picture.notes)
    assert images.pages_of(tmp_path / f"x.{suffix}") == 1
    assert images.pages_of(tmp_path / f"x.{suffix}", animations=True) == 3


def test_pages_of_a_stack_are_images(tmp_path):
    frames = [Image.fromarray(noise((6, 6, 3), seed=i)) for i in range(3)]
    frames[0].save(tmp_path / "x.tif", save_all=True, append_images=frames[1:])
    assert images.pages_of(tmp_path / "x.tif") == 3
    for i, picture in enumerate(images.read_pages(tmp_path / "x.tif")):
        np.testing.assert_array_equal(stored(picture), noise((6, 6, 3), seed=i))
    np.testing.assert_array_equal(stored(images.read(tmp_path / "x.tif#3")), noise((6, 6, 3), seed=2))
    with pytest.raises(ImageError):
        images.read(tmp_path / "x.tif#4")


def test_name_does_not_decide(tmp_path):
    Image.fromarray(noise((6, 6, 3))).save(tmp_path / "x.png")
    (tmp_path / "x.png").rename(tmp_path / "x.jpg")
    assert images.read(tmp_path / "x.jpg").format == "PNG"


# broken files


def broken(tmp_path, data: bytes, name="x.jpg"):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ImageError) as caught:
        images.read(tmp_path / name)
    assert "\n" not in str(caught.value) and name in str(caught.value)
    return str(caught.value)


def test_files_that_are_no_pictures(tmp_path):
    assert "empty" in broken(tmp_path, b"")
    for junk in (
        b"\xff",
        b"hello",
        b"<html><img></html>",
        b"%PDF-1.4",
        b"<svg/>",
        b"\xff\xd8\xff\xe0",
        b"P6 9",
    ):
        broken(tmp_path, junk)
    icon = BytesIO()
    Image.fromarray(noise((4, 4))).save(icon, "ICO")
    assert "PNG" in broken(tmp_path, icon.getvalue())


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "PPM"])
def test_truncated_files(tmp_path, form):
    whole = BytesIO()
    Image.fromarray(noise((32, 32, 3))).save(whole, form)
    data = whole.getvalue()
    for part in (0.02, 0.1, 0.3, 0.5, 0.7, 0.9):
        broken(tmp_path, data[: int(len(data) * part)])


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "PPM"])
def test_random_damage_raises_image_error_or_nothing(tmp_path, form):
    rng = np.random.default_rng(3)
    whole = BytesIO()
    Image.fromarray(noise((24, 24, 3))).save(whole, form, exif=b"Exif\0\0MM\0*\0\0\0\x08")
    for i in range(80):
        data = bytearray(whole.getvalue())
        for at in rng.integers(0, min(len(data), 400 if i % 2 else len(data)), 1 + i % 5):
            data[at] = rng.integers(256)
        (tmp_path / "x").write_bytes(data)
        try:
            assert np.isfinite(images.read(tmp_path / "x").pixels).all()
        except ImageError as error:
            assert "\n" not in str(error)


def test_bombs_are_refused_by_their_header(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)  # as many programs do
    small = png(np.zeros((1, 1, 3)), 8)
    for side in (13_350, 100_000, 2**31 - 1):
        head = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        message = broken(tmp_path, small[:12] + head + struct.pack(">I", zlib.crc32(head)) + small[33:])
        assert "178 million" in message


def test_places_that_are_no_files(tmp_path):
    (tmp_path / "folder.jpg").mkdir()
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "self.jpg").symlink_to(tmp_path / "self.jpg")
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere")
    for name in ("folder.jpg", "pipe.jpg", "self.jpg", "gone.jpg", "never.jpg", "zero\0byte.jpg", "n" * 300):
        with pytest.raises(ImageError, match="cannot read"):
            images.read(tmp_path / name)
    with pytest.raises(ImageError):
        images.read("/dev/zero")


def test_importing_keeps_the_warning_filters_of_the_application_first():
    code = """
import warnings
from PIL import Image
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
from viceversa import images
assert [f[0] for f in warnings.filters[-2:]] == ["ignore", "ignore"]
try:
    warnings.warn("large", Image.DecompressionBombWarning)
except Image.DecompressionBombWarning:
    warnings.warn_explicit("junk beside the pixels", UserWarning, "TiffImagePlugin.py", 1, module="PIL.TiffImagePlugin")
    warnings.warn_explicit("not of Pillow", UserWarning, "other.py", 1, module="other")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == "other.py:1: UserWarning: not of Pillow\n"


def test_image_errors_can_be_pickled():
    error = pickle.loads(pickle.dumps(ImageError("a/b.png", "no\nreason")))
    assert (str(error), error.reason) == ("cannot read a/b.png: no reason; replace or remove the file", "no reason")


def test_tiff_with_missing_strips_is_not_painted_black(tmp_path):
    Image.fromarray(noise((20, 20, 3))).save(tmp_path / "x.tif")
    data = (tmp_path / "x.tif").read_bytes()
    at = data.index(struct.pack("<HHI", 257, 4, 1)) + 8  # the height
    broken(tmp_path, data[:at] + struct.pack("<I", 20_000) + data[at + 4 :], "x.tif")


def test_unprintable_names_make_printable_errors(tmp_path):
    name = os.fsencode(tmp_path) + b"/a\nb\xff.jpg"
    with open(name, "wb"):
        pass
    with pytest.raises(ImageError) as caught:
        images.read(os.fsdecode(name))
    assert "\n" not in str(caught.value)
    str(caught.value).encode()


# writing


def test_what_a_format_cannot_hold_is_refused(tmp_path):
    pixels, alpha = np.zeros((3, 4, 4), np.float32), np.ones((4, 4), np.float32)
    for bad in (
        Picture(pixels=pixels, alpha=alpha, format="JPEG"),
        Picture(pixels=pixels, alpha=alpha, format="PPM"),
        Picture(pixels=pixels, depth="uint16", high=65535, format="JPEG"),
        Picture(pixels=pixels, depth="float32", high=1, format="PNG"),
        Picture(pixels=pixels * np.nan),
        Picture(pixels=np.zeros((4, 4, 3), np.float32)),
        Picture(pixels=pixels, alpha=alpha[:2]),
    ):
        with pytest.raises(ValueError):
            images.write(tmp_path / "x", bad)
    assert list(tmp_path.iterdir()) == []


def test_grey_picture_with_colour_result(tmp_path):
    deep = noise((6, 5, 1), np.uint16)
    (tmp_path / "x.png").write_bytes(png(deep, 16))
    picture = images.read(tmp_path / "x.png")
    images.write(tmp_path / "y.png", images.with_pixels(picture, images.to_channels(picture.pixels, 3)))
    np.testing.assert_array_equal(stored(images.read(tmp_path / "y.png")), deep.repeat(3, axis=2))


def test_quantisation_rounds_and_clips():
    x = np.array([-1.5, -1, -1 + 0.49 / 127.5, -1 + 0.51 / 127.5, 0.999, 1, 9], np.float32)
    assert images.to_uint8(x).tolist() == [0, 0, 0, 1, 255, 255, 255]
    every = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(images.to_uint8(images.from_uint8(every)), every)
    assert images.from_uint8(every)[[0, 255]].tolist() == [-1, 1]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    u8=st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4)).flatmap(lambda s: arrays(np.uint8, s)),
    form=st.sampled_from(["PNG", "TIFF"]),
)
def test_any_8_bit_picture_comes_back(tmp_path, u8, form):
    picture, _ = images.to_picture(u8)
    images.write(tmp_path / "x", Picture(pixels=picture.pixels, alpha=picture.alpha, format=form))
    np.testing.assert_array_equal(images.to_samples(images.read(tmp_path / "x")), u8)


# arrays


def test_channels():
    rgb = np.stack([np.full((2, 2), v, np.float32) for v in (1, 0, -1)])
    np.testing.assert_allclose(images.to_channels(rgb, 1), 0.299 - 0.114, atol=1e-6)
    assert images.to_channels(rgb[:1], 3).shape == (3, 2, 2) and images.to_channels(rgb, 3) is rgb
    np.testing.assert_allclose(images.to_channels(rgb[:2], 1), 0.5)  # the mean of both


@pytest.mark.parametrize(("n_in", "n_out"), [(1, 6), (6, 1), (6, 3), (3, 6), (2, 3), (5, 4), (64, 1), (7, 7)])
def test_a_channel_map_keeps_what_all_channels_share(n_in, n_out):
    weights = images.channel_map(n_in, n_out)
    assert weights.shape == (n_out, n_in) and (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(1), 1, rtol=1e-6)
    if n_in == n_out:
        np.testing.assert_array_equal(weights, np.eye(n_in))
    elif n_in % n_out == 0 and (n_in, n_out) != (3, 1):
        np.testing.assert_allclose(weights[weights > 0], n_out / n_in, rtol=1e-6)


def test_stored_numbers_come_back():
    x = np.linspace(-1, 1, 4097, dtype=np.float32)
    assert np.abs(images.from_stored(images.to_stored(x, "uint16")) - x).max() <= 1 / 65535 + 5e-7
    assert np.abs(images.from_stored(images.to_stored(x, "uint8")) - x).max() <= 1 / 255 + 1e-6
    np.testing.assert_array_equal(images.from_stored(images.to_stored(x, "float32")), x)
    counts = np.arange(4096) / 2047.5 - 1  # every count of 12 bits has a level of its own
    assert len(np.unique(images.to_stored(counts.astype(np.float32), "uint16"))) == 4096


@pytest.mark.parametrize(
    ("channels", "show", "expected"),
    [
        (1, (), [0]),
        (2, (), [0]),
        (3, (), [0, 1, 2]),
        (6, (), [0, 1, 2]),
        (6, (4, 3, 2), [3, 2, 1]),
        (6, (5,), [4]),
        (3, (4, 3, 2), [0, 1, 2]),
    ],
)
def test_the_channels_that_are_shown(channels, show, expected):
    pixels = np.arange(channels, dtype=np.float32)[:, None, None] * np.ones((1, 2, 2), np.float32)
    assert images.to_display(pixels, show)[:, 0, 0].tolist() == expected


def test_resize_is_antialiased_and_stays_in_range():
    stripes = np.tile(np.array([-1, 1], np.float32), (3, 64, 32))
    small = images.resize(stripes, (16, 16))
    assert small.shape == (3, 16, 16) and small.dtype == np.float32
    assert np.abs(small[:, 4:12, 4:12]).max() < 0.05
    edge = np.where(np.arange(8) < 4, -1, 1).astype(np.float32)[None, None].repeat(8, 1)
    large = images.resize(edge, (32, 24))
    assert large.shape == (1, 32, 24) and large.min() == -1 and large.max() == 1
    np.testing.assert_array_equal(images.resize(edge, (8, 8)), edge)


def test_grid_places_pictures_on_white():
    black, grey = -np.ones((3, 4, 5), np.float32), np.zeros((1, 2, 3), np.float32)
    sheet = images.grid([[black, grey], [grey]], gap=2)
    assert sheet.shape == (3, 2 + 4 + 2 + 2 + 2, 2 + 5 + 2 + 3 + 2)
    assert (sheet[:, 2:6, 2:7] == -1).all() and (sheet[:, 2:4, 9:12] == 0).all() and (sheet[:, 8:10, 2:5] == 0).all()
    assert (sheet == 1).sum() == sheet.size - 60 - 18 - 18


def test_to_pil_and_save_png(tmp_path):
    pixels = images.from_uint8(noise((3, 4, 5)))
    np.testing.assert_array_equal(np.asarray(images.to_pil(pixels)), noise((3, 4, 5)).transpose(1, 2, 0))
    assert images.to_pil(pixels[:1]).mode == "L"
    images.save_png(tmp_path / "new" / "x.png", pixels)
    np.testing.assert_array_equal(images.read(tmp_path / "new" / "x.png").pixels, pixels)


# the Python door


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "I;16", "I", "F"])
def test_to_picture_of_pil_and_back(mode):
    if mode == "I;16":
        image = Image.fromarray(noise((4, 6), np.uint16))
    elif mode in ("I", "F"):
        image = Image.fromarray((noise((4, 6)) * 3 - 9).astype({"I": np.int32, "F": np.float32}[mode]))
    else:
        image = Image.fromarray(noise((4, 6, len(mode))) if len(mode) > 1 else noise((4, 6)))
    image.info["icc_profile"] = SRGB
    picture, back = images.to_picture(image)
    result = back(picture)
    assert (result.mode, result.info["icc_profile"]) == (mode, SRGB)
    np.testing.assert_allclose(np.asarray(result), np.asarray(image), atol=1e-3 if mode == "F" else 0)


def test_to_picture_of_pil_palette_and_16_bit_to_colour():
    palette = Image.fromarray(noise((4, 6, 3))).quantize(8)
    picture, back = images.to_picture(palette)
    np.testing.assert_array_equal(np.asarray(back(picture)), np.asarray(palette.convert("RGB")))
    picture, back = images.to_picture(Image.fromarray(noise((4, 6), np.uint16)))
    assert back(images.with_pixels(picture, np.zeros((3, 4, 6), np.float32))).mode == "RGB"


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 1), (4, 6, 2), (4, 6, 3), (4, 6, 4)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float16, np.float32, np.float64])
@pytest.mark.parametrize("span", [(0, 1), (-1, 1), (0, 255), (-40, 900)])
def test_to_picture_of_an_array_and_back(shape, dtype, span):
    if np.dtype(dtype).kind == "u":
        array = noise(shape, dtype)
    else:
        array = np.random.default_rng(0).uniform(*span, shape).astype(dtype)
        if len(shape) == 3 and shape[2] in (2, 4):
            array[..., -1] = 1 if span != (0, 255) else 255
    picture, back = images.to_picture(array)
    assert picture.pixels.shape[1:] == (4, 6) and np.abs(picture.pixels).max() <= 1
    if array.dtype.kind == "f" and span != (-40, 900):
        assert (picture.low, picture.high) == span
    if picture.alpha is not None and array.dtype.kind == "f":
        np.testing.assert_allclose(picture.alpha, 1)
    result = back(picture)
    assert (result.shape, result.dtype) == (array.shape, array.dtype)
    atol = 0 if array.dtype.kind == "u" else 2e-6 * (span[1] - span[0])
    np.testing.assert_allclose(result, array, atol=atol, rtol=1e-3 if dtype == np.float16 else 1e-6)


def test_to_picture_refuses_the_rest_in_one_line():
    for bad in (
        "x.jpg",
        np.zeros((3, 64, 64)),
        np.zeros((4, 4), np.int64),
        np.full((4, 4), np.nan),
        np.zeros(5),
    ):
        with pytest.raises(UsageError) as caught:
            images.to_picture(bad)
        assert "\n" not in str(caught.value)

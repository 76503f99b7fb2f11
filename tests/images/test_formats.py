"""Every kind of picture against known answers, written by Pillow, by tifffile or by hand."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from support.pictures import SRGB, noise, png, round_trip, stored, transparent_key
from viceversa import images
from viceversa.images import ImageError, Picture

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # as the module itself asks for


# 8 bit


@pytest.mark.parametrize("suffix", ["png", "webp", "tif", "tiff", "bmp", "ppm"])
def test_rgb_is_exact_in_every_lossless_format(tmp_path, suffix):
    u8 = noise((13, 17, 3))
    path = tmp_path / f"x.{suffix}"
    Image.fromarray(u8).save(path, **({"lossless": True} if suffix == "webp" else {}))
    picture = images.read(path)
    assert picture.pixels.dtype == np.float32 and picture.pixels.shape == (3, 13, 17)
    np.testing.assert_array_equal(picture.pixels, u8.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1)
    assert (picture.depth, picture.low, picture.high, picture.alpha) == ("uint8", 0, 255, None)
    again, (form, mode, size, _) = round_trip(tmp_path, path)
    np.testing.assert_array_equal(stored(again), u8)
    assert (form, mode, size) == (picture.format, "RGB", (17, 13))


def test_a_png_of_a_grainy_picture_is_exact_and_hardly_larger_than_a_slowly_written_one(tmp_path):
    y, x = np.mgrid[0:256, 0:256] / 255
    smooth = np.stack([255 * x, 255 * y, 255 * (1 - x) * y], -1)
    u8 = np.clip(smooth + np.random.default_rng(0).normal(0, 3, smooth.shape), 0, 255).round().astype(np.uint8)
    images.save_png(tmp_path / "ours.png", images.from_uint8(u8.transpose(2, 0, 1)))
    Image.fromarray(u8).save(tmp_path / "slow.png")
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "ours.png")), u8)
    assert (tmp_path / "ours.png").stat().st_size <= 1.02 * (tmp_path / "slow.png").stat().st_size


@pytest.mark.parametrize("suffix", ["png", "tif", "bmp", "pgm"])
def test_grey_stays_grey(tmp_path, suffix):
    u8 = noise((5, 7))
    Image.fromarray(u8).save(tmp_path / f"x.{suffix}")
    assert images.read(tmp_path / f"x.{suffix}").pixels.shape == (1, 5, 7)
    again, (_, mode, _, _) = round_trip(tmp_path, tmp_path / f"x.{suffix}")
    np.testing.assert_array_equal(stored(again), u8)
    assert mode == "L"


@pytest.mark.parametrize(("mode", "channels"), [("RGBA", 4), ("LA", 2)])
@pytest.mark.parametrize("suffix", ["png", "tif", "webp"])
def test_alpha_is_carried_apart(tmp_path, mode, channels, suffix):
    if suffix == "webp" and mode == "LA":
        pytest.skip("WebP holds no grey")
    u8 = noise((9, 8, channels))
    u8[:4, ..., -1] = 0  # colour below full transparency must survive as well
    options = {"lossless": True, "exact": True} if suffix == "webp" else {}
    Image.fromarray(u8, mode).save(tmp_path / f"x.{suffix}", **options)
    picture = images.read(tmp_path / f"x.{suffix}")
    np.testing.assert_array_equal(picture.alpha, u8[..., -1].astype(np.float32) / 255)
    np.testing.assert_array_equal(images.to_uint8(picture.pixels), u8[..., :-1].transpose(2, 0, 1))
    again, (_, written, _, _) = round_trip(tmp_path, tmp_path / f"x.{suffix}")
    np.testing.assert_array_equal(stored(again), u8)
    assert written == mode


def test_bmp_with_alpha_comes_back(tmp_path):
    u8 = noise((6, 5, 4))
    u8[..., 3] = np.arange(30).reshape(6, 5) * 8
    rows = u8[::-1, :, [2, 1, 0, 3]].tobytes()
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    head = struct.pack("<IiiHHIIiiII", 124, 5, 6, 1, 32, 3, len(rows), 0, 0, 0, 0) + masks + b"\0" * 68
    (tmp_path / "x.bmp").write_bytes(struct.pack("<2sIHHI", b"BM", 138 + len(rows), 0, 0, 138) + head + rows)
    np.testing.assert_array_equal(stored(images.read(tmp_path / "x.bmp")), u8)
    again, (form, mode, _, _) = round_trip(tmp_path, tmp_path / "x.bmp")
    np.testing.assert_array_equal(stored(again), u8)
    assert (form, mode) == ("BMP", "RGBA")


def test_palette_with_and_without_transparency(tmp_path):
    index = np.array([[0, 1, 2], [2, 1, 0]], np.uint8)
    colours = [(255, 0, 0), (0, 128, 0), (7, 8, 9)]
    image = Image.fromarray(index, "P")
    image.putpalette([v for c in colours for v in c])
    image.save(tmp_path / "opaque.png")
    image.save(tmp_path / "key.png", transparency=1)
    image.save(tmp_path / "table.png", transparency=bytes([10, 20, 30]))
    rgb = np.array(colours, np.uint8)[index]
    np.testing.assert_array_equal(stored(images.read(tmp_path / "opaque.png")), rgb)
    for name, alphas in (("key", [255, 0, 255]), ("table", [10, 20, 30])):
        alpha = np.array(alphas, np.uint8)[index][..., None]
        expected = np.concatenate([rgb, alpha], axis=-1)
        np.testing.assert_array_equal(stored(images.read(tmp_path / f"{name}.png")), expected)


def test_transparent_colour_of_grey_rgb_and_4_bit_png(tmp_path):
    grey = np.array([[[3], [200]]])
    (tmp_path / "l.png").write_bytes(png(grey, 8, transparent_key(200)))
    np.testing.assert_array_equal(images.read(tmp_path / "l.png").alpha, [[1, 0]])
    rgb = np.array([[[1, 2, 3], [1, 2, 4]]])
    (tmp_path / "rgb.png").write_bytes(png(rgb, 8, transparent_key(1, 2, 3)))
    np.testing.assert_array_equal(images.read(tmp_path / "rgb.png").alpha, [[0, 1]])
    deep = np.array([[[258, 2, 3], [259, 2, 3]]])  # same high bytes: only the full depth tells them apart
    (tmp_path / "deep.png").write_bytes(png(deep, 16, transparent_key(259, 2, 3)))
    np.testing.assert_array_equal(images.read(tmp_path / "deep.png").alpha, [[1, 0]])
    four = png(np.array([[[0x5F], [0x50]]]), 8, transparent_key(5))
    head = struct.pack(">IIBBBBB", 4, 1, 4, 0, 0, 0, 0)  # the two bytes above are four samples 5, 15, 5, 0
    head = four[:12] + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    (tmp_path / "four.png").write_bytes(head + four[33:])
    picture = images.read(tmp_path / "four.png")
    np.testing.assert_array_equal(stored(picture)[..., 0], [[85, 255, 85, 0]])
    np.testing.assert_array_equal(picture.alpha, [[0, 1, 0, 1]])


def test_one_bit_becomes_grey(tmp_path):
    bits = np.array([[True, False, True], [False, False, True]])
    Image.fromarray(bits).save(tmp_path / "x.png")
    np.testing.assert_array_equal(images.read(tmp_path / "x.png").pixels[0], np.where(bits, 1, -1))


def test_jpeg_is_near_and_written_without_subsampling(tmp_path):
    y, x = np.mgrid[0:32, 0:48]
    u8 = np.stack([x * 5, y * 7, 255 - x * 5], -1).astype(np.uint8)
    u8[:, ::2, 0] = 255  # red stripes of one pixel die under 4:2:0
    Image.fromarray(u8).save(tmp_path / "x.jpg", quality=100, subsampling=0)
    first = stored(images.read(tmp_path / "x.jpg"))
    assert np.abs(first.astype(int) - u8).max() <= 4
    again, (form, mode, size, _) = round_trip(tmp_path, tmp_path / "x.jpg")
    assert (form, mode, size) == ("JPEG", "RGB", (48, 32))
    assert np.abs(stored(again).astype(int) - u8).mean() < 3
    assert b"\x11\x00\x02\x11\x01\x03\x11" in (tmp_path / "out.jpg").read_bytes()  # 1x1 for all three components


# other colour models


def test_cmyk_without_profile(tmp_path):
    inks = np.array([[[0, 255, 255, 0], [255, 0, 0, 0], [0, 0, 0, 255], [128, 0, 64, 51]]], np.uint8)
    Image.fromarray(inks, "CMYK").save(tmp_path / "x.tif")
    part = 1 - inks / 255.0
    expected = np.rint(part[..., :3] * part[..., 3:] * 255)
    picture = images.read(tmp_path / "x.tif")
    assert np.abs(stored(picture) - expected).max() <= 1
    assert picture.icc is None and any("CMYK" in note for note in picture.notes)


def test_adobe_inverted_cmyk_jpeg(tmp_path):
    inks = np.zeros((16, 32, 4), np.uint8)
    inks[:, :16] = (0, 255, 255, 0)
    inks[:, 16:] = (255, 0, 0, 51)
    Image.fromarray(inks, "CMYK").save(tmp_path / "x.jpg", quality=100)
    data = (tmp_path / "x.jpg").read_bytes()
    assert b"Adobe" in data
    with Image.open(tmp_path / "x.jpg") as image:  # stored upside down: 255 is no ink
        image.tile = [t._replace(args=("CMYK", "")) for t in image.tile]
        assert np.asarray(image)[8, 8].tolist()[1] < 5
    picture = images.read(tmp_path / "x.jpg")
    assert picture.format == "JPEG"
    assert np.abs(stored(picture)[8, 8].astype(int) - (255, 0, 0)).max() <= 3
    assert np.abs(stored(picture)[8, 24].astype(int) - (0, 204, 204)).max() <= 3
    again, (form, mode, _, icc) = round_trip(tmp_path, tmp_path / "x.jpg")
    assert (form, mode, icc) == ("JPEG", "RGB", None)
    assert np.abs(stored(again).astype(int) - stored(picture)).max() <= 3


def cmyk_profile():
    """A printer whose only ink that shows is K: an ICC v2 profile with one 2x2x2x2 table to Lab."""
    ramp = bytes(range(256))
    corners = b"".join(bytes([0 if i & 1 else 255, 128, 128]) for i in range(16))  # K varies fastest
    identity = struct.pack(">9I", *(65536 * v for v in (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + identity + ramp * 4 + corners + ramp * 3
    white = b"XYZ \0\0\0\0" + struct.pack(">3I", 0xF6D6, 0x10000, 0xD32D)
    text = b"desc\0\0\0\0" + struct.pack(">I", 2) + b"k\0" + b"\0" * 78
    tags, body, at = [], b"", 128 + 4 + 3 * 12
    for name, data in ((b"desc", text), (b"wtpt", white), (b"A2B0", table)):
        data += b"\0" * (-len(data) % 4)
        tags.append(struct.pack(">4sII", name, at + len(body), len(data)))
        body += data
    head = struct.pack(">I4s4s", at + len(body), b"\0\0\0\0", b"\2\x40\0\0") + b"prtrCMYKLab "
    head += struct.pack(">6H4s", 2020, 1, 1, 0, 0, 0, b"acsp")
    head += b"\0" * (68 - len(head)) + struct.pack(">3I", 0xF6D6, 0x10000, 0xD32D)
    return head.ljust(128, b"\0") + struct.pack(">I", 3) + b"".join(tags) + body


def test_cmyk_goes_through_its_profile(tmp_path):
    inks = np.zeros((1, 3, 4), np.uint8)
    inks[0, 0] = (255, 255, 255, 0)  # all ink but K: black by arithmetic, white on this printer
    inks[0, 1] = (0, 0, 0, 255)
    inks[0, 2] = (9, 99, 199, 128)
    Image.fromarray(inks, "CMYK").save(tmp_path / "x.tif", icc_profile=cmyk_profile())
    picture = images.read(tmp_path / "x.tif")
    np.testing.assert_allclose(stored(picture)[0, 0], 255, atol=1)
    np.testing.assert_allclose(stored(picture)[0, 1], 0, atol=1)
    np.testing.assert_allclose(stored(picture)[0, 2], 119, atol=3)  # L* 49.8 is sRGB 118.6
    assert picture.icc is None and any("profile" in note for note in picture.notes)


def test_junk_profiles_cost_nothing(tmp_path):
    Image.fromarray(noise((4, 4, 4)), "CMYK").save(tmp_path / "x.tif", icc_profile=b"junk" * 50)
    assert images.read(tmp_path / "x.tif").pixels.shape == (3, 4, 4)


def test_lab_and_ycbcr_become_rgb(tmp_path):
    lab = np.zeros((1, 2, 3), np.int8)
    lab[0, 1] = (np.uint8(127).astype(np.int8), 0, 0)
    Image.frombytes("LAB", (2, 1), lab.tobytes()).save(tmp_path / "lab.tif")
    np.testing.assert_allclose(stored(images.read(tmp_path / "lab.tif"))[0], [[0] * 3, [119] * 3], atol=2)
    ycc = np.array([[[76, 85, 255], [200, 128, 128]]], np.uint8)
    Image.fromarray(ycc, "YCbCr").save(tmp_path / "ycc.tif")
    np.testing.assert_allclose(stored(images.read(tmp_path / "ycc.tif"))[0], [[254, 0, 0], [200] * 3], atol=2)


# 16 bit and float


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("interlaced", [False, True])
def test_16_bit_png_is_exact(tmp_path, channels, interlaced):
    deep = noise((11, 10, channels), np.uint16)
    (tmp_path / "x.png").write_bytes(png(deep, 16, interlaced=interlaced))
    picture = images.read(tmp_path / "x.png")
    assert (picture.depth, picture.low, picture.high) == ("uint16", 0, 65535)
    np.testing.assert_array_equal(images.to_samples(picture), deep)
    colour = channels - 1 if channels in (2, 4) else channels
    expected = deep[..., :colour].transpose(2, 0, 1) / 32767.5 - 1
    np.testing.assert_allclose(picture.pixels, expected, atol=2e-7)
    out = tmp_path / "out.png"
    images.write(out, images.with_pixels(picture, picture.pixels))
    np.testing.assert_array_equal(images.to_samples(images.read(out)), deep)
    head = out.read_bytes()
    assert head[24] == 16 and head[25] == (0, 4, 2, 6)[channels - 1]


def test_16_bit_png_is_read_alike_by_pillow(tmp_path):
    deep = noise((40, 30, 3), np.uint16)
    images.write(tmp_path / "x.png", Picture(pixels=deep.transpose(2, 0, 1) / np.float32(32767.5) - 1,
                                             depth="uint16", high=65535, icc=SRGB))  # fmt: skip
    with Image.open(tmp_path / "x.png") as image:
        np.testing.assert_array_equal(np.asarray(image), deep >> 8)
        assert image.info["icc_profile"] == SRGB


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("kind", ["grey", "rgb", "unassalpha", "assocalpha", "unspecified"])
def test_16_bit_tiff_is_exact(tmp_path, order, compression, kind):
    tifffile = pytest.importorskip("tifffile")
    channels = {"grey": 1, "rgb": 3}.get(kind, 4)
    deep = noise((12, 9, channels), np.uint16)
    if kind == "assocalpha":
        deep[..., 3] |= 0x8000
        deep[..., :3] //= 2  # colour never above alpha
    options = {"extrasamples": [kind]} if channels == 4 else {}
    photometric = "minisblack" if kind == "grey" else "rgb"
    tifffile.imwrite(tmp_path / "x.tif", deep[..., 0] if kind == "grey" else deep, byteorder=order,
                     compression=compression, photometric=photometric, **options)  # fmt: skip
    picture = images.read(tmp_path / "x.tif")
    expected = deep
    assert (picture.alpha is not None, len(picture.pixels)) == {
        "grey": (False, 1), "rgb": (False, 3), "unspecified": (False, 4),
    }.get(kind, (True, 3))  # fmt: skip
    if kind == "assocalpha":
        expected = np.concatenate([np.rint(deep[..., :3] * 65535.0 / deep[..., 3:]), deep[..., 3:]], axis=-1)
    np.testing.assert_array_equal(images.to_samples(picture), expected)
    images.write(tmp_path / "out.tif", picture)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "out.tif").reshape(expected.shape), expected)


def test_16_bit_tiff_with_separate_planes_is_exact(tmp_path):
    tifffile = pytest.importorskip("tifffile")
    for compression in (None, "zlib"):
        planes = noise((3, 12, 9), np.uint16)
        tifffile.imwrite(tmp_path / "x.tif", planes, photometric="rgb", planarconfig="separate",
                         compression=compression)  # fmt: skip
        np.testing.assert_array_equal(images.to_samples(images.read(tmp_path / "x.tif")), planes.transpose(1, 2, 0))


def test_white_is_zero_tiff_is_not_a_negative(tmp_path):
    tifffile = pytest.importorskip("tifffile")
    for dtype, top in ((np.uint8, 255), (np.uint16, 65535)):
        tifffile.imwrite(tmp_path / "x.tif", noise((5, 6), dtype), photometric="miniswhite", byteorder="<")
        np.testing.assert_array_equal(stored(images.read(tmp_path / "x.tif")), top - noise((5, 6), dtype))


@pytest.mark.parametrize("maxval", [100, 255, 1023, 65535])
@pytest.mark.parametrize("magic", ["P5", "P6"])
def test_ppm_of_any_maximum(tmp_path, maxval, magic):
    values = np.random.default_rng(1).integers(0, maxval + 1, (4, 5, 3 if magic == "P6" else 1))
    raw = values.astype(">u2" if maxval > 255 else "u1").tobytes()
    (tmp_path / "x.ppm").write_bytes(f"{magic} # note\n5 4\n{maxval}\n".encode() + raw)
    picture = images.read(tmp_path / "x.ppm")
    assert picture.depth == ("uint16" if maxval > 255 else "uint8")
    np.testing.assert_allclose(picture.pixels, values.transpose(2, 0, 1) / maxval * 2 - 1, atol=0.0079)
    again, (form, _, _, _) = round_trip(tmp_path, tmp_path / "x.ppm")
    np.testing.assert_array_equal(stored(again), stored(picture))
    assert form == "PPM"
    (tmp_path / "cut.ppm").write_bytes((tmp_path / "x.ppm").read_bytes()[:-1])
    with pytest.raises(ImageError, match="truncated"):
        images.read(tmp_path / "cut.ppm")


def test_float_tiff_keeps_its_range(tmp_path):
    for low, high, stated in ((0.25, 0.75, (0, 1)), (-3.0, 1000.0, (-3, 1000)), (7.0, 7.0, (7, 7))):
        values = np.linspace(low, high, 20, dtype=np.float32).reshape(4, 5)
        Image.fromarray(values).save(tmp_path / "x.tif")
        picture = images.read(tmp_path / "x.tif")
        assert (picture.depth, (picture.low, picture.high)) == ("float32", stated)
        assert picture.pixels.min() >= -1 and picture.pixels.max() <= 1
        again, (_, mode, _, _) = round_trip(tmp_path, tmp_path / "x.tif")
        assert mode == "F"
        np.testing.assert_allclose(stored(again), values, atol=1e-6 * max(1, high - low))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_missing_pixels(tmp_path, bad):
    values = np.linspace(3, 5, 20, dtype=np.float32).reshape(4, 5)
    values[2, 2] = bad
    Image.fromarray(values).save(tmp_path / "x.tif")
    picture = images.read(tmp_path / "x.tif")
    np.testing.assert_array_equal(picture.missing, ~np.isfinite(values))
    assert np.isfinite(picture.pixels).all() and (picture.low, picture.high) == (3, 5)
    images.write(tmp_path / "y.tif", picture)
    back = stored(images.read(tmp_path / "y.tif"))
    assert np.isnan(back[2, 2])
    np.testing.assert_allclose(np.delete(back.ravel(), 12), np.delete(values.ravel(), 12), rtol=1e-6)


def test_32_bit_integers(tmp_path):
    values = np.array([[0, 300], [65535, 7]], np.int32)
    Image.fromarray(values).save(tmp_path / "x.tif")
    picture = images.read(tmp_path / "x.tif")
    assert (picture.depth, picture.low, picture.high) == ("int32", 0, 65535)
    np.testing.assert_array_equal(stored(picture), values)
    Image.fromarray(values - 5).save(tmp_path / "y.tif")
    picture = images.read(tmp_path / "y.tif")
    assert (picture.depth, picture.low, picture.high) == ("int32", -5, 65530)
    np.testing.assert_array_equal(stored(picture), values - 5)

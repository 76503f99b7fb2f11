"""Every kind of picture against known answers; every kind of junk against ImageError."""

import os
import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageCms

from viceversa import images
from viceversa.errors import UsageError
from viceversa.images import ImageError, Picture

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # as the module itself asks for
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def noise(shape, dtype=np.uint8, seed=0):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, shape, dtype)


def stored(picture: Picture):
    """What a picture would be written as, without the channel axis when it has one channel."""
    samples = images.to_samples(picture)
    return samples[..., 0] if samples.shape[2] == 1 else samples


def round_trip(tmp_path, path: Path):
    """Read, write, read: the second picture, and what Pillow alone says about the written file."""
    out = tmp_path / f"out{path.suffix}"
    images.write(out, images.read(path))
    with Image.open(out) as image:
        return images.read(out), (image.format, image.mode, image.size, image.info.get("icc_profile"))


def png(samples, depth, extra=b"", interlaced=False):
    """An independent PNG writer: no filter, one chunk, Adam7 if asked."""
    h, w, count = samples.shape
    kind = samples.astype(">u2" if depth == 16 else "u1")
    passes = [
        (0, 0, 8, 8),
        (0, 4, 8, 8),
        (4, 0, 8, 4),
        (0, 2, 4, 4),
        (2, 0, 4, 2),
        (0, 1, 2, 2),
        (1, 0, 2, 1),
    ]
    raw = b""
    for y, x, dy, dx in passes if interlaced else [(0, 0, 1, 1)]:
        part = kind[y::dy, x::dx]
        if part.size:
            raw += b"".join(b"\0" + row.tobytes() for row in part)

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", w, h, depth, (0, 4, 2, 6)[count - 1], 0, 0, interlaced)
    body = chunk(b"IDAT", zlib.compress(raw))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + body + chunk(b"IEND", b"")


def transparent_key(*values):
    data = b"tRNS" + struct.pack(f">{len(values)}H", *values)
    return struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))


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
        wanted = np.concatenate([rgb, alpha], axis=-1)
        np.testing.assert_array_equal(stored(images.read(tmp_path / f"{name}.png")), wanted)


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
    assert (
        b"\x11\x00\x02\x11\x01\x03\x11" in (tmp_path / "out.jpg").read_bytes()
    )  # 1x1 for all three components


# other colour models


def test_cmyk_without_profile(tmp_path):
    inks = np.array([[[0, 255, 255, 0], [255, 0, 0, 0], [0, 0, 0, 255], [128, 0, 64, 51]]], np.uint8)
    Image.fromarray(inks, "CMYK").save(tmp_path / "x.tif")
    part = 1 - inks / 255.0
    wanted = np.rint(part[..., :3] * part[..., 3:] * 255)
    picture = images.read(tmp_path / "x.tif")
    assert np.abs(stored(picture) - wanted).max() <= 1
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
    wanted = deep[..., :3] if kind == "unspecified" else deep
    if kind == "assocalpha":
        wanted = np.concatenate([np.rint(deep[..., :3] * 65535.0 / deep[..., 3:]), deep[..., 3:]], axis=-1)
    np.testing.assert_array_equal(images.to_samples(picture), wanted)
    images.write(tmp_path / "out.tif", picture)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "out.tif").reshape(wanted.shape), wanted)


def test_16_bit_tiff_with_separate_planes_is_refused_not_garbled(tmp_path):
    tifffile = pytest.importorskip("tifffile")
    for compression in (None, "zlib"):
        tifffile.imwrite(tmp_path / "x.tif", noise((3, 12, 9), np.uint16), photometric="rgb",
                         planarconfig="separate", compression=compression)  # fmt: skip
        with pytest.raises(ImageError, match="separate"):
            images.read(tmp_path / "x.tif")


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
def test_float_tiff_that_is_not_finite(tmp_path, bad):
    values = np.ones((4, 5), np.float32)
    values[2, 2] = bad
    Image.fromarray(values).save(tmp_path / "x.tif")
    with pytest.raises(ImageError, match="finite"):
        images.read(tmp_path / "x.tif")


def test_32_bit_integers(tmp_path):
    values = np.array([[0, 300], [65535, 7]], np.int32)
    Image.fromarray(values).save(tmp_path / "x.tif")
    picture = images.read(tmp_path / "x.tif")
    assert picture.depth == "uint16"
    np.testing.assert_array_equal(stored(picture), values)
    Image.fromarray(values - 5).save(tmp_path / "y.tif")
    picture = images.read(tmp_path / "y.tif")
    assert (picture.depth, picture.low, picture.high) == ("float32", -5, 65530)


# what surrounds the pixels


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "16.png"])
def test_all_eight_orientations(tmp_path, turn, suffix):
    upright = np.zeros((24, 16, 3), np.uint8)
    upright[:8, :8] = (255, 0, 0)  # red top left, green top right, blue bottom left
    upright[:8, 8:] = (0, 255, 0)
    upright[16:, :8] = (0, 0, 255)
    # what the camera stored, by the words of the EXIF table: where row 0 and column 0 of the file are seen
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
def test_junk_exif_costs_nothing(tmp_path, junk):
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


@pytest.mark.parametrize("suffix", ["tif", "webp", "png"])
def test_first_of_several_frames_with_a_note(tmp_path, suffix):
    frames = [Image.fromarray(noise((6, 6, 3), seed=i)) for i in range(3)]
    frames[0].save(tmp_path / f"x.{suffix}", save_all=True, append_images=frames[1:], lossless=True)
    picture = images.read(tmp_path / f"x.{suffix}")
    np.testing.assert_array_equal(stored(picture), noise((6, 6, 3)))
    assert any("frames" in note for note in picture.notes)


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
    gif = BytesIO()
    Image.fromarray(noise((4, 4))).save(gif, "GIF")
    assert "PNG" in broken(tmp_path, gif.getvalue())


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


def test_bombs_are_refused_by_their_header(tmp_path):
    small = png(np.zeros((1, 1, 3)), 8)
    for side in (13_400, 100_000, 2**31 - 1):
        head = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        message = broken(tmp_path, small[:12] + head + struct.pack(">I", zlib.crc32(head)) + small[33:])
        assert "pixels" in message


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
    u8=st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4)).flatmap(
        lambda s: arrays(np.uint8, s)
    ),
    form=st.sampled_from(["PNG", "TIFF"]),
)
def test_any_8_bit_picture_comes_back(tmp_path, u8, form):
    picture, _ = images.unpack(u8)
    images.write(tmp_path / "x", Picture(pixels=picture.pixels, alpha=picture.alpha, format=form))
    np.testing.assert_array_equal(images.to_samples(images.read(tmp_path / "x")), u8)


# arrays


def test_channels():
    rgb = np.stack([np.full((2, 2), v, np.float32) for v in (1, 0, -1)])
    np.testing.assert_allclose(images.to_channels(rgb, 1), 0.299 - 0.114, atol=1e-6)
    assert images.to_channels(rgb[:1], 3).shape == (3, 2, 2) and images.to_channels(rgb, 3) is rgb
    with pytest.raises(ValueError):
        images.to_channels(rgb[:2], 1)


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
    assert (
        (sheet[:, 2:6, 2:7] == -1).all()
        and (sheet[:, 2:4, 9:12] == 0).all()
        and (sheet[:, 8:10, 2:5] == 0).all()
    )
    assert (sheet == 1).sum() == sheet.size - 60 - 18 - 18


def test_to_pil_and_save_png(tmp_path):
    pixels = images.from_uint8(noise((3, 4, 5)))
    np.testing.assert_array_equal(np.asarray(images.to_pil(pixels)), noise((3, 4, 5)).transpose(1, 2, 0))
    assert images.to_pil(pixels[:1]).mode == "L"
    images.save_png(tmp_path / "new" / "x.png", pixels)
    np.testing.assert_array_equal(images.read(tmp_path / "new" / "x.png").pixels, pixels)


# the Python door


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "I;16", "I", "F"])
def test_unpack_pil_and_back(mode):
    if mode == "I;16":
        image = Image.fromarray(noise((4, 6), np.uint16))
    elif mode in ("I", "F"):
        image = Image.fromarray((noise((4, 6)) * 3 - 9).astype({"I": np.int32, "F": np.float32}[mode]))
    else:
        image = Image.fromarray(noise((4, 6, len(mode))) if len(mode) > 1 else noise((4, 6)))
    image.info["icc_profile"] = SRGB
    picture, back = images.unpack(image)
    result = back(picture)
    assert (result.mode, result.info["icc_profile"]) == (mode, SRGB)
    np.testing.assert_allclose(np.asarray(result), np.asarray(image), atol=1e-3 if mode == "F" else 0)


def test_unpack_pil_palette_and_16_bit_to_colour():
    palette = Image.fromarray(noise((4, 6, 3))).quantize(8)
    picture, back = images.unpack(palette)
    np.testing.assert_array_equal(np.asarray(back(picture)), np.asarray(palette.convert("RGB")))
    picture, back = images.unpack(Image.fromarray(noise((4, 6), np.uint16)))
    assert back(images.with_pixels(picture, np.zeros((3, 4, 6), np.float32))).mode == "RGB"


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 1), (4, 6, 2), (4, 6, 3), (4, 6, 4)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float16, np.float32, np.float64])
@pytest.mark.parametrize("span", [(0, 1), (-1, 1), (0, 255), (-40, 900)])
def test_unpack_array_and_back(shape, dtype, span):
    if np.dtype(dtype).kind == "u":
        array = noise(shape, dtype)
    else:
        array = np.random.default_rng(0).uniform(*span, shape).astype(dtype)
        if len(shape) == 3 and shape[2] in (2, 4):
            array[..., -1] = 1 if span != (0, 255) else 255
    picture, back = images.unpack(array)
    assert picture.pixels.shape[1:] == (4, 6) and np.abs(picture.pixels).max() <= 1
    if array.dtype.kind == "f" and span != (-40, 900):
        assert (picture.low, picture.high) == span
    if picture.alpha is not None and array.dtype.kind == "f":
        np.testing.assert_allclose(picture.alpha, 1)
    result = back(picture)
    assert (result.shape, result.dtype) == (array.shape, array.dtype)
    atol = 0 if array.dtype.kind == "u" else 2e-6 * (span[1] - span[0])
    np.testing.assert_allclose(result, array, atol=atol, rtol=1e-3 if dtype == np.float16 else 1e-6)


def test_unpack_refuses_the_rest_in_one_line():
    for bad in (
        "x.jpg",
        np.zeros((3, 64, 64)),
        np.zeros((4, 4), np.int64),
        np.full((4, 4), np.nan),
        np.zeros(5),
    ):
        with pytest.raises(UsageError) as caught:
            images.unpack(bad)
        assert "\n" not in str(caught.value)

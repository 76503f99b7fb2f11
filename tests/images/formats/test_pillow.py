"""AVIF, GIF, APNG, WebP animations, PFM, and PNG with large metadata: read, or written as what can hold them."""

import zlib
from io import BytesIO

import imagecodecs
import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from viceversa import images
from viceversa.images import ImageError
from viceversa.images.decoded import Decoded, Request
from viceversa.images.formats import BY_NAME, BY_SUFFIX, format_for, recognised

ANY = Request()


def smooth(channels: int = 3) -> np.ndarray:
    y, x = np.mgrid[0:48, 0:64]
    return np.stack([x * 4, y * 5, x + y, 255 - x * 2][:channels], -1).astype(np.uint8)


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".jfif", ".jpe"])
def test_endings_of_jpeg(suffix):
    assert BY_SUFFIX[suffix].name == "JPEG"


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("has_alpha", [False, True])
def test_avif_is_close_and_keeps_its_channels(channels, has_alpha):
    alpha = np.linspace(0, 1, 64, dtype=np.float32)[None].repeat(48, 0) if has_alpha else None
    data = BY_NAME["AVIF"].encode([Decoded(samples=smooth(channels), alpha=alpha)])
    assert recognised(data[:512]) is BY_NAME["AVIF"]
    page = BY_NAME["AVIF"].decode(BytesIO(data), 0, ANY)
    assert page.samples.shape[2] == channels or has_alpha
    assert np.abs(page.samples.astype(int) - smooth(channels)).max() <= 6
    assert (page.alpha is not None) == has_alpha


@pytest.mark.parametrize("bits", [10, 12])
def test_avif_of_more_than_8_bits_is_read_in_full(bits):
    top = (1 << bits) - 1
    samples = (smooth().astype(np.uint16) * top // 255).astype(np.uint16)
    data = imagecodecs.avif_encode(samples, bitspersample=bits, level=100)
    page = BY_NAME["AVIF"].decode(BytesIO(data), 0, ANY)
    assert page.samples.dtype == np.uint16 and BY_NAME["AVIF"].describe(BytesIO(data)) == ("uint16", 3)
    assert np.abs(page.samples * (top / 65535) - samples).max() < top / 100
    assert format_for("AVIF", "uint16", 3, False) == "PNG"


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "avif"])
def test_frames_of_animations_are_pages_where_wanted(tmp_path, suffix):
    """The second frame of a GIF or APNG may be a part of the canvas."""
    frames = [smooth() for _ in range(3)]
    frames[1][10:20, 10:20] = (250, 10, 10)
    frames[2][30:40, 30:40] = (10, 250, 10)
    path = tmp_path / f"x.{suffix}"
    pictures = [Image.fromarray(frame) for frame in frames]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], lossless=True, quality=90)
    assert images.pages_of(path) == 1 and images.pages_of(path, animations=True) == 3
    assert any("several frames" in note for note in images.read(path).notes)
    for number, frame in enumerate(frames, 1):
        read = images.read_decoded(f"{path}#{number}").samples
        assert np.abs(read.astype(int) - frame).mean() < 6, number
        if number > 1:
            assert abs(int(read[15, 15, 0]) - int(frame[15, 15, 0])) < 20


def test_what_replaces_a_gif_is_png():
    assert format_for("GIF", "uint8", 3, True) == "PNG" and format_for("GIF", "float32", 1, False) == "TIFF"
    with pytest.raises(ValueError, match="GIF files hold no"):
        BY_NAME["GIF"].encode([Decoded(samples=smooth())])


@pytest.mark.parametrize("kind", ["zTXt", "iTXt", "iCCP"])
@pytest.mark.parametrize("place", ["before", "after"])
def test_png_with_more_than_a_megabyte_of_metadata_is_read(tmp_path, kind, place):
    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")

    out = BytesIO()
    Image.fromarray(smooth()).save(out, "PNG")
    data, packed = out.getvalue(), zlib.compress(bytes(3 << 20))
    extra = {
        "zTXt": chunk(b"zTXt", b"Comment\0\0" + packed),
        "iTXt": chunk(b"iTXt", b"Comment\0\1\0\0\0" + packed),
        "iCCP": chunk(b"iCCP", b"profile\0\0" + packed),
    }[kind]
    at = 33 if place == "before" or kind == "iCCP" else len(data) - 12
    (tmp_path / "x.png").write_bytes(data[:at] + extra + data[at:])
    picture = images.read(tmp_path / "x.png")
    assert np.array_equal(images.to_uint8(picture.pixels), smooth().transpose(2, 0, 1))
    assert images.describe(tmp_path / "x.png") == ("uint8", 3)
    assert picture.notes == ("compressed text or profile above 1 MB skipped",)


def test_other_text_and_a_usual_profile_stay(tmp_path):
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", "x" * 1000)
    Image.fromarray(smooth()).save(tmp_path / "x.png", pnginfo=text, icc_profile=b"profile" * 100)
    assert images.read(tmp_path / "x.png").icc == b"profile" * 100 and not images.read(tmp_path / "x.png").notes


def test_an_animation_on_a_canvas_of_a_bomb_is_refused_by_its_header(tmp_path):
    frame = Image.fromarray(smooth())
    frame.save(tmp_path / "x.webp", save_all=True, append_images=[frame.rotate(90)], lossless=True)
    data = bytearray((tmp_path / "x.webp").read_bytes())
    at = data.index(b"VP8X") + 12
    data[at : at + 6] = (16_383).to_bytes(3, "little") * 2
    (tmp_path / "x.webp").write_bytes(data)
    with pytest.raises(ImageError, match="more than 178 million"):
        images.read(tmp_path / "x.webp")


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("channels", [1, 3])
def test_pfm_in_both_orders(tmp_path, channels, order):
    samples = np.random.default_rng(0).normal(0, 100, (5, 7, channels)).astype(np.float32)
    head = f"P{'f' if channels == 1 else 'F'}\n7 5\n{'-1.0' if order == '<' else '1.0'}\n".encode()
    (tmp_path / "x.pfm").write_bytes(head + samples[::-1].astype(f"{order}f4").tobytes())
    decoded = images.read_decoded(tmp_path / "x.pfm")
    assert np.array_equal(decoded.samples, samples) and images.describe(tmp_path / "x.pfm") == ("float32", channels)
    data = BY_NAME["PFM"].encode([decoded])
    assert np.array_equal(BY_NAME["PFM"].decode(BytesIO(data), 0, ANY).samples, samples)
    if channels == 1:
        assert np.array_equal(np.asarray(Image.open(BytesIO(data))), samples[..., 0])  # Pillow reads it alike
    with pytest.raises(ValueError, match="truncated"):
        BY_NAME["PFM"].decode(BytesIO(data[:-1]), 0, ANY)

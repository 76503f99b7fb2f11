"""EXIF and resolution: what Pillow reads from a written file is what Pillow wrote into its original."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from support.pictures import noise, png
from viceversa import images
from viceversa.images.exif import LARGEST

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # as the module itself asks for

SUFFIXES = ["jpg", "png", "webp", "tif", "16.png"]
POSITION = {0: b"\2\3\0\0", 1: "N", 2: (47.0, 22.0, 12.5), 3: "E", 4: (8.0, 32.0, 30.25), 5: b"\0", 6: 408.5}
PHOTO = {
    33434: 1 / 250,
    34855: 400,
    36867: "2024:07:14 09:30:00",
    37386: 4.25,
    40962: 24,
    40963: 16,
    42036: "35mm F1.8",
}


def exif_of_a_camera(orientation: int = 6, endian: str = "<") -> Image.Exif:
    """With a GPS position, a thumbnail and maker notes."""
    exif = Image.Exif()
    exif.endian = endian
    exif[271], exif[272], exif[306], exif[274] = "Maker", "Camera 7", "2024:07:14 10:00:00", orientation
    exif[282], exif[283], exif[296] = 240.0, 240.0, 2
    exif.get_ifd(0x8769).update(PHOTO | {37500: b"maker notes" * 9})
    exif.get_ifd(0x8825).update(POSITION)
    exif.get_ifd(1).update({259: 6, 513: 0, 514: 0, 271: "thumbnail"})
    return exif


def save(path, exif, **options):
    """A file of (16, 24) stored pixels."""
    if path.name.endswith("16.png"):
        block = exif.tobytes().removeprefix(b"Exif\0\0")
        chunk = b"eXIf" + block
        extra = struct.pack(">I", len(block)) + chunk + struct.pack(">I", zlib.crc32(chunk))
        path.write_bytes(png(noise((16, 24, 3), np.uint16), 16, extra))
    else:
        Image.fromarray(noise((16, 24, 3))).save(path, exif=exif.tobytes(), **options)
    return path


def copied(path):
    """What Pillow reads from the file written from this one."""
    out = path.with_name(f"out{path.suffix}")
    images.write(out, images.read(path))
    with Image.open(out) as image:
        image.load()
        return image, image.getexif()


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("endian", ["<", ">"])
def test_date_camera_and_position_are_kept_and_the_orientation_is_upright(tmp_path, suffix, endian):
    image, exif = copied(save(tmp_path / f"x.{suffix}", exif_of_a_camera(endian=endian)))
    assert image.size == (16, 24)
    assert {tag: exif[tag] for tag in (271, 272, 306, 274)} == {
        271: "Maker", 272: "Camera 7", 306: "2024:07:14 10:00:00", 274: 1,
    }  # fmt: skip
    assert (exif[282], exif[283], exif[296]) == (240, 240, 2)
    photo, gps = exif.get_ifd(0x8769), exif.get_ifd(0x8825)
    assert dict(photo) == pytest.approx({**PHOTO, 40962: 16, 40963: 24})  # no maker notes
    for tag, value in POSITION.items():
        assert gps[tag] == (pytest.approx(value) if isinstance(value, tuple | float) else value)
    assert not exif.get_ifd(1)  # the thumbnail would show the old picture


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_copy_of_a_copy_has_the_same_exif(tmp_path, suffix):
    path = save(tmp_path / f"x.{suffix}", exif_of_a_camera())
    images.write(tmp_path / f"y.{suffix}", first := images.read(path))
    assert images.read(tmp_path / f"y.{suffix}").exif == first.exif and first.exif is not None


def test_user_comments_keep_their_text_when_the_byte_order_changes(tmp_path):
    exif = exif_of_a_camera(endian=">")
    exif.get_ifd(0x8769)[37510] = b"UNICODE\0" + "Grüße".encode("utf-16-be")
    picture = images.read(save(tmp_path / "x.jpg", exif))
    images.write(tmp_path / "x.tif", images.Picture(pixels=picture.pixels, format="TIFF", exif=picture.exif))
    with Image.open(tmp_path / "x.tif") as image:
        comment = image.getexif().get_ifd(0x8769)[37510]
    assert comment == b"UNICODE\0" + "Grüße".encode("utf-16-le")


def test_strip_leaves_all_of_it_out(tmp_path):
    path = save(tmp_path / "x.jpg", exif_of_a_camera())
    picture = images.read(path, strip=True)
    images.write(tmp_path / "y.jpg", picture)
    assert picture.exif is None and picture.pixels.shape == (3, 24, 16)  # upright all the same
    with Image.open(tmp_path / "y.jpg") as image:
        assert not image.getexif() and b"Camera" not in (tmp_path / "y.jpg").read_bytes()


def test_damaged_exif_is_dropped_with_a_note_and_never_an_error(tmp_path):
    whole, rng = exif_of_a_camera().tobytes(), np.random.default_rng(0)
    blocks = [b"Exif\0\0junk", whole[:40], whole[:-200], whole[:6] + b"MM" + whole[8:]]
    for i in range(150):
        block = bytearray(whole)
        for at in rng.integers(6, len(block), 1 + i % 8):
            block[at] = rng.integers(256)
        blocks.append(bytes(block))

    notes = []
    for block in blocks:
        Image.fromarray(noise((16, 24, 3))).save(tmp_path / "x.jpg", exif=block)
        picture = images.read(tmp_path / "x.jpg")
        notes.append(picture.notes)
        assert (picture.exif is None) or not any("EXIF" in note for note in picture.notes)
        images.write(tmp_path / "y.jpg", picture)
        assert images.read(tmp_path / "y.jpg").exif == picture.exif
    assert all("EXIF dropped" in note[0] for note in notes[:4])


def test_exif_longer_than_a_jpeg_can_hold_is_dropped(tmp_path):
    exif = exif_of_a_camera()
    exif.get_ifd(0x8769)[37510] = bytes(LARGEST)
    picture = images.read(save(tmp_path / "x.png", exif))
    assert picture.exif is None and "too long" in picture.notes[-1]


def test_tags_of_a_tiff_that_state_its_storage_are_not_copied(tmp_path):
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[270], tags[305], tags[700] = "ImageJ=1.54\nimages=30", "Microscope 2", b"<xmp/>"
    Image.fromarray(noise((16, 24, 3))).save(tmp_path / "x.tif", tiffinfo=tags, compression="tiff_lzw")
    image, exif = copied(tmp_path / "x.tif")
    assert exif[305] == "Microscope 2" and 270 not in exif and 700 not in exif
    np.testing.assert_array_equal(np.asarray(image), noise((16, 24, 3)))


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "bmp", "16.png", "alpha.bmp"])
def test_resolution_is_kept(tmp_path, suffix):
    path = tmp_path / f"x.{suffix}"
    picture = images.Picture(pixels=np.zeros((3, 4, 6), np.float32), dpi=(300, 150))
    form = {"jpg": "JPEG", "tif": "TIFF", "bmp": "BMP", "alpha.bmp": "BMP"}.get(suffix, "PNG")
    depth = {"depth": "uint16", "high": 65535.0} if suffix == "16.png" else {}
    alpha = np.ones((4, 6), np.float32) if suffix == "alpha.bmp" else None
    images.write(path, images.Picture(pixels=picture.pixels, dpi=(300, 150), format=form, alpha=alpha, **depth))
    assert images.read(path).dpi == pytest.approx((300, 150), abs=0.02)
    with Image.open(path) as image:
        assert image.info["dpi"] == pytest.approx((300, 150), abs=0.02)
    assert copied(path)[0].info["dpi"] == pytest.approx((300, 150), abs=0.02)


def test_a_jpeg_without_resolution_gets_none(tmp_path):
    Image.fromarray(noise((16, 24, 3))).save(tmp_path / "x.jpg")
    assert images.read(tmp_path / "x.jpg").dpi is None
    assert "dpi" not in copied(tmp_path / "x.jpg")[0].info

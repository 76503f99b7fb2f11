"""HEIC: recognised by content, read as pillow-heif writes it, written at high quality with its bits and metadata."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from viceversa import images
from viceversa.images import ImageError
from viceversa.images.decoded import Decoded, Request
from viceversa.images.formats import heif
from viceversa.images.formats.heif import HEIF

ANY = Request()


def scene(channels: int = 3, top: int = 255) -> np.ndarray:
    """Smooth colours, which HEVC keeps."""
    y, x = np.mgrid[0:48, 0:64] / 64
    planes = [x, y, (x + y) / 2, 1 - x][:channels]
    return np.rint(np.stack(planes, -1) * top).astype(np.uint8 if top == 255 else np.uint16)


def make(samples: np.ndarray, mode: str, **options) -> bytes:
    file, out = pillow_heif.HeifFile(), BytesIO()
    file.add_frombytes(mode, (samples.shape[1], samples.shape[0]), np.ascontiguousarray(samples).tobytes())
    file.save(out, quality=100, chroma=444, **options)
    return out.getvalue()


def difference(one: np.ndarray, two: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - two.astype(float)).max())


@pytest.mark.parametrize(("mode", "bits"), [("RGB", 8), ("RGBA", 8), ("L", 8), ("RGB;10", 10), ("RGB;12", 12)])
def test_what_pillow_heif_writes_is_read(mode, bits):
    top = (1 << bits) - 1
    samples = scene({"RGB": 3, "RGBA": 4, "L": 1}[mode.partition(";")[0]], top)
    data = make(samples, mode)
    page = HEIF.decode(BytesIO(data), 0, ANY)
    full = 255 if bits == 8 else 65535
    assert page.samples.dtype == (np.uint8 if bits == 8 else np.uint16)
    assert difference(page.samples * (top / full), samples[..., : page.samples.shape[2]]) <= {8: 4, 10: 8, 12: 20}[bits]
    assert (page.alpha is not None) == (mode == "RGBA")
    assert HEIF.describe(BytesIO(data)) == (page.samples.dtype.name, page.samples.shape[2])


@pytest.mark.parametrize(("dtype", "channels", "alpha"), [("uint8", 3, False), ("uint8", 1, False), ("uint8", 3, True)])
def test_written_files_are_close_and_keep_alpha(dtype, channels, alpha):
    samples = scene(channels)
    mask = np.linspace(0, 1, 64, dtype=np.float32)[None].repeat(48, 0) if alpha else None
    page = HEIF.decode(BytesIO(HEIF.encode([Decoded(samples=samples, alpha=mask)])), 0, ANY)
    assert difference(page.samples, samples) <= 5 and page.samples.shape == samples.shape
    assert mask is None or (page.alpha is not None and difference(page.alpha, mask) < 0.03)


@pytest.mark.parametrize("bits", [10, 12])
def test_bits_are_kept(bits):
    page = HEIF.decode(BytesIO(make(scene(3, (1 << bits) - 1), f"RGB;{bits}")), 0, ANY)
    written = HEIF.encode([page])
    assert pillow_heif.open_heif(BytesIO(written), convert_hdr_to_8bit=False).info["bit_depth"] == bits
    assert difference(HEIF.decode(BytesIO(written), 0, ANY).samples, page.samples) < 65535 / 128


def test_profile_exif_and_orientation(tmp_path):
    """libheif turns the pixels; the tag then says upright."""
    exif = Image.Exif()
    exif[0x0110], exif[0x0112] = "A camera", 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = Image.fromarray(scene())
    pillow_heif.from_pillow(image).save(tmp_path / "x.heic", quality=100, exif=exif.tobytes(), icc_profile=profile)
    picture = images.read(tmp_path / "x.heic")
    stored = pillow_heif.open_heif(tmp_path / "x.heic")
    assert picture.size == stored.size[::-1]
    assert picture.exif is not None and any(b"A camera" in entry.data for entry in picture.exif.image)
    images.write(tmp_path / "y.heic", picture)
    again = images.read(tmp_path / "y.heic")
    assert again.size == picture.size and again.icc == picture.icc and again.exif == picture.exif
    assert images.read(tmp_path / "x.heic", strip=True).exif is None


def test_recognised_by_content_whatever_the_name(tmp_path):
    (tmp_path / "IMG_0001.jpg").write_bytes(make(scene(), "RGB"))
    picture = images.read(tmp_path / "IMG_0001.jpg")
    assert picture.format == "HEIC" and picture.pixels.shape == (3, 48, 64)


def test_avif_is_not_taken_for_heic():
    out = BytesIO()
    Image.fromarray(scene()).save(out, "AVIF")
    assert not heif.is_heif(out.getvalue()[:512])


def test_without_the_extra_one_line_says_how_to_install_it(tmp_path, monkeypatch):
    from viceversa.images import opened

    (tmp_path / "IMG_0001.jpg").write_bytes(make(scene(), "RGB"))
    monkeypatch.setattr(opened, "is_installed", lambda extra: False)
    with pytest.raises(ImageError) as caught:
        images.read(tmp_path / "IMG_0001.jpg")
    expected = f"cannot read {Path(tmp_path)}/IMG_0001.jpg: HEIC files need an extra: pip install 'viceversa[heif]'"
    assert str(caught.value) == expected

"""JPEGs at a reduced scale: as the full image when it is resized, whatever size, orientation and colour model."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.pictures import reader
from viceversa import images
from viceversa.data.preparation import fit_pixels
from viceversa.data.transforms import label_reader


def photo(w: int, h: int, seed: int = 0) -> Image.Image:
    """Soft shapes with fine grain."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)).resize((w, h), Image.Resampling.BICUBIC)
    grain = rng.normal(0, 3, (h, w, 3))
    return Image.fromarray(np.clip(np.asarray(coarse) + grain, 0, 255).astype(np.uint8))


def difference(path: Path, side: int, fit: str = "cover", channels: int = 3) -> np.ndarray:
    """Levels between what training reads and the full image resized."""
    full = images.to_uint8(fit_pixels(images.read(path), side, fit, channels))
    reduced = reader(side, fit, channels)(path)
    assert reduced.shape == full.shape
    return np.abs(reduced.astype(int) - full)


@pytest.mark.parametrize("size", [(640, 480), (641, 487), (479, 647), (1200, 403)])
@pytest.mark.parametrize("fit", ["cover", "squash"])
@pytest.mark.parametrize("side", [16, 30, 64])
def test_at_most_three_levels_from_the_full_image(tmp_path: Path, size: tuple[int, int], fit: str, side: int) -> None:
    photo(*size).save(tmp_path / "x.jpg", quality=90)
    assert images.read(tmp_path / "x.jpg", side=side).reduction > 1
    d = difference(tmp_path / "x.jpg", side, fit)
    assert d.max() <= 3 and d.mean() < 0.6


@pytest.mark.parametrize("mode, channels", [("L", 1), ("CMYK", 3), ("L", 3)])
def test_colour_models(tmp_path: Path, mode: str, channels: int) -> None:
    photo(640, 480).convert(mode).save(tmp_path / "x.jpg", quality=95)
    assert images.read(tmp_path / "x.jpg", side=20).reduction == 8
    assert difference(tmp_path / "x.jpg", 20, channels=channels).max() <= 3


@pytest.mark.parametrize("turn", range(1, 9))
def test_all_eight_orientations(tmp_path: Path, turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    photo(643, 480).save(tmp_path / "x.jpg", quality=90, exif=exif)
    full, reduced = images.read(tmp_path / "x.jpg"), images.read(tmp_path / "x.jpg", side=20)
    assert reduced.size == full.pixels.shape[1:] and reduced.reduction == 8
    assert difference(tmp_path / "x.jpg", 20).max() <= 3  # whose last column of blocks is partly outside


def test_profile_exif_and_format_are_those_of_the_file(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[271] = "Maker"
    photo(640, 480).save(tmp_path / "x.jpg", exif=exif, icc_profile=b"profile", dpi=(300, 300))
    full, reduced = images.read(tmp_path / "x.jpg"), images.read(tmp_path / "x.jpg", side=20)
    for name in ("icc", "exif", "dpi", "format", "depth", "notes"):
        assert getattr(reduced, name) == getattr(full, name)


def test_halves_are_reduced_only_where_they_share_no_block(tmp_path: Path) -> None:
    left, right = Image.new("RGB", (640, 640), "red"), Image.new("RGB", (640, 640), "blue")
    both = Image.new("RGB", (1280, 640))
    both.paste(left, (0, 0))
    both.paste(right, (640, 0))
    both.save(tmp_path / "x.jpg", quality=95, subsampling=0)
    both.crop((0, 0, 1270, 640)).save(tmp_path / "odd.jpg", quality=95)
    for half, colour in (("#left", (254, 0, 0)), ("#right", (0, 0, 254))):
        picture = images.read(f"{tmp_path / 'x.jpg'}{half}", side=10)
        assert (picture.reduction, picture.size, picture.pixels.shape) == (8, (640, 640), (3, 80, 80))
        assert np.abs(images.to_uint8(picture.pixels).transpose(1, 2, 0).astype(int) - colour).max() <= 1
        assert images.read(f"{tmp_path / 'odd.jpg'}{half}", side=10).reduction == 1


@pytest.mark.parametrize("side, reduction", [(None, 1), (160, 1), (81, 1), (80, 2), (41, 2), (40, 4), (20, 8), (1, 8)])
def test_three_times_the_side_is_left(tmp_path: Path, side: int | None, reduction: int) -> None:
    photo(640, 480).save(tmp_path / "x.jpg")
    assert images.read(tmp_path / "x.jpg", side=side).reduction == reduction


def test_files_near_the_wanted_size_and_other_formats_are_read_in_full(tmp_path: Path) -> None:
    for name in ("x.jpg", "x.png", "x.webp", "x.tif"):
        photo(640, 480).save(tmp_path / name)
        side = 81 if name == "x.jpg" else 10
        full, read = images.read(tmp_path / name), images.read(tmp_path / name, side=side)
        np.testing.assert_array_equal(read.pixels, full.pixels)


def test_truncated_files_are_broken_at_any_scale(tmp_path: Path) -> None:
    photo(640, 480).save(tmp_path / "x.jpg")
    data = (tmp_path / "x.jpg").read_bytes()
    for part in (0.1, 0.5, 0.9):
        (tmp_path / "y.jpg").write_bytes(data[: int(len(data) * part)])
        with pytest.raises(images.ImageError):
            images.read(tmp_path / "y.jpg", side=20)


def test_labels_are_never_reduced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from viceversa.data.labels import CITYSCAPES

    Image.new("RGB", (640, 480), (128, 64, 128)).save(tmp_path / "x.png")
    sides, read = [], images.read
    monkeypatch.setattr(images, "read", lambda path, **options: sides.append(options) or read(path, **options))
    label_reader(20, "cover", CITYSCAPES)(tmp_path / "x.png")
    assert sides == [{}]

"""Files with a colour profile: the same colours are the same pixels, and come back in the file's own profile."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support import icc
from viceversa import images
from viceversa.images import Picture, Values
from viceversa.images.decoded import Decoded
from viceversa.images.picture import picture_of

MANAGED = Values(managed=True)
P3, ADOBE = icc.display_p3(), icc.adobe_rgb()


def scene(height: int = 60, width: int = 81, low: float = 0.2) -> np.ndarray:
    """Soft colours from `low` to 0.85, of every hue: (H, W, 3) in [0, 1]."""
    rng = np.random.default_rng(0)
    coarse = rng.random((7, 9, 3)) * (0.85 - low) + low
    return np.stack([plane_of(coarse[..., c], height, width) for c in range(3)], axis=-1)


def plane_of(coarse: np.ndarray, height: int, width: int) -> np.ndarray:
    """A plane enlarged smoothly."""
    image = Image.fromarray(coarse.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(image)


def p3_values(srgb: np.ndarray) -> np.ndarray:
    """The numbers of the same colours in Display P3, by the closed form; [0, 1]."""
    to_xyz = icc.adaptation(icc.D65) @ icc.primary_matrix(icc.SRGB, icc.D65)
    from_xyz = np.linalg.inv(icc.adaptation(icc.D65) @ icc.primary_matrix(icc.DISPLAY_P3, icc.D65))
    return icc.srgb_value(icc.srgb_light(srgb) @ (from_xyz @ to_xyz).T)


def save(path: Path, values: np.ndarray, profile: bytes | None, depth: str = "uint8", **fields: object) -> Path:
    """Write colours (H, W, C) in [0, 1] with a profile."""
    pixels = np.ascontiguousarray((2 * values - 1).transpose(2, 0, 1), np.float32)
    full = {"uint8": 255.0, "uint16": 65_535.0, "float32": 1.0}[depth]
    images.write(path, Picture(pixels=pixels, icc=profile, depth=depth, high=full, **fields))  # type: ignore[arg-type]
    return path


KINDS = [
    ("PNG", "uint8"),
    ("PNG", "uint16"),
    ("TIFF", "uint8"),
    ("TIFF", "uint16"),
    ("TIFF", "float32"),
    ("WEBP", "uint8"),
]


@pytest.mark.parametrize("format, depth", KINDS)
def test_p3_photograph_and_its_srgb_twin_are_the_same_pixels(tmp_path: Path, format: str, depth: str) -> None:
    values = scene()
    p3 = save(tmp_path / "p3", p3_values(values), P3, depth, format=format)
    srgb = save(tmp_path / "srgb", values, icc.widespread_srgb(), depth, format=format)
    of_p3, of_srgb = (images.read(path, values=MANAGED) for path in (p3, srgb))
    levels = np.abs(of_p3.pixels - of_srgb.pixels) * 127.5
    assert levels.mean() < 0.4 and np.quantile(levels, 0.99) < 1 and levels.max() < 1.5  # both files are rounded
    if depth != "uint8":
        assert levels.max() < 0.02
    assert of_p3.is_srgb and not of_srgb.is_srgb and of_p3.icc == P3
    assert (np.abs(images.read(p3).pixels - of_p3.pixels) * 127.5).max() > 15  # as they were told apart before


@pytest.mark.parametrize("profile", [P3, ADOBE, icc.prophoto()], ids=["P3", "Adobe", "ProPhoto"])
@pytest.mark.parametrize("format, depth", KINDS)
def test_unchanged_pictures_come_back(tmp_path: Path, format: str, depth: str, profile: bytes) -> None:
    noise = np.random.default_rng(0).random((40, 50, 3))
    path = save(tmp_path / "x", noise, profile, depth, format=format)
    picture = images.read(path, values=MANAGED)
    assert picture.outside is not None
    images.write(tmp_path / "y", picture)
    before, after = (images.read(tmp_path / name) for name in "xy")
    assert after.icc == profile and after.depth == depth and after.format == format
    levels = np.abs(before.pixels - after.pixels) * 127.5
    assert levels.max() == 0 if depth == "uint8" else levels.max() < 0.5


def test_saturated_colours_of_8_bits_differ_by_their_rounding_alone(tmp_path: Path) -> None:
    """Half a level of a bright channel is several of a dark one in other primaries: so much 8 bits leave open."""
    values = scene(low=0)
    pixels = [
        images.read(save(tmp_path / "x.png", colours, profile, depth), values=MANAGED).pixels
        for depth in ("uint8", "uint16")
        for colours, profile in ((p3_values(values), P3), (values, None))
    ]
    of_8, of_16 = (np.abs(a - b) * 127.5 for a, b in zip(pixels[::2], pixels[1::2], strict=True))
    assert of_16.max() < 0.1
    assert np.quantile(of_8, 0.95) < 1 and of_8.max() < 6


def test_float_samples() -> None:
    values = scene()
    of_p3, of_srgb = (
        picture_of(Decoded(samples=colours.astype(np.float32), icc=profile), MANAGED, "TIFF")
        for colours, profile in ((p3_values(values), P3), (values, icc.widespread_srgb()))
    )
    assert of_p3.is_srgb and np.abs(of_p3.pixels - of_srgb.pixels).max() * 127.5 < 0.02
    noise = np.random.default_rng(0).random((40, 50, 3)).astype(np.float32)
    for profile in (P3, ADOBE):
        picture = picture_of(Decoded(samples=noise, icc=profile), MANAGED, "TIFF")
        assert np.abs(images.to_samples(picture) - noise).max() < 1e-3
        assert np.quantile(np.abs(images.to_samples(picture) - noise), 0.99) < 1e-5


def test_grey_files(tmp_path: Path) -> None:
    ramp = np.linspace(0, 1, 256)[None, :, None].repeat(4, axis=0)
    for profile, light in ((icc.grey(1.8), ramp ** (461 / 256)), (icc.dot_gain(), None)):
        path = save(tmp_path / "grey.png", ramp, profile)
        picture = images.read(path, values=MANAGED)
        assert picture.pixels.shape == (1, 4, 256) and picture.is_srgb
        if light is not None:
            truth = icc.srgb_value(light)[..., 0]
            assert np.abs((picture.pixels[0] + 1) / 2 - truth).max() * 255 < 0.1
        images.write(tmp_path / "back.png", picture)
        assert np.array_equal(images.read(path).pixels, images.read(tmp_path / "back.png").pixels)


def test_transparency_is_untouched(tmp_path: Path) -> None:
    alpha = np.linspace(0, 1, 81, dtype=np.float32)[None].repeat(60, axis=0)
    path = save(tmp_path / "x.png", scene(), P3, alpha=alpha)
    picture = images.read(path, values=MANAGED)
    assert picture.is_srgb and picture.alpha is not None
    assert np.abs(picture.alpha - alpha).max() < 0.5 / 255 + 1e-6
    images.write(tmp_path / "y.png", picture)
    assert np.array_equal(np.asarray(Image.open(path)), np.asarray(Image.open(tmp_path / "y.png")))


@pytest.mark.parametrize("turn", [1, 3, 6, 7])
def test_reduced_jpegs_are_managed_too(tmp_path: Path, turn: int) -> None:
    values = p3_values(scene(480, 643))
    exif = Image.Exif()
    exif[0x0112] = turn
    picture = Image.fromarray(np.rint(values * 255).astype(np.uint8))
    picture.save(tmp_path / "x.jpg", quality=95, icc_profile=P3, exif=exif)
    reduced, full = (images.read(tmp_path / "x.jpg", values=MANAGED, side=side) for side in (20, None))
    assert reduced.reduction == 8 and reduced.is_srgb and reduced.outside is None
    size = (20, 27) if turn < 5 else (27, 20)
    levels = np.abs(images.resize(reduced.pixels, size, reduced.box) - images.resize(full.pixels, size)) * 127.5
    assert levels.max() <= 3


def test_halves_keep_what_lies_outside(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).random((40, 50, 3))
    path = save(tmp_path / "x.png", noise, P3)
    whole = images.to_samples(images.read(path))
    for end, part in (("#left", slice(None, 25)), ("#right", slice(25, None))):
        half = images.read(f"{path}{end}", values=MANAGED)
        assert half.outside is not None
        assert np.array_equal(images.to_samples(half), whole[:, part])


def test_profiles_of_no_use_change_nothing(tmp_path: Path) -> None:
    values = scene()
    for profile, note in (
        (P3[:300], "it is damaged or has no way back"),
        (b"profile", "it is damaged"),
        (icc.grey(2.2), "it describes grey colours, not RGB"),
        (P3[:16] + b"CMYK" + P3[20:], "it describes CMYK colours, not RGB"),
    ):
        path = save(tmp_path / "x.tif", values, profile, format="TIFF")
        raw, managed = images.read(path), images.read(path, values=MANAGED)
        assert np.array_equal(raw.pixels, managed.pixels) and not managed.is_srgb
        assert raw.notes == () and managed.notes == (f"colour profile not used: {note}",)
        images.write(tmp_path / "y.tif", managed)
        assert images.read(tmp_path / "y.tif").icc == profile


def test_no_profile_srgb_and_raw_are_bit_identical(tmp_path: Path) -> None:
    for profile in (None, icc.srgb(), icc.widespread_srgb()):
        path = save(tmp_path / "x.png", scene(), profile)
        raw, managed = images.read(path), images.read(path, values=MANAGED)
        assert np.array_equal(raw.pixels, managed.pixels) and not managed.is_srgb and managed.notes == ()
    path = save(tmp_path / "x.png", scene(), P3)
    assert not images.read(path, values=Values()).is_srgb
    assert np.array_equal(images.read(path, values=Values()).pixels, images.read(path).pixels)


def test_absolute_values_are_no_colours(tmp_path: Path) -> None:
    path = save(tmp_path / "x.png", scene(), P3)
    values = Values(low=0, high=200, relative=False, managed=True)
    picture = images.read(path, values=values)
    assert not picture.is_srgb and picture.icc == P3

    photograph = images.read(path, values=MANAGED)
    depth_map = images.with_pixels(photograph, photograph.pixels, MANAGED, values)
    assert depth_map.icc is None and not depth_map.is_srgb and "no colours" in depth_map.notes[-1]


def test_colour_that_becomes_grey_is_written_as_srgb(tmp_path: Path) -> None:
    picture = images.read(save(tmp_path / "x.png", scene(), P3), values=MANAGED)
    grey = images.with_pixels(picture, images.to_channels(picture.pixels, 1))
    assert grey.icc is None and not grey.is_srgb and grey.outside is None
    assert np.array_equal(images.to_samples(grey)[..., 0], images.to_uint8(grey.pixels)[0])


def test_new_pixels_are_written_in_the_colours_of_the_file(tmp_path: Path) -> None:
    """A network's sRGB comes back as the same colours in Display P3."""
    picture = images.read(save(tmp_path / "x.png", scene()[::-1], P3), values=MANAGED)
    wanted = scene()
    images.write(tmp_path / "y.png", images.with_pixels(picture, (2 * wanted - 1).transpose(2, 0, 1).astype("f")))
    written = np.asarray(Image.open(tmp_path / "y.png"))
    inside = np.ones(written.shape[:2], bool)
    if picture.outside is not None:
        inside.flat[picture.outside.positions] = False
    assert inside.mean() > 0.8
    assert np.abs(written - 255 * p3_values(wanted))[inside].max() < 0.6
    assert images.read(tmp_path / "y.png").icc == P3


def test_missing_pixels_of_a_photograph(tmp_path: Path) -> None:
    samples = np.rint(p3_values(scene()) * 255).astype(np.float32) / 255
    samples[3:9, 4:7] = np.nan
    picture = picture_of(Decoded(samples=samples, icc=P3), MANAGED, "TIFF")
    assert picture.is_srgb and picture.missing is not None and picture.missing.sum() == 18
    assert np.isfinite(picture.pixels).all()
    known = picture.pixels[:, ~picture.missing]
    assert picture.pixels[:, 4, 5] == pytest.approx(known.mean(axis=1), abs=1e-4)
    back = images.to_samples(picture)
    assert np.array_equal(np.isnan(back), np.isnan(samples))
    assert np.nanmax(np.abs(back - samples)) < 1e-5


def test_pil_images_carry_their_profile() -> None:
    image = Image.fromarray(np.rint(p3_values(scene()) * 255).astype(np.uint8))
    image.info["icc_profile"] = P3
    picture, pack = images.to_picture(image, values=MANAGED)
    assert picture.is_srgb
    back = pack(picture)
    assert back.info["icc_profile"] == P3 and np.array_equal(np.asarray(back), np.asarray(image))


def test_depth_of_16_bits_survives(tmp_path: Path) -> None:
    """A ramp finer than 8 bits keeps its steps in the network's pixels."""
    ramp = np.linspace(0.2, 0.21, 400)[None, :, None].repeat(3, axis=2).repeat(2, axis=0)
    picture = images.read(save(tmp_path / "x.png", ramp, ADOBE, "uint16"), values=MANAGED)
    assert len(np.unique(picture.pixels[0, 0])) == 400
    assert (np.diff(picture.pixels[0, 0]) > 0).all()
    assert np.array_equal(images.to_samples(picture), images.to_samples(images.read(tmp_path / "x.png")))


def test_reading_for_training_forgets_what_lies_outside(tmp_path: Path) -> None:
    path = save(tmp_path / "x.png", np.random.default_rng(0).random((40, 50, 3)), P3)
    assert images.read(path, values=MANAGED, side=20).outside is None
    assert images.read(path, values=MANAGED).outside is not None
    assert replace(images.read(path, values=MANAGED), outside=None).is_srgb

"""Samples with a profile as sRGB pixels and back: the border of the gamut, strips, which files are converted."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from support import icc
from viceversa.images.colour import Outside, conversion_for, from_srgb, restore_outside, to_srgb
from viceversa.images.profiles import Conversion, conversion


def found(profile: bytes, channels: int = 3) -> Conversion:
    """The conversion of a profile that is not sRGB."""
    conversion_ = conversion(profile, channels)
    assert conversion_ is not None
    return conversion_


def noise(kind: str = "uint8", channels: int = 3, shape: tuple[int, int] = (300, 401)) -> np.ndarray:
    """Random samples (H, W, C), more than half of them outside of sRGB in a wide profile."""
    largest = np.iinfo(kind).max if kind.startswith("uint") else 1
    return np.rint(np.random.default_rng(0).random((*shape, channels)) * largest).astype(kind)


@pytest.mark.parametrize(
    "profile", [icc.display_p3(), icc.adobe_rgb(), icc.prophoto()], ids=["P3", "Adobe", "ProPhoto"]
)
def test_unchanged_8_bit_pixels_come_back_exactly(profile: bytes) -> None:
    samples = noise()
    pixels, outside = to_srgb(samples, found(profile))
    assert outside is not None and len(outside.positions) > 0.3 * samples[..., 0].size
    assert pixels.shape == (3, 300, 401) and pixels.dtype == np.float32 and pixels.flags.c_contiguous
    assert pixels.min() == -1 and pixels.max() == 1
    assert np.array_equal(from_srgb(pixels, found(profile), outside, "uint8"), samples)

    clipped = from_srgb(pixels, found(profile), None, "uint8")
    assert np.abs(clipped.astype(int) - samples).max() > 50  # what forgetting them would cost


@pytest.mark.parametrize("kind", ["uint16", "float32"])
def test_other_number_types_come_back(kind: str) -> None:
    samples = noise(kind)
    pixels, outside = to_srgb(samples, found(icc.display_p3()))
    back = from_srgb(pixels, found(icc.display_p3()), outside, kind)
    assert back.dtype == kind
    full = 65_535 if kind == "uint16" else 1
    assert np.abs(back.astype(np.float64) - samples).max() / full < 2e-5  # about one level of 16 bits


def test_pixels_of_a_known_colour() -> None:
    red = np.array([[[255, 0, 0], [128, 128, 128]]], np.uint8)
    pixels, outside = to_srgb(red, found(icc.display_p3()))
    truth = icc.closed_form(red[0] / 255, icc.DISPLAY_P3, icc.D65)
    assert pixels[:, 0, 0] == pytest.approx([1, -1, -1]) and outside is not None
    assert outside.positions.tolist() == [0]
    assert outside.excess[0] == pytest.approx(truth[0] - [1, 0, 0], abs=1e-3)
    assert pixels[:, 0, 1] == pytest.approx(2 * truth[1] - 1, abs=1e-4)


def test_nothing_is_kept_when_clipped_or_inside() -> None:
    assert to_srgb(noise(), found(icc.display_p3()), clip=True)[1] is None
    greys = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)  # white and black lie on the border
    for profile in (icc.display_p3(), icc.adobe_rgb(), icc.prophoto()):
        assert to_srgb(greys, found(profile))[1] is None


@pytest.mark.parametrize("channels", [1, 3])
def test_strips_change_nothing(channels: int) -> None:
    profile = found(icc.adobe_rgb() if channels == 3 else icc.grey(2.2), channels)
    samples = noise(channels=channels)
    pixels, _ = to_srgb(samples, profile)
    for strip in (1_000, 10**6):
        other = dataclasses.replace(profile, strip=strip)  # type: ignore[type-var]
        again, kept = to_srgb(samples, other)
        assert np.abs(again - pixels).max() < 1e-6
        assert np.array_equal(from_srgb(again, other, kept, "uint8"), samples)


def test_grey_stays_grey() -> None:
    samples = noise(channels=1)
    pixels, outside = to_srgb(samples, found(icc.grey(1.8), 1))
    assert pixels.shape == (1, 300, 401) and outside is None
    assert np.array_equal(from_srgb(pixels, found(icc.grey(1.8), 1), None, "uint8"), samples)


def test_restored_colours_by_hand() -> None:
    x = np.array([[0, 0.1, 0.2, 0.5, 1.0, 0.9, 0.8, 0.3]], np.float32)
    e = np.array([[-0.2], [-0.2], [-0.2], [-0.2], [0.1], [0.1], [0.1], [0]], np.float32)
    restore_outside(x, np.arange(8), e)
    assert x[0] == pytest.approx([-0.2, 0, 0.2, 0.5, 1.1, 0.9, 0.8, 0.3])


def test_restoring_is_monotone_and_never_brings_a_colour_into_the_gamut() -> None:
    x = np.linspace(0, 1, 1001, dtype=np.float32)[None]
    for e in (-0.5, -0.01, 0.01, 0.2):
        restored = x.copy()
        restore_outside(restored, np.arange(1001), np.full((1001, 1), e, np.float32))
        assert (np.diff(restored[0]) > 0).all()
        assert (restored <= x).all() if e < 0 else (restored >= x).all()
        assert np.abs(np.diff(restored[0])).max() < 2.1e-3  # continuous


def test_white_paint_over_a_saturated_colour_is_white() -> None:
    green = np.full((1, 1, 3), (0, 255, 0), np.uint8)
    _, outside = to_srgb(green, found(icc.display_p3()))
    white = np.ones((3, 1, 1), np.float32)
    restored = from_srgb(white, found(icc.display_p3()), outside, "uint8")
    assert restored.tolist() == [[[255, 255, 255]]]


def test_what_lies_outside_of_an_image_is_not_given_to_another_size() -> None:
    pixels, outside = to_srgb(noise(), found(icc.display_p3()))
    part = np.ascontiguousarray(pixels[:, :10, :10])
    with_it, without = (from_srgb(part, found(icc.display_p3()), kept, "uint8") for kept in (outside, None))
    assert np.array_equal(with_it, without)


def test_columns_of_what_lies_outside() -> None:
    samples = noise(shape=(20, 30))
    profile = found(icc.display_p3())
    pixels, outside = to_srgb(samples, profile)
    assert outside is not None
    for first, stop in ((0, 15), (15, 30), (7, 8)):
        part = np.ascontiguousarray(pixels[:, :, first:stop])
        back = from_srgb(part, profile, outside.columns(first, stop), "uint8")
        assert np.array_equal(back, samples[:, first:stop])
    none = Outside(size=(20, 30), positions=np.zeros(0, np.int32), excess=np.zeros((0, 3), np.float32)).columns(0, 15)
    assert len(none.positions) == 0


def test_which_samples_are_converted() -> None:
    p3, full = icc.display_p3(), (0.0, 255.0)
    assert conversion_for(p3, noise(), full)[0] is not None
    assert conversion_for(p3, noise("uint16"), (0.0, 65_535.0))[0] is not None
    assert conversion_for(p3, noise("float32"), (0.0, 1.0))[0] is not None
    assert conversion_for(icc.grey(2.2), noise(channels=1), full)[0] is not None

    assert conversion_for(None, noise(), full) == (None, ())
    assert conversion_for(icc.srgb(), noise(), full) == (None, ())
    assert conversion_for(p3, noise(), (0.0, 200.0)) == (None, ())  # absolute values
    assert conversion_for(p3, noise("float32"), (-1.0, 1.0)) == (None, ())
    assert conversion_for(p3, noise().astype(np.int32), (0.0, 2.0**31 - 1)) == (None, ())
    assert conversion_for(p3, noise(channels=4), full) == (None, ())
    assert conversion_for(p3, noise(channels=2), full) == (None, ())

    damaged = conversion_for(p3[:300], noise(), full)
    assert damaged == (None, ("colour profile not used: it is damaged or has no way back",))
    other = conversion_for(p3, noise(channels=1), full)
    assert other == (None, ("colour profile not used: it describes RGB colours, not grey",))


def test_threads_agree() -> None:
    conversion.cache_clear()
    profiles = [icc.display_p3(), icc.adobe_rgb(), icc.prophoto(), icc.table_profile()] * 6
    samples = noise()

    def convert(profile: bytes) -> float:
        pixels, outside = to_srgb(samples, found(profile))
        if profile != icc.table_profile():
            assert np.array_equal(from_srgb(pixels, found(profile), outside, "uint8"), samples)
        return float(pixels.sum(dtype=np.float64))

    with ThreadPoolExecutor(8) as pool:
        sums = list(pool.map(convert, profiles))
    assert len(set(sums)) == 4 and sums == sums[:4] * 6

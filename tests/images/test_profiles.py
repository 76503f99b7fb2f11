"""ICC profiles as functions: closed forms, LittleCMS in double precision, the way there and back, damaged profiles."""

import numpy as np
import pytest
from PIL import ImageCms

from support import icc
from viceversa.images import profiles
from viceversa.images.profiles import Curves, Tables, UnusableProfile, conversion

LEVELS = 65_535
MATRIX_PROFILES = {
    "Display P3": (icc.display_p3(), icc.DISPLAY_P3, icc.D65, icc.srgb_light),
    "Adobe RGB": (icc.adobe_rgb(), icc.ADOBE_RGB, icc.D65, lambda v: v**icc.ADOBE_GAMMA),
    "ProPhoto RGB": (icc.prophoto(), icc.PROPHOTO, icc.D50_XY, lambda v: v ** (461 / 256)),
}


def colours() -> np.ndarray:
    """Every grey of 16 bits, a grid, random colours, and dark ones: uint16 (N, 3)."""
    rng = np.random.default_rng(0)
    steps = np.linspace(0, 1, 17)
    grid = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(-1, 3)
    greys = np.repeat(np.linspace(0, 1, 65_536)[:, None], 3, axis=1)
    values = np.concatenate([grid, greys, rng.random((20_000, 3)), 0.05 * rng.random((20_000, 3))])
    return np.rint(values * LEVELS).astype(np.uint16)


def found(profile: bytes, channels: int = 3) -> profiles.Conversion:
    """The conversion of a profile that is not sRGB."""
    conversion_ = conversion(profile, channels)
    assert conversion_ is not None
    return conversion_


@pytest.mark.parametrize("name", MATRIX_PROFILES)
def test_curves_agree_with_closed_form(name: str) -> None:
    profile, primaries, white, light = MATRIX_PROFILES[name]
    samples = colours()
    srgb = found(profile).to_srgb(samples.T).T
    truth = icc.closed_form(samples / LEVELS, primaries, white, light)

    inside = ((truth > 0) & (truth < 1)).all(axis=1)
    error = np.abs(srgb - truth) * LEVELS
    assert np.mean(error[inside]) < 3
    assert np.quantile(error[inside], 0.99) < 33  # a profile states its primaries to 1 / 65,536 of light
    assert error[inside].max() < 257 / 2  # half a level of 8 bits


@pytest.mark.parametrize("name", MATRIX_PROFILES)
def test_curves_agree_with_littlecms_to_a_level_of_16_bits(name: str) -> None:
    profile = MATRIX_PROFILES[name][0]
    samples = colours()
    srgb = np.clip(found(profile).to_srgb(samples.T).T, 0, 1)
    exact = profiles._transform(samples / LEVELS, profile, profiles._profile("srgb"), "float64")
    assert np.abs(srgb - np.clip(exact, 0, 1)).max() * LEVELS < 1


def test_tabulated_curve_is_smoother_than_that_of_littlecms() -> None:
    """LittleCMS rounds tabulated light to 16 bits, which is 13 levels of sRGB in the dark."""
    dark = np.arange(3_000, dtype=np.uint16)
    greys = np.stack([dark] * 3)
    srgb = found(icc.display_p3(4096)).to_srgb(greys)
    exact = profiles._transform(greys.T / LEVELS, icc.display_p3(4096), profiles._profile("srgb"), "float64").T
    error, rounded = (np.abs(x * LEVELS - dark).max() for x in (srgb, exact))  # greys of P3 are those of sRGB
    assert error < 12.92 / 2 and rounded > 10  # half a step is what the table of the profile itself is rounded to


@pytest.mark.parametrize("name", MATRIX_PROFILES)
def test_there_and_back_beyond_srgb(name: str) -> None:
    profile = found(MATRIX_PROFILES[name][0])
    samples = colours()
    srgb = profile.to_srgb(samples.T)
    assert srgb.min() < -0.05 and srgb.max() > 1.005  # these profiles are wider than sRGB
    error = np.abs(profile.from_srgb(srgb).T * LEVELS - samples)
    assert np.quantile(error, 0.99) < 1
    assert error.max() < 257 / 2  # saturated colours, where a channel without light has the rounding of the others

    eight = np.random.default_rng(0).integers(0, 256, (3, 100_000), dtype=np.uint8)
    assert np.array_equal(np.rint(profile.from_srgb(profile.to_srgb(eight)) * 255), eight)


@pytest.mark.parametrize("name", MATRIX_PROFILES)
def test_white_black_and_greys_stay_neutral(name: str) -> None:
    greys = np.stack([np.arange(65_536, dtype=np.uint16)] * 3)
    srgb = found(MATRIX_PROFILES[name][0]).to_srgb(greys)
    assert np.abs(srgb - srgb[:1]).max() * LEVELS < 0.5
    assert srgb[:, 0] == pytest.approx(0, abs=1e-7) and srgb[:, -1] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("name", MATRIX_PROFILES)
def test_number_types_agree(name: str) -> None:
    profile = found(MATRIX_PROFILES[name][0])
    eight = np.random.default_rng(1).integers(0, 256, (3, 10_000), dtype=np.uint8)
    of_8, of_16 = profile.to_srgb(eight), profile.to_srgb(eight.astype(np.uint16) * 257)
    assert np.array_equal(of_8, of_16)
    for kind in (np.float16, np.float32, np.float64):
        values = (eight / 255).astype(kind)
        tolerance = 1e-3 if kind == np.float16 else 2e-5
        assert np.abs(profile.to_srgb(values) - profile.to_srgb(values.astype(np.float64))).max() < tolerance
    assert np.abs(profile.to_srgb(eight / 255) - of_8).max() < 2e-5


@pytest.mark.parametrize("gamma", [1.8, 2.2])
def test_grey_gamma_agrees_with_closed_form(gamma: float) -> None:
    profile = found(icc.grey(gamma), 1)
    values = np.arange(65_536, dtype=np.uint16)[None]
    srgb = profile.to_srgb(values)
    truth = icc.srgb_value((values / LEVELS) ** (round(gamma * 256) / 256))
    assert np.abs(srgb - truth).max() * LEVELS < 0.1
    assert np.abs(profile.from_srgb(srgb) * LEVELS - values).max() < 0.5


def test_dot_gain_makes_half_tones_darker_and_comes_back() -> None:
    profile = found(icc.dot_gain(), 1)
    values = np.arange(65_536, dtype=np.uint16)[None]
    srgb = profile.to_srgb(values)
    assert srgb[0, 32_768] == pytest.approx(icc.srgb_value(1 - 0.7), abs=1e-3)  # half ink covers 70 %
    assert (np.diff(srgb[0]) >= 0).all()
    assert np.abs(profile.from_srgb(srgb) * LEVELS - values).max() < 0.5


def test_tables_go_through_littlecms() -> None:
    profile = found(icc.table_profile())
    assert isinstance(profile, Tables)
    samples = colours()[::10]
    exact = profiles._transform(samples / LEVELS, icc.table_profile(), profiles._profile("srgb"), "float64")
    assert np.abs(profile.to_srgb(samples.T).T - np.clip(exact, 0, 1)).max() * LEVELS < 1

    eight = np.rint(samples / 257).astype(np.uint8)
    exact = profiles._transform(eight / 255, icc.table_profile(), profiles._profile("srgb"), "float64")
    error = np.abs(profile.to_srgb(eight.T).T - np.clip(exact, 0, 1)) * 255
    assert error.max() < 2 and error.mean() < 0.1

    srgb = profile.to_srgb(samples.T)
    exact = profiles._transform(srgb.T, profiles._profile("srgb"), icc.table_profile(), "float64")
    assert np.abs(profile.from_srgb(srgb).T - np.clip(exact, 0, 1)).max() * LEVELS < 1


def test_nearly_all_profiles_are_curves() -> None:
    for profile, *_ in MATRIX_PROFILES.values():
        assert isinstance(found(profile), Curves)


@pytest.mark.parametrize(
    "profile",
    [
        icc.srgb(),
        icc.srgb(4096),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        icc.widespread_srgb(),
    ],
    ids=["table", "finer table", "LittleCMS", "widespread"],
)
def test_srgb_is_recognised_by_content(profile: bytes) -> None:
    assert conversion(profile, 3) is None


def test_nearly_srgb_is_not_srgb() -> None:
    assert conversion(icc.matrix_profile("sRGB", icc.SRGB, icc.D65, 2.2), 3) is not None
    assert conversion(icc.matrix_profile("sRGB", icc.ADOBE_RGB, icc.D65, icc.srgb_light(np.linspace(0, 1, 1024))), 3)
    assert conversion(icc.grey(icc.srgb_light(np.linspace(0, 1, 1024))), 1) is None
    assert conversion(icc.grey(2.2), 1) is not None


@pytest.mark.parametrize(
    "profile, channels, reason",
    [
        (b"", 3, "it is damaged"),
        (b"junk" * 1000, 3, "it is damaged"),
        (icc.display_p3()[:200], 3, "it is damaged"),
        (icc.display_p3()[:-40], 3, "it is damaged"),
        (icc.display_p3()[:16] + b"CMYK" + icc.display_p3()[20:], 3, "it describes CMYK colours, not RGB"),
        (icc.display_p3(), 1, "it describes RGB colours, not grey"),
        (icc.grey(2.2), 3, "it describes grey colours, not RGB"),
        (icc.grey(1 - np.linspace(0, 1, 256)), 1, "it is damaged"),
        (icc.table_profile(is_one_way=True), 3, "no way back"),
        (icc.matrix_profile("flat", icc.SRGB, icc.D65, np.zeros(16)), 3, "it is damaged"),
    ],
)
def test_unusable_profiles_say_why(profile: bytes, channels: int, reason: str) -> None:
    with pytest.raises(UnusableProfile, match=reason):
        conversion(profile, channels)


@pytest.mark.long
def test_mutated_profiles_are_used_or_refused() -> None:
    rng = np.random.default_rng(0)
    originals = [icc.adobe_rgb(), icc.matrix_profile("P3", icc.DISPLAY_P3, icc.D65, np.linspace(0, 1, 64) ** 2)]
    samples = rng.integers(0, 256, (3, 64), dtype=np.uint8)
    used = 0
    for n in range(120):
        data = bytearray(originals[n % 2])
        for place in rng.integers(0, len(data), rng.integers(1, 5)):
            data[place] = rng.integers(256)
        try:
            profile = conversion(bytes(data), 3)
        except UnusableProfile:
            continue
        if profile is not None:
            used += 1
            back = profile.from_srgb(profile.to_srgb(samples))
            assert np.isfinite(back).all() and 0 <= back.min() <= back.max() <= 1
    assert 20 < used < 120

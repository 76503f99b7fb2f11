"""The drawn landscape: windows, seasons, labels, and the number type of the file."""

import numpy as np
import pytest

from viceversa.worlds import terrain
from viceversa.worlds.lattice import BLOCK, Lattice
from viceversa.worlds.measured import covers
from viceversa.worlds.terrain.covers import spectra
from viceversa.worlds.terrain.paint import paint_season

SIDE = 2048


@pytest.fixture(scope="module")
def scene() -> terrain.Landscape:
    return terrain.describe(2, SIDE)


def test_overlapping_windows_are_equal_in_every_bit(scene: terrain.Landscape) -> None:
    drawing = terrain.draw(scene, "summer")
    whole = drawing.window(400, 420, 250, 200)
    np.testing.assert_array_equal(drawing.window(433, 500, 90, 101), whole[33:123, 80:181])
    np.testing.assert_array_equal(terrain.window(2, SIDE, 433, 500, 90, 101, "summer"), whole[33:123, 80:181])
    assert whole.shape == (250, 200, 6) and whole.dtype == np.uint16 and whole.min() > 0


@pytest.mark.parametrize("season", terrain.SEASONS)
def test_the_grid_of_blocks_is_not_seen(scene: terrain.Landscape, season: str) -> None:
    shifted = paint_season(scene, Lattice(256, 256), season, noise=True)
    apart = np.abs(shifted.astype(int) - terrain.draw(scene, season).window(256, 256, BLOCK, BLOCK))
    assert (apart > 2).mean() < 1e-3


def test_seeds_and_seasons_differ(scene: terrain.Landscape) -> None:
    summer, winter = (terrain.draw(scene, s).window(0, 0, 200, 200).astype(int) for s in terrain.SEASONS)
    other = terrain.draw(terrain.describe(5, SIDE), "summer").window(0, 0, 200, 200).astype(int)
    assert np.abs(summer - winter).mean() > 100 and np.abs(summer - other).mean() > 100


def test_truth_is_without_noise(scene: terrain.Landscape) -> None:
    image, truth = (terrain.draw(scene, "summer", t).window(0, 0, 300, 300).astype(int) for t in (False, True))
    difference = image - truth
    assert abs(difference.mean()) < 1 and difference.std() == pytest.approx(14, abs=1)


def test_labels_agree_with_reflectance(scene: terrain.Landscape) -> None:
    """Water is dark in the infrared and plants are bright there, as their spectra say, up to the light on hills."""
    labels = terrain.draw_labels(scene).window(0, 0, 1024, 1024)[..., 0]
    near_infrared = terrain.draw(scene, "summer", True).window(0, 0, 1024, 1024)[..., 3] / terrain.UNITS
    assert set(np.unique(labels)) <= set(range(len(covers.LABELS)))
    water, crop = labels == covers.WATER, labels == covers.CROP
    assert water.sum() > 1000 and crop.sum() > 10_000
    assert near_infrared[water].mean() < 0.06 and near_infrared[crop].mean() > 0.25


def test_spectra_are_reflectances() -> None:
    for season in terrain.SEASONS:
        for name, values in spectra(season).items():
            assert values.shape == (6, 1, 1) and values.min() > 0 and values.max() < 1, name


@pytest.mark.long
def test_no_affine_map_of_the_bands_gives_the_other_season() -> None:
    pairs = []
    for seed in range(4):
        landscape = terrain.describe(seed, SIDE)
        pairs.append([terrain.draw(landscape, s).window(512, 512, 512, 512) for s in terrain.SEASONS])
    summer, winter = (np.concatenate(part).reshape(-1, 6).astype(float) for part in zip(*pairs, strict=True))
    for source, target, least in ((summer, winter, 0.4), (winter, summer, 0.15)):
        source = np.c_[source, np.ones(len(source))]
        rest = target - source @ np.linalg.lstsq(source, target, rcond=None)[0]
        assert (rest**2).sum() / ((target - target.mean(0)) ** 2).sum() > least

"""Nuclei kept: deconvolution, threshold, regions and matching against closed forms and other implementations."""

import numpy as np
import pytest
from skimage.filters import threshold_otsu
from skimage.measure import label

from viceversa.metrics import nuclei
from viceversa.metrics.nuclei import Matches, components, find_nuclei, haematoxylin_density, match, nuclei_kept, otsu

GLASS = 244.0


def stained(haematoxylin: np.ndarray, other: np.ndarray, vector: nuclei.Vector) -> np.ndarray:
    """RGB of two concentrations by Beer and Lambert's law."""
    first, second = (np.array(v) / np.linalg.norm(v) for v in (nuclei.HAEMATOXYLIN, vector))
    density = haematoxylin[..., None] * first + other[..., None] * second
    return np.round(GLASS * 10**-density).astype(np.uint8)


def discs(middles: np.ndarray, size: int = 200, radius: float = 6) -> np.ndarray:
    y, x = np.mgrid[:size, :size] + 0.5
    return (np.hypot(y[..., None] - middles[:, 0], x[..., None] - middles[:, 1]) < radius).any(-1)


@pytest.fixture
def middles() -> np.ndarray:
    grid = np.stack(np.meshgrid(np.arange(15, 190, 25), np.arange(15, 190, 25)), -1).reshape(-1, 2).astype(float)
    return grid + np.random.default_rng(0).uniform(-4, 4, grid.shape)


@pytest.mark.parametrize("vector", [nuclei.EOSIN, (0.3, 0.89, 0.35), (0.27, 0.57, 0.78)])
def test_deconvolution_gives_the_concentration_back(vector: nuclei.Vector) -> None:
    rng = np.random.default_rng(1)
    first, second = rng.uniform(0, 0.6, (2, 40, 40))
    first[:8], second[:8] = 0, 0  # glass
    found = haematoxylin_density(stained(first, second, vector), vector)
    assert np.abs(found - first).max() < 0.03


def test_the_other_stain_is_found_in_the_image(middles: np.ndarray) -> None:
    vector = (0.3, 0.89, 0.35)
    rng = np.random.default_rng(2)
    other = rng.uniform(0.25, 0.5, (200, 200))
    other[:, :20] = 0
    image = stained(0.5 * discs(middles), other, vector)
    found = nuclei.other_stain(image)
    assert np.dot(found, np.array(vector) / np.linalg.norm(vector)) > 0.9995
    assert nuclei.other_stain(np.full((64, 64, 3), 244, np.uint8)) == nuclei.EOSIN


def test_discs_are_found_in_their_middles(middles: np.ndarray) -> None:
    other = np.where(np.arange(200) % 3 > 0, 0.2, 0.1) * np.ones((200, 1))
    image = stained(0.5 * discs(middles) + 0.04, other, nuclei.EOSIN)
    found = find_nuclei(image, nuclei.EOSIN)
    result = match(found, middles, 0.6)
    assert result == Matches(len(middles), len(middles), len(middles)) and result.f1 == 1


def test_lost_and_invented_nuclei_lower_the_score(middles: np.ndarray) -> None:
    other = np.full((200, 200), 0.2)
    other[:, :3] = 0
    source = stained(0.5 * discs(middles), other, nuclei.EOSIN)
    lost = stained(0.5 * discs(middles[10:]), 1.5 * other, (0.3, 0.89, 0.35))
    kept = nuclei_kept(source, lost, source_stain=nuclei.EOSIN, result_stain=(0.3, 0.89, 0.35))
    count = len(middles)
    assert kept == Matches(count - 10, count, count - 10)
    assert (kept.precision, kept.recall) == (1, (count - 10) / count)
    assert kept.f1 == pytest.approx(2 * (count - 10) / (2 * count - 10))
    assert nuclei_kept(lost, source, source_stain=(0.3, 0.89, 0.35), result_stain=nuclei.EOSIN).recall == 1


def test_blank_glass_has_no_nuclei() -> None:
    glass = np.full((100, 120, 3), 243, np.uint8)
    glass[::2] += 1
    assert len(find_nuclei(glass)) == 0
    assert nuclei_kept(glass, glass) == Matches(0, 0, 0) and Matches(0, 0, 0).f1 == 1


def test_shapes_must_be_equal() -> None:
    with pytest.raises(ValueError, match="the source has the shape"):
        nuclei_kept(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8))


def test_matches_of_windows_add_up() -> None:
    total = Matches(3, 4, 5) + Matches(1, 2, 1)
    assert total == Matches(4, 6, 6) and total.f1 == pytest.approx(4 / 6)


@pytest.mark.parametrize("density", [0.1, 0.3, 0.5, 0.62, 0.9, 0.0, 1.0])
def test_components_are_those_of_another_implementation(density: float) -> None:
    for seed in range(5):
        mask = np.random.default_rng(seed).random((57, 83)) < density
        regions, count = components(mask)
        expected, expected_count = label(mask, connectivity=2, return_num=True)
        assert count == expected_count and ((regions > 0) == mask).all()
        pairs = np.unique(np.stack([regions[mask], expected[mask]]), axis=1)
        assert pairs.shape[1] == count  # one to one


def test_components_of_a_spiral_are_one() -> None:
    mask = np.zeros((41, 41), bool)
    y, x, step, length = 20, 20, (0, 1), 2
    while 0 <= y < 41 and 0 <= x < 41 and length < 40:
        for _ in range(2):
            for _ in range(length):
                y, x = y + step[0], x + step[1]
                if 0 <= y < 41 and 0 <= x < 41:
                    mask[y, x] = True
            step = (step[1], -step[0])
        length += 2
    assert components(mask)[1] == label(mask, connectivity=2).max()


def test_threshold_is_that_of_another_implementation() -> None:
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.normal(0.1, 0.03, 5000), rng.normal(0.6, 0.1, 900)])
    assert otsu(values) == pytest.approx(threshold_otsu(values), abs=0.01)
    assert otsu(np.array([])) == 0


def test_every_point_is_in_one_pair_at_most() -> None:
    first = np.array([[0.0, 0.0], [0.0, 2.0], [50.0, 50.0]])
    second = np.array([[0.0, 1.2], [0.0, 9.0]])
    assert match(first, second, 3.0) == Matches(1, 3, 2)
    assert match(first, second, 100.0).both == 2
    assert match(first, np.zeros((0, 2)), 3.0) == Matches(0, 3, 0)
    rng = np.random.default_rng(4)
    points = rng.uniform(0, 100, (300, 2))
    assert match(points, points[rng.permutation(300)], 1e-6).f1 == 1

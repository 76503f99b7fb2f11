"""Worlds of measurements: aligned sides of one scene, physical numbers, and no linear map from one to the other."""

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from viceversa.worlds.measured import MEASURED_WORLDS, MeasuredWorld, tissue

EACH = pytest.mark.parametrize("world", sorted(MEASURED_WORLDS))
SCENES = range(700, 724)


@cache
def truths(world: str) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.uint8]]:
    """A (N, H, W, C), B (N, H, W, C) and labels of some scenes at 64 px, without noise."""
    drawn = MEASURED_WORLDS[world]
    a, b, labels = [], [], []
    for seed in SCENES:
        pixels, label_map = drawn.draw(seed, 64, "A", exact=True)
        a.append(pixels.reshape(64, 64, -1).astype(float))
        b.append(drawn.draw(seed, 64, "B", exact=True)[0].reshape(64, 64, -1).astype(float))
        labels.append(label_map)
    return np.stack(a), np.stack(b), np.stack(labels)


def explained(source: NDArray[np.float64], target: NDArray[np.float64]) -> float:
    """The share of the variance of the target that the best affine map of the channels explains."""
    x = np.c_[source.reshape(-1, source.shape[-1]), np.ones(source[..., 0].size)]
    y = target.reshape(-1, target.shape[-1])
    residual = y - x @ np.linalg.lstsq(x, y)[0]
    return float(1 - residual.var(axis=0).sum() / y.var(axis=0).sum())


@EACH
def test_a_scene_follows_from_its_seed(world: str) -> None:
    drawn = MEASURED_WORLDS[world]
    for side, domain in zip(("A", "B"), drawn.sides, strict=True):
        (first, labels), (again, same) = drawn.draw(3, 48, side), drawn.draw(3, 48, side)
        channels = len(domain.channels)
        assert first.shape == ((48, 48) if channels == 1 else (48, 48, channels))
        assert first.dtype == domain.dtype and labels.dtype == np.uint8 and labels.shape == (48, 48)
        np.testing.assert_array_equal(first, again)
        np.testing.assert_array_equal(labels, same)
        other = drawn.draw(4, 48, side)[0]
        assert np.mean(first != other) > 0.5


@EACH
def test_both_sides_share_the_label_map_and_the_scene(world: str) -> None:
    drawn = MEASURED_WORLDS[world]
    for seed in (1, 2, 3):
        (_, first), (_, second) = drawn.draw(seed, 64, "A"), drawn.draw(seed, 64, "B", exact=True)
        np.testing.assert_array_equal(first, second)
    assert drawn.draw(1, (32, 64), "B")[0].shape == (32, 64)


@pytest.mark.long
@EACH
def test_the_scene_does_not_depend_on_the_size(world: str) -> None:
    drawn = MEASURED_WORLDS[world]
    for seed, side in ((11, "A"), (12, "B"), (13, "B")):
        small = drawn.draw(seed, 64, side, exact=True)[0].reshape(64, 64, -1).astype(float)
        large = drawn.draw(seed, 256, side, exact=True)[0].reshape(64, 4, 64, 4, -1).astype(float).mean(axis=(1, 3))
        assert np.abs(small - large).mean() < 0.12 * small.std()


@EACH
def test_label_pictures_can_be_read_back(world: str) -> None:
    drawn = MEASURED_WORLDS[world]
    assert len(drawn.palette) == len(drawn.labels)
    colours = drawn.label_picture(np.arange(len(drawn.labels), dtype=np.uint8)[None])[0].astype(float)
    apart = np.linalg.norm(colours[:, None] - colours[None], axis=-1)
    assert apart[~np.eye(len(colours), dtype=bool)].min() > 90
    picture, labels = drawn.show(5, 32, "labels", other=drawn.domains[0])
    assert picture.shape == (32, 32, 3) and picture.dtype == np.uint8
    np.testing.assert_array_equal(drawn.read_labels(picture), labels)


@pytest.mark.long
@EACH
def test_scenes_are_rich(world: str) -> None:
    _, _, labels = truths(world)
    expected = set(range(len(MEASURED_WORLDS[world].labels)))
    assert set(np.unique(labels)) | {tissue.METAL} == expected | {tissue.METAL}  # metal is in few slices


AFFINE = {"microscope": (0.13, 0.04), "satellite": (0.83, 0.39), "scanner": (0.42, 0.42)}  # A to B, B to A


@pytest.mark.long
@EACH
def test_no_affine_map_is_the_answer(world: str) -> None:
    a, b, _ = truths(world)
    assert (explained(a, b), explained(b, a)) == pytest.approx(AFFINE[world], abs=0.03)


@pytest.mark.long
@EACH
def test_a_measurement_is_its_truth_with_noise(world: str) -> None:
    """Where something is seen and no pixel is defective, the difference from the truth is small and of no direction."""
    drawn: MeasuredWorld = MEASURED_WORLDS[world]
    for side in ("A", "B"):
        measured = drawn.draw(21, 64, side)[0].astype(float)
        truth = drawn.draw(21, 64, side, exact=True)[0].astype(float)
        good = (np.abs(measured - truth) < 0.5 * np.ptp(truth)) & (truth > truth.mean())
        difference = (measured - truth)[good]
        assert good.mean() > 0.15 and 0 < difference.std() < 0.1 * truth.std()
        assert abs(difference.mean()) < 0.3 * difference.std()

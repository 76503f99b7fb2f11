"""The embedded worlds: the same scene in two styles, at any size, and no colour rule that turns one into the other."""

from functools import cache

import numpy as np
import pytest

from viceversa.data.scenes import WORLDS

SCENES = range(500, 524)
BOTH = pytest.mark.parametrize("world", sorted(WORLDS))


@cache
def pairs(world: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Side A, side B in [0, 1] and label maps of some scenes at 64 px."""
    draw = WORLDS[world].draw
    a, labels = zip(*(draw(seed, 64, "A") for seed in SCENES), strict=True)
    b = [draw(seed, 64, "B")[0] for seed in SCENES]
    return np.stack(a) / 255, np.stack(b) / 255, np.stack(labels)


def psnr(x: np.ndarray, y: np.ndarray) -> float:
    return float(-10 * np.log10(np.mean((x - y) ** 2)))


@BOTH
def test_a_seed_is_a_scene(world: str) -> None:
    draw = WORLDS[world].draw
    for side in ("A", "B"):
        (first, labels), (again, same) = draw(3, 48, side), draw(3, 48, side)
        assert first.dtype == labels.dtype == np.uint8
        assert first.shape == (48, 48, 3) and labels.shape == (48, 48)
        np.testing.assert_array_equal(first, again)
        np.testing.assert_array_equal(labels, same)
        assert np.abs(first.astype(int) - draw(4, 48, side)[0]).mean() > 10


@BOTH
def test_both_sides_share_the_label_map(world: str) -> None:
    for seed in (1, 2, 3, 4, 5, 6):
        np.testing.assert_array_equal(WORLDS[world].draw(seed, 64, "A")[1], WORLDS[world].draw(seed, 64, "B")[1])


def test_outside_the_fruit_the_orchard_does_not_change() -> None:
    a, b, labels = pairs("orchard")
    fruit = labels == WORLDS["orchard"].labels.index("fruit")
    change = np.abs(a - b).max(axis=-1)
    assert np.mean(change[~fruit] > 0.02) < 0.05  # a stalk, a notch, reflected light
    assert np.mean(change[fruit] > 0.1) > 0.85
    assert 0.25 < fruit.mean() < 0.5


def test_coats_and_balloons_know_no_season() -> None:
    a, b, labels = pairs("seasons")
    names = WORLDS["seasons"].labels
    change = np.abs(a - b).max(axis=-1)
    kept = np.isin(labels, [names.index("person"), names.index("balloon")])
    assert np.median(change[kept]) < 0.02
    assert np.median(change[labels == names.index("meadow")]) > 0.3


@BOTH
def test_scenes_are_rich(world: str) -> None:
    _, _, labels = pairs(world)
    assert set(np.unique(labels)) == set(range(len(WORLDS[world].labels)))
    assert np.mean([len(np.unique(one)) for one in labels]) >= 3


@BOTH
def test_the_scene_does_not_depend_on_the_size(world: str) -> None:
    draw = WORLDS[world].draw
    for seed in (11, 12, 13, 14):
        small, large = draw(seed, 64, "A")[0] / 255, draw(seed, 256, "A")[0] / 255
        averaged = large.reshape(64, 4, 64, 4, 3).mean(axis=(1, 3))
        assert psnr(small, averaged) > 25
        assert np.mean(draw(seed, 64, "A")[1] == draw(seed, 256, "A")[1][2::4, 2::4]) > 0.95


@BOTH
def test_an_oblong_picture_shows_the_middle_of_the_square_one(world: str) -> None:
    square, oblong = WORLDS[world].draw(7, 64, "B")[0], WORLDS[world].draw(7, (32, 64), "B")[0]
    assert oblong.shape == (32, 64, 3)
    assert np.mean(np.abs(square[16:48].astype(int) - oblong) > 1) < 0.01


@BOTH
def test_neither_the_input_nor_a_colour_change_is_the_answer(world: str) -> None:
    a, b, _ = pairs(world)
    assert 12 < psnr(a, b) < 18
    for source, target in ((a, b), (b, a)):
        flat = np.concatenate([source.reshape(-1, 3), np.ones((source.size // 3, 1))], axis=1)
        matrix = np.linalg.lstsq(flat, target.reshape(-1, 3), rcond=None)[0]
        mapped = np.clip(flat @ matrix, 0, 1).reshape(target.shape)
        assert psnr(mapped, target) < min(psnr(a, b) + 6, 21.5)

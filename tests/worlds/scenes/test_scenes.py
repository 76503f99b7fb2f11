"""The drawn worlds: aligned scenes in two domains, at any size, and no colour rule that turns one into the other."""

from functools import cache

import numpy as np
import pytest

from viceversa.metrics import paired
from viceversa.worlds.scenes import WORLDS

SCENES = range(500, 524)
EACH = pytest.mark.parametrize("world", sorted(WORLDS))


@cache
def pairs(world: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Side A, side B in [0, 1] and label maps of side B of some scenes at 64 px."""
    draw = WORLDS[world].draw
    a = [draw(seed, 64, "A")[0] for seed in SCENES]
    b, labels = zip(*(draw(seed, 64, "B") for seed in SCENES), strict=True)
    return np.stack(a) / 255, np.stack(b) / 255, np.stack(labels)


def psnr(x: np.ndarray, y: np.ndarray) -> float:
    return float(-10 * np.log10(np.mean((x - y) ** 2)))


@EACH
def test_a_scene_follows_from_its_seed(world: str) -> None:
    draw = WORLDS[world].draw
    for side in ("A", "B"):
        (first, labels), (again, same) = draw(3, 48, side), draw(3, 48, side)
        assert first.dtype == labels.dtype == np.uint8
        assert first.shape == (48, 48, 3) and labels.shape == (48, 48)
        np.testing.assert_array_equal(first, again)
        np.testing.assert_array_equal(labels, same)
        assert np.abs(first.astype(int) - draw(4, 48, side)[0]).mean() > 10


@EACH
def test_both_sides_share_the_label_map(world: str) -> None:
    for seed in (1, 2, 3, 4, 5, 6):
        (_, first), (_, second) = WORLDS[world].draw(seed, 64, "A"), WORLDS[world].draw(seed, 64, "B")
        moved = 0.05 if world == "faces" else 0.0  # a smile moves the parts of a face
        assert np.mean(first != second) <= moved


@pytest.mark.long
@EACH
def test_a_label_picture_can_be_read_back(world: str) -> None:
    _, _, labels = pairs(world)
    chosen = WORLDS[world]
    assert len(chosen.palette) == len(chosen.labels)
    colours = chosen.label_picture(np.arange(len(chosen.labels), dtype=np.uint8)[None])[0].astype(float)
    apart = np.linalg.norm(colours[:, None] - colours[None], axis=-1)
    least = apart[~np.eye(len(colours), dtype=bool)].min()
    assert least > 90
    picture = chosen.label_picture(labels[0])
    assert picture.shape == (64, 64, 3) and picture.dtype == np.uint8
    blurred = picture + np.random.default_rng(0).normal(0, 0.05 * least, picture.shape)
    for pixels in (picture, blurred):  # a network's colours are never quite those of the palette
        np.testing.assert_array_equal(chosen.read_labels(pixels), labels[0])


def test_a_domain_is_drawn_by_its_name() -> None:
    world = WORLDS["faces"]
    (neutral, neutral_labels), (smiling, smiling_labels) = world.draw(9, 32, "A"), world.draw(9, 32, "B")
    for domain, other, picture, labels in (
        ("neutral", "smiling", neutral, neutral_labels),
        ("smiling", "labels", smiling, smiling_labels),
        ("labels", "neutral", world.label_picture(neutral_labels), neutral_labels),
        ("labels", "smiling", world.label_picture(smiling_labels), smiling_labels),
    ):
        shown, label_map = world.show(9, 32, domain, other)
        np.testing.assert_array_equal(shown, picture)
        np.testing.assert_array_equal(label_map, labels)


def test_outside_the_fruit_the_orchard_does_not_change() -> None:
    a, b, labels = pairs("orchard")
    fruit = labels == WORLDS["orchard"].labels.index("fruit")
    change = np.abs(a - b).max(axis=-1)
    assert np.mean(change[~fruit] > 0.02) < 0.05  # a stalk, a notch, reflected light
    assert np.mean(change[fruit] > 0.1) > 0.85
    assert 0.25 < fruit.mean() < 0.5


def test_coats_and_balloons_do_not_change_with_the_season() -> None:
    a, b, labels = pairs("seasons")
    names = WORLDS["seasons"].labels
    change = np.abs(a - b).max(axis=-1)
    kept = np.isin(labels, [names.index("person"), names.index("balloon")])
    assert np.median(change[kept]) < 0.02
    assert np.median(change[labels == names.index("meadow")]) > 0.3


@pytest.mark.long
@EACH
def test_scenes_are_rich(world: str) -> None:
    _, _, labels = pairs(world)
    assert set(np.unique(labels)) == set(range(len(WORLDS[world].labels)))
    assert np.mean([len(np.unique(one)) for one in labels]) >= 3


@pytest.mark.long
@EACH
def test_the_scene_does_not_depend_on_the_size(world: str) -> None:
    draw = WORLDS[world].draw
    for seed in (11, 12, 13, 14):
        small, large = draw(seed, 64, "A")[0] / 255, draw(seed, 256, "A")[0] / 255
        averaged = large.reshape(64, 4, 64, 4, 3).mean(axis=(1, 3))
        assert psnr(small, averaged) > 25
        same = np.mean(draw(seed, 64, "A")[1] == draw(seed, 256, "A")[1][2::4, 2::4])
        assert same > (0.9 if world == "facades" else 0.95)  # which has lines thinner than a pixel


@EACH
def test_an_oblong_image_shows_the_middle_of_the_square_one(world: str) -> None:
    square, oblong = WORLDS[world].draw(7, 64, "B")[0], WORLDS[world].draw(7, (32, 64), "B")[0]
    assert oblong.shape == (32, 64, 3)
    assert np.mean(np.abs(square[16:48].astype(int) - oblong) > 1) < 0.01


# PSNR in dB at 64 px of the input and of the best colour change, A to B and B to A.
TRIVIAL = {
    "facades": (8.5, 16.5, 18.0),
    "faces": (28.4, 28.5, 28.5),
    "orchard": (16.9, 20.6, 20.1),
    "seasons": (12.9, 18.8, 16.0),
}


@pytest.mark.long
@EACH
def test_neither_the_input_nor_a_colour_change_is_the_answer(world: str) -> None:
    a, b, _ = (np.asarray(part, np.float32) for part in pairs(world))
    a, b = (part.transpose(0, 3, 1, 2) * 2 - 1 for part in (a, b))
    scores = [paired.psnr(a, b)]
    for source, target in ((a, b), (b, a)):
        recoloured = paired.apply_affine_colour(source, paired.fit_affine_colour(source, target))
        scores.append(paired.psnr(recoloured, target))
    assert scores == pytest.approx(TRIVIAL[world], abs=0.5)


def test_no_colour_change_draws_a_smile() -> None:
    """Most of a face stays; where it changes, the input and its best recolouring are far from the truth."""
    a, b, _ = pairs("faces")
    changed = np.abs(a - b).max(axis=-1) > 0.08
    assert 0.02 < changed.mean() < 0.15
    assert psnr(a[changed], b[changed]) < 16
    matrix = np.linalg.lstsq(np.c_[a[changed], np.ones(changed.sum())], b[changed], rcond=None)[0]
    assert psnr(np.c_[a[changed], np.ones(changed.sum())] @ matrix, b[changed]) < 19


@pytest.mark.long
@EACH
def test_every_seed_has_contrast_and_a_difference(world: str) -> None:
    """Every scene has bright and dark areas, and its two sides differ."""
    for seed in range(2000, 2030):
        a, b = (WORLDS[world].draw(seed, (24, 18), side)[0].astype(int) for side in ("A", "B"))
        assert a.std() > 15 and b.std() > 12
        assert np.abs(a - b).max() > 20

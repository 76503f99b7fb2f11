"""Portraits: a smile changes mouth, cheeks and eyes, and nothing else."""

import numpy as np
import pytest

from viceversa.worlds.scenes import WORLDS

FACES = WORLDS["faces"]
SCENES = range(700, 716)


def index(*names: str) -> list[int]:
    return [FACES.labels.index(name) for name in names]


def sides(seed: int, size: int | tuple[int, int] = 64) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Neutral, its labels, smiling, its labels."""
    (a, seen), (b, other) = FACES.draw(seed, size, "A"), FACES.draw(seed, size, "B")
    return a / 255, seen, b / 255, other


def test_only_the_face_moves() -> None:
    kept = index("background", "clothes", "hair")
    for seed in SCENES:
        a, seen, b, other = sides(seed)
        still = np.isin(seen, kept) & np.isin(other, kept)
        change = np.abs(a - b).max(axis=-1)
        assert np.mean(change[still] > 0.06) < 0.02  # a beard, hair before the brow
        rows = np.nonzero(change > 0.1)[0]
        assert rows.min() > 16  # hair and brow keep still


def test_a_neutral_mouth_is_shut_and_a_smile_broad() -> None:
    teeth = 0
    for seed in SCENES:
        a, seen, b, other = sides(seed, 128)
        mouth = [np.nonzero(np.isin(labels, index("mouth", "teeth"))) for labels in (seen, other)]
        narrow, broad = (np.ptp(columns) for _, columns in mouth)
        assert broad > 1.15 * narrow
        assert not np.isin(seen, index("teeth")).any()
        teeth += bool(np.isin(other, index("teeth")).any())
        assert np.isin(seen, index("eye")).sum() > 1.2 * np.isin(other, index("eye")).sum()
        changed = np.isin(seen, index("mouth")) | np.isin(other, index("mouth", "teeth"))
        assert np.sqrt(np.mean((a - b)[changed] ** 2)) > 0.05
    assert 10 <= teeth < 16  # most smiles show them, not all


@pytest.mark.long
@pytest.mark.parametrize("size", [(216, 168), (168, 216)])
def test_a_photograph_shows_the_whole_face(size: tuple[int, int]) -> None:
    """Eyes, nose, mouth and the skin around them keep a margin to every edge."""
    for seed in SCENES:
        _, seen, _, other = sides(seed, size)
        for labels in (seen, other):
            rows, columns = np.nonzero(np.isin(labels, index("eye", "nose", "mouth", "teeth", "brow")))
            assert rows.min() > 20 and rows.max() < size[0] - 8
            assert columns.min() > 20 and columns.max() < size[1] - 20
            assert np.isin(labels[:, [0, -1]], index("skin", "nose", "mouth")).mean() < 0.02


def test_people_differ() -> None:
    people = [FACES.describe(seed) for seed in range(60)]
    assert len({person.looks.skin for person in people}) >= 6
    assert len({person.hair.colour if person.hair else "" for person in people}) >= 8
    assert {person.looks.beard for person in people} >= {"none", "stubble", "full", "moustache", "goatee"}
    assert 5 < sum(person.looks.glasses != "none" for person in people) < 30
    assert 1 <= sum(person.hair is None for person in people) < 15

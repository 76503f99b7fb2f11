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
    (a, labels_a), (b, labels_b) = FACES.draw(seed, size, "A"), FACES.draw(seed, size, "B")
    return a / 255, labels_a, b / 255, labels_b


def test_only_the_face_changes() -> None:
    kept = index("background", "clothes", "hair")
    for seed in SCENES:
        a, labels_a, b, labels_b = sides(seed)
        unchanged = np.isin(labels_a, kept) & np.isin(labels_b, kept)
        change = np.abs(a - b).max(axis=-1)
        assert np.mean(change[unchanged] > 0.06) < 0.02  # a beard, hair before the brow
        rows = np.nonzero(change > 0.1)[0]
        assert rows.min() > 16  # hair and forehead do not change


@pytest.mark.long
def test_a_neutral_mouth_is_closed_and_a_smile_is_broad() -> None:
    teeth = 0
    for seed in SCENES:
        a, labels_a, b, labels_b = sides(seed, 128)
        mouth = [np.nonzero(np.isin(labels, index("mouth", "teeth"))) for labels in (labels_a, labels_b)]
        narrow, broad = (np.ptp(columns) for _, columns in mouth)
        assert broad > 1.15 * narrow
        assert not np.isin(labels_a, index("teeth")).any()
        teeth += bool(np.isin(labels_b, index("teeth")).any())
        assert np.isin(labels_a, index("eye")).sum() > 1.2 * np.isin(labels_b, index("eye")).sum()
        changed = np.isin(labels_a, index("mouth")) | np.isin(labels_b, index("mouth", "teeth"))
        assert np.sqrt(np.mean((a - b)[changed] ** 2)) > 0.05
    assert 10 <= teeth < 16  # most smiles show them, not all


@pytest.mark.long
@pytest.mark.parametrize("size", [(216, 168), (168, 216)])
def test_a_portrait_of_any_format_shows_the_whole_face(size: tuple[int, int]) -> None:
    """Eyes, nose, mouth and the skin around them keep a margin to every edge."""
    for seed in SCENES:
        _, labels_a, _, labels_b = sides(seed, size)
        for labels in (labels_a, labels_b):
            rows, columns = np.nonzero(np.isin(labels, index("eye", "nose", "mouth", "teeth", "brow")))
            assert rows.min() > 20 and rows.max() < size[0] - 8
            assert columns.min() > 20 and columns.max() < size[1] - 20
            assert np.isin(labels[:, [0, -1]], index("skin", "nose", "mouth")).mean() < 0.02


def test_people_differ() -> None:
    people = [FACES.describe(seed) for seed in range(60)]
    assert len({person.appearance.skin for person in people}) >= 6
    assert len({person.hair.colour if person.hair else "" for person in people}) >= 8
    assert {person.appearance.beard for person in people} >= {"none", "stubble", "full", "moustache", "goatee"}
    assert 5 < sum(person.appearance.glasses != "none" for person in people) < 30
    assert 1 <= sum(person.hair is None for person in people) < 15

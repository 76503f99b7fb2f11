"""Worlds on disk: layout, truth, disjoint scenes, idempotence, refusals."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from viceversa.data.make import make
from viceversa.data.scenes import WORLDS
from viceversa.errors import DataError, UsageError

COUNTS = dict(trainA=3, trainB=3, testA=10, testB=10, truthA=10, truthB=10, labelsA=10, labelsB=10)


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.fixture(scope="module")
def orchard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("worlds") / "orchard"
    make("orchard", folder, count=3, size=24, seed=5)
    return folder


def test_layout(orchard: Path) -> None:
    assert {p.name: len(list(p.glob("*.png"))) for p in orchard.iterdir() if p.is_dir()} == COUNTS
    card = json.loads((orchard / "world.json").read_text())
    assert card["world"] == "orchard" and card["domains"] == ["apples", "oranges"]
    assert (card["seed"], card["size"], card["count"], card["test_count"]) == (5, 24, 3, 10)
    assert card["labels"] == list(WORLDS["orchard"].labels)
    for path in orchard.rglob("*.png"):
        picture = pixels(path)
        assert picture.shape == ((24, 24) if "labels" in path.parent.name else (24, 24, 3))


def test_truth_is_the_other_side_of_the_test_scene(orchard: Path) -> None:
    first = 5 * 2**32 + 2 * 3  # after both training folders
    for side, other, start in (("A", "B", first), ("B", "A", first + 10)):
        for index in (0, 9):
            name = f"{index:04d}.png"
            picture, labels = WORLDS["orchard"].draw(start + index, 24, side)
            truth, _ = WORLDS["orchard"].draw(start + index, 24, other)
            np.testing.assert_array_equal(pixels(orchard / f"test{side}" / name), picture)
            np.testing.assert_array_equal(pixels(orchard / f"truth{side}" / name), truth)
            np.testing.assert_array_equal(pixels(orchard / f"labels{side}" / name), labels)


def test_no_scene_twice(orchard: Path) -> None:
    """Neither an image nor the true partner of one lies anywhere else."""
    folders = ("trainA", "testA", "truthB", "trainB", "testB", "truthA")
    seen = [pixels(path).astype(int) for name in folders for path in sorted((orchard / name).iterdir())]
    for i, one in enumerate(seen):
        assert min(np.abs(one - other).mean() for j, other in enumerate(seen) if j != i) > 5


def test_again_changes_nothing_and_mends_what_is_missing(orchard: Path) -> None:
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in orchard.rglob("*.png")}
    lost = orchard / "testB" / "0004.png"
    lost.unlink()
    ticks: list[tuple[int, int]] = []
    make("orchard", orchard, count=3, size=24, seed=5, on_progress=lambda done, total: ticks.append((done, total)))
    assert ticks[-1] == (26, 26) and len(ticks) == 26
    assert lost.read_bytes() == before.pop(lost)[1]
    for path, (when, content) in before.items():
        if path.name != lost.name:
            assert path.stat().st_mtime_ns == when
        assert path.read_bytes() == content


def test_another_seed_is_another_world(tmp_path: Path) -> None:
    make("seasons", tmp_path / "a", count=1, size=16, seed=0)
    make("seasons", tmp_path / "b", count=1, size=16, seed=1)
    assert (tmp_path / "a/trainA/0000.png").read_bytes() != (tmp_path / "b/trainA/0000.png").read_bytes()


def test_refuses_a_folder_that_is_something_else(orchard: Path, tmp_path: Path) -> None:
    for change in (dict(seed=6), dict(size=32), dict(count=4)):
        with pytest.raises(DataError, match="another world"):
            make("orchard", orchard, **{"count": 3, "size": 24, "seed": 5} | change)
    (tmp_path / "holiday.jpg").write_bytes(b"mine")
    with pytest.raises(DataError, match="not empty"):
        make("orchard", tmp_path, count=1, size=16)
    with pytest.raises(DataError, match="is a file"):
        make("orchard", tmp_path / "holiday.jpg", count=1, size=16)
    assert [p.name for p in tmp_path.iterdir()] == ["holiday.jpg"]


def test_refuses_what_cannot_be_drawn(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Did you mean 'orchard'"):
        make("orchid", tmp_path / "x")
    for wrong in (dict(size=15), dict(count=0), dict(seed=-1)):
        with pytest.raises(UsageError):
            make("orchard", tmp_path / "x", **wrong)
    assert not (tmp_path / "x").exists()

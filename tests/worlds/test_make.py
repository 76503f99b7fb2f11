"""Drawn datasets on disk: layout, truth, disjoint scenes, idempotence, refusals; digits as well as worlds."""

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

import viceversa
from viceversa import cli
from viceversa.errors import DataError, UsageError
from viceversa.worlds import digits
from viceversa.worlds.make import make
from viceversa.worlds.measured import MEASURED_WORLDS
from viceversa.worlds.scenes import WORLDS

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
    description = json.loads((orchard / "world.json").read_text())
    assert description["world"] == "orchard" and description["domains"] == ["apples", "oranges"]
    assert (description["seed"], description["size"], description["count"], description["test_count"]) == (5, 24, 3, 10)
    assert description["labels"] == list(WORLDS["orchard"].labels)
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
    """Neither an image nor its true translation occurs in another folder."""
    folders = ("trainA", "testA", "truthB", "trainB", "testB", "truthA")
    images = [pixels(path).astype(int) for name in folders for path in sorted((orchard / name).iterdir())]
    for i, image in enumerate(images):
        assert min(np.abs(image - other).mean() for j, other in enumerate(images) if j != i) > 5


def test_a_second_call_changes_nothing_and_restores_missing_files(orchard: Path) -> None:
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in orchard.rglob("*.png")}
    missing = orchard / "testB" / "0004.png"
    missing.unlink()
    progress: list[tuple[int, int]] = []
    make("orchard", orchard, count=3, size=24, seed=5, on_progress=lambda done, total: progress.append((done, total)))
    assert progress[-1] == (26, 26) and len(progress) == 26
    assert missing.read_bytes() == before.pop(missing)[1]
    for path, (modified, content) in before.items():
        if path.name != missing.name:
            assert path.stat().st_mtime_ns == modified
        assert path.read_bytes() == content


@pytest.mark.long
def test_another_seed_draws_other_scenes(tmp_path: Path) -> None:
    make("seasons", tmp_path / "a", count=1, size=16, seed=0)
    make("seasons", tmp_path / "b", count=1, size=16, seed=1)
    assert (tmp_path / "a/trainA/0000.png").read_bytes() != (tmp_path / "b/trainA/0000.png").read_bytes()


@pytest.mark.long
def test_labels_as_a_domain(tmp_path: Path) -> None:
    """truthA is the true translation of testA whatever A and B are; a label picture gives its map back."""
    world = WORLDS["faces"]
    description = make("faces", tmp_path, count=1, size=24, domains=("smiling", "labels"))
    assert description["domains"] == ["smiling", "labels"] and "paired" not in description
    for index in range(10):
        name = f"{index:04d}.png"
        for folder, truth, labels in (("truthA", "testA", "labelsA"), ("testB", "truthB", "labelsB")):
            colours, photograph = pixels(tmp_path / folder / name), pixels(tmp_path / truth / name)
            assert colours.shape == photograph.shape == (24, 24, 3)
            np.testing.assert_array_equal(world.read_labels(colours), pixels(tmp_path / labels / name))
            np.testing.assert_array_equal(world.label_picture(world.read_labels(colours)), colours)
        first = 2 + index  # after one training scene on each side
        np.testing.assert_array_equal(pixels(tmp_path / "testA" / name), world.draw(first, 24, "B")[0])
        np.testing.assert_array_equal(pixels(tmp_path / "truthB" / name), world.draw(first + 10, 24, "B")[0])


@pytest.mark.long
def test_paired_folders_show_the_same_scenes(tmp_path: Path) -> None:
    description = make("facades", tmp_path, count=3, size=24, seed=2, domains=("labels", "day"), paired=True)
    assert description["paired"] is True
    assert json.loads((tmp_path / "world.json").read_text()) == description
    world, first = WORLDS["facades"], 2 * 2**32
    for split, count, start in (("train", 3, first), ("test", 10, first + 3)):
        for index in range(count):
            a, b = (pixels(tmp_path / (split + side) / f"{index:04d}.png") for side in "AB")
            day, labels = world.draw(start + index, 24, "A")
            np.testing.assert_array_equal(a, world.label_picture(labels))
            np.testing.assert_array_equal(b, day)
    for truth, partner in (("truthA", "testB"), ("truthB", "testA")):
        assert (tmp_path / truth / "0003.png").read_bytes() == (tmp_path / partner / "0003.png").read_bytes()


@pytest.mark.parametrize("name", MEASURED_WORLDS)
def test_measurements_are_tiff_files_with_exact_truth(tmp_path: Path, name: str) -> None:
    world = MEASURED_WORLDS[name]
    description = make(name, tmp_path, count=1, test=2, size=24, seed=3)
    assert description["domains"] == list(world.domains) and description["units"] == [d.unit for d in world.sides]
    first = 3 * 2**32 + 2
    for side, other, start in (("A", "B", first), ("B", "A", first + 2)):
        assert [p.name for p in sorted((tmp_path / f"train{side}").iterdir())] == ["0000.tif"]
        measured, labels = world.draw(start + 1, 24, side)
        truth, _ = world.draw(start + 1, 24, other, exact=True)
        np.testing.assert_array_equal(tifffile.imread(tmp_path / f"test{side}" / "0001.tif"), measured)
        np.testing.assert_array_equal(tifffile.imread(tmp_path / f"truth{side}" / "0001.tif"), truth)
        np.testing.assert_array_equal(pixels(tmp_path / f"labels{side}" / "0001.png"), labels)


def test_measurements_paired_and_with_labels(tmp_path: Path) -> None:
    world = MEASURED_WORLDS["scanner"]
    description = make("scanner", tmp_path, count=2, test=1, size=24, domains=("labels", "ct"), paired=True)
    assert description["units"] == [None, "HU"]
    for index in range(2):
        a, b = pixels(tmp_path / f"trainA/{index:04d}.png"), tifffile.imread(tmp_path / f"trainB/{index:04d}.tif")
        hounsfield, labels = world.draw(index, 24, "B")
        np.testing.assert_array_equal(world.read_labels(a), labels)
        np.testing.assert_array_equal(b, hounsfield)
    assert (tmp_path / "truthA/0000.tif").is_file() and (tmp_path / "truthB/0000.png").is_file()


def test_default_domains_do_not_change_world_json(orchard: Path) -> None:
    """A folder from before domains could be chosen is still accepted; one with other domains is another world."""
    description = json.loads((orchard / "world.json").read_text())
    assert list(description) == ["world", "seed", "size", "count", "test_count", "domains", "labels"]
    same = {"count": 3, "size": 24, "seed": 5}
    assert make("orchard", orchard, domains=("apples", "oranges"), paired=False, **same) == description
    for change in (dict(domains=("oranges", "apples")), dict(domains=("apples", "labels")), dict(paired=True)):
        with pytest.raises(DataError, match="another world"):
            make("orchard", orchard, **same, **change)


def test_refuses_a_folder_with_other_content(orchard: Path, tmp_path: Path) -> None:
    for change in (dict(seed=6), dict(size=32), dict(count=4)):
        with pytest.raises(DataError, match="another world"):
            make("orchard", orchard, **{"count": 3, "size": 24, "seed": 5} | change)
    (tmp_path / "holiday.jpg").write_bytes(b"mine")
    with pytest.raises(DataError, match="not empty"):
        make("orchard", tmp_path, count=1, size=16)
    with pytest.raises(DataError, match="is a file"):
        make("orchard", tmp_path / "holiday.jpg", count=1, size=16)
    assert [p.name for p in tmp_path.iterdir()] == ["holiday.jpg"]


def test_refuses_wrong_arguments(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Did you mean 'orchard'"):
        make("orchid", tmp_path / "x")
    for wrong in (dict(size=15), dict(count=0), dict(seed=-1)):
        with pytest.raises(UsageError):
            make("orchard", tmp_path / "x", **wrong)
    with pytest.raises(UsageError, match="Did you mean 'night'"):
        make("facades", tmp_path / "x", domains=("day", "nigth"))
    with pytest.raises(UsageError, match="both domains are 'labels'"):
        make("facades", tmp_path / "x", domains=("labels", "labels"))
    assert not (tmp_path / "x").exists()


def test_digits_and_glyphs_are_made_by_the_same_function_and_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    description = viceversa.data.make("glyphs", tmp_path / "glyphs", count=30, seed=2)
    assert description == json.loads((tmp_path / "glyphs" / "digits.json").read_text())
    assert (description["digits"], description["count"]) == ("glyphs", {"train": 30, "test": 100})
    np.testing.assert_array_equal(digits.load(tmp_path / "glyphs").train_x, digits.glyphs(30, 2).train_x)
    assert viceversa.data.make("digits", tmp_path / "digits", count=30)["count"]["train"] == 30

    for world in ("glyphs", "digits"):  # a complete folder is left as it is by the command as well
        before = {path: path.stat().st_mtime_ns for path in (tmp_path / world).rglob("*")}
        seed = "2" if world == "glyphs" else "0"
        assert cli.run(["data", "make", world, str(tmp_path / world), "--count", "30", "--seed", seed]) == 0
        assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / world).rglob("*")}

    capsys.readouterr()
    assert cli.run(["data", "make", "glphs", str(tmp_path / "x")]) == 2
    assert "Did you mean 'glyphs'?" in capsys.readouterr().err


def test_digits_have_no_size_and_no_domains(tmp_path: Path) -> None:
    for wrong in (dict(size=64), dict(test=3), dict(paired=True), dict(domains=("digits", "labels"))):
        with pytest.raises(UsageError, match="leave out --size"):
            make("glyphs", tmp_path / "x", **wrong)
    assert not (tmp_path / "x").exists()

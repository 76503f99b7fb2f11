"""Layouts of other tools: real trees of folders become the same two domains, and what is missing is named."""

from pathlib import Path

import pytest

from viceversa.data.ab_layouts import FLAT_LAYOUTS, LAYOUTS, find_ab_folders, holds_domains
from viceversa.data.folders import find_domains
from viceversa.data.layouts import find_classes, find_pairs, find_pictures
from viceversa.errors import DataError


def tree(root: Path, *folders: str, count: int = 2) -> Path:
    """Folders of empty files that are pictures by their names."""
    for folder in folders:
        (root / folder).mkdir(parents=True)
        for i in range(count):
            (root / folder / f"{i}.png").touch()
    return root


TREES = {  # the folders of train A, train B, test A and test B
    "trainA": ("trainA", "trainB", "testA", "testB"),
    "TrainA": ("TrainA", "TrainB", "TestA", "TestB"),
    "traina": ("traina", "trainb", "testa", "testb"),
    "mixed case": ("TRAINA", "trainB", "testa", "TESTB"),
    "train_A": ("train_A", "train_B", "test_A", "test_B"),
    "train-a": ("train-a", "train-b", "test-a", "test-b"),
    "val_A": ("train_A", "train_B", "val_A", "val_B"),
    "valA": ("trainA", "trainB", "valA", "valB"),
    "train/A": ("train/A", "train/B", "test/A", "test/B"),
    "Train/a": ("Train/a", "Train/b", "Val/a", "Val/b"),
    "train/horses": ("train/horses", "train/zebras", "test/horses", "test/zebras"),
    "A/train": ("A/train", "B/train", "A/test", "B/test"),
    "A/train, joined beside": ("A/train", "B/train", "A/val", "B/val", "AB/train", "AB/val"),
    "horses/train": ("horses/train", "zebras/train", "horses/test", "zebras/test"),
}


@pytest.mark.parametrize("folders", TREES.values(), ids=TREES)
@pytest.mark.parametrize("find", [find_domains, find_pairs])
def test_every_layout_becomes_the_same_domains(tmp_path: Path, find, folders: tuple[str, ...]) -> None:
    tree(tmp_path, *folders)
    tree(tmp_path, "__MACOSX/trainA", ".ipynb_checkpoints", "@eaDir")
    d = find(tmp_path)
    lists = (d.train_a, d.train_b, d.test_a, d.test_b)
    for files, folder in zip(lists, folders[:4], strict=True):
        assert [path.relative_to(tmp_path).as_posix() for path in files] == [f"{folder}/0.png", f"{folder}/1.png"]
    own = "horses" in folders[0]
    assert (d.name_a.upper(), d.name_b.upper()) == (("HORSES", "ZEBRAS") if own else ("A", "B"))
    if find is find_domains:
        stated = any("training pictures are those of" in note for note in d.notes)
        assert stated == (folders[0] not in ("trainA", "horses/train"))
        assert not stated or f"those of {folders[0]} and {folders[1]}" in " ".join(d.notes)


def test_truths_of_every_layout(tmp_path: Path) -> None:
    for number, layout in enumerate(LAYOUTS):
        parts = [layout.path(part, side) for part in ("train", "test", "truth") for side in "AB"]
        d = find_domains(tree(tmp_path / str(number), *parts))
        assert [path.stem for path in d.truth_a] == [path.stem for path in d.test_a] == ["0", "1"]
        assert d.truth_b[0].parent == tmp_path / str(number) / layout.path("truth", "B")


@pytest.mark.parametrize("layout", FLAT_LAYOUTS, ids=lambda layout: layout.pattern)
@pytest.mark.parametrize("side", ["A", "B"])
def test_half_a_layout_names_what_is_missing(tmp_path: Path, layout, side: str) -> None:
    tree(tmp_path, layout.path("train", side), "other")
    missing = layout.path("train", "B" if side == "A" else "A")
    for find in (find_domains, find_pairs, find_ab_folders):
        with pytest.raises(DataError, match=f"has no folder {missing}; add it"):
            find(tmp_path)


def test_the_standard_layout_comes_first_and_two_spellings_are_refused(tmp_path: Path) -> None:
    tree(tmp_path, "trainA", "trainB", "train_A", "train_B", "train/A", "train/B", "A/train", "B/train")
    assert {path.parent.name for path in find_domains(tmp_path).train_a} == {"trainA"}
    both = tree(tmp_path / "both", "TrainA", "TRAINA", "trainB")
    with pytest.raises(DataError, match="holds TRAINA and TrainA, which differ in letter case or accents only"):
        find_domains(both)
    tree(both, "trainA")
    assert len(find_domains(both).train_a) == 2  # spelled as the layout says


def test_other_trees_are_no_layout(tmp_path: Path) -> None:
    for number, folders in enumerate(
        (("train/a", "train/b", "train/c"), ("train", "test"), ("a", "b"), ("A", "B", "C"))
    ):
        assert find_ab_folders(tree(tmp_path / str(number), *folders)) is None
    with pytest.raises(DataError, match="parts of one domain"):
        find_domains(tmp_path / "0")
    with pytest.raises(DataError, match="3 sub-folders"):
        find_domains(tmp_path / "3")


@pytest.mark.parametrize("name", ["trainA", "TrainA", "train_a", "train-A"])
def test_classes_and_single_sets_refuse_two_domains(tmp_path: Path, name: str) -> None:
    tree(tmp_path, name, "other")
    assert holds_domains(tmp_path) == name
    for find in (find_classes, find_pictures):
        with pytest.raises(DataError, match=f"holds two domains, which translate; give one of them: .*{name}"):
            find(tmp_path)


def test_classes_find_parts_in_any_letter_case(tmp_path: Path) -> None:
    tree(tmp_path, "Train/cats", "Train/dogs", "TEST/Cats", "TEST/Dogs", "__MACOSX/Train")
    c = find_classes(tmp_path)
    assert c.names == ("cats", "dogs") and len(c.train) == len(c.test) == 4
    assert len(find_pictures(tmp_path).test) == 4

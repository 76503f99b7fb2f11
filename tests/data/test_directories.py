"""Folders of a dataset: found in any letter case and Unicode form; those of the system are ignored everywhere."""

import os
import unicodedata
from pathlib import Path

import pytest

from viceversa.data.directories import existing_folder, find_folder, sub_folders
from viceversa.data.folders import ending_of, find_domains, scan
from viceversa.data.layouts import find_classes, find_pairs
from viceversa.errors import DataError, UsageError

NFC, NFD = (unicodedata.normalize(form, "été") for form in ("NFC", "NFD"))
LEFT_BEHIND = ("__MACOSX", ".ipynb_checkpoints", ".git", "@eaDir", "__pycache__", "$RECYCLE.BIN")


def fill(folder: Path, count: int = 2, ending: str = ".png") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        (folder / f"{i}{ending}").touch()
    return folder


def test_folders_of_the_system_are_ignored_beside_domains_and_inside(tmp_path: Path) -> None:
    for place in ("", "horses", "horses/deep"):
        for name in LEFT_BEHIND:
            fill(tmp_path / place / name)
    fill(tmp_path / "horses"), fill(tmp_path / "zebras"), fill(tmp_path / "horses" / "deep")
    assert sub_folders(tmp_path) == ["horses", "zebras"]
    d = find_domains(tmp_path)
    assert (d.name_a, d.name_b, len(d.train_a), len(d.train_b)) == ("horses", "zebras", 4, 2)
    listing = scan(tmp_path / "horses")
    assert listing.skipped == {"hidden": 4, "system folder": 8}
    assert len(scan(tmp_path / "__MACOSX").files) == 2  # named by the user, it is a folder like any other


def test_links_to_folders_count_and_circles_do_not(tmp_path: Path) -> None:
    fill(tmp_path / "elsewhere")
    root = tmp_path / "data"
    root.mkdir()
    (root / "linked").symlink_to(tmp_path / "elsewhere")
    (root / "round").symlink_to(root / "round")
    (root / "gone").symlink_to(root / "nowhere")
    fill(root / "own")
    assert sub_folders(root) == ["linked", "own"]


def test_a_folder_is_found_in_any_letter_case(tmp_path: Path) -> None:
    fill(tmp_path / "Train" / "A")
    (tmp_path / "test").touch()
    assert find_folder(tmp_path, "train/a") == tmp_path / "Train" / "A"
    assert find_folder(tmp_path, "test") is find_folder(tmp_path, "train/b") is None


@pytest.mark.parametrize(("typed", "stored"), [(NFC, NFD), (NFD, NFC)])
def test_names_in_two_forms_are_one_name(tmp_path: Path, typed: str, stored: str) -> None:
    fill(tmp_path / stored), fill(tmp_path / "hiver")
    d = find_domains(tmp_path)
    assert (d.name_a, d.name_b) == ("hiver", NFC)
    assert d.train_b[0].parent.name == stored  # files keep their names
    assert find_domains(tmp_path / typed, tmp_path / "hiver").train_a == d.train_b
    assert existing_folder(tmp_path / typed, "data folder") == tmp_path / stored
    assert find_domains(tmp_path, names=(NFD, "b")).name_a == NFC
    with pytest.raises(UsageError, match="two different names"):
        find_domains(tmp_path, names=(NFD, NFC))
    with pytest.raises(DataError, match="is a file"):
        existing_folder(tmp_path / typed / "0.png", "data folder")


def test_pairs_truths_and_classes_in_two_forms(tmp_path: Path) -> None:
    for side, form in (("A", "NFC"), ("B", "NFD")):
        for part in ("train", "test", "truth"):
            folder = tmp_path / f"{part}{side}"
            folder.mkdir()
            for name in ("été 1", "été 2", "Zoë"):
                own = unicodedata.normalize("NFD" if part == "truth" else form, name)
                (folder / f"{own}.png").touch()
    d = find_pairs(tmp_path)
    assert len(d.train_a) == len(d.test_a) == len(d.truth_a) == len(d.truth_b) == 3
    for pair in (*zip(d.train_a, d.train_b, strict=True), *zip(d.test_a, d.truth_a, strict=True)):
        a, b = (unicodedata.normalize("NFC", path.name) for path in pair)
        assert a == b and pair[0].name != pair[1].name

    for part, name in (("train", NFD), ("test", NFC)):
        fill(tmp_path / "classes" / part / name), fill(tmp_path / "classes" / part / "x")
    c = find_classes(tmp_path / "classes")
    assert c.names == ("x", NFC) and len(c.test) == 4
    fill(tmp_path / "classes" / "train" / NFC)
    with pytest.raises(DataError, match="has two folders called"):
        find_classes(tmp_path / "classes")


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("scan.NII", ".nii"),
        ("scan.nii.gz", ".nii.gz"),
        ("a.b.txt", ".txt"),
        ("README", "no ending"),
        ("Dr. No", "no ending"),
        ("x.\x1b[31m", "no ending"),
        ("x.été", ".été"),
        ("notes.tar.bz2", ".tar.bz2"),
        (".gz", ".gz"),
    ],
)
def test_ending_of(name: str, ending: str) -> None:
    assert ending_of(name) == ending


def test_a_folder_without_pictures_names_the_endings(tmp_path: Path) -> None:
    fill(tmp_path / "a", 12, ".mha"), fill(tmp_path / "a", 3, ".TXT"), fill(tmp_path / "b")
    with pytest.raises(
        DataError, match=r"no picture in domain a: .*a has 15 not a picture .* \(\.mha 12, \.txt 3\); put"
    ) as e:
        find_domains(tmp_path)
    assert os.linesep not in str(e.value)
    for number in range(9):
        fill(tmp_path / "b", 1, f".x{number}")
    fill(tmp_path / "a")
    notes = find_domains(tmp_path).notes
    assert any("b: passed over 9 not a picture by its name (.x0 1, .x1 1, .x2 1, .x3 1, .x4 1, …)" in n for n in notes)

"""The plan of a translation: targets of files and folders, and refused collisions."""

import unicodedata
from pathlib import Path

import pytest
from PIL import Image

from support.translators import swapping_translator
from viceversa.errors import DataError, UsageError
from viceversa.translation.pipeline import translate_files
from viceversa.translation.plan import plan


def test_folders_keep_relative_paths_and_broken_files_are_named(tmp_path: Path) -> None:
    source = tmp_path / "in"
    (source / "deep").mkdir(parents=True)
    for name in ("a.png", "deep/b.jpg"):
        Image.new("RGB", (20, 20), "red").save(source / name)
    (source / "broken.png").write_bytes(b"\x89PNG\r\n")
    summary = translate_files(swapping_translator(), [source], "oranges", tmp_path / "out")
    assert sorted(p.relative_to(tmp_path / "out").as_posix() for p in summary.written) == ["a.png", "deep/b.jpg"]
    assert list(summary.skipped) == [source / "broken.png"] and "broken.png" in summary.skipped[source / "broken.png"]


def test_inputs_are_never_overwritten(tmp_path: Path) -> None:
    Image.new("RGB", (20, 20), "red").save(tmp_path / "a.png")
    before = (tmp_path / "a.png").read_bytes()
    with pytest.raises(UsageError, match="would overwrite"):
        translate_files(swapping_translator(), [tmp_path / "a.png"], "oranges", tmp_path)
    (tmp_path / "other").mkdir()
    Image.new("RGB", (20, 20), "blue").save(tmp_path / "other" / "a.png")
    inputs = [tmp_path / "a.png", tmp_path / "other/a.png"]
    with pytest.raises(UsageError, match="both become"):
        translate_files(swapping_translator(), inputs, "oranges", tmp_path / "out")
    assert (tmp_path / "a.png").read_bytes() == before and not (tmp_path / "out").exists()


def test_results_inside_the_input_folder_are_no_inputs(tmp_path: Path) -> None:
    Image.new("RGB", (20, 20), "red").save(tmp_path / "a.png")
    for _ in range(2):
        summary = translate_files(swapping_translator(), [tmp_path], "oranges", tmp_path / "out")
        assert summary.written == [tmp_path / "out" / "a.png"]
    Image.new("RGB", (20, 20), "red").save(tmp_path / "x.png")
    with pytest.raises(UsageError, match="would overwrite"):
        plan([tmp_path / "a.png", tmp_path / "out" / "a.png"], tmp_path / "out", [])


def test_missing_input_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        plan([tmp_path / "no.png"], tmp_path / "out", [])


def test_a_page_of_a_stack_becomes_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "stack.tif").write_bytes(b"")
    target = plan([tmp_path / "stack.tif#12"], tmp_path / "out", [])
    assert target == {tmp_path / "stack.tif#12": tmp_path / "out" / "stack-12.tif"}


def test_what_was_passed_over_is_noted(tmp_path: Path) -> None:
    for name in ("a/1.svg.gz", "a/2.svg.gz", "a/3.txt", "a/__MACOSX/x.png", "b/deep/y.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(
        DataError, match=r"there is no picture in .*a: it has 3 not .* \(\.svg\.gz 2, \.txt 1\).*; .*b: it has 1"
    ):
        plan([tmp_path / "a", tmp_path / "b"], tmp_path / "out", [])
    (tmp_path / "a" / "z.png").touch()
    notes: list[str] = []
    assert [*plan([tmp_path / "a", tmp_path / "b"], tmp_path / "out", notes)] == [tmp_path / "a" / "z.png"]
    assert notes[0].startswith("a: passed over 3 not a picture by its name (.svg.gz 2, .txt 1), 1 system folder")
    assert notes[1].startswith(f"no picture in {tmp_path / 'b'}: it has 1 not a picture by its name (.md 1); put ")


def test_several_broken_files_give_the_first_reason(tmp_path: Path) -> None:
    for name in ("1.png", "2.png"):
        (tmp_path / name).write_bytes(b"no image")
    with pytest.raises(DataError, match=r"none of the 2 pictures can be used; the first: cannot read .*1\.png"):
        translate_files(swapping_translator(), [tmp_path], "oranges", tmp_path / "out")


def test_inputs_are_found_in_any_unicode_form(tmp_path: Path) -> None:
    stored, typed = (unicodedata.normalize(form, "été") for form in ("NFD", "NFC"))
    (tmp_path / stored).mkdir()
    Image.new("RGB", (20, 20), "red").save(tmp_path / stored / f"{stored}.png")
    for path in (tmp_path / typed, tmp_path / typed / f"{typed}.png"):
        assert [*plan([path], tmp_path / "out", []).values()] == [tmp_path / "out" / f"{stored}.png"]

"""Names in Unicode: one name in two forms is one name, and files keep theirs."""

import os
import unicodedata
from pathlib import Path

import pytest

from viceversa.names import folded, nfc, stored_path

NFC, NFD = (unicodedata.normalize(form, "été") for form in ("NFC", "NFD"))


def test_forms_and_letter_case() -> None:
    assert NFC != NFD and nfc(NFD) == nfc(NFC) == NFC
    assert folded("ÉTÉ") == folded(NFD) and nfc("ÉTÉ") != NFC
    assert nfc("a\udcff") == "a\udcff"  # what is no Unicode stays


@pytest.mark.parametrize(("typed", "stored"), [(NFC, NFD), (NFD, NFC)])
def test_a_path_is_found_as_the_disk_spells_it(
    typed: str, stored: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / stored / "deep" / stored).mkdir(parents=True)
    for path in (Path(typed), Path(typed) / "deep" / typed):
        wanted = Path(*(stored if name == typed else name for name in path.parts))
        assert stored_path(tmp_path / path) == tmp_path / wanted
        monkeypatch.chdir(tmp_path)
        assert stored_path(path) == wanted and stored_path(os.fspath(path)) == wanted
    assert os.listdir(tmp_path) == [stored]
    (tmp_path / f"{stored}.tif").touch()
    assert stored_path(tmp_path / f"{typed}.tif#12") == tmp_path / f"{stored}.tif#12"


def test_what_exists_or_is_nowhere_stays(tmp_path: Path) -> None:
    for name in (NFC, NFD):
        (tmp_path / name).mkdir()
        assert stored_path(tmp_path / name) == tmp_path / name
    for path in ("no", "no/é", f"{NFC}/no/{NFD}", "n" * 300 + "é", "é\0", "", "."):
        assert stored_path(path) == Path(path)
    (tmp_path / "file").touch()
    assert stored_path(tmp_path / "file" / "é") == tmp_path / "file" / "é"

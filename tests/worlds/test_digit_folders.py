"""Digits as folders of PNG files: written once, read back, and refused where they are damaged or others."""

import numpy as np
import pytest
from PIL import Image

from viceversa.errors import DataError
from viceversa.worlds import digits


def test_written_digits_are_read_back_and_left_as_they_are(tmp_path):
    few = digits.glyphs(40, seed=1)
    folder = tmp_path / "new" / "glyphs"
    leftover = tmp_path / "new" / "glyphs.draft.tmp"
    leftover.mkdir(parents=True)
    (leftover / "torn.png").write_bytes(b"half")  # of a call that was killed
    digits.write(few, folder)
    assert not leftover.exists()
    digit = few.train_y[12]
    np.testing.assert_array_equal(np.asarray(Image.open(folder / f"train/{digit}/00012.png")), few.train_x[12])
    assert sum(1 for _ in folder.rglob("*.png")) == 140

    loaded = digits.load(folder)
    for name in ("name", "train_x", "train_y", "test_x", "test_y"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(few, name))

    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    digits.write(few, folder)
    assert before == {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_refuses_other_digits_other_content_and_a_damaged_folder(tmp_path):
    few, folder = digits.glyphs(40, seed=1), tmp_path / "glyphs"
    digits.write(few, folder)
    with pytest.raises(DataError, match="holds other digits"):
        digits.write(digits.glyphs(40, seed=2), folder)
    with pytest.raises(DataError, match="is not empty and holds no digits"):
        digits.write(few, tmp_path)
    (folder / "train" / str(few.train_y[12]) / "00012.png").unlink()
    with pytest.raises(DataError, match="is damaged"):
        digits.load(folder)

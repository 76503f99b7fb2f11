"""Sample sheets are cut back into the images that they were made of."""

from pathlib import Path

import numpy as np
import pytest
import torch

from viceversa import images
from viceversa.errors import DataError
from viceversa.runs.folder import RunFolder
from viceversa.runs.sheets import cut_directions, cut_sheet, save_sheet, sheets

SIZE = 8


def saved(tmp_path: Path, columns: int, rows: int = 4) -> np.ndarray:
    """A sheet whose cell in row i and column j has the value (8 i + j) / 32 - 1."""
    values = [[-1 + (8 * i + j) / 32 for i in range(rows)] for j in range(columns)]
    tensors = [torch.stack([torch.full((1, SIZE, SIZE), value) for value in column]) for column in values]
    save_sheet(RunFolder(tmp_path), 3, tensors)
    return images.read(sheets(tmp_path / "samples")[3]).pixels


def test_a_sheet_is_cut_into_its_cells(tmp_path):
    cells = np.array(cut_sheet(saved(tmp_path, 5), SIZE))
    assert cells.shape == (4, 5, 3, SIZE, SIZE)
    expected = -1 + (8 * np.arange(4)[:, None] + np.arange(5)) / 32
    np.testing.assert_allclose(cells, np.broadcast_to(expected[..., None, None, None], cells.shape), atol=5e-3)


@pytest.mark.parametrize("columns", [3, 6])
def test_three_columns_are_a_direction(tmp_path, columns):
    directions = cut_directions(saved(tmp_path, columns), SIZE)
    assert len(directions) == columns // 3
    for k, rows in enumerate(directions):
        assert len(rows) == 4
        means = [rows[0].input.mean(), rows[0].output.mean(), rows[0].last.mean()]
        np.testing.assert_allclose(means, -1 + (3 * k + np.arange(3)) / 32, atol=5e-3)


def test_other_layouts_are_refused(tmp_path):
    sheet = saved(tmp_path, 4)
    with pytest.raises(DataError, match="not made of images of 9 px"):
        cut_sheet(sheet, 9)
    with pytest.raises(DataError, match="4 columns"):
        cut_directions(sheet, SIZE)
    with pytest.raises(DataError):
        cut_directions(sheet[:, :2], SIZE)


def test_sheets_are_listed_by_their_step(tmp_path):
    for name in ("step-000010.png", "step-000002.png", "step-1000000.png", "step-x.png", "other.png"):
        (tmp_path / name).touch()
    assert list(sheets(tmp_path)) == [2, 10, 1000000]

"""The choice of the best checkpoint."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

import viceversa


@pytest.mark.long
def test_best_checkpoint_is_chosen_by_training_images_alone(run, pictures, tmp_path):
    best = viceversa.evaluate(run, best=True, quiet=True)["best"]
    steps = [row["step"] for row in best["candidates"]]
    assert steps == [1, 2, 3, 4] and "Test pictures play no part" in best["rule"]
    assert best["step"] == min(best["candidates"], key=lambda row: row["kid"])["step"]
    data = Path(shutil.copytree(pictures, tmp_path / "other"))
    for path in sorted((data / "testB").iterdir()):
        Image.new("RGB", (24, 24), "black").save(path)
    again = viceversa.evaluate(run, data=data, best=True, quiet=True)
    assert again["best"]["candidates"] == best["candidates"] and again["step"] == 4
    sheets = {direction["worst"]["sheet"] for direction in [*again["directions"], *again["best"]["directions"]]}
    assert len(sheets) == (2 if best["step"] == 4 else 4)  # those of the last one stay beside those of the best
    if best["step"] != 4:
        assert again["best"]["directions"] != again["directions"]

"""Runs on crops at native scale, from the data to translations."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.pyramids import natural
from support.tiny import TINY
from viceversa import api
from viceversa.errors import DataError, UsageError

OPTIONS = dict(size=16, device="cpu", precision="fp32", seed=3, quiet=True, steps=6, set=[*TINY, "data.fit=native"])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    root = tmp_path / "data"
    for number, part in enumerate(("trainA", "trainB", "testA", "testB", "truthA", "truthB")):
        (root / part).mkdir(parents=True)
        for i in range(2):
            Image.fromarray(natural(120, 150, seed=10 * number + i)).save(root / part / f"{i}.png")
    return root


def weights(run: Path) -> dict[str, bytes]:
    newest = max((run / "checkpoints").iterdir(), key=lambda path: int(path.name.removeprefix("step-")))
    return {path.name: path.read_bytes() for path in newest.glob("*.safetensors")}


def test_a_run_from_data_to_translations(data: Path, tmp_path: Path):
    run = tmp_path / "run"
    api.train(data, out=run, **OPTIONS)
    saved = json.loads((run / "data.json").read_text())
    assert [Path(p).name for p in saved["files"]["train_a"]] == ["0.png", "1.png"]
    for key in ("test_a", "truth_a", "train_windows_a"):
        names = [Path(path).name for path in saved["files"][key]]
        assert all("#" in name for name in names) and len(names) == len(set(names)) > 2
    tests, truths = (saved["files"][key] for key in ("test_a", "truth_a"))
    assert [path.partition("#")[2] for path in tests] == [path.partition("#")[2] for path in truths]
    assert any("1 epoch = " in note for note in saved["notes"])

    summary = api.translate(run, data / "testA", to="B", out=tmp_path / "out", quiet=True)
    assert np.asarray(Image.open(summary.written[0])).shape == (120, 150, 3)  # at its own scale


@pytest.mark.long
def test_native_runs_are_evaluated_by_windows(data: Path, tmp_path: Path):
    run = tmp_path / "run"
    api.train(data, out=run, **OPTIONS)
    result = api.evaluate(run, quiet=True)
    assert [direction["truth"] is not None for direction in result["directions"]] == [True, True]
    assert all("#" in str(direction["worst"]) for direction in result["directions"])


def test_a_stopped_run_goes_on_to_the_same_weights(data: Path, tmp_path: Path):
    api.train(data, out=tmp_path / "whole", **OPTIONS)
    api.train(data, out=tmp_path / "parts", **{**OPTIONS, "save_every": 2})
    newest = max((tmp_path / "parts" / "checkpoints").iterdir(), key=lambda p: int(p.name.removeprefix("step-")))
    for path in newest.iterdir():
        path.unlink()
    os.rmdir(newest)
    api.train(data, out=tmp_path / "parts", **{**OPTIONS, "save_every": 2})
    assert weights(tmp_path / "parts") == weights(tmp_path / "whole")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (["data.fit=native", "data.load=32"], "data.load has no meaning"),
        (["data.mpp=0.5"], "add data.fit=native"),
        (["data.fit=native", "data.mpp=0.5"], "does not state how many micrometres"),
    ],
)
def test_what_does_not_fit_is_refused(data: Path, tmp_path: Path, changes, words):
    with pytest.raises((UsageError, DataError), match=words):
        api.train(data, out=tmp_path / "run", **{**OPTIONS, "set": [*TINY, *changes]})


def test_images_that_are_too_small_are_named(data: Path, tmp_path: Path):
    Image.fromarray(natural(12, 90)).save(data / "trainA" / "small.png")
    api.train(data, out=tmp_path / "run", **OPTIONS)
    notes = json.loads((tmp_path / "run" / "data.json").read_text())["notes"]
    assert any("1 of 3 pictures are left out" in note and "small.png" in note for note in notes)


def test_classifiers_do_not_learn_from_crops(tmp_path: Path):
    for name in ("a", "b"):
        (tmp_path / "digits" / "train" / name).mkdir(parents=True)
        for i in range(4):
            Image.fromarray(natural(28, 28, seed=i)).save(tmp_path / "digits" / "train" / name / f"{i}.png")
    with pytest.raises(UsageError, match="does not learn from crops"):
        api.train(
            tmp_path / "digits",
            preset="cnn",
            out=tmp_path / "run",
            steps=2,
            quiet=True,
            set=["data.fit=native", "data.load=none"],
        )

"""`evaluate` on runs, datasets and folders, from Python and from the command line."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import viceversa
from support.tiny import draw_world
from viceversa.cli import run as command
from viceversa.errors import DataError, ModelFileError
from viceversa.evaluation.extractors import load_extractor
from viceversa.training.train import train

NET = load_extractor()


def test_evaluation_of_a_run_has_every_part(run):
    evaluation = viceversa.evaluate(run, quiet=True)
    assert json.loads((run / "metrics.json").read_text()) == json.loads(json.dumps(evaluation))
    assert (evaluation["preset"], evaluation["seed"], evaluation["step"]) == ("quickstart", 3, 4)
    protocol = evaluation["protocol"]
    assert protocol["extractor_sha256"] == NET.sha256 and protocol["resize"] == "clean to 64 px"
    assert torch.__version__.startswith(protocol["versions"]["torch"])  # which may name its build too
    assert protocol["pictures"] == "centre of 16 px, fit cover, 8 bit"
    for direction, counts in zip(evaluation["directions"], ((9, 8), (8, 9)), strict=True):
        assert list(direction["rows"]) == ["translation", "colour", "input", "real"]
        for name, row in direction["rows"].items():
            assert (row["count"], row["reference"]) == counts, name
            assert all(np.isfinite(value) for value in row.values())
            assert row["kid_low"] <= row["kid_high"] and 0 <= row["coverage"] <= 1
        assert direction["rows"]["real"]["frechet"] < direction["rows"]["input"]["frechet"]  # red is not blue
        verdict = direction["verdict"]
        assert (verdict["measure"], verdict["baseline"], verdict["needed"]) == ("KID", "colour", 10)
        assert verdict["sentence"].endswith("8 pictures are too few to tell; it takes at least 10.")
        assert verdict["value"] == pytest.approx(direction["rows"]["translation"]["kid"])
        assert verdict["baseline_value"] == pytest.approx(direction["rows"]["colour"]["kid"])
        assert direction["truth"] is None and 0 < direction["cycle"]["cycle_psnr"] < 60
        assert len(direction["worst"]["pictures"]) == 6 and (run / "evaluation" / direction["worst"]["sheet"]).is_file()
        assert any("biased upwards" in note for note in direction["notes"])  # 8 pictures for 64 features
    assert evaluation["verdict"]["numbers"] == [d["verdict"] for d in evaluation["directions"]]
    page = (run / "report.html").read_text()
    assert "<h2>Evaluation</h2>" in page and "real against real" in page and NET.sha256 in page


def test_unreadable_images_are_named_and_missing_ones_refused(run, pictures, tmp_path):
    data = Path(shutil.copytree(pictures, tmp_path / "other"))
    (data / "testA" / "0.png").write_bytes(b"no picture")
    evaluation = viceversa.evaluate(run, data=data, quiet=True)
    notes = evaluation["directions"][0]["notes"]
    assert any("0.png" in note and "could not be read" in note for note in notes)
    assert evaluation["directions"][0]["rows"]["translation"]["count"] == 8
    listed = json.loads((run / "data.json").read_text())
    listed["files"] = {k: [p.replace("red2blue", "gone") for p in v] for k, v in listed["files"].items()}
    (run / "data.json").write_text(json.dumps(listed))
    with pytest.raises(DataError, match=r"no longer in .*name them with --data"):
        viceversa.evaluate(run, quiet=True)


def test_truth_is_used_where_known(pictures, run, tmp_path):
    """Truths that are the inputs: doing nothing is perfect, and so is the best colour change."""
    data = Path(shutil.copytree(pictures, tmp_path / "paired"))
    for side in "AB":
        shutil.copytree(data / f"test{side}", data / f"truth{side}")
    for direction in viceversa.evaluate(run, data=data, quiet=True)["directions"]:
        assert direction["verdict"]["measure"] == "PSNR" and direction["verdict"]["better"] is False
        assert direction["truth"]["input_psnr"] == pytest.approx(106.02, abs=0.01)
        assert direction["truth"]["colour_psnr"] > 100 > direction["truth"]["psnr"] > 5
        values = [row["value"] for row in direction["worst"]["pictures"]]
        assert values == sorted(values) and direction["worst"]["by"].startswith("PSNR")


def test_evaluation_of_two_folders(pictures, capsys):
    made, real = pictures / "trainB", pictures / "trainA"
    same = viceversa.evaluate(real, real, quiet=True)["directions"][0]["rows"]
    assert same["made"]["frechet"] <= 1e-6 and same["made"]["coverage"] == same["made"]["recall"] == 1
    other = viceversa.evaluate(made, real, quiet=True)["directions"][0]["rows"]
    assert other["made"]["frechet"] > 3 * other["real"]["frechet"]
    assert (other["real"]["count"], other["real"]["reference"]) == (7, 7)  # the floor: halves of the real ones
    assert command(["evaluate", str(made), str(real)]) == 0
    output = capsys.readouterr().out
    assert output.startswith("trainA: 9 pictures are too few to tell; it takes at least 10.")
    assert "real against real" in output and NET.sha256[:12] in output and "95 % interval" in output


def test_json_prints_one_document(run, capsys):
    assert command(["evaluate", str(run), "--json"]) == 0
    evaluation = json.loads(capsys.readouterr().out)
    assert evaluation["step"] == 4
    assert command(["evaluate", str(run)]) == 0
    output = capsys.readouterr().out
    assert "report:" in output and output.startswith(evaluation["verdict"]["numbers"][0]["sentence"])


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gan")
    draw_world(folder / "grey", {"train": 12, "test": 7})
    tiny = ("method.width=4", "method.d_width=4", "method.depth=0", "train.batch=4", "train.threads=1")
    return train(
        folder / "grey", preset="dcgan", size=16, steps=2, out=folder / "run", device="cpu", set=tiny, quiet=True
    ).run


def test_evaluation_of_a_generator_from_noise(generator, tmp_path):
    run = Path(shutil.copytree(generator, tmp_path / "run"))
    evaluation = viceversa.evaluate(run, best=True, quiet=True)
    (direction,) = evaluation["directions"]
    assert direction["source"] == "noise" and list(direction["rows"]) == ["generated", "real"]
    assert direction["rows"]["generated"]["count"] == direction["rows"]["generated"]["reference"] == 7
    assert direction["rows"]["generated"]["frechet"] > direction["rows"]["real"]["frechet"]
    assert viceversa.evaluate(run, quiet=True)["directions"] == evaluation["directions"]  # the same noise each time


WRONG = [
    ("evaluate nowhere", 4, "nowhere is not a run"),
    ("evaluate {run} --extractor worlds-2", 2, "Did you mean 'worlds-1'?"),
    ("evaluate {run} --resize cleen", 2, "clean"),
    ("evaluate {run} --data nowhere", 3, "nowhere does not exist"),
    ("evaluate {run} --dta x", 2, "Did you mean"),
    ("evaluate {run}/samples nowhere", 3, "nowhere does not exist"),
    ("evaluate {run}/samples {run}/samples --best", 2, "take neither --data nor --best"),
    ("evalute {run}", 2, "Did you mean"),
    ("compare {run}", 2, "name two runs or more"),
    ("compare {run} nowhere", 4, "nowhere is not a run"),
]


@pytest.mark.parametrize(("words", "code", "message"), WRONG, ids=[w for w, _, _ in WRONG])
def test_wrong_command_lines_end_with_one_line(words, code, message, run, capsys):
    assert command(words.format(run=run).split()) == code
    error = capsys.readouterr().err
    assert message in error and len(error.splitlines()) == 1


def test_a_classifier_is_refused(tmp_path):
    for name in "ab":
        draw_world(tmp_path / "classes", {name: 5})
    run = train(tmp_path / "classes", preset="mlp", size=16, steps=1, out=tmp_path / "run", quiet=True).run
    with pytest.raises(ModelFileError, match="makes no pictures to evaluate"):
        viceversa.evaluate(run, quiet=True)

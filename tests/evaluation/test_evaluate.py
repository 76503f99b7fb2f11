"""Evaluation: known answers for known translators, files that change, checkpoints, runs side by side."""

import json
import shutil
from dataclasses import replace
from hashlib import sha256
from importlib.resources import files as resources
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import viceversa
from support.tiny import TINY_OPTIONS, draw_world
from viceversa.cli import run as command
from viceversa.errors import DataError, ModelFileError, UsageError
from viceversa.evaluation import features
from viceversa.evaluation.extractors import load_extractor, model_card
from viceversa.evaluation.features import Preparation, cached_features, features_key, features_of_files
from viceversa.evaluation.translations import (
    DirectionInputs,
    DirectionResults,
    eight_bit_translate,
    score_direction,
)
from viceversa.methods.cyclegan import CycleGANConfig
from viceversa.training.train import train
from viceversa.translation.translator import Translator

NET = load_extractor()
PREPARE = Preparation(size=16)


class Grey(nn.Module):
    """The same answer to everything."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x)


class Negative(nn.Module):
    """Its own inverse."""

    def forward(self, x: Tensor) -> Tensor:
        return -x


def scored(paths: list[Path], net: nn.Module, truths: tuple[Path, ...] = ()) -> DirectionResults:
    translator = Translator({"A": net, "B": net}, ("red", "blue"), (3, 3), 16, 0)
    inputs = DirectionInputs(
        direction=CycleGANConfig.directions[0],
        source="red",
        target="blue",
        paths=tuple(paths),
        truths=truths,
        prepare_source=PREPARE,
        prepare_target=PREPARE,
    )
    return score_direction(inputs, eight_bit_translate(translator), extractor=NET, back=True, cycle=True)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    counts = {"trainA": 14, "trainB": 12, "testA": 9, "testB": 8}
    return draw_world(tmp_path_factory.mktemp("pictures") / "red2blue", counts)


@pytest.fixture
def run(pictures: Path, trained: Path, tmp_path: Path) -> Path:
    """A finished run that may be written to."""
    return Path(shutil.copytree(trained, tmp_path / "run"))


@pytest.fixture(scope="module")
def trained(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four steps, a checkpoint kept of each."""
    options = TINY_OPTIONS | {"set": (*TINY_OPTIONS["set"], "train.keep=9")}
    out = tmp_path_factory.mktemp("trained") / "run"
    return train(pictures, out=out, steps=4, save_every=1, quiet=True, **options).run


def paths_of(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def test_doing_nothing_keeps_everything(pictures):
    paths = paths_of(pictures / "testA")
    found = scored(paths, nn.Identity(), tuple(paths))
    assert found.each("psnr") == pytest.approx(106.02, abs=0.01) and found.mean("ssim") == pytest.approx(1)
    assert found.mean("feature") == pytest.approx(0, abs=1e-5) and found.mean("cycle_l1") == 0
    assert found.mean("edges") == pytest.approx(1) and found.traceable == 1
    assert found.mean("input_psnr") == found.mean("psnr")


def test_one_answer_to_everything_keeps_nothing(pictures):
    found = scored(paths_of(pictures / "testA"), Grey())
    assert found.mean("edges") == 0 and found.traceable == 0
    assert found.each("psnr") is None  # no truth, no number
    made = np.concatenate(found.output_features)
    np.testing.assert_allclose(made, made[:1].repeat(len(made), 0), atol=1e-5)


def test_a_negative_comes_back_whole_and_is_far_from_the_truth(pictures):
    """Both sides are rounded to 8 bits, of which 127.5 has none: half a level is the most that can be lost."""
    paths = paths_of(pictures / "testA")
    found = scored(paths, Negative(), tuple(paths))
    assert found.mean("cycle_l1") <= 0.5 / 255 and found.mean("edges") == pytest.approx(1, abs=0.01)
    assert found.mean("psnr") < 12 < found.mean("input_psnr")


def test_batches_and_order_change_nothing(pictures, monkeypatch):
    paths = paths_of(pictures / "trainA")
    whole = features_of_files(paths, PREPARE, NET, [])
    monkeypatch.setattr(features, "cache_folder", lambda: Path("/nonexistent"))
    monkeypatch.setattr(features.files, "write_bytes", lambda path, data: None)
    turned = features_of_files(paths[::-1], PREPARE, NET, [])[::-1]
    single = np.concatenate([NET([PREPARE(path)]) for path in paths])
    np.testing.assert_allclose(turned, whole, atol=1e-5)
    np.testing.assert_allclose(single, whole, atol=1e-5)


def test_a_run_is_judged_whole(run):
    found = viceversa.evaluate(run, quiet=True)
    assert json.loads((run / "metrics.json").read_text()) == json.loads(json.dumps(found))
    assert (found["preset"], found["seed"], found["step"]) == ("quickstart", 3, 4)
    told = found["protocol"]
    assert told["extractor_sha256"] == NET.sha256 and told["resize"] == "clean to 64 px"
    assert torch.__version__.startswith(told["versions"]["torch"])  # which may name its build too
    assert told["pictures"] == "centre of 16 px, fit cover, 8 bit"
    for way, counts in zip(found["directions"], ((9, 8), (8, 9)), strict=True):
        assert list(way["rows"]) == ["translation", "input", "real"]
        for name, row in way["rows"].items():
            assert (row["count"], row["reference"]) == counts, name
            assert all(np.isfinite(value) for value in row.values())
            assert row["kid_low"] <= row["kid_high"] and 0 <= row["coverage"] <= 1
        assert way["rows"]["real"]["frechet"] < way["rows"]["input"]["frechet"]  # red is not blue
        assert way["truth"] is None and 0 < way["cycle"]["cycle_psnr"] < 60
        assert len(way["worst"]["pictures"]) == 6 and (run / "evaluation" / way["worst"]["sheet"]).is_file()
        assert any("biased upwards" in note for note in way["notes"])  # 8 pictures for 64 features
    page = (run / "report.html").read_text()
    assert "<h2>Evaluation</h2>" in page and "real against real" in page and NET.sha256 in page


def test_pictures_that_cannot_be_read_are_named_and_gone_ones_refused(run, pictures, tmp_path):
    data = Path(shutil.copytree(pictures, tmp_path / "other"))
    (data / "testA" / "0.png").write_bytes(b"no picture")
    found = viceversa.evaluate(run, data=data, quiet=True)
    notes = found["directions"][0]["notes"]
    assert any("0.png" in note and "could not be read" in note for note in notes)
    assert found["directions"][0]["rows"]["translation"]["count"] == 8
    listed = json.loads((run / "data.json").read_text())
    listed["files"] = {k: [p.replace("red2blue", "gone") for p in v] for k, v in listed["files"].items()}
    (run / "data.json").write_text(json.dumps(listed))
    with pytest.raises(DataError, match=r"no longer in .*name them with --data"):
        viceversa.evaluate(run, quiet=True)


def test_the_truth_is_used_where_there_is_one(pictures, run, tmp_path):
    """Truths that are the inputs: doing nothing is perfect, and so is the best colour change."""
    data = Path(shutil.copytree(pictures, tmp_path / "paired"))
    for side in "AB":
        shutil.copytree(data / f"test{side}", data / f"truth{side}")
    for way in viceversa.evaluate(run, data=data, quiet=True)["directions"]:
        assert way["truth"]["input_psnr"] == pytest.approx(106.02, abs=0.01)
        assert way["truth"]["colour_psnr"] > 100 > way["truth"]["psnr"] > 5
        values = [row["value"] for row in way["worst"]["pictures"]]
        assert values == sorted(values) and way["worst"]["by"].startswith("PSNR")


def test_the_best_checkpoint_is_chosen_by_training_pictures_alone(run, pictures, tmp_path):
    found = viceversa.evaluate(run, best=True, quiet=True)["best"]
    steps = [row["step"] for row in found["candidates"]]
    assert steps == [1, 2, 3, 4] and "Test pictures play no part" in found["rule"]
    assert found["step"] == min(found["candidates"], key=lambda row: row["kid"])["step"]
    data = Path(shutil.copytree(pictures, tmp_path / "other"))
    for path in paths_of(data / "testB"):
        Image.new("RGB", (24, 24), "black").save(path)
    again = viceversa.evaluate(run, data=data, best=True, quiet=True)
    assert again["best"]["candidates"] == found["candidates"] and again["step"] == 4
    sheets = {way["worst"]["sheet"] for way in [*again["directions"], *again["best"]["directions"]]}
    assert len(sheets) == (2 if found["step"] == 4 else 4)  # those of the last one stay beside those of the best
    if found["step"] != 4:
        assert again["best"]["directions"] != again["directions"]


def test_features_are_kept_by_content(pictures, tmp_path):
    paths = paths_of(Path(shutil.copytree(pictures / "testB", tmp_path / "set")))
    first = features_of_files(paths, PREPARE, NET, [])
    place = features.cache_folder() / f"{features_key(paths, PREPARE, NET)}.safetensors"
    marked = cached_features(place, NET.dimensions)
    assert marked is not None and (marked == first).all()
    place.write_bytes(b"damaged")
    assert (features_of_files(paths, PREPARE, NET, []) == first).all()
    Image.new("RGB", (24, 24), "white").save(paths[0])  # the same name, another picture
    changed = features_of_files(paths, PREPARE, NET, [])
    assert not np.allclose(changed[0], first[0]) and (changed[1:] == first[1:]).all()
    assert features_key(paths, Preparation(size=20), NET) != features_key(paths, PREPARE, NET)
    assert features_key(paths, PREPARE, replace(NET, sha256="0")) != features_key(paths, PREPARE, NET)


def test_two_folders(pictures, capsys):
    made, real = pictures / "trainB", pictures / "trainA"
    same = viceversa.evaluate(real, real, quiet=True)["directions"][0]["rows"]
    assert same["made"]["frechet"] <= 1e-6 and same["made"]["coverage"] == same["made"]["recall"] == 1
    other = viceversa.evaluate(made, real, quiet=True)["directions"][0]["rows"]
    assert other["made"]["frechet"] > 3 * other["real"]["frechet"]
    assert (other["real"]["count"], other["real"]["reference"]) == (7, 7)  # the floor: halves of the real ones
    assert command(["evaluate", str(made), str(real)]) == 0
    told = capsys.readouterr().out
    assert "real against real" in told and NET.sha256[:12] in told and "95 % interval" in told


def test_json_is_one_document(run, capsys):
    assert command(["evaluate", str(run), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["step"] == 4
    assert command(["evaluate", str(run)]) == 0
    assert "report:" in capsys.readouterr().out


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gan")
    draw_world(folder / "grey", {"train": 12, "test": 7})
    tiny = ("method.width=4", "method.d_width=4", "method.depth=0", "train.batch=4", "train.threads=1")
    return train(
        folder / "grey", preset="dcgan", size=16, steps=2, out=folder / "run", device="cpu", set=tiny, quiet=True
    ).run


def test_what_is_made_from_noise(generator, tmp_path):
    run = Path(shutil.copytree(generator, tmp_path / "run"))
    found = viceversa.evaluate(run, best=True, quiet=True)
    (way,) = found["directions"]
    assert way["source"] == "noise" and list(way["rows"]) == ["generated", "real"]
    assert way["rows"]["generated"]["count"] == way["rows"]["generated"]["reference"] == 7
    assert way["rows"]["generated"]["frechet"] > way["rows"]["real"]["frechet"]
    assert viceversa.evaluate(run, quiet=True)["directions"] == found["directions"]  # the same noise each time


def test_seeds_share_a_row_and_others_do_not(run, pictures, tmp_path, capsys):
    options = TINY_OPTIONS | {"seed": 4}
    second = train(pictures, out=tmp_path / "second", steps=4, quiet=True, **options).run
    third = train(pictures, out=tmp_path / "third", steps=3, quiet=True, **options).run
    found = viceversa.compare(run, second, third, quiet=True)
    rows = {row["name"]: row for row in found["directions"][0]["rows"]}
    assert [len(row["seeds"]) for row in rows.values()] == [2, 1]
    assert [name.endswith(end) for name, end in zip(rows, ("4 steps", "3 steps"), strict=True)] == [True, True]
    values = [json.loads((p / "metrics.json").read_text())["directions"][0]["rows"]["translation"]["frechet"]
              for p in (run, second)]  # fmt: skip
    first = next(iter(rows.values()))["Fréchet"]
    assert first["mean"] == pytest.approx(np.mean(values)) and first["deviation"] == pytest.approx(
        np.std(values, ddof=1)
    )
    assert next(reversed(rows.values()))["Fréchet"]["deviation"] is None
    assert command(["compare", str(run), str(second)]) == 0
    assert "±" in capsys.readouterr().out


def test_numbers_made_differently_are_not_compared(run, pictures, tmp_path):
    second = Path(shutil.copytree(run, tmp_path / "second"))
    viceversa.evaluate(run, quiet=True)
    found = viceversa.evaluate(second, quiet=True)
    found["protocol"]["resize"] = "legacy to 64 px"
    (second / "metrics.json").write_text(json.dumps(found))
    with pytest.raises(UsageError, match=r"evaluated differently \(resize clean to 64 px and legacy to 64 px\)"):
        viceversa.compare(run, second, quiet=True)
    data = Path(shutil.copytree(pictures, tmp_path / "other"))
    shutil.copy(data / "trainA" / "0.png", data / "testA" / "0.png")
    viceversa.evaluate(second, data=data, quiet=True)
    with pytest.raises(UsageError, match="on different pictures"):
        viceversa.compare(run, second, quiet=True)


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


@pytest.mark.parametrize(("words", "code", "told"), WRONG, ids=[w for w, _, _ in WRONG])
def test_wrong_command_lines(words, code, told, run, capsys):
    assert command(words.format(run=run).split()) == code
    error = capsys.readouterr().err
    assert told in error and len(error.splitlines()) == 1


def test_a_classifier_makes_no_pictures(tmp_path):
    for name in "ab":
        draw_world(tmp_path / "classes", {name: 5})
    run = train(tmp_path / "classes", preset="mlp", size=16, steps=1, out=tmp_path / "run", quiet=True).run
    with pytest.raises(ModelFileError, match="makes no pictures to evaluate"):
        viceversa.evaluate(run, quiet=True)


def test_the_embedded_extractor_is_the_one_on_its_model_card():
    data = resources("viceversa.evaluation").joinpath("worlds-1.safetensors").read_bytes()
    assert model_card()["sha256"] == NET.sha256 == sha256(data).hexdigest()
    assert model_card()["parameters"] == sum(p.numel() for p in NET.net.parameters())
    assert model_card()["knows"]["class named rightly"] > 0.9

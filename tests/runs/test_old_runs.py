"""Runs of version 0.1.0 open, translate and resume."""

import json
import os
import shutil
from hashlib import sha256
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import viceversa
from viceversa.runs.folder import RunFolder
from viceversa.worlds import digits
from viceversa.worlds.make import make

OLD = Path(__file__).parents[1] / "data" / "runs-0.1.0"
DATA = {"fcn": "facades", "pix2pix-quick": "facades", "cnn": "glyphs", "dcgan": "glyphs"}  # the others: orchard
TRANSLATORS = {"quickstart": "AB", "best": "AB", "cyclegan": "AB", "pix2pix-quick": "B"}


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pictures that the runs were trained on, drawn again."""
    folder = tmp_path_factory.mktemp("worlds")
    make("orchard", folder / "orchard", count=10, size=32, seed=1)
    make("facades", folder / "facades", count=10, size=32, seed=1, domains=("labels", "day"), paired=True)
    digits.write(digits.load("glyphs", count=60, seed=1), folder / "glyphs")
    return folder


FAST = ("best",)  # the others are long: seconds each
RUNS = [
    pytest.param(name, marks=[] if name in FAST else pytest.mark.long)
    for name in sorted(path.name for path in OLD.iterdir())
]


@pytest.fixture(params=RUNS)
def old_run(request: pytest.FixtureRequest, worlds: Path, tmp_path: Path) -> Path:
    """A copy of an old run whose pictures lie where they now are."""
    run = tmp_path / request.param
    shutil.copytree(OLD / request.param / "run", run)
    for name in ("config.yaml", "data.json", "env.json"):
        file = run / name
        file.write_text(file.read_text().replace("@DATA@", str(worlds)))

    data = json.loads((run / "data.json").read_text())
    paths = [path for paths in data["files"].values() for path in paths]
    lines = [b"%s %d" % (os.fsencode(path), os.path.getsize(path)) for path in paths]
    data["digest"] = sha256(b"\n".join(lines)).hexdigest()  # of names and sizes, as 0.1.0 computed it
    (run / "data.json").write_text(json.dumps(data))
    return run


@pytest.mark.long
def test_old_run_resumes_to_expected_weights(old_run: Path, worlds: Path) -> None:
    name = old_run.name
    words = dict(device="cpu", precision="fp32", save_every=20, seed=3, quiet=True)
    saved = RunFolder(old_run).config()
    assert saved.preset == ("details" if name == "best" else name)
    result = viceversa.train(worlds / DATA.get(name, "orchard"), config=old_run / "config.yaml", out=old_run, **words)
    assert result.finished and result.step == 60

    expected = OLD / name / "expected"
    files = sorted(expected.glob("*.safetensors"))
    assert files
    for file in files:
        tensors, now = load_file(file), load_file(old_run / "checkpoints" / "step-60" / file.name)
        assert tensors.keys() == now.keys()
        for key, tensor in tensors.items():  # equal bits on one machine; other processors round otherwise
            torch.testing.assert_close(now[key], tensor, atol=2e-3, rtol=2e-2)

    lines = [[json.loads(line) for line in (f / "metrics.jsonl").read_text().splitlines()] for f in (expected, old_run)]
    assert [line["step"] for line in lines[0]] == [line["step"] for line in lines[1]]
    assert [line.keys() for line in lines[0]] == [line.keys() for line in lines[1]]


def test_old_run_opens_and_translates(old_run: Path, worlds: Path, tmp_path: Path) -> None:
    name = old_run.name
    row = viceversa.list_runs(old_run)[0]
    assert (row.step, row.steps) == (40, 60)
    for to in TRANSLATORS.get(name, ""):
        pictures = worlds / DATA.get(name, "orchard") / ("testB" if to == "A" else "testA")
        summary = viceversa.translate(old_run, pictures, to=to, out=tmp_path / to, device="cpu", quiet=True)
        assert len(summary.written) == len([*pictures.iterdir()]) and not summary.skipped


def test_old_preset_name_still_trains(world: Path, tmp_path: Path) -> None:
    config = viceversa.train(world, preset="best", out=tmp_path / "run", dry_run=True)
    assert config.preset == "details" and config.method.d_warmup_steps == 100

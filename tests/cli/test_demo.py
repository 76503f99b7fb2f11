"""The main job as a person runs it: draw, train, report, translate, from the command line and from Python."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import viceversa
from viceversa.cli import run


@pytest.mark.long
def test_demo_trains_and_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "demo"
    command = [sys.executable, "-m", "viceversa", "demo", "--out", str(folder), "--max-time", "40s"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"report: {folder / 'report.html'}" in done.stdout and "img/s" in done.stderr
    directions = json.loads((folder / "metrics.json").read_text())["directions"]
    for direction in directions:
        truth = direction["truth"]
        assert truth["pictures"] == 40 and truth["psnr"] > truth["input_psnr"]  # nearer to the truth than the input
    page = (folder / "report.html").read_text()
    for name in ("input_psnr", "colour_psnr", "psnr"):
        assert f"{directions[0]['truth'][name]:.2f}" in page

    for _ in range(3):  # a machine that has become slower since the plan was made ends it early; then it goes on
        again = subprocess.run(command, capture_output=True, text=True, check=True)
        if "resuming at step" not in again.stderr:
            break
    assert "already finished" in again.stderr

    world, out = folder / "world", tmp_path / "out"
    assert run(["translate", str(folder), str(world / "testA"), "--to", "oranges", "--out", str(out)]) == 0
    assert "40 translated" in capsys.readouterr().out
    assert sorted(p.name for p in out.iterdir()) == sorted(p.name for p in (world / "testA").iterdir())

    translator = viceversa.load(folder)
    first = world / "testA" / "0000.png"
    by_api = np.asarray(translator.translate(Image.open(first), to="oranges"))
    assert np.abs(by_api.astype(int) - np.asarray(Image.open(out / "0000.png"))).max() <= 1
    assert run(["runs", "list", str(tmp_path), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["domains"] == "apples <-> oranges" and row["step"] == row["steps"] > 10


def test_grey_to_colour_trains_and_translates(tmp_path: Path) -> None:
    """Different channel counts for A and B, unequal domain sizes, names from the command line."""
    rng = np.random.default_rng(0)
    for side, count, shape in (("a", 5, (24, 30)), ("b", 3, (30, 24, 3))):
        (tmp_path / side).mkdir()
        for i in range(count):
            pixels = rng.integers(0, 255, shape, dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / side / f"{i}.png")
    result = viceversa.train(
        tmp_path / "a",
        tmp_path / "b",
        preset="cyclegan",
        size=16,
        steps=3,
        names="sketch,photo",
        out=tmp_path / "run",
        quiet=True,
        set=["method.channels_a=1", "method.lambda_idt=0", "method.width=4", "method.blocks=1", "method.d_layers=1"],
    )
    assert result.finished and result.step == 3
    translator = viceversa.load(result.run)
    assert translator.translate(torch.zeros(1, 20, 20), to="photo").shape == (3, 20, 20)
    assert translator.translate(torch.zeros(3, 20, 20), to="sketch").shape == (1, 20, 20)
    grey = Image.fromarray(np.full((20, 20), 99, np.uint8))
    assert translator.translate(grey, to="photo").mode == "RGB"

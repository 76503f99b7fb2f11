"""`compare`: runs side by side."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import viceversa
from support.tiny import TINY_OPTIONS
from viceversa.cli import run as command
from viceversa.errors import UsageError
from viceversa.training.train import train


def test_runs_that_differ_by_their_seed_share_a_row(run, pictures, tmp_path, capsys):
    options = TINY_OPTIONS | {"seed": 4}
    second = train(pictures, out=tmp_path / "second", steps=4, quiet=True, **options).run
    third = train(pictures, out=tmp_path / "third", steps=3, quiet=True, **options).run
    comparison = viceversa.compare(run, second, third, quiet=True)
    rows = {row["name"]: row for row in comparison["directions"][0]["rows"]}
    assert [len(row["seeds"]) for row in rows.values()] == [2, 1]
    assert [name.endswith(end) for name, end in zip(rows, ("4 steps", "3 steps"), strict=True)] == [True, True]
    values = [json.loads((p / "metrics.json").read_text())["directions"][0]["rows"]["translation"]["frechet"]
              for p in (run, second)]  # fmt: skip
    first = next(iter(rows.values()))["Fréchet"]
    assert first["mean"] == pytest.approx(np.mean(values)) and first["deviation"] == pytest.approx(
        np.std(values, ddof=1)
    )
    assert next(reversed(rows.values()))["Fréchet"]["deviation"] is None
    kid = rows[next(reversed(rows))]["KID"]
    assert kid["low"] < kid["mean"] < kid["high"] and kid["deviation"] is None
    verdict = comparison["verdict"]
    assert len(verdict["numbers"]) == 2 and {verdict["numbers"][0][name] for name in ("first", "second")} == set(rows)
    assert command(["compare", str(run), str(second)]) == 0
    output = capsys.readouterr().out
    assert "±" in output and "95 % interval" in output
    assert "a plain colour change" in output.splitlines()[0]  # one configuration: against what needs no training


def test_runs_with_truth_are_compared_picture_by_picture(pictures, run, tmp_path):
    data = Path(shutil.copytree(pictures, tmp_path / "paired"))
    for side in "AB":
        shutil.copytree(data / f"test{side}", data / f"truth{side}")
    second = train(pictures, out=tmp_path / "second", steps=3, quiet=True, **TINY_OPTIONS).run
    for folder in (run, second):
        viceversa.evaluate(folder, data=data, quiet=True)
    direction = viceversa.compare(run, second, quiet=True)["directions"][0]
    verdict, values = direction["verdict"], []
    for folder in (run, second):
        (table,) = (folder / "evaluation").glob(f"each-{direction['source']}-to-*.csv")
        with open(table, newline="") as file:
            values.append([float(row["psnr"]) for row in csv.DictReader(file)])
    differences = np.subtract(*values)
    assert verdict["measure"] == "PSNR" and verdict["gain"] == pytest.approx(abs(differences.mean()), abs=1e-3)
    margin = 2.3060 * differences.std(ddof=1) / 3  # nine pictures
    assert verdict["high"] - verdict["gain"] == pytest.approx(margin, rel=1e-3)


def test_compare_refuses_other_protocols_and_images(run, pictures, tmp_path):
    second = Path(shutil.copytree(run, tmp_path / "second"))
    viceversa.evaluate(run, quiet=True)
    comparison = viceversa.evaluate(second, quiet=True)
    comparison["protocol"]["resize"] = "legacy to 64 px"
    (second / "metrics.json").write_text(json.dumps(comparison))
    with pytest.raises(UsageError, match=r"evaluated differently \(resize clean to 64 px and legacy to 64 px\)"):
        viceversa.compare(run, second, quiet=True)
    data = Path(shutil.copytree(pictures, tmp_path / "other"))
    shutil.copy(data / "trainA" / "0.png", data / "testA" / "0.png")
    viceversa.evaluate(second, data=data, quiet=True)
    with pytest.raises(UsageError, match="on different pictures"):
        viceversa.compare(run, second, quiet=True)

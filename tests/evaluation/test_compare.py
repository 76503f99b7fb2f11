"""`compare`: runs side by side."""

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
    assert command(["compare", str(run), str(second)]) == 0
    assert "±" in capsys.readouterr().out


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

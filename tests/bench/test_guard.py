"""The performance guard against constructed slow results and against the committed ones."""

import copy
import json
from pathlib import Path

import pytest

from viceversa import cli
from viceversa.bench import guard
from viceversa.bench.cases import CASES
from viceversa.errors import DataError, SlowerError

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
COMMITTED = [RESULTS / f"{name}.json" for name in ("bench_intel_shared", "bench_amd", "bench")]


def result_of(**changes: object) -> dict[str, object]:
    """A result of one case, with changes to its row."""
    row = {
        "case": "train cyclegan 128 px",
        "device": "cpu",
        "share": 0.8,
        "speed": {"median": 1.3},
        "processor": {"median": 1.3},
        "memory": {"ours": 900.0, "reference": 1000.0, "ratio": 0.9},
    }
    return {"cases": [row | changes]}


def never(case: str, device: str) -> dict[str, object]:
    raise AssertionError(f"{case} was measured again")


def test_guard_accepts_equal_and_rejects_slower_results() -> None:
    guard.require_no_slower(result_of(), result_of(), "x.json", never)
    guard.require_no_slower(result_of(processor={"median": 1.05}), result_of(), "x.json", never)  # within a fifth
    for change, message in (
        ({"processor": {"median": 1.0}}, r"train cyclegan 128 px \(cpu\): speed 1\.00, committed 1\.30"),
        ({"memory": {"ratio": 1.3}}, r"memory 0\.77, committed 1\.11"),
    ):
        slow = result_of(**change)
        with pytest.raises(SlowerError, match=message):
            guard.require_no_slower(slow, result_of(), "x.json", lambda *key, row=slow["cases"][0]: row)
    with pytest.raises(DataError, match="none of the cases"):
        guard.require_no_slower(result_of(), result_of(case="something else"), "x.json", never)


def test_only_slow_rows_are_measured_again() -> None:
    result, others = result_of(processor={"median": 0.5}), result_of(case="quick one")["cases"]
    result["cases"] += others
    rows = iter([result_of(processor={"median": 0.6})["cases"][0], result_of()["cases"][0]])
    measured = []

    def remeasure(*key: str) -> dict[str, object]:
        measured.append(key)
        return next(rows)

    guard.require_no_slower(result, result_of(), "x.json", remeasure)
    assert measured == [("train cyclegan 128 px", "cpu")] * 2
    assert result["cases"] == [*result_of()["cases"], *others]


def test_committed_results_can_be_checked_against() -> None:
    for path in COMMITTED:
        committed = guard.read(path)
        assert guard.matching_file(committed, {"x": committed}) == "x"
        guard.require_no_slower(copy.deepcopy(committed), committed, str(path), never)
        slower = copy.deepcopy(committed)
        for row in slower["cases"]:
            for key in ("speed", "processor"):
                if key in row:
                    row[key]["median"] *= 0.7
        rows = {(row["case"], row["device"]): row for row in slower["cases"]}
        with pytest.raises(SlowerError):
            guard.require_no_slower(slower, committed, str(path), lambda *key, rows=rows: rows[key])
        assert {row["case"] for row in committed["cases"]} <= set(CASES)
        assert {"processor", "threads", "torch", "python", "viceversa"} <= set(committed["machine"])


def test_only_files_of_the_same_kind_of_machine_match() -> None:
    """Each committed result matches its own file; not another CPU, nor one of that name with other vector units."""
    committed = {path.name: guard.read(path) for path in COMMITTED}
    for name, result in committed.items():
        assert guard.matching_file(result, dict(reversed(committed.items()))) == name
        other_cpu = copy.deepcopy(result)
        other_cpu["machine"]["processor"] = "another"
        assert guard.matching_file(other_cpu, committed) is None
        slower = copy.deepcopy(result)
        slower["ceilings"]["cpu"]["convolution bf16"]["processor"] /= 8
        assert guard.matching_file(slower, committed) is None


def test_wrong_check_file_is_refused_before_measuring(tmp_path: Path, capsys) -> None:
    (tmp_path / "x.json").write_text(json.dumps({"no": "cases"}))
    for name in ("x.json", "missing.json"):
        assert cli.run(["bench", "--check", str(tmp_path / name)]) == 3
        assert "bench --json" in capsys.readouterr().err

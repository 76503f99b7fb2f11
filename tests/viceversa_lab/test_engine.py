"""The engine of the lab: experiments are measured once, resume after a stop, and are cached by settings and version."""

import json
import math
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pytest

from viceversa import cli, files
from viceversa.errors import DataError, ResourceError, UsageError
from viceversa_lab import contents, engine, experiments, run
from viceversa_lab.blocks import Figure, Text
from viceversa_lab.experiment import Experiment, Results
from viceversa_lab.figures import axes, points
from viceversa_lab.interval import interval, paired_difference, quantile
from viceversa_lab.workspace import Workspace, plain


@dataclass(frozen=True)
class Settings:
    seeds: tuple[int, ...] = (0, 1, 2)
    factor: float = 2.0
    data: str = "digits"


class Lab:
    """Two experiments that record their calls; `broken` maps a name to its error, `stop_at` interrupts a call."""

    def __init__(self, folder: Path) -> None:
        self.calls: list[str] = []
        self.broken: dict[str, Exception] = {}
        self.stop_at: int | None = None
        self.folder = folder
        self.experiments = {name: self.experiment(name, chapter) for name, chapter in (("second", 2), ("first", 1))}

    def experiment(self, name: str, chapter: int) -> Experiment:
        def measure(s: Settings, work: Workspace):
            if name in self.broken:
                raise self.broken[name]

            def one(value: int, seed: int) -> float:
                if len(self.calls) == self.stop_at:
                    raise KeyboardInterrupt
                self.calls.append(f"{name} {value} {seed}")
                return s.factor * value + seed

            return {"rows": work.sweep("sum", (10, 20), s.seeds, one)}

        def write(results):
            figure, ax = axes("value", "sum")
            points(ax, (10, 20), results["rows"])
            return [Text(f"Results at {results.settings.data}."), Figure(figure, "Sums.", alt="two sums")]

        return Experiment(
            name=name,
            chapter=chapter,
            title=f"What is {name}?",
            full=Settings(),
            quick=Settings(seeds=(0,)),
            measure=measure,
            write=write,
        )

    def run(self, *names: str, **options):
        options = {"out": self.folder / "site", "cache": self.folder / "cache", "quiet": True} | options
        return run(*names, contents=self.experiments, **options)

    def list(self):
        return experiments(self.folder / "cache", contents=self.experiments)


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path)


def test_second_run_uses_the_cache_and_writes_the_same_site(lab):
    outcome = lab.run("first")
    assert outcome.failures == {} and outcome.pages == {"first": "chapter-1.html#first"}
    assert len(lab.calls) == 6
    page = (lab.folder / "site" / "chapter-1.html").read_bytes()
    record = json.loads((lab.folder / "site" / "data" / "first.json").read_text())
    assert record["values"] == {"rows": [[20, 21, 22], [40, 41, 42]]} and record["settings"]["seeds"] == [0, 1, 2]
    assert record["command"] == "viceversa lab first" and not record["quick"] and record["machine"]["versions"]["numpy"]
    lab.run("first")
    assert len(lab.calls) == 6 and (lab.folder / "site" / "chapter-1.html").read_bytes() == page


def test_requested_settings_are_measured_and_shown(lab):
    lab.run("all")
    lab.run("all", quick=True)
    assert len(lab.calls) == 12 + 4
    lab.run("first", data="mnist", seed=5)
    assert lab.calls[-6:] == [f"first {v} {s}" for v in (10, 20) for s in (5, 6, 7)]
    assert "Results at mnist." in (lab.folder / "site" / "chapter-1.html").read_text()
    assert "Quick run" not in (lab.folder / "site" / "chapter-2.html").read_text()  # not asked for: the full result
    record = json.loads((lab.folder / "site" / "data" / "first.json").read_text())
    assert record["command"] == "viceversa lab first --data mnist --seed 5"
    lab.run("first", again=True)
    assert len(lab.calls) == 12 + 4 + 6 + 6
    first, second = lab.list()
    assert (first.name, second.name) == (
        "first",
        "second",
    ) and first.full_seconds is not None is not first.quick_seconds


def test_quick_measurement_is_shown_where_there_is_no_full_one(lab):
    lab.run("first", quick=True)
    lab.run("second")
    page = (lab.folder / "site" / "chapter-1.html").read_text()
    assert "Quick run" in page and "viceversa lab first --quick" in page and len(lab.calls) == 2 + 6


def test_interrupted_measurement_resumes(lab):
    lab.stop_at = 4
    with pytest.raises(KeyboardInterrupt):
        lab.run("all")
    assert len(lab.calls) == 4 and not (lab.folder / "site").exists()
    lab.stop_at = None
    assert lab.run("all").failures == {}
    assert len(lab.calls) == len(set(lab.calls)) == 12


def test_clock_counts_interrupted_sessions(tmp_path):
    work = Workspace(tmp_path)
    work._started -= 100  # a session of 100 seconds
    work.cached("value", lambda: 1)
    assert 100 <= Workspace(tmp_path).seconds < 110


def test_damaged_cached_values_are_computed_again(tmp_path):
    work = Workspace(tmp_path)
    assert work.cached(("a", 1), lambda: {"x": (1, 2)}) == {"x": [1, 2]}
    (file,) = (tmp_path / "values").iterdir()
    file.write_text('{"key"')
    assert work.cached(("a", 1), lambda: 3) == 3
    assert work.cached("a 1", lambda: 4) == 3 and work.cached("A 1", lambda: 5) == 5  # nearly the same key


def test_failure_does_not_stop_other_experiments(lab):
    lab.broken["first"] = DataError("the images of first are missing")
    outcome = lab.run("all")
    assert list(outcome.failures) == ["first"] and list(outcome.pages) == ["second"]
    page = (lab.folder / "site" / "chapter-1.html").read_text()
    assert "viceversa lab first" in page and 'id="first"' not in page  # not measured, and says how
    lab.broken = {"second": ZeroDivisionError("oh")}  # a bug; its earlier result stays on the site
    assert list(lab.run("all", again=True).failures) == ["second"]


def test_section_that_cannot_be_written_is_a_failure(lab):
    def write(results):
        return [Text("See [nothing](#nowhere)."), Figure(axes()[0], "x", alt="x")]

    lab.experiments["first"] = replace(lab.experiments["first"], write=write)
    outcome = lab.run("all")
    assert "nowhere" in str(outcome.failures["first"]) and list(outcome.pages) == ["second"]
    lab.experiments["first"] = replace(lab.experiments["first"], write=lambda results: [Text("No figure.")])
    assert "no figure" in str(lab.run("first").failures["first"])


def test_signal_stops_everything(lab):
    class Stopped(Exception):
        exit_code = 143

    lab.broken["first"] = Stopped()
    with pytest.raises(Stopped):
        lab.run("all")


def test_only_one_process_measures_an_experiment(lab):
    experiment = lab.experiments["first"]
    folder = lab.folder / "cache" / "first" / experiment.key(experiment.full)
    with files.Lock(folder):
        outcome = lab.run("all")
    assert isinstance(outcome.failures["first"], ResourceError) and "first is being measured" in str(
        outcome.failures["first"]
    )
    assert list(outcome.pages) == ["second"] and lab.run("first").failures == {}


def test_names_and_folders_are_checked(lab):
    with pytest.raises(UsageError, match="Did you mean 'first'"):
        lab.run("frist")
    (lab.folder / "file").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        lab.run("first", out=lab.folder / "file")


def test_cache_key_changes_with_settings_and_version(lab):
    experiment = lab.experiments["first"]
    newer, reworded = replace(experiment, version=2), replace(experiment, write=lambda results: [])
    assert experiment.key(experiment.full) == reworded.key(experiment.full)
    keys = {experiment.key(experiment.full), experiment.key(experiment.quick), newer.key(experiment.full)}
    assert len(keys) == 3


def test_new_version_is_measured_again(lab):
    lab.run("first")
    lab.experiments["first"] = replace(lab.experiments["first"], version=2)
    (row,) = (row for row in lab.list() if row.name == "first")
    assert row.full_seconds is None
    lab.run("first")
    assert len(lab.calls) == 6 + 6


def test_images_and_arrays_are_restored(tmp_path):
    work = Workspace(tmp_path)
    pixels = np.linspace(-1, 1, 3 * 4 * 5).reshape(3, 4, 5).astype(np.float32)
    work.save_image("wedge", pixels)
    work.save_array("numbers", pixels.astype(np.float64).T)
    results = Results(None, {"a": 1}, tmp_path, False, 0.0)
    np.testing.assert_allclose(results.image("wedge"), pixels, atol=1 / 255 + 1e-6)
    assert np.array_equal(results.array("numbers"), pixels.astype(np.float64).T) and results["a"] == 1


def test_plain_returns_what_json_holds():
    value = {1: (np.float32(0.5), np.arange(2), float("nan"), np.inf, None, True)}
    assert plain(value) == {"1": [0.5, [0, 1], None, None, None, True]}


def test_interval_is_students_t():
    assert [round(quantile(n), 4) for n in (1, 9, 40, 60, 120)] == [12.7062, 2.2622, 2.0211, 2.0003, 1.9799]
    mean = interval([1, 2, 3, None])
    assert (mean.mean, mean.n) == (2, 3) and mean.half == pytest.approx(4.3027 / math.sqrt(3))
    assert mean.low + mean.high == pytest.approx(4)
    assert f"{interval([0.97, 0.98]):.1%}" == "97.5 ± 6.4\u202f%" and f"{interval([0.5]):.1%}" == "50.0\u202f%"
    assert math.isnan(interval([None]).mean) and paired_difference([2, 3], [1, 2]).half == 0
    rng = np.random.default_rng(0)
    caught = [(lambda i: i.low <= 0 <= i.high)(interval(row)) for row in rng.normal(size=(4000, 4))]
    assert 0.935 < np.mean(caught) < 0.965


def test_command_lists_measures_and_reports_errors_in_one_line(lab, monkeypatch, capsys):
    monkeypatch.setattr(contents, "EXPERIMENTS", lab.experiments)
    where = ["--out", str(lab.folder / "site"), "--cache", str(lab.folder / "cache"), "--jobs", "1"]
    assert cli.run(["lab", "first", "--quick", *where]) == 0
    assert capsys.readouterr().out == f"page: {lab.folder / 'site' / 'chapter-1.html'}#first\n"
    assert cli.run(["lab", "--json", "--cache", str(lab.folder / "cache")]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == ["first", "second"] and rows[0]["quick_seconds"] is not None
    assert cli.run(["lab", "--cache", str(lab.folder / "cache")]) == 0
    assert "What is second?" in capsys.readouterr().out
    lab.broken = {"first": DataError("gone"), "second": ResourceError("full")}
    assert cli.run(["lab", "all", *where]) == 3
    assert capsys.readouterr().err.splitlines()[-1].startswith("viceversa: 2 experiments failed: first, second")
    lab.broken = {"second": ResourceError("full")}
    assert cli.run(["lab", "all", *where]) == 5
    assert capsys.readouterr().err.splitlines()[-1] == "viceversa: full"
    assert cli.run(["lab", "nothing", *where]) == 2
    lab.broken, lab.stop_at = {}, len(lab.calls) + 1
    assert cli.run(["lab", "second", *where]) == 130
    assert "the same command goes on" in capsys.readouterr().err


@pytest.mark.parametrize("experiment", contents.EXPERIMENTS.values(), ids=lambda e: e.name)
def test_experiments_of_the_report_are_well_formed(experiment):
    assert contents.EXPERIMENTS[experiment.name] is experiment and experiment.chapter in (1, 2, 3, 4)
    assert experiment.title.endswith("?") and type(experiment.full) is type(experiment.quick)
    assert experiment.restore(plain({f.name: getattr(experiment.quick, f.name) for f in fields(experiment.quick)})) == (
        experiment.quick
    )
    assert isinstance(experiment.version, int)


@pytest.mark.long
def test_perceptron_learns_and_but_not_xor(tmp_path):
    """The model experiments run; a perceptron separates what a line separates and nothing else."""
    from viceversa_lab.chapter1.xor import EXPERIMENT, Settings

    values = EXPERIMENT.measure(Settings(seeds=(0, 1), points=10, epochs=15), Workspace(tmp_path))
    assert [fit["mistakes"][-1] for fit in values["and"]] == [0, 0]
    assert all(len(fit["mistakes"]) == 15 and min(fit["mistakes"]) > 0 for fit in values["xor"])
    outcome = engine.run("xor", "kernels", quick=True, out=tmp_path / "site", cache=tmp_path / "cache", quiet=True)
    assert outcome.failures == {} and len(outcome.pages) == 2


@pytest.mark.long
def test_parallel_processes_give_the_same_values(tmp_path):
    """Real processes: the same numbers as in turn, and nothing measured twice afterwards."""
    both, one = (dict(quick=True, out=tmp_path / f"site{i}", cache=tmp_path / f"cache{i}", quiet=True) for i in (0, 1))
    assert not engine.run("xor", "descent", jobs=2, **both).failures
    assert not engine.run("xor", "descent", jobs=1, **one).failures

    def values(folder: Path) -> dict[str, dict]:
        return {p.parent.parent.name: json.loads(p.read_text())["values"] for p in folder.glob("*/*/result.json")}

    assert values(tmp_path / "cache0") == values(tmp_path / "cache1")
    assert values(tmp_path / "cache0").keys() == {"xor", "descent"}

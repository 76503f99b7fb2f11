"""The engine of the living report: measured once, kept in parts, found again by settings and code."""

import importlib.util
import json
import math
import sys
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pytest

from viceversa import cli, files
from viceversa.errors import DataError, ResourceError, UsageError
from viceversa_lab import contents, engine, experiments, run
from viceversa_lab.experiment import Experiment
from viceversa_lab.figures import axes, points
from viceversa_lab.interval import interval, paired, quantile
from viceversa_lab.parts import Figure, Text
from viceversa_lab.source import fingerprint
from viceversa_lab.work import Work, plain


@dataclass(frozen=True)
class Settings:
    seeds: tuple[int, ...] = (0, 1, 2)
    factor: float = 2.0
    data: str = "digits"


class Lab:
    """Two experiments that count their calls; `broken` names what fails, `stop_at` the call that is interrupted."""

    def __init__(self, folder: Path) -> None:
        self.calls: list[str] = []
        self.broken: dict[str, Exception] = {}
        self.stop_at: int | None = None
        self.folder = folder
        self.experiments = {name: self.experiment(name, chapter) for name, chapter in (("second", 2), ("first", 1))}

    def experiment(self, name: str, chapter: int) -> Experiment:
        def measure(s: Settings, work: Work):
            if name in self.broken:
                raise self.broken[name]

            def one(value: int, seed: int) -> float:
                if len(self.calls) == self.stop_at:
                    raise KeyboardInterrupt
                self.calls.append(f"{name} {value} {seed}")
                return s.factor * value + seed

            return {"rows": work.sweep("sum", (10, 20), s.seeds, one)}

        def write(found):
            figure, ax = axes("value", "sum")
            points(ax, (10, 20), found["rows"])
            return [Text(f"Found at {found.settings.data}."), Figure(figure, "Sums.", alt="two sums")]

        return Experiment(name, chapter, f"What is {name}?", Settings(), Settings(seeds=(0,)), measure, write)

    def run(self, *names: str, **options):
        options = {"out": self.folder / "site", "cache": self.folder / "cache", "quiet": True} | options
        return run(*names, of=self.experiments, **options)

    def list(self):
        return experiments(self.folder / "cache", of=self.experiments)


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path)


def test_measures_once_and_rebuilds_the_same_site_from_the_cache(lab):
    outcome = lab.run("first")
    assert outcome.failures == {} and outcome.pages == {"first": "chapter-1.html#first"}
    assert len(lab.calls) == 6
    page = (lab.folder / "site" / "chapter-1.html").read_bytes()
    told = json.loads((lab.folder / "site" / "data" / "first.json").read_text())
    assert told["values"] == {"rows": [[20, 21, 22], [40, 41, 42]]} and told["settings"]["seeds"] == [0, 1, 2]
    assert told["command"] == "viceversa lab first" and not told["quick"] and told["machine"]["versions"]["numpy"]
    lab.run("first")
    assert len(lab.calls) == 6 and (lab.folder / "site" / "chapter-1.html").read_bytes() == page


def test_other_settings_are_measured_and_shown_when_asked_for(lab):
    lab.run("all")
    lab.run("all", quick=True)
    assert len(lab.calls) == 12 + 4
    lab.run("first", data="mnist", seed=5)
    assert lab.calls[-6:] == [f"first {v} {s}" for v in (10, 20) for s in (5, 6, 7)]
    assert "Found at mnist." in (lab.folder / "site" / "chapter-1.html").read_text()
    assert "Quick run" not in (lab.folder / "site" / "chapter-2.html").read_text()  # not asked for: the full result
    told = json.loads((lab.folder / "site" / "data" / "first.json").read_text())
    assert told["command"] == "viceversa lab first --data mnist --seed 5"
    lab.run("first", again=True)
    assert len(lab.calls) == 12 + 4 + 6 + 6
    first, second = lab.list()
    assert (first.name, second.name) == (
        "first",
        "second",
    ) and first.full_seconds is not None is not first.quick_seconds


def test_a_newest_quick_result_stands_in_for_a_full_one(lab):
    lab.run("first", quick=True)
    lab.run("second")
    page = (lab.folder / "site" / "chapter-1.html").read_text()
    assert "Quick run" in page and "viceversa lab first --quick" in page and len(lab.calls) == 2 + 6


def test_interrupted_goes_on_where_it_was(lab):
    lab.stop_at = 4
    with pytest.raises(KeyboardInterrupt):
        lab.run("all")
    assert len(lab.calls) == 4 and not (lab.folder / "site").exists()
    lab.stop_at = None
    assert lab.run("all").failures == {}
    assert len(lab.calls) == len(set(lab.calls)) == 12


def test_the_clock_counts_interrupted_sessions(tmp_path):
    work = Work(tmp_path)
    work._started -= 100  # a session of 100 seconds
    work.keep("part", lambda: 1)
    assert 100 <= Work(tmp_path).seconds < 110


def test_damaged_parts_are_measured_again(tmp_path):
    work = Work(tmp_path)
    assert work.keep(("a", 1), lambda: {"x": (1, 2)}) == {"x": [1, 2]}
    (part,) = (tmp_path / "parts").iterdir()
    part.write_text('{"key"')
    assert work.keep(("a", 1), lambda: 3) == 3
    assert work.keep("a 1", lambda: 4) == 3 and work.keep("A 1", lambda: 5) == 5  # nearly the same key


def test_a_failure_is_named_and_the_others_go_on(lab):
    lab.broken["first"] = DataError("the pictures of first are gone")
    outcome = lab.run("all")
    assert list(outcome.failures) == ["first"] and list(outcome.pages) == ["second"]
    page = (lab.folder / "site" / "chapter-1.html").read_text()
    assert "viceversa lab first" in page and 'id="first"' not in page  # not measured, and says how
    lab.broken = {"second": ZeroDivisionError("oh")}  # a bug; its earlier result stays on the site
    assert list(lab.run("all", again=True).failures) == ["second"]


def test_a_text_that_cannot_be_written_is_a_failure_too(lab):
    def write(found):
        return [Text("See [nothing](#nowhere)."), Figure(axes()[0], "x", alt="x")]

    lab.experiments["first"] = replace(lab.experiments["first"], write=write)
    outcome = lab.run("all")
    assert "nowhere" in str(outcome.failures["first"]) and list(outcome.pages) == ["second"]
    lab.experiments["first"] = replace(lab.experiments["first"], write=lambda found: [Text("No figure.")])
    assert "no figure" in str(lab.run("first").failures["first"])


def test_a_signal_stops_everything(lab):
    class Stopped(Exception):
        exit_code = 143

    lab.broken["first"] = Stopped()
    with pytest.raises(Stopped):
        lab.run("all")


def test_one_process_measures_at_a_time(lab):
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


SOURCE = '''"""Text."""
{imports}
SCALE = {scale}
UNUSED = {unused}

def double(x):
    """{told}"""
    return {factor} * x  # {told}

def measure(s, work):
    {late}
    return double(SCALE)

def write(found):
    return "{told} {unused}"
'''


def loaded(folder: Path, name: str, text: str):
    (folder / "__init__.py").touch()
    (folder / f"{name}.py").write_text(text)
    full = f"{folder.name}.{name}"
    spec = importlib.util.spec_from_file_location(full, folder / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[full] = module
    spec.loader.exec_module(module)
    return module


def test_only_the_code_that_measures_counts(tmp_path, monkeypatch):
    folder = tmp_path / "chapter9"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def key(beside: str = "1", **changed) -> str:
        values = dict(imports="", scale=1, unused=1, told="one", factor=2, late="pass") | changed
        loaded(folder, "beside", f'"""B."""\nTRICK = {beside}\nOTHER = {values["unused"]}\n')
        return fingerprint(loaded(folder, "asking", SOURCE.format(**values)).measure)

    assert key() == key(told="another text") == key(unused=2) == key(beside="2")
    assert len({key(), key(scale=2), key(factor=3), key(late="print()")}) == 4
    late = dict(late="from .beside import TRICK; TRICK")
    assert key(**late) == key(unused=3, **late) != key(beside="2", **late)
    early = dict(imports="from .beside import TRICK as T", late="T")
    assert key(**early) == key(unused=3, **early) != key(beside="2", **early)
    whole = dict(imports="from . import beside", late="beside.TRICK")
    assert key(**whole) != key(beside="2", **whole)
    for name in ("chapter9.asking", "chapter9.beside", "chapter9"):
        sys.modules.pop(name, None)


def test_pictures_and_arrays_come_back(tmp_path):
    from viceversa_lab.experiment import Found

    work = Work(tmp_path)
    pixels = np.linspace(-1, 1, 3 * 4 * 5).reshape(3, 4, 5).astype(np.float32)
    work.picture("wedge", pixels)
    work.array("numbers", pixels.astype(np.float64).T)
    found = Found(None, {"a": 1}, tmp_path, False, 0.0)
    np.testing.assert_allclose(found.picture("wedge"), pixels, atol=1 / 255 + 1e-6)
    assert np.array_equal(found.array("numbers"), pixels.astype(np.float64).T) and found["a"] == 1


def test_json_holds_what_measure_returns():
    value = {1: (np.float32(0.5), np.arange(2), float("nan"), np.inf, None, True)}
    assert plain(value) == {"1": [0.5, [0, 1], None, None, None, True]}


def test_interval_is_students():
    assert [round(quantile(n), 4) for n in (1, 9, 40, 60, 120)] == [12.7062, 2.2622, 2.0211, 2.0003, 1.9799]
    found = interval([1, 2, 3, None])
    assert (found.mean, found.n) == (2, 3) and found.half == pytest.approx(4.3027 / math.sqrt(3))
    assert found.low + found.high == pytest.approx(4)
    assert f"{interval([0.97, 0.98]):.1%}" == "97.5 ± 6.4\u202f%" and f"{interval([0.5]):.1%}" == "50.0\u202f%"
    assert math.isnan(interval([None]).mean) and paired([2, 3], [1, 2]).half == 0
    rng = np.random.default_rng(0)
    caught = [(lambda i: i.low <= 0 <= i.high)(interval(row)) for row in rng.normal(size=(4000, 4))]
    assert 0.935 < np.mean(caught) < 0.965


def test_the_command_lists_measures_and_fails_in_one_line(lab, monkeypatch, capsys):
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
def test_the_experiments_of_the_report_are_well_formed(experiment):
    assert contents.EXPERIMENTS[experiment.name] is experiment and experiment.chapter in (1, 2, 3, 4)
    assert experiment.title.endswith("?") and type(experiment.full) is type(experiment.quick)
    assert experiment.restore(plain({f.name: getattr(experiment.quick, f.name) for f in fields(experiment.quick)})) == (
        experiment.quick
    )
    assert len(fingerprint(experiment.measure)) == 64


@pytest.mark.long
def test_and_is_learnt_and_xor_is_not(tmp_path):
    """The model experiments run; a perceptron separates what a line separates and nothing else."""
    from viceversa_lab.chapter1.xor import EXPERIMENT, Settings

    found = EXPERIMENT.measure(Settings(seeds=(0, 1), points=10, epochs=15), Work(tmp_path))
    assert [answer["mistakes"][-1] for answer in found["and"]] == [0, 0]
    assert all(len(answer["mistakes"]) == 15 and min(answer["mistakes"]) > 0 for answer in found["xor"])
    outcome = engine.run("xor", "kernels", quick=True, out=tmp_path / "site", cache=tmp_path / "cache", quiet=True)
    assert outcome.failures == {} and len(outcome.pages) == 2


@pytest.mark.long
def test_two_at_a_time_find_what_one_finds(tmp_path):
    """Real processes: the same numbers as in turn, and nothing measured twice afterwards."""
    both, one = (dict(quick=True, out=tmp_path / f"site{i}", cache=tmp_path / f"cache{i}", quiet=True) for i in (0, 1))
    assert not engine.run("xor", "descent", jobs=2, **both).failures
    assert not engine.run("xor", "descent", jobs=1, **one).failures

    def values(folder: Path) -> dict[str, dict]:
        return {p.parent.parent.name: json.loads(p.read_text())["values"] for p in folder.glob("*/*/result.json")}

    assert values(tmp_path / "cache0") == values(tmp_path / "cache1")
    assert values(tmp_path / "cache0").keys() == {"xor", "descent"}

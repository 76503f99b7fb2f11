"""--quiet, --verbose and --version: what is printed where."""

import re
from pathlib import Path

import pytest

from support.tiny import draw_world, tiny_words
from viceversa import __version__, api, cli
from viceversa.cli.app import app

LONG = ["demo", "train", "translate", "evaluate", "compare", "bench", "lab", "data make", "data get", "data check",
        "study make"]  # fmt: skip
TOOK = re.compile(r"^took \d+\.\d s, \d+\.\d s of CPU time, \d+ MB of memory at most$", re.M)


@pytest.mark.parametrize("line", LONG)
def test_commands_with_long_work_can_be_quiet_and_verbose(line):
    here = app
    for name in line.split():
        here = here[name]
    names = {name for argument in here.assemble_argument_collection() for name in argument.names}
    assert names >= {"--quiet", "-q", "--verbose", "-v"}


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_version(flag, capsys):
    assert cli.run([flag]) == 0
    assert capsys.readouterr().out == f"{__version__}\n"


def test_quiet_prints_the_result_only_and_verbose_what_it_took(tmp_path, capsys):
    data = str(draw_world(tmp_path / "data", {"trainA": 4, "trainB": 4}))
    words = ["train", data, *tiny_words("--steps", "2", "--set", "train.probes=0"), "--out"]
    assert cli.run([*words, str(tmp_path / "quiet"), "-q"]) == 0
    out, err = capsys.readouterr()
    assert err == "" and out.startswith("finished at step 2")

    assert cli.run([*words, str(tmp_path / "verbose"), "-v"]) == 0
    verbose_out, err = capsys.readouterr()
    assert verbose_out == out.replace(str(tmp_path / "quiet"), str(tmp_path / "verbose"))
    assert TOOK.search(err) and "2 steps" in err  # the progress too


def test_verbose_prints_the_traceback_of_an_error_before_its_line(tmp_path, capsys):
    words = ["data", "check", str(tmp_path / "nowhere"), "--verbose"]
    assert cli.run(words) == 3
    *before, last = capsys.readouterr().err.splitlines()
    assert last.startswith("viceversa: ") and "does not exist" in last
    assert before[0].startswith("Traceback") and TOOK.match(before[-1])

    assert cli.run(words[:-1]) == 3
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_verbs_that_compute_choose_their_threads_in_one_place(tmp_path, monkeypatch):
    class Reached(Exception):
        pass

    def reached():
        raise Reached

    monkeypatch.setattr("viceversa.hardware.threads.use_fastest_threads", reached)
    calls = (
        lambda: api.translate("run", "a.png", to="b", out=tmp_path),
        lambda: api.evaluate("run"),
        lambda: api.compare("run", "other"),
    )
    for call in calls:
        with pytest.raises(Reached):
            call()
    assert Path(api.__file__).read_text().count("use_fastest_threads()") == 1

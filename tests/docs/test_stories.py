"""The script of the stories: what it takes from the README, and where its figures go."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def stories(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(PROJECT / "benchmarks")
    for name in ("stories", "fresh_machine", "marks"):  # nothing is left behind for other tests
        monkeypatch.setitem(sys.modules, name, None)
        del sys.modules[name]
    return importlib.import_module("stories")


def test_every_story_has_its_place_in_the_page(stories):
    text = stories.PAGE.read_text(encoding="utf-8")
    headings = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert [f"{i}. {heading}" for i, heading in enumerate(headings, 1)] == [stories.title(s) for s in stories.STORIES]
    for number in range(1, len(stories.STORIES) + 1):
        assert f"<!-- story-{number} -->" in text and f"<!-- /story-{number} -->" in text


def test_the_commands_of_the_readme_begin_with_its_install(stories):
    lines = stories.commands(stories.README.read_text(encoding="utf-8"))
    assert lines[0] == "pip install ."
    assert [line.split()[1] for line in lines[1:]] == ["train", "translate", "evaluate", "demo"]
    assert not [line for line in lines if "#" in line]


def test_a_failing_story_is_a_row_of_its_table(stories, monkeypatch, tmp_path):
    def fail(scene):
        """1. Install it"""
        raise stories.StoryError("pip | said no")

    monkeypatch.setattr(stories, "STORIES", (fail,))
    monkeypatch.setattr(stories, "install", fail)
    machine = stories.Machine(tmp_path / "desk", tmp_path / "venv")
    table = stories.tell([1], stories.Scene(machine))["story-1"]
    assert "| FAILED | pip / said no |" in table


def test_a_command_is_measured_and_ended(stories, tmp_path):
    machine = stories.Machine(tmp_path / "desk", Path(sys.prefix))
    done = machine.run("python -c 'print(sum(range(3000000)))'").require()
    assert done.out == "4499998500000\n" and done.cpu_seconds > 0 and done.peak_mb > 1
    slow = machine.run("python -c 'import time; time.sleep(60)'", limit=0.5)
    assert slow.code is None and slow.seconds < 30
    began = tmp_path / "began"
    code = f'import pathlib, time; pathlib.Path("{began}").touch(); time.sleep(60)'
    stopped = machine.run(f"python -c '{code}'", stop_when=began.exists)  # Ctrl-C
    assert stopped.code not in (0, None) and "KeyboardInterrupt" in stopped.err
    with pytest.raises(stories.StoryError, match="ended with 3 exit code: why"):
        machine.run("python -c 'import sys; print(\"why\", file=sys.stderr); sys.exit(3)'").require()

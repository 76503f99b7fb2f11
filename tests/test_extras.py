"""Extras: those of pyproject.toml, and one line before any work where one is missing."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from viceversa.errors import UsageError
from viceversa.extras import EXTRAS, is_installed, require_extra

PROJECT = Path(__file__).parents[1]
NEEDS = [  # command, extra, what needs it
    (["lab", "all"], "lab", "measuring and writing the lab"),
    (["lab", "xor"], "lab", "measuring and writing the lab"),
    (["study", "serve", "nowhere"], "serve", "study serve"),
    (["train", "nowhere", "--tensorboard"], "tensorboard", "--tensorboard"),
]


def test_extras_are_those_of_the_distribution():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(EXTRAS) == set(project["optional-dependencies"])


@pytest.mark.parametrize(
    ("words", "extra", "feature"), NEEDS, ids=lambda value: value if isinstance(value, str) else " ".join(value)
)
def test_a_missing_extra_is_one_line_before_any_work(tmp_path, words, extra, feature):
    """In a process that cannot import the modules of the extra; nothing is read, written or measured."""
    code = (
        "import sys; sys.modules.update(dict.fromkeys(sys.argv[1].split(), None));"
        "from viceversa import cli; sys.exit(cli.run(sys.argv[2:]))"
    )
    modules = " ".join(EXTRAS[extra])
    command = [sys.executable, "-c", code, modules, *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    names = modules.replace(" ", ", ")
    assert done.stderr == f"viceversa: {feature} needs an extra ({names} missing): pip install 'viceversa[{extra}]'\n"
    assert (done.returncode, done.stdout) == (2, "")
    assert not list(tmp_path.iterdir())


def test_a_package_of_an_extra_that_is_not_whole_is_named(tmp_path, monkeypatch):
    (tmp_path / "latex2mathml.py").write_text("import no_such_module")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "latex2mathml", raising=False)
    with pytest.raises(UsageError, match=r"lab needs an extra \(no_such_module missing\)"):
        require_extra("lab", "lab")


def test_an_extra_that_is_there_passes():
    require_extra("dev", "tests")
    assert is_installed("dev")

"""Completion: the script in a real bash, other shells where they are installed, and where it is installed to."""

import os
import shutil
import subprocess

import pytest

from viceversa import cli

ASK = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_viceversa
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def script(tmp_path, capsys):
    def write(shell: str) -> str:
        assert cli.run(["completion", shell]) == 0
        path = tmp_path / f"viceversa.{shell}"
        path.write_text(capsys.readouterr().out)
        return str(path)

    return write


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["tra"], ["train", "translate"]),
        (["da"], ["data"]),
        (["data", ""], ["make", "get", "list", "check"]),
        (["train", "--dev"], ["--device"]),
        (["train", "--device", ""], ["auto", "cpu", "cuda"]),
        (["translate", "RUN", "--qu"], ["--quiet"]),
        (["train", "app"], ["apples"]),
        (["completion", ""], ["bash", "zsh", "fish"]),
    ],
    ids=str,
)
def test_bash_completes(script, tmp_path, words, expected):
    (tmp_path / "apples").mkdir()
    command = ["bash", "-c", ASK, "ask", script("bash"), "viceversa", *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    assert set(expected) <= set(done.stdout.split())
    if words[-1]:
        assert all(word.startswith(words[-1]) for word in done.stdout.split())


def test_bash_registers_the_completion(script):
    command = f"source {script('bash')}; complete -p viceversa"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert "_viceversa viceversa" in done.stdout


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_scripts_of_other_shells_are_for_this_program(script, shell):
    path = script(shell)
    with open(path) as file:
        text = file.read()
    assert "viceversa" in text and "translate" in text and "--device" in text
    if shutil.which(shell):
        subprocess.run([shell, "-n", path], check=True)


def test_the_shell_of_the_session_is_the_default(monkeypatch, capsys):
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert cli.run(["completion"]) == 0
    assert "complete -c viceversa" in capsys.readouterr().out
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    assert cli.run(["completion"]) == 2
    assert "the shell is tcsh; name one of bash, zsh, fish" in capsys.readouterr().err


def test_install_writes_into_the_home_folder(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert cli.run(["completion", "bash", "--install"]) == 0
    path = capsys.readouterr().out.removeprefix("bash: ").partition(";")[0]
    assert path.startswith(str(tmp_path)) and os.path.getsize(path) > 1000
    assert path in (tmp_path / ".bashrc").read_text()

"""Signals are orders: the step is finished, the checkpoint written, the way back told. And one folder has one owner."""

import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.tiny import tiny_words
from viceversa import cli
from viceversa.runs import checkpoint
from viceversa.runs.checkpoint import Checkpoint


def words(world: Path, out: Path, steps: int = 100_000) -> list[str]:
    return ["train", str(world), "--out", str(out), "--steps", str(steps), *tiny_words()]


def start(
    arguments: list[str], ignored: signal.Signals | None = None, program: tuple[str, ...] = ("-m", "viceversa")
) -> subprocess.Popen[str]:
    def clean() -> None:  # a test runner in the background ignores Ctrl-C, and children inherit that
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN if number == ignored else signal.SIG_DFL)

    return subprocess.Popen(
        [sys.executable, *program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=clean,
    )


def await_training(process: subprocess.Popen[str], out: Path) -> None:
    """Until the first line of metrics.jsonl."""
    while not (out / "metrics.jsonl").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


@pytest.fixture
def running(world, tmp_path):
    """A training in its own process."""
    out = tmp_path / "run"
    process = start(words(world, out))
    try:
        await_training(process, out)
        yield process, out
    finally:
        process.kill()
        process.communicate()


LONG = pytest.mark.long


@pytest.mark.parametrize("name", [pytest.param("SIGTERM", marks=LONG), "SIGINT", pytest.param("SIGHUP", marks=LONG)])
def test_signal_saves_a_checkpoint_and_prints_the_resume_command(running, name, capsys):
    process, out = running
    sent = time.monotonic()
    process.send_signal(signal.Signals[name])
    _, told = process.communicate(timeout=30)
    assert time.monotonic() - sent < 10
    assert process.returncode == 128 + signal.Signals[name]
    last = told.strip().splitlines()[-1]
    assert last.startswith(f"viceversa: stopped by {name}, checkpoint saved; to go on: viceversa train ")
    assert "Traceback" not in told
    saved, complaints = checkpoint.newest(out / "checkpoints")
    assert saved is not None and not complaints
    report = (out / "report.html").read_text()
    assert f"Stopped at step {saved.step:,}" in report and "data-refresh" not in report and 'class="pair"' in report
    resume = shlex.split(last.partition("to go on: ")[2])
    assert cli.run([*resume[1:], "--max-time", "0.001"]) == 0
    assert f"the same command goes on at step {saved.step + 1}" in capsys.readouterr().out


SLOW = """
import sys, time
from viceversa import cli
from viceversa.training.trainer import Trainer
step = Trainer.advance
def advance(self, batch):
    step(self, batch)
    if self.step > 5: time.sleep(60)
Trainer.advance = advance
cli.main(sys.argv[1:])
"""


@pytest.mark.long
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 130)])
def test_second_signal_exits_at_once(world, tmp_path, number, code):
    """The first signal waits for its step, made slow here; the second does not."""
    out = tmp_path / "run"
    process = start([*words(world, out), "--save-every", "1"], program=("-c", SLOW))
    await_training(process, out)
    time.sleep(0.5)
    process.send_signal(number)
    time.sleep(0.5)
    assert process.poll() is None  # still in its step
    sent = time.monotonic()
    process.send_signal(number)
    _, told = process.communicate(timeout=30)
    assert time.monotonic() - sent < 5
    assert process.returncode == code
    assert "Traceback" not in told
    assert checkpoint.newest(out / "checkpoints") == (Checkpoint(out / "checkpoints" / "step-5"), [])


@pytest.mark.long
def test_ignored_signal_stays_ignored(world, tmp_path):
    process = start(words(world, tmp_path / "run"), ignored=signal.SIGHUP)  # what nohup does
    try:
        await_training(process, tmp_path / "run")
        process.send_signal(signal.SIGHUP)
        time.sleep(1)
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()


def test_locked_run_folder_is_refused_with_its_owner(running, world, capsys):
    process, out = running
    assert cli.run(words(world, out)) == 5
    told = capsys.readouterr().err
    assert f"{out} is in use by pid {process.pid} on " in told
    assert len(told.splitlines()) == 1
    assert process.poll() is None


@pytest.mark.long
def test_one_of_eight_concurrent_starts_gets_the_lock(world, tmp_path):
    processes = [start(words(world, tmp_path / "run")) for _ in range(8)]
    losers = []
    deadline = time.monotonic() + 120
    while len(losers) < 7 and time.monotonic() < deadline:
        time.sleep(0.2)
        losers = [process for process in processes if process.poll() is not None]
    winner = next(process for process in processes if process.poll() is None)
    for process in losers:
        _, told = process.communicate()
        assert process.returncode == 5
        assert f"in use by pid {winner.pid} " in told
    await_training(winner, tmp_path / "run")
    winner.terminate()
    winner.communicate(timeout=30)
    assert (len(losers), winner.returncode) == (7, 143)

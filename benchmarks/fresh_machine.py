"""A fresh virtual environment and a folder to work in, for scripts that try viceversa as a new user would.

Only the standard library is imported: viceversa and PyTorch are installed into the environment and nowhere else.
"""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
HIDDEN = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}  # would show packages that were not installed


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    command: str
    code: int | None  # None: ended because it took too long
    out: str
    err: str
    seconds: float  # by the clock
    cpu_seconds: float
    peak_mb: float

    def require(self) -> "Done":
        """Itself, where the exit code is 0."""
        if self.code != 0:
            end = " ".join(self.err.split())[-300:]
            raise StoryError(f"`{self.command}` ended with {'no' if self.code is None else self.code} exit code: {end}")
        return self


class StoryError(Exception):
    """A command that should have worked did not."""


@dataclass(frozen=True)
class Machine:
    """The environment `venv`, and the folder `desk` in which commands run."""

    desk: Path
    venv: Path

    def environment(self) -> dict[str, str]:
        """Variables of a new terminal in which the environment is active."""
        kept = {name: value for name, value in os.environ.items() if name not in HIDDEN}
        return kept | {"VIRTUAL_ENV": str(self.venv), "PATH": f"{self.venv / 'bin'}{os.pathsep}{os.environ['PATH']}"}

    def install(self) -> float:
        """Make the environment and install viceversa by the README's command; the seconds that took."""
        started = time.monotonic()
        subprocess.run([sys.executable, "-m", "venv", str(self.venv)], check=True)
        self.run("pip install --quiet .", where=PROJECT, limit=1200).require()
        return time.monotonic() - started

    def run(
        self,
        command: str,
        *,
        where: Path | None = None,
        limit: float = 900,
        cores: set[int] | None = None,
        stop_when: Callable[[], bool] | None = None,
    ) -> Done:
        """Run a line as it would be typed; Ctrl-C is pressed once `stop_when` is true."""
        logs = self.desk / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        paths = [logs / f"{len(list(logs.iterdir())):04}.{kind}" for kind in ("out", "err")]
        started = time.monotonic()
        with open(paths[0], "wb") as out, open(paths[1], "wb") as err:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {command}" if is_single(command) else command],
                cwd=where or self.desk,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                preexec_fn=lambda: begin(cores),
            )
        try:
            code, used = wait(process, started + limit, stop_when)
        except BaseException:  # a signal to this script: nothing stays behind
            os.killpg(process.pid, signal.SIGKILL)
            raise
        texts = [path.read_text(encoding="utf-8", errors="replace") for path in paths]
        kilobytes = used.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
        seconds = time.monotonic() - started
        return Done(command, code, *texts, seconds, used.ru_utime + used.ru_stime, kilobytes / 1024)

    def python(self, code: str, *arguments: object) -> str:
        """What a few lines of Python in the environment print."""
        script = self.desk / "script.py"
        script.write_text(code, encoding="utf-8")
        words = [str(self.venv / "bin/python"), str(script), *map(str, arguments)]
        done = subprocess.run(words, capture_output=True, text=True, env=self.environment(), cwd=self.desk)
        if done.returncode:
            raise StoryError(done.stderr[-500:])
        return done.stdout


def begin(cores: set[int] | None) -> None:
    """In the new process: the cores it may use, and Ctrl-C as in a terminal, also where this script runs behind &."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if cores:
        os.sched_setaffinity(0, cores)


def is_single(command: str) -> bool:
    """Whether a line is one command, which can take the shell's place and so be measured and stopped itself."""
    return not any(mark in command for mark in ";&|<>")


def wait(
    process: "subprocess.Popen[bytes]", end: float, stop_when: Callable[[], bool] | None
) -> tuple[int | None, resource.struct_rusage]:
    """The exit code, None after `end` by the clock, and the resources that the process used."""
    killed = False
    while True:
        pid, status, used = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return (None if killed else process.returncode), used
        if stop_when is not None and stop_when():
            os.killpg(process.pid, signal.SIGINT)
            stop_when = None
        if time.monotonic() > end and not killed:
            os.killpg(process.pid, signal.SIGKILL)
            killed = True
        time.sleep(0.05)


@contextmanager
def busy_core(core: int) -> Iterator[None]:
    """A process of the lowest priority that computes on one core without end."""
    process = subprocess.Popen([sys.executable, "-c", "import os; os.nice(19)\nwhile True: pass"])
    try:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(process.pid, {core})
        yield
    finally:
        process.kill()
        process.wait()

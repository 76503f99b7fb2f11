"""Shared by the tests of a study: pictures to ask about, people who answer, a server in its own process."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from viceversa import study
from viceversa.study.answers import Answer, Answers
from viceversa.study.folder import StudyFolder
from viceversa.study.protocol import Trial, session_trials

SMALL = dict(trials=6, practice=2, sentinels=4, size=32)
OTHER = {"left": "right", "right": "left"}


def draw(folder: Path, count: int, tint: int, size: tuple[int, int] = (24, 30)) -> Path:
    """Pictures `000.png` and on, each of one colour and its number as brightness, under a tint."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(tint)
    for i in range(count):
        pixels = rng.integers(0, 60, (*size, 3), dtype=np.uint8) + np.uint8(i)
        pixels[..., tint] += 100
        Image.fromarray(pixels).save(folder / f"{i:03}.png")
    return folder


def small_study(folder: Path, algorithms: int = 2, **options) -> StudyFolder:
    """A study of two algorithms, 12 pairs each by default."""
    options = SMALL | options
    count = options["trials"] + options["practice"] + options["sentinels"] + 3
    made = [draw(folder / f"made{i}", count, i % 2) for i in range(algorithms)]
    study.make(folder / "study", *made, real=draw(folder / "real", count, 2), **options)
    return StudyFolder(folder / "study")


def answer(number: int, side: str = "left", **other) -> Answer:
    return Answer(
        **dict(trial=number, side=side, shown_ms=1000.0, frame_ms=16.7, answer_ms=700.0, width=1280, height=800) | other
    )


def body(answer: Answer) -> dict[str, object]:
    return dict(vars(answer))


def visit(answers: Answers, folder: StudyFolder, choose: Callable[[Trial], str], until: int | None = None) -> int:
    """One person answers a session, or its first `until` trials; the number of the session."""
    content = folder.study()
    session = answers.start(len(content.arms), content.length)
    for i, trial in enumerate(session_trials(content, session.number, session.arm)[:until]):
        answers.record(session, answer(i, choose(trial)), content.length)
    return session.number


# Runs the command line in a process whose audit hook logs what is opened, connected to or started.
WATCHED = """
import os, sys
log = os.open(sys.argv.pop(1), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
def watch(event, args):
    if event in ("open", "socket.connect", "subprocess.Popen", "os.exec", "os.system", "socket.getaddrinfo"):
        os.write(log, f"{event} {args[1] if event == 'socket.connect' else args[0]!r}\\n".encode("utf-8", "replace"))
sys.addaudithook(watch)
from viceversa.cli import main
main()
"""


@dataclass
class Running:
    """A server process and its addresses."""

    process: subprocess.Popen[str]
    url: str  # without a slash at its end
    results: str
    output: list[str]  # the first three lines

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    @property
    def token(self) -> str:
        return self.results.partition("token=")[2]


@contextmanager
def serving(folder: StudyFolder, *words: str, log: Path | None = None, port: int = 0) -> Iterator[Running]:
    """`study serve` on a free port of this machine."""
    start = ["-m", "viceversa"] if log is None else ["-c", WATCHED, str(log)]
    process = subprocess.Popen(
        [sys.executable, *start, "study", "serve", str(folder.path), "--port", str(port), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        output = [process.stdout.readline().strip() for _ in range(3)]
        addresses = re.findall(r"http://\S+", " ".join(output))
        assert len(addresses) == 2, (output, process.communicate())
        yield Running(process, addresses[0].rstrip("/"), addresses[1], output)
    finally:
        process.kill()
        process.communicate()

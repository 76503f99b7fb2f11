"""Reading and writing beside the computing: the same bytes, order, errors and interruptions as one after the other."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.faults import Disk
from support.slow import pictures, translator
from viceversa import images
from viceversa.translation import pipeline as files
from viceversa.translation.pipeline import Summary, plan, translate_files
from viceversa.translation.translator import Translator


def one_by_one(source: Path, out: Path) -> Summary:
    """What `translate_files` did before it overlapped anything."""
    summary = Summary()
    for path, target in plan([source], out).items():
        try:
            images.write(target, translator().picture(images.read(path), "b"))
        except images.ImageError as e:
            summary.skipped[path] = str(e)
        else:
            summary.written.append(target)
    return summary


def test_same_bytes_same_summary_same_order(tmp_path: Path) -> None:
    source = pictures(tmp_path / "in", 12)
    for name in ("003.png", "011.png"):
        (source / name).write_bytes((source / name).read_bytes()[:60])
    (source / "005.png").write_text("hello")
    told: list[tuple[int, int, str]] = []
    found = translate_files(
        translator(), [source], "b", tmp_path / "out", lambda done, of, path: told.append((done, of, path.name))
    )
    before = one_by_one(source, tmp_path / "before")
    assert told == [(i, 12, f"{i:03}.png") for i in range(12)]
    assert [p.name for p in found.written] == [p.name for p in before.written]
    assert found.skipped == before.skipped and [p.name for p in found.skipped] == ["003.png", "005.png", "011.png"]
    for path in before.written:
        assert (tmp_path / "out" / path.name).read_bytes() == path.read_bytes()
    assert len([*(tmp_path / "out").iterdir()]) == 9


def full(disk: Disk) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("at", [3, 20, 34])
def test_a_full_disk_ends_it_and_nothing_later_is_written(memory_path: Path, at: int) -> None:
    """Call `at` of those that change the disk fails: files before are whole, none after, no draft is left."""
    source, out = pictures(memory_path / "in", 8), memory_path / "out"
    disk = Disk(at, full)
    with disk.mounted(), pytest.raises(OSError, match="No space left"):
        translate_files(translator(), [source], "b", out)
    there = sorted(p.name for p in out.iterdir())
    assert there == [f"{i:03}.png" for i in range(len(there))] and len(there) < 8
    for name in there:
        assert images.read(out / name).pixels.shape[0] == 3


def test_memory_that_runs_out_while_computing_skips_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, real = pictures(tmp_path / "in", 4), Translator.picture

    def picture(self, picture, to):
        if picture.pixels.shape[1] == 21:
            raise RuntimeError("not enough memory: you tried to allocate 9 bytes")
        return real(self, picture, to)

    monkeypatch.setattr(Translator, "picture", picture)
    found = translate_files(translator(), [source], "b", tmp_path / "out")
    assert [p.name for p in found.written] == ["000.png", "002.png", "003.png"]
    assert "--scale trained" in found.skipped[source / "001.png"]


def test_a_bug_is_raised_after_what_came_before_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, real = pictures(tmp_path / "in", 6), Translator.picture

    def picture(self, picture, to):
        if picture.pixels.shape[1] == 22:
            raise RuntimeError("shapes do not fit")
        return real(self, picture, to)

    monkeypatch.setattr(Translator, "picture", picture)
    with pytest.raises(RuntimeError, match="do not fit"):
        translate_files(translator(), [source], "b", tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["000.png", "001.png"]


def test_only_a_few_pictures_are_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, real, read = pictures(tmp_path / "in", 12), images.read, []
    monkeypatch.setattr(images, "read", lambda path: (read.append(path), real(path))[1])
    early: list[int] = []
    translate_files(translator(), [source], "b", tmp_path / "out", lambda done, *_: early.append(len(read) - done))
    assert max(early) <= files.BATCHES_AHEAD + 1


PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from viceversa import cli
from support.slow import translator
import viceversa.translation.translator as module
module.load = lambda *_, **__: translator()
cli.main(["translate", "run", sys.argv[2], "--to", "b", "--out", sys.argv[3]])
"""


@pytest.mark.long
def test_ctrl_c_in_the_middle_leaves_whole_files_and_says_130(tmp_path: Path) -> None:
    source, out = pictures(tmp_path / "in", 600), tmp_path / "out"
    command = [sys.executable, "-c", PROGRAM, str(Path(__file__).parents[1]), str(source), str(out)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while not (out.exists() and len([*out.glob("*.png")]) > 3):
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130 and "interrupted" in told and "Traceback" not in told
    names = sorted(p.name for p in out.iterdir())
    assert 3 < len(names) < 600 and names == [f"{i:03}.png" for i in range(len(names))]
    for name in names:
        assert images.read(out / name).pixels.shape[0] == 3

"""Shared by the crash tests: a disk that fails on demand, child processes that die, and something small to save."""

import builtins
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

import torch
from torch import nn

from viceversa import files
from viceversa.optimize import Player

REAL = {name: getattr(os, name) for name in ("open", "fsync", "rename", "replace", "mkdir", "unlink", "rmdir")}


class Disk:
    """Counts every call that changes the disk; call number `at` becomes `act`, a write then half done.

    It keeps track of what a power cut could still destroy: content not yet synced, names whose folder was not synced.
    """

    def __init__(self, at: int | None = None, act: Callable[["Disk"], None] = lambda disk: None) -> None:
        self.at, self.act = at, act
        self.calls: list[str] = []
        self.unwritten: set[str] = set()
        self.unnamed: list[tuple[str | None, str, bytes | None]] = []  # (old name, new name, replaced content)

    @contextmanager
    def mounted(self) -> Iterator["Disk"]:
        with ExitStack() as stack:
            for name in REAL:
                stack.enter_context(patch.object(os, name, self._counted(name)))
            stack.enter_context(patch.object(files, "open", self._open, create=True))
            yield self

    def count(self, name: str) -> bool:
        self.calls.append(name)
        return len(self.calls) - 1 == self.at

    def _counted(self, name: str) -> Callable[..., object]:
        def call(*args, **options):
            if self.count(name):
                self.act(self)
            target = args[0] if name != "fsync" else os.readlink(f"/proc/self/fd/{args[0]}")
            if name in ("rename", "replace"):
                replaced = Path(args[1]).read_bytes() if os.path.isfile(args[1]) else None
            result = REAL[name](*args, **options)
            if name in ("rename", "replace"):
                self.unnamed.append((str(args[0]), str(args[1]), replaced))
            elif name == "mkdir":
                self.unnamed.append((None, str(target), None))
            elif name == "fsync":
                self.unwritten.discard(target)
                self.unnamed = [change for change in self.unnamed if os.path.dirname(change[1]) != target]
            return result

        return call

    def _open(self, path, mode="r", *args, **options):
        if self.count("open"):
            self.act(self)
        if "w" in mode and not os.path.exists(path):
            self.unnamed.append((None, str(path), None))
        file = builtins.open(path, mode, *args, **options)  # noqa: SIM115 - handed on
        return _File(self, file, str(path)) if "b" in mode and "r" not in mode else file

    def power_cut(self) -> None:
        """Leave the disk as the worst file system would, then die."""
        for name, call in REAL.items():
            setattr(os, name, call)
        for old, new, replaced in reversed(self.unnamed):
            if old is not None and os.path.exists(new):
                os.rename(new, old)
                if replaced is not None:
                    Path(new).write_bytes(replaced)
            elif old is None and os.path.isfile(new):
                os.unlink(new)
            elif old is None and os.path.isdir(new):
                shutil.rmtree(new)
        for path in self.unwritten:
            if os.path.exists(path):
                os.truncate(path, os.path.getsize(path) // 2)
        os._exit(9)


class _File:
    """A file open for writing whose every write counts."""

    def __init__(self, disk, file, path):
        self.disk, self.file, self.path = disk, file, path

    def write(self, data):
        self.disk.unwritten.add(self.path)
        if self.disk.count("write"):
            self.file.write(data[: len(data) // 2])
            self.file.flush()
            self.disk.act(self.disk)
        return self.file.write(data)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def __getattr__(self, name):
        return getattr(self.file, name)


def in_child(work: Callable[[Callable[[str], None]], object]) -> tuple[int, list[str]]:
    """Run `work(announce)` in a forked child: its exit status (9 = killed by its disk) and what it announced."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            torch.set_num_threads(1)
            work(lambda word: os.write(into, f"{word}\n".encode()))
            os._exit(0)
        except BaseException:
            os._exit(1)
    os.close(into)
    with os.fdopen(out) as pipe:
        words = pipe.read().split()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), words


class Pair(nn.Module):
    """Two networks, two players, a buffer: all that a checkpoint knows of a method, small and all of one number."""

    def __init__(self, number: float = 0.0, width: int = 3) -> None:
        super().__init__()
        self.nets = nn.ModuleDict({"G": nn.Linear(width, 2), "D": nn.Linear(2, 1, bias=False)})
        self.register_buffer("count", torch.zeros((), dtype=torch.long))
        self.players = {
            "generators": Player([self.nets["G"]]),
            "discriminators": Player([self.nets["D"]]),
        }
        for player in self.players.values():
            with player.turn() as update:
                update(sum(p.square().sum() for p in player.parameters))
        self.fill(number)

    @torch.no_grad()
    def fill(self, number: float) -> "Pair":
        """Make every tensor that training changes equal to `number`."""
        for tensor in self.state_dict().values():
            tensor.fill_(number)
        for player in self.players.values():
            for moments in player.optimizer.state.values():
                for tensor in moments.values():
                    tensor.fill_(number)
        return self

    def numbers(self) -> set[float]:
        """All values in it."""
        moments = [m for p in self.players.values() for s in p.optimizer.state.values() for m in s.values()]
        return {float(x) for t in [*self.state_dict().values(), *moments] for x in t.flatten()}


def state(step: int) -> dict[str, object]:
    return {"step": step, "nimg": step, "window": {}}


def path_of(folder: Path, step: int) -> Path:
    return folder / f"step-{step}"

"""Several processes of one machine that train one run: small networks gain far more by them than by threads.

The first is the one that was asked to train; it starts the others, which do the same on their share of every batch and
say nothing. They meet at a file and talk over the loopback interface alone. When the first one dies, its end of a pipe
closes and they leave.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from .. import distributed
from ..errors import ResourceError, ViceversaError
from ..presets import TrainConfig

HELP = "from viceversa.training.crew import assist; assist()"
READY = b"ready\n"
PATIENCE = 10.0  # seconds that a helper has to leave


def crew_size(train: TrainConfig, device: str) -> int:
    """Processes to train with: as configured, else as many as share a batch and the threads at hand evenly."""
    if train.ranks is not None:
        return train.ranks
    if device != "cpu" or train.threads is not None or distributed.world() > 1 or not sys.platform.startswith("linux"):
        return 1
    threads = torch.get_num_threads()
    return max(n for n in range(1, train.batch + 1) if train.batch % n == 0 and threads % n == 0)


@contextmanager
def crew(ranks: int, call: dict[str, Any]) -> Iterator[None]:
    """`ranks` processes, ours among them, each of which calls `train(**call)`."""
    if ranks == 1:
        yield
        return
    threads = torch.get_num_threads()
    share = max(1, threads // ranks)
    env = os.environ | {"OMP_NUM_THREADS": str(share), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", HELP]
    with TemporaryDirectory() as folder:
        helpers = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env)
            for _ in range(1, ranks)
        ]
        place = str(Path(folder) / "meeting")
        try:
            for rank, helper in enumerate(helpers, 1):
                order(helper, {"place": place, "rank": rank, "ranks": ranks, "call": call})
            torch.set_num_threads(share)
            distributed.meet(place, 0, ranks)
            yield
        except RuntimeError:
            blame(helpers)
            raise
        finally:
            distributed.part()
            torch.set_num_threads(threads)
            for helper in helpers:
                dismiss(helper)


def order(helper: "subprocess.Popen[bytes]", task: dict[str, Any]) -> None:
    """Tell a helper what to do, once it is there."""
    assert helper.stdin and helper.stdout
    with suppress(BrokenPipeError):
        helper.stdin.write(json.dumps(task).encode() + b"\n")
        helper.stdin.flush()
    if helper.stdout.readline() != READY:
        blame([helper], PATIENCE)


def blame(helpers: list["subprocess.Popen[bytes]"], patience: float = 1.0) -> None:
    """Raise what ended a helper before its time, if one was."""
    for helper in helpers:
        with suppress(subprocess.TimeoutExpired):
            code = helper.wait(patience)
            assert helper.stdout
            said = helper.stdout.read().decode(errors="replace").strip()
            if said:
                error = ViceversaError(said)
                error.exit_code = code
                raise error
            if code:
                raise ResourceError(
                    f"a helping process of this training was ended ({code}), perhaps for want of memory; the same "
                    "command goes on from the last checkpoint, --set train.ranks=1 in a new run needs less"
                )


def dismiss(helper: "subprocess.Popen[bytes]") -> None:
    """Let a helper end by itself, else end it."""
    with suppress(subprocess.TimeoutExpired):
        helper.wait(PATIENCE)
    helper.kill()
    helper.wait()
    for pipe in (helper.stdin, helper.stdout):
        if pipe:
            with suppress(OSError):
                pipe.close()


def assist() -> None:
    """The life of a helper: a task on standard input, on standard output why it ended if it did before its time."""
    from .train import train

    task = json.loads(sys.stdin.readline())
    threading.Thread(target=leave_with_the_first, daemon=True).start()
    os.write(1, READY)
    code = 1
    try:
        distributed.meet(task["place"], task["rank"], task["ranks"])
        train(**task["call"])
        code = 0
    except ViceversaError as e:
        os.write(1, str(e).encode())
        code = e.exit_code
    except BaseException as e:
        code = getattr(e, "exit_code", 1)
    os._exit(code)


def leave_with_the_first() -> None:
    """End this process when nobody holds the other end of its input any more."""
    sys.stdin.read()
    os._exit(1)

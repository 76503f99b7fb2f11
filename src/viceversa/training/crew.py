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
from ..errors import ERRORS, ResourceError, UsageError, ViceversaError
from ..presets import TrainConfig

Helper = subprocess.Popen[bytes]
HELP = "from viceversa.training.crew import assist; assist()"
READY = b"ready\n"
PATIENCE = 10.0  # seconds that a helper has to leave


def crew_size(train: TrainConfig, device: str) -> int:
    """Processes to start: as configured, else as many as share a batch and the threads at hand evenly."""
    possible = device == "cpu" and sys.platform.startswith("linux")
    if distributed.world() > 1:
        return 1  # others have started us
    if train.ranks is not None:
        if train.ranks > 1 and not possible:
            raise UsageError(
                f"train.ranks is {train.ranks}: viceversa starts several processes on Linux's processors only; choose "
                "--set train.ranks=1, or torchrun for several graphics cards"
            )
        return train.ranks
    if not possible or train.threads is not None or distributed.in_group():
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
    paths = [path or os.getcwd() for path in sys.path]
    env = os.environ | {"OMP_NUM_THREADS": str(share), "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-P", "-c", HELP]  # -P: the working folder itself is no place to import from
    with TemporaryDirectory() as folder:
        place = str(Path(folder) / "meeting")
        task = {"place": place, "ranks": ranks, "call": call}
        orders = [json.dumps(task | {"rank": rank}, default=lambda number: number.item()) for rank in range(1, ranks)]
        helpers = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env)
            for _ in orders
        ]
        try:
            for helper, order in zip(helpers, orders, strict=True):
                tell(helper, order)
            torch.set_num_threads(share)
            distributed.meet(place, 0, ranks)
            yield
        except RuntimeError as e:
            raise blamed(helpers) or e from None
        finally:
            distributed.part()
            torch.set_num_threads(threads)
            for helper in helpers:
                dismiss(helper)


def tell(helper: Helper, order: str) -> None:
    """Give a helper its orders, and wait until it is there; RuntimeError when it is not."""
    assert helper.stdin and helper.stdout
    with suppress(BrokenPipeError):
        helper.stdin.write(order.encode() + b"\n")
        helper.stdin.flush()
    if helper.stdout.readline() != READY:
        raise RuntimeError("a helping process did not start")


def blamed(helpers: list[Helper]) -> ViceversaError | None:
    """What ended a helper before its time: what it said, or that it was killed; none when it only followed us."""
    said = []
    for helper in helpers:
        with suppress(subprocess.TimeoutExpired):
            assert helper.stdout
            code = helper.wait(PATIENCE)
            said.append((code, helper.stdout.read().decode(errors="replace").strip()))
    for code, text in said:
        if text:
            return ERRORS.get(code, ResourceError)(text)
    killed = [code for code, _ in said if code < 0]
    if not killed:
        return None
    return ResourceError(
        f"a helping process of this training was ended ({killed[0]}), perhaps for want of memory; the same command "
        "goes on from the last checkpoint, --set train.ranks=1 in a new run needs less"
    )


def dismiss(helper: Helper) -> None:
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
    """The life of a helper: its orders on standard input; on standard output why it ended, if before its time."""
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

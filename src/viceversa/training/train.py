"""`train`: from images and a preset to a run."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from .. import distributed, files
from ..console import LiveLine
from ..errors import DivergedError, UsageError, ViceversaError
from ..hardware.device import choose_device
from ..runs.arguments import parse_time
from ..runs.config import RunConfig
from ..runs.folder import RunFolder
from ..tasks import task_of
from .resolve import TrainOptions, default_folder, resolve
from .session import Result, Session
from .trainer import Stopped


def train(data: str | Path, other: str | Path | None = None, **options: object) -> Result | RunConfig:
    """`train_with` without a report, for tests and experiments; options as in `TrainOptions`."""
    return train_with(data, other, TrainOptions(**options), time.monotonic())  # type: ignore[arg-type]


def train_with(
    data: str | Path,
    other: str | Path | None,
    options: TrainOptions,
    started: float,
    *,
    on_sample: Callable[[Path], object] = lambda run: None,
    on_stop: Callable[[Path], object] = lambda run: None,
) -> Result | RunConfig:
    """Train what a preset says on a folder or two; the same call resumes it. Its time counts from `started`, monotonic.

    `dry_run` returns the resolved configuration and writes nothing. On rank 0 `on_sample` is called with the run's
    folder after each of its samples, `on_stop` where a signal or an alarm ends it.
    """
    requested = resolve(data, other, options)
    max_time = parse_time(options.max_time)
    listing = task_of(requested.method).listing(requested)
    run = RunFolder(options.out or default_folder(listing.names, requested, options.preset))
    if options.dry_run:
        return requested

    distributed.join(choose_device(options.device or requested.train.device))  # refused before anything is written
    if run.path.is_file():
        raise UsageError(f"--out {run.path} is a file; name a folder")
    is_rank0 = distributed.rank() == 0  # which writes and prints
    with ExitStack() as stack, LiveLine(quiet=options.quiet or not is_rank0) as live:
        lock_run(run, stack)
        if is_rank0 and run.exists:
            files.remove_drafts(run.path)
            files.remove_drafts(run.samples)
        session = Session(run, listing, options, live, started=started, max_time=max_time, on_sample=on_sample)
        session.prepare(requested)
        try:
            return session.train()
        except (Stopped, DivergedError):
            if is_rank0:
                on_stop(run.path)
            raise


def lock_run(run: RunFolder, stack: ExitStack) -> None:
    """Lock the run folder for as long as `stack` is open; when rank 0 cannot, no rank goes on."""
    problem = None
    if distributed.rank() == 0:
        try:
            stack.enter_context(files.Lock(run.path))
        except ViceversaError as e:
            problem = e
    if (problem := distributed.broadcast_from_rank0(problem)) is not None:
        raise problem

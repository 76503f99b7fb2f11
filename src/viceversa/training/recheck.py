"""The health check of a finished or stopped run, made again from its newest checkpoint."""

from typing import Any

import torch

from .. import methods
from ..errors import DataError
from ..health.history import HistoryContext
from ..health.symptoms import Verdict, examine
from ..methods.protocol import Method
from ..runs import checkpoint
from ..runs.folder import RunFolder
from ..tasks import task_of


def recheck(run: RunFolder) -> tuple[list[dict[str, Any]], list[Verdict]]:
    """The signals of every check, the last measured anew by today's probe, and the verdicts of today's rules.

    Writes nothing. DataError where the run has no checkpoint, or its method no health checks.
    """
    config = run.config()
    listing, task = task_of(config.method).find(config), task_of(config.method)
    probe, (newest, _) = task.probe(config, listing), checkpoint.newest(run.checkpoints)
    if probe is None or newest is None:
        raise DataError(f"{run.path} cannot be checked again: it has no checkpoint, or its method no health checks")

    method: Method = methods.make(config.method, size=config.data.size, classes=len(listing.names), device="cpu")
    checkpoint.load(newest.path, method, allow_missing=bool(run.treatments()))
    lines = [{"step": line["step"], **line["signals"]} for line in run.read_lines(run.health) if line["signals"]]
    logged = lines[-1] if lines else {}
    with torch.random.fork_rng(devices=[]):
        signals = logged | probe.measure(method).signals | {"step": newest.step}

    history = [line for line in lines if line["step"] < newest.step] + [signals]
    return history, examine(history, HistoryContext.of(config.method, listing.names, config.steps))

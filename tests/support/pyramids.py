"""Shared by the tests of large images written block by block: samples, whole files, and a writer in a child process."""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from viceversa.images import PyramidWriter
from viceversa.images.halving import halved


def natural(height: int, width: int, channels: int = 3, number_type: str = "uint8", seed: int = 0):
    """Smooth shapes with grain, as a photograph has: they compress to about two thirds."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    planes = [
        np.sin(x / (9 + i) + i) * np.cos(y / (13 - i % 7)) + rng.normal(0, 0.05, (height, width))
        for i in range(channels)
    ]
    unit = np.clip(np.stack(planes, axis=2) / 2.4 + 0.5, 0, 1)
    dtype = np.dtype(number_type)
    if dtype.kind == "f":
        return (unit * 300 - 50).astype(dtype)
    limits = np.iinfo(dtype)
    top = min(limits.max, 60_000)
    return (unit * (top - max(limits.min, -2_000)) + max(limits.min, -2_000)).astype(dtype)


def levels_of(samples, nodata=None):
    """The samples and their smaller copies."""
    levels = [samples]
    while max(levels[-1].shape[:2]) > 512:
        levels.append(halved(levels[-1], nodata))
    return levels


def writer_of(path: Path, samples, **options) -> PyramidWriter:
    """A writer for these samples."""
    options = {"key": {"source": "drawn"}, "number_type": samples.dtype.name, **options}
    return PyramidWriter(path, size=samples.shape[:2], channels=samples.shape[2], **options)


def write_pyramid(path: Path, samples, alpha=None, **options) -> PyramidWriter:
    """Write a file of these samples, going on from what is there."""
    with writer_of(path, samples, has_alpha=alpha is not None, **options) as writer:
        for window in writer.blocks[writer.done :]:
            writer.write(samples[window.slices], None if alpha is None else alpha[window.slices])
        writer.finish()
    return writer


def forked(work: Callable[[], object]) -> int:
    """Run `work` in a forked child; its process."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            os._exit(1)
    return child


def ended(child: int) -> int:
    """Wait for a child: its exit code, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_after(seconds: float, work: Callable[[], object]) -> int:
    """Run `work` in a child that is killed with SIGKILL after a time, where it still runs: its exit code."""
    child = forked(work)
    time.sleep(seconds)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    return ended(child)

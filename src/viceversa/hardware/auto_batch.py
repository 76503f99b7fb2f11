"""The largest batch that memory holds: tried on a graphics card, on a processor reckoned from two that fit."""

import gc
from collections.abc import Callable
from pathlib import Path

import torch

from .. import distributed
from ..errors import UsageError
from .memory import release_freed_memory

MOST = 256  # pictures per step
SHARE = 0.8  # of the free memory that a step may take
MB = 2**20
NO_COUNT = "--auto-batch: Linux's count of a process's memory is not to be had here; choose --set train.batch=N"
LIMITS = (  # of a container, and what it uses, under both versions of cgroups
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)
Step = Callable[[int], object]  # a few steps with a batch of this size, on networks of its own


def largest_batch(step: Step, base: int, device: str) -> int:
    """`base` or the largest of its doublings up to MOST that fits."""
    if distributed.world_size() > 1:
        raise UsageError("--auto-batch cannot try batches under torchrun; choose --set train.batch=N")
    return largest_on_gpu(step, base) if device == "cuda" else largest_on_cpu(step, base, free_memory())


def largest_on_gpu(step: Step, base: int) -> int:
    """The last doubling before one that does not fit into SHARE of the card."""
    fits = base
    torch.cuda.set_per_process_memory_fraction(SHARE)
    try:
        while fits <= MOST:
            try:
                step(fits)
            except torch.cuda.OutOfMemoryError:
                break
            finally:
                gc.collect()
                torch.cuda.empty_cache()
            fits *= 2
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    return max(base, fits // 2)


def largest_on_cpu(step: Step, base: int, room: float) -> int:
    """The largest doubling whose peak, on a line through those of `base` and a few times it, is below SHARE of `room`.

    There a batch too large ends the process, so none is tried that has not been reckoned to fit.
    """
    step(base)  # what is made on first use
    low = peak_megabytes(step, base)
    times = next((n for n in (4, 2) if n * low <= SHARE * room), None)
    if times is None:
        return base
    slope = max((peak_megabytes(step, times * base) - low) / (times - 1), 1.0)  # MB for each further `base`
    fits = base
    while 2 * fits <= MOST and low + slope * (2 * fits / base - 1) <= SHARE * room:
        fits *= 2
    return fits


def peak_megabytes(step: Step, batch: int) -> float:
    """MB that a step took at most, beside what the process held before."""
    gc.collect()
    release_freed_memory()
    before = resident_megabytes("VmRSS")
    try:
        Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    except OSError:
        raise UsageError(NO_COUNT) from None
    step(batch)
    return resident_megabytes("VmHWM") - before


def resident_megabytes(name: str) -> float:
    """MB of memory of this process by Linux's count: VmRSS now, VmHWM at most."""
    try:
        text = Path("/proc/self/status").read_text()
    except OSError:
        raise UsageError(NO_COUNT) from None
    return int(next(line for line in text.splitlines() if line.startswith(name)).split()[1]) / 1024


def free_memory() -> float:
    """MB that this process may still take: what Linux has, or what its container leaves it."""
    resident_megabytes("VmRSS")  # says so where there is no such count
    lines = Path("/proc/meminfo").read_text().splitlines()
    free = int(next(line for line in lines if line.startswith("MemAvailable")).split()[1]) / 1024
    for limit, used in (map(Path, pair) for pair in LIMITS):
        if limit.exists() and used.exists() and (most := limit.read_text().strip()) != "max":
            free = min(free, (int(most) - int(used.read_text())) / MB)
    return free

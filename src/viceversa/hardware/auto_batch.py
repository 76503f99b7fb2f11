"""The largest batch that fits into memory: by trying on a GPU, by extrapolation from two batches on a CPU."""

import gc
from collections.abc import Callable
from pathlib import Path

import torch

from .. import distributed
from ..errors import UsageError
from .memory import release_freed_memory

MAX_BATCH = 256  # images per step
MEMORY_SHARE = 0.8  # of the free memory that a step may use
MB = 2**20
NO_COUNT = "--auto-batch: Linux's count of a process's memory is not to be had here; choose --set train.batch=N"
CGROUP_FILES = (  # memory limit of a container and what it uses, for both versions of cgroups
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)
Step = Callable[[int], object]  # runs a few steps with a batch of this size, on networks of its own


def largest_batch(step: Step, base: int, device: str) -> int:
    """The largest of `base`, 2 `base`, 4 `base` ... up to MAX_BATCH that fits; `base` if even that does not.

    UsageError with several ranks, or on a CPU where Linux does not report the memory of a process.
    """
    if distributed.world_size() > 1:
        raise UsageError("--auto-batch cannot try batches under torchrun; choose --set train.batch=N")
    return largest_on_gpu(step, base) if device == "cuda" else largest_on_cpu(step, base, free_memory())


def largest_on_gpu(step: Step, base: int) -> int:
    """The last doubling before the first that runs out of MEMORY_SHARE of the GPU's memory."""
    batch = base
    torch.cuda.set_per_process_memory_fraction(MEMORY_SHARE)
    try:
        while batch <= MAX_BATCH:
            try:
                step(batch)
            except torch.cuda.OutOfMemoryError:
                break
            finally:
                gc.collect()
                torch.cuda.empty_cache()
            batch *= 2
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    return max(base, batch // 2)


def largest_on_cpu(step: Step, base: int, free: float) -> int:
    """The largest doubling whose estimated peak is below MEMORY_SHARE of `free` MB.

    The peak is taken as linear in the batch and measured for `base` and twice or four times that. Larger batches are
    not tried, since running out of memory on a CPU ends the process.
    """
    step(base)  # caches that are filled on first use
    low = peak_megabytes(step, base)
    factor = next((n for n in (4, 2) if n * low <= MEMORY_SHARE * free), None)
    if factor is None:
        return base

    slope = max((peak_megabytes(step, factor * base) - low) / (factor - 1), 1.0)  # MB for each further `base`
    batch = base
    while 2 * batch <= MAX_BATCH and low + slope * (2 * batch / base - 1) <= MEMORY_SHARE * free:
        batch *= 2
    return batch


def peak_megabytes(step: Step, batch: int) -> float:
    """Peak memory of a step in MB, beyond what the process uses before it."""
    gc.collect()
    release_freed_memory()
    before = resident_megabytes("VmRSS")
    try:
        Path("/proc/self/clear_refs").write_text("5")  # reset the peak, VmHWM
    except OSError:
        raise UsageError(NO_COUNT) from None

    step(batch)
    return resident_megabytes("VmHWM") - before


def resident_megabytes(field: str) -> float:
    """Resident memory of this process in MB: `field` VmRSS now, VmHWM at its peak. UsageError without Linux's /proc."""
    try:
        text = Path("/proc/self/status").read_text()
    except OSError:
        raise UsageError(NO_COUNT) from None
    return int(next(line for line in text.splitlines() if line.startswith(field)).split()[1]) / 1024


def free_memory() -> float:
    """MB that this process can still use: Linux's estimate, or less by the limit of its container."""
    resident_megabytes("VmRSS")  # UsageError without Linux's /proc
    lines = Path("/proc/meminfo").read_text().splitlines()
    free = int(next(line for line in lines if line.startswith("MemAvailable")).split()[1]) / 1024

    for limit_file, used_file in CGROUP_FILES:
        limit, used = Path(limit_file), Path(used_file)
        if not (limit.exists() and used.exists()):
            continue
        most = limit.read_text().strip()
        if most != "max":
            free = min(free, (int(most) - int(used.read_text())) / MB)
    return free

"""Clocks: wall time, and CPU time, which is less disturbed by other programs."""

import resource
import time
from typing import NamedTuple

import torch


class Spent(NamedTuple):
    """Seconds by each clock."""

    wall: float
    cpu: float  # CPU seconds of all threads, system calls and ended children


def sync(device: str) -> None:
    """Wait for the GPU."""
    if device == "cuda":
        torch.cuda.synchronize()


def cpu_seconds() -> float:
    """CPU seconds of this process and its ended children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


class Clock:
    """`with Clock(device) as clock: ...` measures the block as `clock.spent`."""

    def __init__(self, device: str = "cpu") -> None:
        self.device = device

    def __enter__(self) -> "Clock":
        sync(self.device)
        self.wall, self.cpu = time.perf_counter(), cpu_seconds()
        return self

    def __exit__(self, *_: object) -> None:
        sync(self.device)
        self.spent = Spent(time.perf_counter() - self.wall, cpu_seconds() - self.cpu)

"""Two clocks: the wall's, and the seconds that processors worked, which other programs disturb less."""

import resource
import time
from typing import NamedTuple

import torch


class Spent(NamedTuple):
    """Seconds."""

    wall: float
    processor: float  # of all threads, the system's work for us and ended children included


def sync(device: str) -> None:
    """Wait for a graphics card."""
    if device == "cuda":
        torch.cuda.synchronize()


def processor_seconds() -> float:
    """Of this process and its children that ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


class Clock:
    """`with Clock(device) as clock: ...` - afterwards `clock.spent`."""

    def __init__(self, device: str = "cpu") -> None:
        self.device = device

    def __enter__(self) -> "Clock":
        sync(self.device)
        self.wall, self.processor = time.perf_counter(), processor_seconds()
        return self

    def __exit__(self, *_: object) -> None:
        sync(self.device)
        self.spent = Spent(time.perf_counter() - self.wall, processor_seconds() - self.processor)

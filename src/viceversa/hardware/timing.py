"""How long calls take on this machine."""

import time
from collections.abc import Callable, Sequence

Call = Callable[[], object]


def compared_seconds(calls: Sequence[Call], least: float = 0.3, most: float = 3.0) -> list[list[float]]:
    """Durations in seconds of each call, measured in turns, so that a busy moment disturbs all of them.

    Each call is measured at least three times and for `least` seconds in all; after `most` seconds measuring ends, but
    not before each has been measured once. One warm-up call of each comes first.
    """
    for call in calls:
        call()

    durations: list[list[float]] = [[] for _ in calls]
    start = time.perf_counter()
    while any(len(taken) < 3 or sum(taken) < least for taken in durations):
        for call, taken in zip(calls, durations, strict=True):
            taken.append(seconds_of(call))
        if time.perf_counter() - start > most:
            break
    return durations


def seconds_of(call: Call) -> float:
    """Duration of one call in seconds."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start

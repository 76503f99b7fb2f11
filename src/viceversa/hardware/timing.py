"""How long a call takes on this machine."""

import time
from collections.abc import Callable


def best_seconds(call: Callable[[], object], repeats: int) -> float:
    """Shortest duration in seconds of `repeats` calls, after one warm-up call."""
    call()
    durations = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        durations.append(time.perf_counter() - start)
    return min(durations)

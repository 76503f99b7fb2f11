"""How many threads PyTorch uses on the CPU: measured, because waiting threads cost more than they bring when CPUs are
busy with other work.

The threads of a parallel operation wait for each other. With two threads and one of two CPUs half busy, a training step
took 2.5 times as long as with one thread; on the idle machine two threads were 1.7 times as fast as one. Threads that
sleep while they wait (OMP_WAIT_POLICY=passive) lose less when busy and 1.4 times on the idle machine (docs/log.md).
"""

import os
from functools import partial
from statistics import mean

import torch

from .cpus import available_cpus, cpus_are_idle
from .precision import convolution
from .timing import Call, compared_seconds

MOST = torch.get_num_threads()  # as many as PyTorch started with: one per physical core, or what the caller has set


def candidates() -> list[int]:
    """Thread counts worth measuring: 1, 2, 4 ... and all cores; only the user's where OMP_NUM_THREADS gives it."""
    if "OMP_NUM_THREADS" in os.environ:
        return [torch.get_num_threads()]
    most = min(MOST, available_cpus())
    return sorted({*(2**i for i in range(most.bit_length()) if 2**i <= most), most})


def fastest_threads(call: Call) -> int:
    """The number of threads with which `call` takes the least time on average; leaves PyTorch with that number.

    The mean counts, not the best: on a busy machine some calls are lucky.
    """

    def with_threads(threads: int) -> None:
        torch.set_num_threads(threads)
        call()

    counts = candidates()
    chosen = counts[0]
    if len(counts) > 1:
        durations = compared_seconds([partial(with_threads, threads) for threads in counts])
        chosen = counts[durations.index(min(durations, key=mean))]
    torch.set_num_threads(chosen)
    return chosen


def use_fastest_threads() -> int:
    """Set PyTorch's threads for a command that does not train: all CPUs where they are idle, else as measured."""
    counts = candidates()
    if len(counts) == 1 or cpus_are_idle():
        torch.set_num_threads(counts[-1])
        return counts[-1]

    with torch.inference_mode():
        return fastest_threads(convolution(torch.float32))

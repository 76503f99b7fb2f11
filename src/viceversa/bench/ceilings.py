"""Ceilings of the machine: rates of plain convolutions, matrix products and copies, which no program exceeds."""

from collections.abc import Callable

import torch
from torch import nn

from ..networks.layers import to_device
from .clock import Clock, Spent, sync

CONVOLUTION = 256, 64  # channels, side: as in the residual blocks of CycleGAN at 256 px
MATRIX = 2048  # side
GPU_BATCH, GPU_MATRIX, GPU_CALLS = 16, 8192, 10  # on a GPU: images, side, calls without synchronisation
COPY_BYTES = 2**28  # more than the caches of most CPUs


def best(call: Callable[[], object], device: str, rounds: int = 5) -> Spent:
    """Time of the fastest of several calls, by each clock."""
    call()
    times = []
    calls = GPU_CALLS if device == "cuda" else 1
    for _ in range(rounds):
        with Clock(device) as clock:
            for _ in range(calls):
                call()
        times.append(Spent(clock.spent.wall / calls, clock.spent.cpu / calls))
    return Spent(min(t.wall for t in times), min(t.cpu for t in times))


@torch.inference_mode()
def ceilings(device: str = "cpu") -> dict[str, dict[str, float]]:
    """{"convolution fp32": {"wall": ..., "processor": ...}, ...} in Gflop/s, and memory bandwidth in GB/s.

    A multiply-add is two operations. `wall` is per second of wall time with all threads, `processor` per CPU second.
    The bandwidth of a copy counts bytes read and bytes written.
    """
    rates = {}
    c, side = CONVOLUTION
    n, edge = (GPU_BATCH, GPU_MATRIX) if device == "cuda" else (1, MATRIX)
    layout = torch.channels_last if device == "cuda" else torch.contiguous_format
    for name, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        conv = to_device(nn.Conv2d(c, c, 3, padding=1, dtype=dtype), device)
        x = torch.randn(n, c, side, side, device=device, dtype=dtype).contiguous(memory_format=layout)
        rates[f"convolution {name}"] = rate(best(lambda: conv(x), device), 2 * 9 * n * c * c * side**2)  # noqa: B023
        m = torch.randn(edge, edge, device=device, dtype=dtype)
        rates[f"matrix {name}"] = rate(best(lambda: m @ m, device), 2 * edge**3)  # noqa: B023
    source, target = (torch.ones(COPY_BYTES // 4, device=device) for _ in range(2))
    rates["memory"] = rate(best(lambda: target.copy_(source), device), 2 * COPY_BYTES)
    sync(device)
    return rates


def rate(spent: Spent, operations: float) -> dict[str, float]:
    """10^9 operations per second, by each clock."""
    return {"wall": operations / spent.wall / 1e9, "processor": operations / max(spent.cpu, 1e-9) / 1e9}

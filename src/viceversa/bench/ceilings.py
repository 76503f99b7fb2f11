"""What the machine itself can do: the rates that nothing built on it passes."""

from collections.abc import Callable

import torch
from torch import nn

from ..networks.layers import to_device
from .clock import Clock, Spent, sync

CONVOLUTION = 256, 64  # channels and side: the residual blocks of CycleGAN at 256 px
MATRIX = 2048  # side
CARD_BATCH, CARD_MATRIX, CARD_AGAIN = 16, 8192, 10  # on a graphics card: pictures, side, calls without a pause
COPIED = 2**28  # bytes, more than the caches of most processors hold


def best(call: Callable[[], object], device: str, rounds: int = 5) -> Spent:
    """The fastest of several calls, in wall time and in processor time, each on its own."""
    call()
    times = []
    again = CARD_AGAIN if device == "cuda" else 1
    for _ in range(rounds):
        with Clock(device) as clock:
            for _ in range(again):
                call()
        times.append(Spent(clock.spent.wall / again, clock.spent.processor / again))
    return Spent(min(t.wall for t in times), min(t.processor for t in times))


@torch.inference_mode()
def ceilings(device: str = "cpu") -> dict[str, dict[str, float]]:
    """{"convolution fp32": {"wall": ..., "processor": ...}, ...} in Gflop/s, and the memory's pace in GB/s.

    A multiplication with its addition is two operations. `wall` is by the clock, with all threads; `processor` for each
    second that a processor worked. A copy counts what it reads and what it writes.
    """
    found = {}
    c, side = CONVOLUTION
    n, edge = (CARD_BATCH, CARD_MATRIX) if device == "cuda" else (1, MATRIX)
    lying = torch.channels_last if device == "cuda" else torch.contiguous_format
    for name, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        conv = to_device(nn.Conv2d(c, c, 3, padding=1, dtype=dtype), device)
        x = torch.randn(n, c, side, side, device=device, dtype=dtype).contiguous(memory_format=lying)
        found[f"convolution {name}"] = rate(best(lambda: conv(x), device), 2 * 9 * n * c * c * side**2)  # noqa: B023
        m = torch.randn(edge, edge, device=device, dtype=dtype)
        found[f"matrix {name}"] = rate(best(lambda: m @ m, device), 2 * edge**3)  # noqa: B023
    source, target = (torch.ones(COPIED // 4, device=device) for _ in "st")
    found["memory"] = rate(best(lambda: target.copy_(source), device), 2 * COPIED)
    sync(device)
    return found


def rate(spent: Spent, operations: float) -> dict[str, float]:
    """10^9 operations a second, by both clocks."""
    return {"wall": operations / spent.wall / 1e9, "processor": operations / max(spent.processor, 1e-9) / 1e9}

"""Training without a run folder, for experiments that train hundreds of small networks and keep none."""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from ..methods.protocol import Method
from ..optimize import linear_decay
from .trainer import seed_of


class Source(Protocol):
    """Batches by step."""

    batch_size: int

    def batch(self, step: int) -> tuple[Tensor, ...]: ...


def fit(
    method: Method,
    batches: Source,
    steps: int,
    *,
    seed: int = 0,
    decay_from: float = 1.0,  # share of the steps after which the rates fall linearly; 1 = never
    watch: Callable[[int, dict[str, Tensor]], None] = lambda step, losses: None,  # after each step, from 1
    threads: int = 1,  # more threads slow small networks down; one is reproducible on any machine
) -> None:
    """`steps` steps of a method, the same as a run of `train` takes; nothing is written, nothing to resume."""
    batch, before = batches.batch_size, torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        for step in range(steps):
            rate = linear_decay(step * batch, steps * batch, round(steps * batch * decay_from), batch)
            for player in method.players.values():
                player.set_rate(rate)
            torch.manual_seed(seed_of(seed, step))
            watch(step + 1, method.step(*batches.batch(step)))
    finally:
        torch.set_num_threads(before)

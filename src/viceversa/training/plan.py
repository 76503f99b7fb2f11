"""What a configuration leaves open and is measured: length of the run, batch size, convolution algorithm."""

import time
from collections.abc import Callable

from torch import Tensor

from .. import distributed, settings
from ..console import duration
from ..data.loader import Source
from ..hardware.auto_batch import largest_batch
from ..hardware.cuda_graph import WARMUP_CALLS, device_step
from ..methods.protocol import Method, Step, warmup_of
from ..runs.config import RunConfig
from ..tasks import DatasetListing, task_of
from .winograd import winograd_is_worthwhile

DEFAULT_SECONDS = 240.0  # length of a run for presets without one
RESERVE = 0.85  # share of the time that the plan fills; the rest is for checkpoints, samples and a slower machine
Make = Callable[[], Method]  # a method with fresh weights
Say = Callable[[str], None]


def fixed_nimg(config: RunConfig, epoch_nimg: int) -> int:
    """Images to see as configured, directly or in epochs; 0 where that is left to the time."""
    train = config.train
    return train.total_nimg or (train.epochs or 0) * epoch_nimg


def fitting_nimg(
    config: RunConfig, batches: Source, device: str, make: Make, seconds: float | None, started: float, say: Say
) -> int:
    """As many images as fit into `seconds` since `started`, by the pace of a few steps of a throw-away method."""
    budget, batch, method = (seconds or DEFAULT_SECONDS) * RESERVE, batches.batch(0), make()
    patience = min(6.0, budget / 20)
    step_fn = warmed_up(method, batch, device, config.train.cuda_graph)
    pace = distributed.broadcast_from_rank0(measure_pace(step_fn, batch, patience))

    warmup_steps, warmup_step = warmup_of(method, int(budget * pace))
    gained = 0.0  # steps that fit in addition because warm-up steps are faster
    if warmup_steps:
        warmup_fn = device_step(warmup_step, method.players.values(), device, capture=False)
        gained = warmup_steps * (1 - pace / measure_pace(warmup_fn, batch, patience / 10))

    left = budget - min(budget / 2, measure_reading(batches)) - (time.monotonic() - started)
    steps = max(10, int(left * pace + gained))
    say(f"plan: {steps} steps, as many as fit into {duration(seconds or DEFAULT_SECONDS)} here")
    return steps * config.train.batch


def measure_pace(step_fn: Step, batch: tuple[Tensor, ...], seconds: float) -> float:
    """Steps per second, measured for `seconds` and at least three steps."""
    start, count = time.monotonic(), 0
    while distributed.broadcast_from_rank0(time.monotonic() - start < seconds or count < 3):
        next(iter(step_fn(*batch).values())).item()
        count += 1
    return count / (time.monotonic() - start)


def warmed_up(method: Method, batch: tuple[Tensor, ...], device: str, capture: bool) -> Step:
    """The method's step after the first calls, which choose kernels and capture the CUDA graph."""
    step_fn = device_step(method.step, method.players.values(), device, capture)
    for _ in range(2 if device == "cpu" else WARMUP_CALLS + 1):
        step_fn(*batch)
    return step_fn


def with_measured(config: RunConfig, device: str) -> RunConfig:
    """`config` with the convolution algorithm of its residual blocks, measured where it is still open."""
    channels, train = config.method.residual_channels(), config.train
    if channels is None or device != "cpu" or train.precision != "fp32":
        return config
    batch = max(1, train.batch // distributed.world_size())  # of this rank; what cannot be divided is refused later
    faster = distributed.broadcast_from_rank0(winograd_is_worthwhile(channels, config.data.size // 4, batch))
    return settings.changed(config, {"method.winograd": faster})


def measure_reading(batches: Source) -> float:
    """Seconds it takes to decode every image once, estimated from four of each domain, which are then cached."""
    total = 0.0
    for store in batches.stores:
        indices = [i * len(store) // 4 for i in range(4)]
        start = time.monotonic()
        for index in indices:
            store[index]
        total += (time.monotonic() - start) / len(indices) * len(store)
    return total


def fitting_batch(config: RunConfig, listing: DatasetListing, device: str, make: Make, say: Say) -> int:
    """The largest batch that fits into memory."""

    def try_step(batch: int) -> None:
        changed = settings.changed(config, {"train.batch": batch})
        source = task_of(config.method).source(changed, listing)
        warmed_up(make(), source.batch(0), device, config.train.cuda_graph)

    batch = largest_batch(try_step, config.train.batch, device)
    say(f"batch: {batch}, the largest that fits; the rates stay as they are")
    return batch

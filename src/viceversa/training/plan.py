"""What a configuration leaves open and is measured: threads, convolution algorithm, batch size, length of the run."""

import time
from collections.abc import Callable

from torch import Tensor

from .. import distributed, settings
from ..data.loader import Source
from ..hardware.auto_batch import largest_batch
from ..hardware.cuda_graph import WARMUP_CALLS, device_step
from ..hardware.threads import candidates, fastest_threads
from ..methods.protocol import Method, Step
from ..runs.config import RunConfig
from ..tasks import DatasetListing, task_of
from .winograd import winograd_is_worthwhile

DEFAULT_SECONDS = 240.0  # length of a run for presets without one
PATIENCE = 2.0  # seconds for the first estimate of the pace, which the run itself corrects
Make = Callable[[], Method]  # a method with fresh weights
Say = Callable[[str], None]


def fixed_nimg(config: RunConfig, epoch_nimg: int) -> int:
    """Images to see as configured, directly or in epochs; 0 where that is left to the time."""
    train = config.train
    return train.total_nimg or (train.epochs or 0) * epoch_nimg


def estimated_nimg(config: RunConfig, batches: Source, device: str, make: Make, seconds: float) -> int:
    """Images that a run is expected to see in `seconds`, by the pace of a few steps of a throw-away method."""
    batch, method = batches.batch(0), make()
    step_fn = warmed_up(method, batch, device, config.train.cuda_graph)
    pace = measure_pace(step_fn, batch, min(PATIENCE, seconds / 40))
    return max(10, int(seconds * pace)) * config.train.batch


def measure_pace(step_fn: Step, batch: tuple[Tensor, ...], seconds: float) -> float:
    """Steps per second, measured for `seconds` and at least one step."""
    start, count = time.monotonic(), 0
    while distributed.broadcast_from_rank0(time.monotonic() - start < seconds or count < 1):
        next(iter(step_fn(*batch).values())).item()
        count += 1
    return count / (time.monotonic() - start)


def warmed_up(method: Method, batch: tuple[Tensor, ...], device: str, capture: bool) -> Step:
    """The method's step after the first calls, which choose kernels and capture the CUDA graph."""
    step_fn = device_step(method.step, method.players.values(), device, capture)
    for _ in range(WARMUP_CALLS + 1 if device == "cuda" else 2):
        step_fn(*batch)
    return step_fn


def chosen_threads(config: RunConfig, listing: DatasetListing, device: str, make: Make) -> int:
    """Threads with which a step takes the least time on this CPU as it is now; with several ranks, or a GPU, all."""
    counts = candidates()
    if len(counts) == 1 or device != "cpu" or distributed.world_size() > 1:
        return counts[-1]
    batch, method = task_of(config.method).source(config, listing).batch(0), make()
    return fastest_threads(lambda: method.step(*batch))


def with_measured(config: RunConfig, device: str) -> RunConfig:
    """`config` with the convolution algorithm of its residual blocks, measured where it is still open."""
    channels, train = config.method.residual_channels(), config.train
    if channels is None or device != "cpu" or train.precision != "fp32":
        return config
    batch = max(1, train.batch // distributed.world_size())  # of this rank; what cannot be divided is refused later
    faster = distributed.broadcast_from_rank0(winograd_is_worthwhile(channels, config.data.size // 4, batch))
    return settings.changed(config, {"method.winograd": faster})


def fitting_batch(config: RunConfig, listing: DatasetListing, device: str, make: Make, say: Say) -> int:
    """The largest batch that fits into memory."""

    def try_step(batch: int) -> None:
        changed = settings.changed(config, {"train.batch": batch})
        source = task_of(config.method).source(changed, listing)
        warmed_up(make(), source.batch(0), device, config.train.cuda_graph)

    batch = largest_batch(try_step, config.train.batch, device)
    say(f"batch: {batch}, the largest that fits; the rates stay as they are")
    return batch

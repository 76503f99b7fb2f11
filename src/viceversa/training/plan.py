"""How long a run is to be, how large its batch, which convolutions: measured where the configuration leaves it open."""

import time
from collections.abc import Callable

from torch import Tensor

from .. import distributed
from .. import settings as values
from ..console import duration
from ..data.loader import Source
from ..hardware.auto_batch import largest_batch
from ..hardware.cuda_graph import WARMUP_CALLS, device_step
from ..methods.protocol import Method, Step, warmup_of
from ..runs.config import RunConfig
from ..tasks import DatasetListing, task_of
from .winograd import winograd_is_worthwhile

DEFAULT_SECONDS = 240.0  # a preset without a length fits its schedule into this
RESERVE = 0.85  # share of the time that the plan fills; the rest is for checkpoints, samples and a slower machine
Make = Callable[[], Method]  # networks with fresh weights
Say = Callable[[str], None]


def fixed_nimg(config: RunConfig, epoch_nimg: int) -> int:
    """Images to see as configured, outright or by epochs; 0 where that is left to the time."""
    train = config.train
    return train.total_nimg or (train.epochs or 0) * epoch_nimg


def fitting_nimg(
    config: RunConfig, batches: Source, device: str, make: Make, seconds: float | None, started: float, say: Say
) -> int:
    """As many images as fit into `seconds` since `started`, by the pace of a few steps of networks then thrown away."""
    budget, batch, method = (seconds or DEFAULT_SECONDS) * RESERVE, batches.batch(0), make()
    patience = min(6.0, budget / 20)
    pace = distributed.broadcast_from_rank0(
        measure_pace(warmed(method, batch, device, config.train.record), batch, patience)
    )
    ahead, warmup_step = warmup_of(method, int(budget * pace))
    take_ahead = device_step(warmup_step, method.players.values(), device, capture=False)
    gained = ahead * (1 - pace / measure_pace(take_ahead, batch, patience / 10)) if ahead else 0.0
    left = budget - min(budget / 2, measure_reading(batches)) - (time.monotonic() - started)
    steps = max(10, int(left * pace + gained))
    say(f"plan: {steps} steps, as many as fit into {duration(seconds or DEFAULT_SECONDS)} here")
    return steps * config.train.batch


def measure_pace(take: Step, batch: tuple[Tensor, ...], seconds: float) -> float:
    """Steps per second."""
    start, count = time.monotonic(), 0
    while distributed.broadcast_from_rank0(time.monotonic() - start < seconds or count < 3):
        next(iter(take(*batch).values())).item()
        count += 1
    return count / (time.monotonic() - start)


def warmed(method: Method, batch: tuple[Tensor, ...], device: str, record: bool) -> Step:
    """The method's step after the first calls, which choose kernels and record."""
    take = device_step(method.step, method.players.values(), device, record)
    for _ in range(2 if device == "cpu" else WARMUP_CALLS + 1):
        take(*batch)
    return take


def with_measured(config: RunConfig, device: str) -> RunConfig:
    """`config` with the convolutions of its residual blocks chosen, where this machine's processor has a say."""
    channels, train = config.method.residual_channels(), config.train
    if channels is None or device != "cpu" or train.precision != "fp32":
        return config
    batch = max(1, train.batch // distributed.world_size())  # of this rank; what cannot be shared is refused later
    pays = distributed.broadcast_from_rank0(winograd_is_worthwhile(channels, config.data.size // 4, batch))
    return values.changed(config, {"method.winograd": pays})


def measure_reading(batches: Source) -> float:
    """Seconds it takes to decode every picture once, from a few of each domain; the first ones are in the cache."""
    total = 0.0
    for store in batches.stores:
        few = [i * len(store) // 4 for i in range(4)]
        start = time.monotonic()
        for index in few:
            store[index]
        total += (time.monotonic() - start) / len(few) * len(store)
    return total


def fitting_batch(config: RunConfig, listing: DatasetListing, device: str, make: Make, say: Say) -> int:
    """The largest batch that fits."""

    def step(batch: int) -> None:
        source = task_of(config.method).source(values.changed(config, {"train.batch": batch}), listing)
        warmed(make(), source.batch(0), device, config.train.record)

    batch = largest_batch(step, config.train.batch, device)
    say(f"batch: {batch}, the largest that fits; the rates stay as they are")
    return batch

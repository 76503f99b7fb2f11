"""The training loop. It knows no method: networks, losses and batches come from outside."""

import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from functools import cached_property
from json import dumps
from types import FrameType
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from .. import distributed, files
from ..console import STATUS_MARK, LiveLine, duration
from ..errors import DivergedError, ModelFileError
from ..hardware.cuda_graph import CapturedStep, device_step
from ..health.symptoms import Verdict
from ..methods.protocol import Method, Step, share_setter, warmup_of
from ..runs import checkpoint
from ..runs.config import TrainConfig
from ..runs.folder import RunFolder
from .schedule import Schedule, TimedSchedule

SAVE_SECONDS = 120.0  # between checkpoints when save_every does not say
STOP_CHECK_SECONDS = 2.0  # that a health check may take when a run is stopped
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # that stop a run with a checkpoint


class SaveReason(IntEnum):
    """Why a checkpoint is written after a step; of several ranks the highest reason counts for all."""

    NONE = 0
    DUE = 1  # the interval between checkpoints is over
    TIME_UP = 2  # --max-time is over
    SIGNAL = 3  # a signal asked the run to stop


class HealthMonitor(Protocol):
    """What watches the run's health."""

    every: int  # steps between checks
    cost: float  # training steps that a check takes

    @property
    def status(self) -> str: ...
    def is_past_grace(self, step: int) -> bool: ...
    def check(self, step: int) -> list[Verdict]: ...
    def check_at_end(self, step: int, step_seconds: float, most: float = math.inf) -> None: ...
    def report_nonfinite(self, step: int, what: str) -> list[Verdict]: ...


class Batches(Protocol):
    """Endless batches, addressable by step."""

    epoch_nimg: int

    def prefetch(self, step: int) -> Any: ...


class HealthAlarm(Exception):
    """The monitor has raised an alarm, and the run does more than watch."""

    def __init__(self, verdicts: list[Verdict]) -> None:
        super().__init__(verdicts[0].sentence)
        self.verdicts = verdicts


class Stopped(Exception):
    """A signal asked the run to end; its checkpoint is written."""

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.exit_code = 128 + signum


def seed_of(seed: int, step: int) -> int:
    """The seed of one step: every random number in it depends on these two numbers alone."""
    return int(np.random.SeedSequence((seed, step)).generate_state(1, np.uint64)[0] >> 1)


class Trainer:
    """Steps a method through its schedule; logs, samples, saves; stops on request and resumes to the bit."""

    def __init__(
        self,
        method: Method,
        batches: Batches,
        schedule: Schedule | TimedSchedule,
        config: TrainConfig,
        run: RunFolder,
        *,
        device: str = "cpu",
        sample: Callable[[int], None] = lambda step: None,  # writes the samples of a step
        monitor: HealthMonitor | None = None,  # on rank 0 only
        sinks: tuple[Callable[[dict[str, Any]], None], ...] = (),  # each gets every line of metrics.jsonl
        clock: Callable[[], float] = time.monotonic,  # seconds that the run has taken, over all its processes
    ) -> None:
        self.method, self.batches, self.schedule, self.config, self.run = method, batches, schedule, config, run
        self.device, self.sample, self.monitor, self.sinks = device, sample, monitor, sinks
        self.clock = clock
        self.is_rank0 = distributed.rank() == 0  # of several ranks one writes
        self.step = 0
        self.waiting_share = 0.0  # share of the time in `fit` that was spent waiting for batches
        self.step_seconds = 0.0  # mean duration of a step in `fit`
        self.window: dict[str, float] = {}  # sums of the losses since the last line of metrics.jsonl
        self.latest: dict[str, float] = {}  # the means of that line
        self.pending: list[dict[str, Tensor]] = []  # losses still on the device
        self.stop_signal: int | None = None  # the signal that asked us to stop
        self.saved_at = time.monotonic()
        self.costs: dict[str, float] = {}  # seconds that samples, a health check and a checkpoint took the last time

    @cached_property
    def step_fn(self) -> Step:
        """The method's step for batches on the host; captured as a CUDA graph where that is possible."""
        return device_step(self.method.step, self.method.players.values(), self.device, self.config.cuda_graph)

    @cached_property
    def warmup(self) -> tuple[int, Step]:
        """Number of discriminator warm-up steps at most, and the step function for them."""
        steps, warmup_step = warmup_of(self.method)
        return steps, device_step(warmup_step, self.method.players.values(), self.device, capture=False)

    @cached_property
    def set_share(self) -> Callable[[float], None]:
        """Tells the method before each step which share of the run is over."""
        return share_setter(self.method)

    @cached_property
    def check_every(self) -> int:
        """Steps between health checks, the same on every rank; 0 for none."""
        return int(distributed.broadcast_from_rank0(self.monitor.every if self.monitor else 0))

    @property
    def captured(self) -> bool:
        """True if the step is replayed as a CUDA graph."""
        return isinstance(self.step_fn, CapturedStep)

    def release(self) -> None:
        """Free the CUDA graph's memory pool, before the next trainer is built."""
        if isinstance(self.step_fn, CapturedStep):
            self.step_fn.graph.reset()

    def resume(self) -> list[str]:
        """Load the newest checkpoint that verifies; returns one line for each newer one that does not.

        After a treatment, load the healthy checkpoint that it restored, unless a newer one exists.
        """
        healthy = self.run.finish_treatment() if self.is_rank0 else None
        distributed.broadcast_from_rank0(None)
        newest, complaints = checkpoint.newest(self.run.checkpoints)
        start = distributed.broadcast_from_rank0(newest or healthy)
        if start is None and complaints:
            raise ModelFileError(
                f"{complaints[0]}, and no checkpoint of {self.run.path} is whole; restore one, or remove the folder "
                f"{self.run.checkpoints} to start anew"
            )

        if start is not None:
            state = checkpoint.load(start.path, self.method, allow_missing=bool(self.run.treatments()))
            self.step, self.window = state["step"], state["window"]
            if start == healthy and isinstance(self.schedule, TimedSchedule):
                self.schedule.forget_after(self.step)

        if self.is_rank0:
            self.run.truncate_metrics(self.step if start else -1)
            if start is not None and start == healthy:  # healthy checkpoints are replaced: the run needs its own
                self.save()
        return complaints

    def fit(self, live: LiveLine, max_time: float | None = None) -> bool:
        """Train to the end of the schedule, or for `max_time` seconds; True when the schedule is done."""
        started, first, waiting = time.monotonic(), self.step, 0.0
        batches = self.batches.prefetch(self.step)
        try:
            with self.stop_on_signals():
                if self.step == 0 and self.config.samples:
                    self.write_samples()

                self.schedule.follow(self.step, self.clock(), self.closing())
                while self.step < self.schedule.steps:
                    before = time.monotonic()
                    batch = next(batches)
                    waiting += time.monotonic() - before
                    self.advance(batch)

                    elapsed = time.monotonic() - started
                    self.waiting_share = waiting / elapsed
                    self.step_seconds = elapsed / (self.step - first)
                    live(self.status_line(elapsed, first))
                    if self.save_if_needed(elapsed, max_time) == SaveReason.TIME_UP:
                        return False
                    self.schedule.follow(self.step, self.clock(), self.closing())

                self.check_at_end()
                if distributed.broadcast_from_rank0(self.is_rank0 and self.run.last_step() != self.step):
                    self.save()
        finally:
            batches.close()
        return True

    def save_if_needed(self, elapsed: float, max_time: float | None) -> SaveReason:
        """Save where any rank has a reason to, and return the reason; Stopped after a signal."""
        reason = SaveReason.NONE
        if self.stop_signal is not None:
            reason = SaveReason.SIGNAL
        elif max_time is not None and elapsed >= max_time and self.step < self.schedule.steps:
            reason = SaveReason.TIME_UP
        elif self.is_save_due():
            reason = SaveReason.DUE

        reason = SaveReason(distributed.max_over_ranks(reason))
        if reason != SaveReason.NONE:
            self.save()
        if reason in (SaveReason.TIME_UP, SaveReason.SIGNAL):
            self.check_at_end(STOP_CHECK_SECONDS)
        if reason == SaveReason.SIGNAL:
            raise Stopped(distributed.max_over_ranks(self.stop_signal or 0))
        return reason

    def advance(self, batch: tuple[Tensor, ...]) -> None:
        """One step; its line in metrics.jsonl, its samples and its health check where they are due."""
        rate = self.schedule.rate(self.step)
        last = self.step + 1 == self.schedule.steps
        log = (self.step + 1) % self.config.log_every == 0 or last
        for player in self.method.players.values():
            player.set_rate(rate)
            player.measure_ratio = log
        self.set_share(self.schedule.share(self.step))

        torch.manual_seed(seed_of(self.config.seed, self.step))
        warmup_steps, warmup_fn = self.warmup
        losses = (warmup_fn if self.schedule.is_warmup(self.step, warmup_steps) else self.step_fn)(*batch)
        self.step += 1

        norms = {f"norm_{name}": player.norm for name, player in self.method.players.items()}
        self.pending.append({name: value.detach().clone() for name, value in (losses | norms).items()})
        distributed.average_over_ranks_(list(self.pending[-1].values()))
        if log or self.device == "cpu":
            self.gather_losses()
        if log:
            self.write_metrics(rate)
        if self.config.samples and (last or self.schedule.is_due(self.step, self.config.samples)):
            self.write_samples()
        if self.check_every and self.step % self.check_every == 0:
            self.check_health()

    def check_health(self) -> None:
        """Check the health of the run; HealthAlarm at an alarm, unless alarms are only watched."""
        self.gather_losses()
        with self.timed("health"):
            verdicts = distributed.broadcast_from_rank0(self.monitor.check(self.step) if self.monitor else None)
        if self.config.on_symptom == "watch":
            return
        if any(v.level == "alarm" for v in verdicts):
            raise HealthAlarm(verdicts)
        if not verdicts and self.monitor and self.monitor.is_past_grace(self.step):
            checkpoint.save(self.run.healthy, self.method, self.state(), 2)

    def check_at_end(self, most_seconds: float = math.inf) -> None:
        """Check the health where training ends or stops, unless that takes too long; it raises nothing."""
        if self.monitor:
            self.gather_losses()
            self.monitor.check_at_end(self.step, self.step_seconds, most_seconds)

    def write_samples(self) -> None:
        """Write the samples of this step."""
        if self.is_rank0:
            with self.timed("samples"):
                self.sample(self.step)

    def gather_losses(self) -> None:
        """Bring the losses to the host; DivergedError when an update was refused or a loss is not finite."""
        for name, player in self.method.players.items():
            if player.nonfinite.item():
                player.nonfinite.zero_()
                self.diverged(f"the gradient of the {name}")

        for losses in self.pending:
            for name, value in losses.items():
                number = value.item()
                if not math.isfinite(number):
                    self.diverged(f"the loss {name}")
                self.window[name] = self.window.get(name, 0.0) + number
        self.pending.clear()

    def diverged(self, what: str) -> None:
        """HealthAlarm where alarms are treated, else DivergedError."""
        verdicts = self.monitor.report_nonfinite(self.step, what) if self.monitor else []
        if self.config.on_symptom == "treat" and (verdicts := distributed.broadcast_from_rank0(verdicts)):
            raise HealthAlarm(verdicts)
        rates = "method.lr_g, method.lr_d" if len(self.method.players) > 1 else "method.lr"
        raise DivergedError(
            f"training diverged at step {self.step} of {self.run.path}: {what} is not finite, no update was applied; "
            f"the last good checkpoint is step {self.run.last_step()}. Lower {rates} in a new run"
        )

    def write_metrics(self, rate: float) -> None:
        """Append a line to metrics.jsonl: mean losses since the line before."""
        count = self.step % self.config.log_every or self.config.log_every
        means = {name: total / count for name, total in self.window.items()}
        self.window = {}
        self.latest = {name: mean for name, mean in means.items() if not name.startswith(("norm_", "auc"))}
        means |= {f"ratio_{name}": player.ratio.item() for name, player in self.method.players.items()}
        if not self.is_rank0:
            return

        line = {"step": self.step, "nimg": self.step * self.config.batch, "rate": rate, **means}
        files.append_line(self.run.metrics, dumps(line))
        for sink in self.sinks:
            sink(line)

    def status_line(self, elapsed: float, first: int) -> str:
        """The live line: health, step, pace, time left, losses."""
        pace = (self.step - first) / max(elapsed, 1e-9)
        left = (self.schedule.steps - self.step) / max(pace, 1e-9)
        losses = "  ".join(f"{name} {value:.3f}" for name, value in self.latest.items())
        share = self.step / self.schedule.steps
        status = f"{STATUS_MARK} {self.monitor.status}  " if self.monitor else ""
        position = f"step {self.step}/{self.schedule.steps} {share:4.0%}"
        return f"{status}{position}  {pace * self.config.batch:.1f} img/s  {duration(left)} left  {losses}"

    def is_save_due(self) -> bool:
        """True if the interval between checkpoints is over."""
        if self.config.save_every:
            return self.step % self.config.save_every == 0
        return time.monotonic() - self.saved_at >= SAVE_SECONDS

    def save(self) -> None:
        """Write a checkpoint of this step."""
        self.gather_losses()
        self.saved_at = time.monotonic()
        if not self.is_rank0:
            return
        for log in (self.run.metrics, self.run.plan):
            if log.exists():
                files.sync(log)
        with self.timed("checkpoint"):
            checkpoint.save(self.run.checkpoints, self.method, self.state(), self.config.keep)

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Measure how long something takes that also follows the last step."""
        start = time.monotonic()
        yield
        self.costs[what] = time.monotonic() - start

    def closing(self) -> float:
        """Seconds that samples, a health check and a checkpoint after the last step are expected to take."""
        check = self.monitor.cost * self.step_seconds if self.monitor else 0.0
        return sum(({"health": check} | self.costs).values())

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds besides tensors."""
        treatments = len(self.run.treatments())
        nimg = self.step * self.config.batch
        state = {"step": self.step, "nimg": nimg, "window": self.window, "treatments": treatments}
        if isinstance(self.schedule, TimedSchedule):
            state["seconds"] = round(self.clock(), 3)
        return state

    @contextmanager
    def stop_on_signals(self) -> Iterator[None]:
        """Ctrl-C, SIGTERM and SIGHUP finish the step and save; a second one ends the process at once."""

        def handle(signum: int, _: FrameType | None) -> None:
            self.stop_signal = signum
            for number in handled:
                signal.signal(number, before[number])

        before = {number: signal.getsignal(number) for number in SIGNALS}
        handled = [number for number in SIGNALS if before[number] != signal.SIG_IGN]  # nohup stays nohup
        try:
            for number in handled:
                signal.signal(number, handle)
        except ValueError:  # not in the main thread: the caller has the signals
            yield
            return
        try:
            yield
        finally:
            for number in handled:
                signal.signal(number, before[number])

"""The loop. It knows no method: networks, losses and pictures come from outside."""

import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from json import dumps
from types import FrameType
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from .. import distributed, files
from ..console import LAMP, LiveLine, duration
from ..errors import DivergedError, ModelFileError
from ..hardware.cuda_graph import device_step
from ..health.symptoms import Verdict
from ..methods.protocol import Method, warmup_of
from ..optimize import linear_decay
from ..runs import checkpoint
from ..runs.config import RunConfig, TrainConfig
from ..runs.folder import RunFolder

DUE, LATE = 1, 2  # why ranks save together; what is above is a signal
SAVE_SECONDS = 120.0  # between checkpoints when save_every does not say


class Monitor(Protocol):
    """What watches the run's health."""

    @property
    def lamp(self) -> str: ...

    @property
    def every(self) -> int: ...
    def judges(self, step: int) -> bool: ...
    def __call__(self, step: int) -> list[Verdict]: ...
    def broken(self, step: int, what: str) -> list[Verdict]: ...


class Batches(Protocol):
    """Endless batches, addressable by step."""

    epoch_nimg: int

    def prefetched(self, step: int) -> Any: ...


class Ill(Exception):
    """The monitor has raised an alarm and the run is not only to be watched."""

    def __init__(self, verdicts: list[Verdict]) -> None:
        super().__init__(verdicts[0].sentence)
        self.verdicts = verdicts


class Stopped(Exception):
    """A signal asked the run to end; its checkpoint is written."""

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.exit_code = 128 + signum


@dataclass(frozen=True)
class Schedule:
    """The plan of a run in images seen."""

    total_nimg: int
    decay_from_nimg: int
    decay_every_nimg: int
    batch: int

    @property
    def steps(self) -> int:
        return math.ceil(self.total_nimg / self.batch)

    def rate(self, step: int) -> float:
        """Factor on the learning rates during step `step`, counted from 0."""
        return linear_decay(step * self.batch, self.total_nimg, self.decay_from_nimg, self.decay_every_nimg)


def seed_of(seed: int, step: int) -> int:
    """The seed of one step: all that it draws depends on these two numbers alone."""
    return int(np.random.SeedSequence((seed, step)).generate_state(1, np.uint64)[0] >> 1)


def schedule(train: TrainConfig, total_nimg: int, epoch_nimg: int) -> Schedule:
    """The schedule of `total_nimg` images, with rates that fall by step, or by epoch where two epochs fall."""
    start = round(total_nimg * train.decay_from)
    by_epoch = train.decay_every == "epoch" and total_nimg - start >= 2 * epoch_nimg
    return Schedule(total_nimg, start, epoch_nimg if by_epoch else train.batch, train.batch)


def steps_of(config: RunConfig) -> int:
    """Planned steps of a run; 0 while it has no length."""
    return -(-(config.train.total_nimg or 0) // config.train.batch)


class Trainer:
    """Steps a method through its schedule; logs, samples, saves; stops when told and resumes to the bit."""

    def __init__(
        self,
        method: Method,
        batches: Batches,
        plan: Schedule,
        config: TrainConfig,
        run: RunFolder,
        *,
        device: str = "cpu",
        sample: Callable[[int], None] = lambda step: None,  # draws the fixed images after `step` steps
        monitor: Monitor | None = None,
        sinks: tuple[Callable[[dict[str, Any]], None], ...] = (),  # each gets every line of metrics.jsonl
    ) -> None:
        self.method, self.batches, self.plan, self.config, self.run = method, batches, plan, config, run
        self.monitored = distributed.agree(monitor.every if monitor else 0)  # steps between looks
        self.device, self.sample, self.monitor, self.sinks = device, sample, monitor, sinks
        players = method.players.values()
        self.take = device_step(method.step, players, device, config.record)
        self.ahead, warmup_step = warmup_of(method, plan.steps)
        self.take_ahead = device_step(warmup_step, players, device, capture=False)
        self.step = 0
        self.waited = 0.0  # share of the time of `fit` that passed until the next batch was there
        self.window: dict[str, float] = {}  # sums of the losses since the last line of metrics.jsonl
        self.latest: dict[str, float] = {}  # the means of that line
        self.pending: list[dict[str, Tensor]] = []  # losses still on the device
        self.told: int | None = None  # the signal that asked us to stop
        self.saved_at = time.monotonic()
        self.lead = distributed.rank() == 0  # of several ranks one writes

    def resume(self) -> list[str]:
        """Go to the newest checkpoint that verifies; returns what was wrong with newer ones.

        After a treatment that is the healthy one that it went back to, until a newer one has been written.
        """
        base = self.run.finish_treatment() if self.lead else None
        distributed.agree(None)
        path, complaints = checkpoint.newest(self.run.checkpoints)
        path = distributed.agree(path or base)
        if path is None and complaints:
            raise ModelFileError(
                f"{complaints[0]}, and no checkpoint of {self.run.path} is whole; restore one, or remove the folder "
                f"{self.run.checkpoints} to start anew"
            )
        if path is not None:
            state = checkpoint.load(path, self.method, grown=bool(self.run.treatments()))
            self.step, self.window = state["step"], state["window"]
        if self.lead:
            self.run.truncate_metrics(self.step if path else -1)
            if path == base and base is not None:  # the run's own from here on: healthy ones come and go
                self.save()
        return complaints

    def fit(self, show: LiveLine, max_time: float | None = None) -> bool:
        """Train to the end of the schedule, or for `max_time` seconds; True when the schedule is done."""
        started, first, waiting = time.monotonic(), self.step, 0.0
        batches = self.batches.prefetched(self.step)
        try:
            with self.listening():
                if self.step == 0 and self.config.samples:
                    self.look()
                while self.step < self.plan.steps:
                    asked = time.monotonic()
                    batch = next(batches)
                    waiting += time.monotonic() - asked
                    self.advance(batch)
                    elapsed = time.monotonic() - started
                    self.waited = waiting / elapsed
                    show(self.line(elapsed, first))
                    late = max_time is not None and elapsed >= max_time and self.step < self.plan.steps
                    word = distributed.highest(LATE + self.told if self.told else LATE * late or DUE * self.due())
                    if word:
                        self.save()
                    if word > LATE:
                        raise Stopped(word - LATE)
                    if word == LATE:
                        return False
                if distributed.agree(self.lead and self.run.last_step() != self.step):
                    self.save()
        finally:
            batches.close()
        return True

    def advance(self, batch: tuple[Tensor, ...]) -> None:
        """One step, its line in metrics.jsonl and its samples where they are due."""
        rate = self.plan.rate(self.step)
        for player in self.method.players.values():
            player.set_rate(rate)
        log = (self.step + 1) % self.config.log_every == 0 or self.step + 1 == self.plan.steps
        for player in self.method.players.values():
            player.measuring = log
        torch.manual_seed(seed_of(self.config.seed, self.step))
        losses = (self.take_ahead if self.step < self.ahead else self.take)(*batch)
        self.step += 1
        norms = {f"norm_{name}": player.norm for name, player in self.method.players.items()}
        self.pending.append({name: value.detach().clone() for name, value in (losses | norms).items()})
        distributed.average_(list(self.pending[-1].values()))
        if log or self.device == "cpu":
            self.gather()
        if log:
            self.write_metrics(rate)
        if self.config.samples and (self.step % self.sample_every() == 0 or self.step == self.plan.steps):
            self.look()
        if self.monitored and self.step % self.monitored == 0:
            self.examine()

    def examine(self) -> None:
        """How healthy the run is now; Ill at an alarm, unless alarms are only watched."""
        self.gather()
        verdicts = distributed.agree(self.monitor(self.step) if self.monitor else None)
        if self.config.on_symptom == "watch":
            return
        if any(v.level == "alarm" for v in verdicts):
            raise Ill(verdicts)
        if not verdicts and self.monitor and self.monitor.judges(self.step):
            checkpoint.save(self.run.healthy, self.method, self.state(), 2)

    def look(self) -> None:
        """Samples of this moment."""
        if self.lead:
            self.sample(self.step)

    def gather(self) -> None:
        """Bring the losses to the host; DivergedError when an update was refused or a loss is not finite."""
        for name, player in self.method.players.items():
            if player.refused.item():
                player.refused.zero_()
                self.diverged(f"the gradient of the {name}")
        for losses in self.pending:
            for name, value in losses.items():
                number = value.item()
                if not math.isfinite(number):
                    self.diverged(f"the loss {name}")
                self.window[name] = self.window.get(name, 0.0) + number
        self.pending.clear()

    def diverged(self, what: str) -> None:
        found = self.monitor.broken(self.step, what) if self.monitor else []
        if self.config.on_symptom == "treat" and (verdicts := distributed.agree(found)):
            raise Ill(verdicts)
        last = self.run.last_step()
        rates = "method.lr_g, method.lr_d" if len(self.method.players) > 1 else "method.lr"
        raise DivergedError(
            f"training diverged at step {self.step} of {self.run.path}: {what} is not finite, no update was applied; "
            f"the last good checkpoint is step {last}. Lower {rates} in a new run"
        )

    def write_metrics(self, rate: float) -> None:
        """One line of metrics.jsonl: mean losses since the one before."""
        count = self.step % self.config.log_every or self.config.log_every
        means = {name: total / count for name, total in self.window.items()}
        self.latest, self.window = {n: v for n, v in means.items() if not n.startswith(("norm_", "auc"))}, {}
        means |= {f"ratio_{name}": player.ratio.item() for name, player in self.method.players.items()}
        if not self.lead:
            return
        line = {"step": self.step, "nimg": self.step * self.config.batch, "rate": rate, **means}
        files.append_line(self.run.metrics, dumps(line))
        for sink in self.sinks:
            sink(line)

    def line(self, elapsed: float, first: int) -> str:
        """The live line."""
        pace = (self.step - first) / max(elapsed, 1e-9)
        left = (self.plan.steps - self.step) / max(pace, 1e-9)
        losses = "  ".join(f"{name} {value:.3f}" for name, value in self.latest.items())
        share = self.step / self.plan.steps
        images = pace * self.config.batch
        lamp = f"{LAMP} {self.monitor.lamp}  " if self.monitor else ""
        where = f"step {self.step}/{self.plan.steps} {share:4.0%}"
        return f"{lamp}{where}  {images:.1f} img/s  {duration(left)} left  {losses}"

    def sample_every(self) -> int:
        return max(1, round(self.plan.steps / max(1, self.config.samples)))

    def due(self) -> bool:
        if self.config.save_every:
            return self.step % self.config.save_every == 0
        return time.monotonic() - self.saved_at >= SAVE_SECONDS

    def save(self) -> None:
        """Write a checkpoint of this moment."""
        self.gather()
        self.saved_at = time.monotonic()
        if not self.lead:
            return
        if self.run.metrics.exists():
            files.sync(self.run.metrics)
        checkpoint.save(self.run.checkpoints, self.method, self.state(), self.config.keep)

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds besides tensors."""
        treated = len(self.run.treatments())
        return {"step": self.step, "nimg": self.step * self.config.batch, "window": self.window, "treatments": treated}

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Ctrl-C, SIGTERM and SIGHUP finish the step and save; a second one ends the process at once."""

        def handle(signum: int, _: FrameType | None) -> None:
            self.told = signum
            for number in ours:
                signal.signal(number, before[number])

        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        ours = [number for number in before if before[number] != signal.SIG_IGN]  # nohup stays nohup
        try:
            for number in ours:
                signal.signal(number, handle)
        except ValueError:  # not in the main thread: whoever called us has the signals
            yield
            return
        try:
            yield
        finally:
            for number in ours:
                signal.signal(number, before[number])

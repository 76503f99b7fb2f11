"""One call of `train` on one run folder: what is chosen for the machine, and training with its treatments."""

import json
import shlex
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from .. import distributed, files, methods, settings
from ..console import LiveLine, duration
from ..data.loader import Source
from ..errors import UsageError, ViceversaError
from ..hardware.compile import choose_compile, compile_net
from ..hardware.device import choose_device
from ..hardware.memory import keep_freed_memory, peak_memory
from ..hardware.precision import choose_precision
from ..hardware.threads import candidates
from ..health.monitor import Monitor
from ..health.treatment import stopped, treat
from ..images import Values
from ..methods.protocol import SIDES, Method
from ..runs import checkpoint
from ..runs.config import RunConfig
from ..runs.environment import environment
from ..runs.folder import RunFolder, describe
from ..tasks import DatasetListing, task_of
from . import plan
from .resolve import TrainOptions, with_choices_of
from .schedule import Schedule, TimedSchedule, schedule
from .tensorboard import tensorboard_sink
from .trainer import HealthAlarm, Trainer


@dataclass(frozen=True)
class Result:
    """What `train` leaves behind."""

    run: Path
    step: int
    finished: bool  # False when max_time ended it before its schedule did
    accuracy: float | None = None  # share of the test images, or of their pixels, that is classified correctly
    class_accuracy: float | None = None  # of a segmenter: mean over the classes
    iou: float | None = None  # of a segmenter: mean over the classes
    health: str | None = None  # "ok", or the worst level and its symptoms, at the last check


class Session:
    """One call of `train` on one run folder, which the caller has locked. `prepare`, then `train`."""

    config: RunConfig  # complete after `prepare`
    batches: Source

    def __init__(
        self,
        run: RunFolder,
        listing: DatasetListing,
        options: TrainOptions,
        live: LiveLine,
        *,
        started: float,  # by time.monotonic
        max_time: float | None,  # seconds
        on_sample: Callable[[Path], object] = lambda run: None,  # is called with the run after each of its samples
    ) -> None:
        self.run, self.listing, self.options, self.live = run, listing, options, live
        self.started, self.max_time, self.on_sample = started, max_time, on_sample
        self.before = 0.0  # seconds that earlier processes have spent on this run
        self.is_rank0 = distributed.rank() == 0
        self.fresh = True
        self.device = "cpu"
        self.compile = False

    def prepare(self, requested: RunConfig) -> None:
        """Decide everything that the configuration leaves open; UsageError where the run is another one."""
        self.device = choose_device(requested.train.device)
        self.fresh = distributed.broadcast_from_rank0(not self.run.exists)
        self.config = self.new_config(requested) if self.fresh else self.saved_config(requested)
        self.set_process_options()
        if self.fresh:
            self.measure()
        self.batches = task_of(self.config.method).source(self.config, self.listing)
        self.plan_length()

    @cached_property
    def sinks(self) -> tuple[Callable[[dict[str, Any]], None], ...]:
        """Callbacks that also receive each line of metrics.jsonl."""
        return (tensorboard_sink(self.run.path),) if self.options.tensorboard and self.is_rank0 else ()

    def new_config(self, requested: RunConfig) -> RunConfig:
        """The configuration of a new run: device, precision and channels are decided, the values measured."""
        self.listing = task_of(requested.method).measured(requested, self.listing)
        channels = {
            f"method.{field}": self.listing.values[side].channels
            for field, side in requested.method.open_channels().items()
            if side in self.listing.values
        }
        requested = settings.changed(requested, channels, "the data")
        precision = distributed.broadcast_from_rank0(choose_precision(requested.train.precision, self.device))
        return settings.changed(requested, {"train.device": self.device, "train.precision": precision})

    def saved_config(self, requested: RunConfig) -> RunConfig:
        """The configuration of the run that is resumed, with its treatments."""
        saved = self.run.original()
        if self.options.auto_batch:
            requested = self.with_batch(requested, saved.train.batch)
        config = with_choices_of(saved, requested)
        self.run.require_same(config)
        saved_values = self.run.data().get("values", {})
        values = {side: Values(**saved_values[side]) for side in SIDES if side in saved_values}
        self.listing = replace(self.listing, values=values)
        self.run.require_same_data(self.data_description())
        config = self.run.with_treatments(config)
        self.device = choose_device(config.train.device)
        newest, _ = checkpoint.newest(self.run.checkpoints)
        self.before = checkpoint.read_state(newest.path).get("seconds", 0.0) if newest else 0.0
        return config

    def with_batch(self, config: RunConfig, batch: int) -> RunConfig:
        """`config` with this batch size; if --steps was given, total_nimg is steps times batch."""
        changes = {"train.batch": batch}
        if self.options.steps is not None:
            changes["train.total_nimg"] = self.options.steps * batch
        return settings.changed(config, changes)

    def set_process_options(self) -> None:
        """Threads, memory allocator and cuDNN of this process."""
        torch.set_num_threads(self.config.train.threads or candidates()[-1])
        keep_freed_memory()
        torch.backends.cudnn.benchmark = self.device == "cuda"  # shapes stay the same: search the fastest kernels once

    def measure(self) -> None:
        """Choose threads and convolutions, and with --auto-batch the batch, by measuring."""
        if self.config.train.threads is None:
            threads = plan.chosen_threads(self.config, self.listing, self.device, self.make_method)
            self.config = settings.changed(self.config, {"train.threads": threads})
        self.config = plan.with_measured(self.config, self.device)
        if self.options.auto_batch:
            batch = plan.fitting_batch(self.config, self.listing, self.device, self.make_method, self.live.say)
            self.config = self.with_batch(self.config, batch)

    def plan_length(self) -> None:
        """Decide whether to compile, and how many images a new run sees."""
        nimg = plan.fixed_nimg(self.config, self.batches.epoch_nimg)
        steps = -(-nimg // self.config.train.batch)
        self.compile = choose_compile(self.options.compile, self.device, steps, self.max_time)
        if not self.fresh:
            return
        if not nimg:
            seconds = self.max_time or plan.DEFAULT_SECONDS
            left = seconds - self.elapsed()
            nimg = plan.estimated_nimg(self.config, self.batches, self.device, self.make_method, left)
            self.config = settings.changed(self.config, {"train.seconds": seconds})
        self.config = settings.changed(self.config, {"train.total_nimg": distributed.broadcast_from_rank0(nimg)})

    def elapsed(self) -> float:
        """Seconds that this run has taken so far, those of earlier processes included."""
        return self.before + time.monotonic() - self.started

    def data_description(self) -> dict[str, Any]:
        """data.json of the images as they are now."""
        listing = self.listing
        known = describe(listing.names, listing.files, listing.notes)
        if listing.values:
            known["values"] = {side: values.to_dict() for side, values in listing.values.items()}
        if listing.palette is None:
            return known
        return known | {"domain": listing.domain, "palette": listing.palette.to_dict()}

    def make_method(self) -> Method:
        """The method with fresh weights, which follow from the seed; compiled where that was decided."""
        c = self.config
        torch.manual_seed(c.train.seed)
        size, classes = c.data.size, len(self.listing.names)
        try:
            method = methods.make(c.method, size=size, classes=classes, precision=c.train.precision, device=self.device)
        except ValueError as e:
            raise UsageError(f"preset {c.preset} does not fit: {e}") from None
        if self.compile:
            for net in method.nets.values():
                compile_net(net, self.device)
        return method

    def train(self) -> Result:
        """Start or resume; an alarm ends the run or is treated, as `train.on_symptom` says."""
        trainer = self.make_trainer()  # refuses what does not fit before anything is written
        if self.fresh and self.is_rank0:
            env = environment(self.resume_command(), self.device, self.config.train.threads or 1)
            self.run.start(self.config, env, self.data_description())
        self.print_start(trainer)

        finished, first, begun = None, trainer.step, time.monotonic()
        try:
            while finished is None:
                alarm: HealthAlarm | None = None
                try:
                    finished = trainer.fit(self.live, self.time_limit())
                except HealthAlarm as raised:
                    alarm = raised.with_traceback(None)  # the traceback keeps the trainer's memory alive
                if alarm is not None:
                    self.treat(alarm, trainer.step)
                    trainer.release()
                    trainer = self.make_trainer()
        finally:
            if self.is_rank0:
                self.record_broken()
                self.record_usage(trainer.step - first, time.monotonic() - begun)
                word = "finished" if finished else "stopped"
                self.run.log(f"{word} at step {trainer.step}; {trainer.waiting_share:.2%} of the time waiting for data")
        return self.result(trainer, bool(finished))

    def result(self, trainer: Trainer, finished: bool) -> Result:
        """The result, with the test accuracy of the last step where there is one."""
        lines = self.run.read_lines(self.run.accuracy)
        last = lines[-1] if lines and lines[-1]["step"] == trainer.step else {}
        scores = {name: last.get(name) for name in ("accuracy", "class_accuracy", "iou")}
        health = trainer.monitor.status if trainer.monitor else None
        return Result(self.run.path, trainer.step, finished, **scores, health=health)

    def time_limit(self) -> float | None:
        """Seconds after which training stops with a checkpoint; none where the schedule itself keeps the time."""
        if self.max_time is None or (self.fresh and self.config.train.seconds is not None):
            return None
        return self.max_time - (time.monotonic() - self.started)

    def make_schedule(self) -> Schedule | TimedSchedule:
        """The schedule of the run: by its number of images, or by its time."""
        train = self.config.train
        planned = schedule(train, train.total_nimg or 0, self.batches.epoch_nimg)
        return planned if train.seconds is None else TimedSchedule(planned, self.run, train.seconds)

    def make_trainer(self) -> Trainer:
        """A trainer at the newest checkpoint of the run."""
        run, config, task = self.run, self.config, task_of(self.config.method)
        length, method = self.make_schedule(), self.make_method()
        sampler = task.sampler(config, self.listing, run, self.device, method)

        def sample(step: int) -> None:
            sampler.sample(step)
            self.on_sample(run.path)

        trainer = Trainer(
            method,
            self.batches,
            length,
            config.train,
            run,
            device=self.device,
            sample=sample,
            monitor=self.make_monitor(method, length.steps) if self.is_rank0 else None,
            sinks=self.sinks,
            clock=self.elapsed,
        )
        for complaint in trainer.resume():
            self.live.say(f"skipped: {complaint}")
        return trainer

    def make_monitor(self, method: Method, steps: int) -> Monitor | None:
        """The monitor of the run; none where nothing adversarial trains, or `train.probes` is 0."""
        config, task = self.config, task_of(self.config.method)
        probe = task.probe(config, self.listing) if config.train.probes else None
        if probe is None:
            return None
        return Monitor(self.run, config, steps, probe, task.probe_cost(config), method, self.listing.names)

    def treat(self, alarm: HealthAlarm, step: int) -> None:
        """Change the configuration for the next trainer; DivergedError where that is not wanted or in vain."""
        problem: ViceversaError | None = None
        if self.is_rank0:
            try:
                if self.config.train.on_symptom != "treat":
                    raise stopped(self.run, alarm.verdicts)
                self.live.say(f"treated: {treat(self.run, self.config, alarm.verdicts, step)}")
            except ViceversaError as e:
                problem = e
        if (problem := distributed.broadcast_from_rank0(problem)) is not None:
            raise problem
        self.config = self.run.with_treatments(self.config)

    def resume_command(self) -> str:
        """The command line that resumes this run, also when Python code started it."""
        if Path(sys.argv[0]).stem in ("viceversa", "__main__"):
            return shlex.join([*distributed.launch_command(), *sys.argv[1:]])
        d = self.config.data
        folders = [d.source, d.other] if d.other else [d.source]
        file = str(self.run.path / "config.yaml")
        return shlex.join(["viceversa", "train", *folders, "--config", file, "--out", str(self.run.path)])

    def print_start(self, trainer: Trainer) -> None:
        """Print once what was chosen."""
        for note in self.listing.notes:
            self.live.say(f"data: {note}")

        for side, values in self.listing.values.items():
            if not values.is_plain:
                name = self.listing.names[SIDES.index(side)] if len(self.listing.values) > 1 else "every picture"
                self.live.say(f"data: {name} has {values.describe()}")

        c, ranks = self.config, distributed.world_size()
        how = [self.device, c.train.precision, f"{c.train.threads} threads"]
        if ranks > 1:
            how.append(f"x {ranks} ranks")
        if self.compile:
            how.append("compiled")
        if trainer.captured:
            how.append("CUDA graph")
        steps, step = trainer.schedule.steps, trainer.step
        counts = task_of(c.method).counts(self.listing)
        length = f"{steps} steps"
        if c.train.seconds is not None:
            length = f"{duration(c.train.seconds)}, about {length}"
        self.live.say(f"{counts}  {c.preset} {c.data.size} px  {' '.join(how)}  {length}  -> {self.run.path}")
        if step:
            self.live.say("already finished" if step >= steps else f"resuming at step {step}")
        if self.is_rank0:
            self.run.log(f"{'started' if not step else f'resumed at step {step}'}: {steps} steps on {self.device}")

    def record_usage(self, steps: int, seconds: float) -> None:
        """Add a line to usage.jsonl: images, seconds and peak memory of this call, all checks and samples included."""
        if steps > 0:
            line = {"images": steps * self.config.train.batch, "seconds": round(seconds, 3), **peak_memory()}
            files.append_line(self.run.usage, json.dumps(line))

    def record_broken(self) -> None:
        """Name the images that could not be read, on the screen and in data.json."""
        broken = {str(p): reason for store in self.batches.stores for p, reason in store.broken.items()}
        for reason in broken.values():
            self.live.say(f"skipped: {reason}")
        if broken:
            data = self.run.data()
            files.write_json(self.run.path / "data.json", data | {"skipped": data["skipped"] | broken})

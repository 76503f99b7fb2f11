"""`train`: from two folders and a preset to a run."""

import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from .. import files
from ..data.augment import Augment
from ..data.folders import Domains, find_domains
from ..data.loader import Unpaired
from ..data.prepare import reader
from ..errors import UsageError
from ..methods.cyclegan import CycleGAN
from ..presets import RunConfig
from .device import choose_device, choose_precision
from .log import LiveLine, duration, tensorboard_sink
from .resolve import default_folder, parse_names, parse_time, resolve, with_choices_of
from .run_folder import RunFolder, describe, environment
from .samples import Sampler
from .trainer import Schedule, Trainer, schedule

DEFAULT_SECONDS = 240.0  # a preset without a length fits its schedule into this
RESERVE = 0.85  # share of the time that the plan fills; the rest is for checkpoints, samples and a slower machine


@dataclass(frozen=True)
class Result:
    """What `train` leaves behind."""

    run: Path
    step: int
    finished: bool  # False when max_time ended it before its schedule did


def train(
    data: str | Path,
    other: str | Path | None = None,
    *,
    preset: str | None = None,
    out: str | Path | None = None,
    size: int | None = None,
    steps: int | None = None,
    max_time: float | str | None = None,
    save_every: int | None = None,
    seed: int | None = None,
    device: str | None = None,
    precision: str | None = None,
    compile: bool = False,
    names: str | None = None,
    set: Sequence[str] = (),
    config: str | Path | None = None,
    tensorboard: bool = False,
    dry_run: bool = False,
    quiet: bool = False,
) -> Result | RunConfig:
    """Train a translator between two folders of pictures; the same call resumes it. See `viceversa train --help`.

    `dry_run` returns the resolved configuration and writes nothing.
    """
    wanted = resolve(
        data, other, preset=preset, size=size, steps=steps, save_every=save_every, seed=seed, device=device,
        precision=precision, names=names, assignments=set, config=config,
    )  # fmt: skip
    seconds = parse_time(max_time)
    domains = find_domains(wanted.data.source, wanted.data.other, parse_names(wanted.data.names))
    run = RunFolder(out or default_folder(domains, wanted))
    if dry_run:
        return wanted
    choose_device(wanted.train.device)  # refused before anything is written
    if run.path.is_file():
        raise UsageError(f"--out {run.path} is a file; name a folder")
    with files.Lock(run.path), LiveLine(quiet=quiet) as show:
        for folder in (run.path, run.samples) if run.exists else ():
            files.remove_drafts(folder)
        return Session(run, wanted, domains, seconds, compile, tensorboard, show).go()


class Session:
    """One call of `train` on one run folder, of which it is the owner."""

    def __init__(
        self, run: RunFolder, wanted: RunConfig, domains: Domains, seconds: float | None, compile: bool,
        tensorboard: bool, show: LiveLine,
    ) -> None:  # fmt: skip
        self.run, self.domains, self.seconds, self.compile, self.show = run, domains, seconds, compile, show
        self.started = time.monotonic()
        self.device = choose_device(wanted.train.device)
        self.fresh = not run.exists
        if self.fresh:
            threads = wanted.train.threads or torch.get_num_threads()
            chosen = choose_precision(wanted.train.precision, self.device)
            train = replace(wanted.train, device=self.device, threads=threads, precision=chosen)
            self.config = replace(wanted, train=train)
        else:
            self.config = with_choices_of(run.config(), wanted)
            run.require_same(self.config)
            run.require_same_data(describe(domains))
            self.device = choose_device(self.config.train.device)
        self.sinks = (tensorboard_sink(run.path),) if tensorboard else ()
        torch.set_num_threads(self.config.train.threads or torch.get_num_threads())
        self.batches = self.open_data()
        if self.fresh:
            self.config = replace(self.config, train=replace(self.config.train, total_nimg=self.plan_nimg()))

    def open_data(self) -> Unpaired:
        c, d = self.config, self.domains
        read = tuple(reader(c.data.load_size, c.data.fit, n) for n in (c.method.channels_a, c.method.channels_b))
        augment = Augment(c.data.size, c.data.flip, c.data.zoom)
        room = c.data.cache_mb * 10**6
        return Unpaired(d.train_a, d.train_b, (read[0], read[1]), augment, c.train.batch, c.train.seed, room)

    def method(self) -> CycleGAN:
        """The method with fresh weights, which follow from the seed."""
        c = self.config
        torch.manual_seed(c.train.seed)
        method = CycleGAN(c.method, precision=c.train.precision, device=self.device)
        if self.compile:
            for net in method.nets.values():
                net.compile()
        return method

    def plan_nimg(self) -> int:
        """Images to see: as configured, from epochs, or as many as fit into the time."""
        train = self.config.train
        if train.total_nimg is not None:
            return train.total_nimg
        if train.epochs is not None:
            return train.epochs * self.batches.epoch_nimg
        budget = (self.seconds or DEFAULT_SECONDS) * RESERVE
        pace, reading = self.measure_pace(min(6.0, budget / 20)), min(budget / 2, self.measure_reading())
        steps = max(10, int((budget - reading - (time.monotonic() - self.started)) * pace))
        self.show.say(f"plan: {steps} steps, as many as fit into {duration(self.seconds or DEFAULT_SECONDS)} here")
        return steps * train.batch

    def measure_pace(self, seconds: float) -> float:
        """Steps per second of a copy that is then thrown away."""
        method, count = self.method(), 0
        batch = [x.to(self.device) for x in self.batches.batch(0)]
        for _ in range(2):
            method.step(*batch)
        start = time.monotonic()
        while time.monotonic() - start < seconds or count < 3:
            method.step(*batch)["gan"].item()
            count += 1
        return count / (time.monotonic() - start)

    def measure_reading(self) -> float:
        """Seconds it takes to decode every picture once, from a few of each domain; the first ones are in the cache."""
        total = 0.0
        for store in self.batches.domains:
            few = [i * len(store) // 4 for i in range(4)]
            start = time.monotonic()
            for index in few:
                store[index]
            total += (time.monotonic() - start) / len(few) * len(store)
        return total

    def go(self) -> Result:
        """Start or resume, train, report."""
        run, config, d = self.run, self.config, self.domains
        if self.fresh:
            env = environment(self.command(), self.device, config.train.threads or 1)
            run.start(config, env, describe(d))
        plan = schedule(config.train, config.train.total_nimg or 0, self.batches.epoch_nimg)
        method = self.method()
        sample = Sampler(d, config, run, self.device, method)
        trainer = Trainer(
            method, self.batches, plan, config.train, run, device=self.device, sample=sample, sinks=self.sinks
        )
        for complaint in trainer.resume():
            self.show.say(f"skipped: {complaint}")
        self.introduce(plan, trainer.step)
        left = None if self.seconds is None else self.seconds - (time.monotonic() - self.started)
        finished = False
        try:
            finished = trainer.fit(self.show, left)
        finally:
            self.record_broken()
            run.log(f"{'finished' if finished else 'stopped'} at step {trainer.step}")
        return Result(run.path, trainer.step, finished)

    def command(self) -> str:
        """The command line that resumes this run, also when Python code started it."""
        if Path(sys.argv[0]).stem in ("viceversa", "__main__"):
            return shlex.join(["viceversa", *sys.argv[1:]])
        data = [self.config.data.source, *([self.config.data.other] if self.config.data.other else [])]
        file = str(self.run.path / "config.yaml")
        return shlex.join(["viceversa", "train", *data, "--config", file, "--out", str(self.run.path)])

    def introduce(self, plan: Schedule, step: int) -> None:
        """Say once what was chosen."""
        c, d = self.config, self.domains
        for note in d.notes:
            self.show.say(f"data: {note}")
        self.show.say(
            f"{d.name_a} ({len(d.train_a)}) <-> {d.name_b} ({len(d.train_b)})  {c.preset} {c.data.size} px  "
            f"{self.device} {c.train.precision} {c.train.threads} threads  {plan.steps} steps  -> {self.run.path}"
        )
        if step:
            self.show.say("already finished" if step >= plan.steps else f"resuming at step {step}")
        self.run.log(f"{'started' if not step else f'resumed at step {step}'}: {plan.steps} steps on {self.device}")

    def record_broken(self) -> None:
        """Name what could not be read, on the screen and in data.json."""
        broken = {str(p): r for store in self.batches.domains for p, r in store.broken.items()}
        for reason in broken.values():
            self.show.say(f"skipped: {reason}")
        if broken:
            data = self.run.data()
            files.write_json(self.run.path / "data.json", data | {"skipped": data["skipped"] | broken})

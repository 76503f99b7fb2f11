"""`train`: from pictures and a preset to a run."""

import shlex
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from .. import distributed, files, methods
from .. import settings as values
from ..console import LiveLine
from ..errors import UsageError, ViceversaError
from ..hardware.compile import choose_compile, compile_net
from ..hardware.cuda_graph import CapturedStep
from ..hardware.device import choose_device, choose_precision
from ..hardware.memory import keep_freed
from ..health.monitor import make_monitor
from ..health.treatment import stopped, treat
from ..methods import Method
from ..runs.config import RunConfig
from ..runs.folder import RunFolder, describe, environment
from . import material, plan
from .material import Material
from .resolve import default_folder, parse_time, resolve, with_choices_of
from .tensorboard import tensorboard_sink
from .trainer import Ill, Trainer, schedule


@dataclass(frozen=True)
class Result:
    """What `train` leaves behind."""

    run: Path
    step: int
    finished: bool  # False when max_time ended it before its schedule did
    accuracy: float | None = None  # share of the test pictures, or of their pixels, that is named rightly
    class_accuracy: float | None = None  # of a segmenter: mean over the classes
    iou: float | None = None  # of a segmenter: mean over the classes
    health: str | None = None  # "ok", or how ill and with what, at the last look


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
    compile: bool | None = None,
    auto_batch: bool = False,
    names: str | None = None,
    set: Sequence[str] = (),
    config: str | Path | None = None,
    on_symptom: str | None = None,
    tensorboard: bool = False,
    dry_run: bool = False,
    quiet: bool = False,
) -> Result | RunConfig:
    """Train what a preset says on a folder or two; the same call resumes it. See `viceversa train --help`.

    `dry_run` returns the resolved configuration and writes nothing.
    """
    started = time.monotonic()
    wanted = resolve(
        data, other, preset=preset, size=size, steps=steps, save_every=save_every, seed=seed, device=device,
        precision=precision, names=names, assignments=set, config=config, on_symptom=on_symptom,
    )  # fmt: skip
    seconds = parse_time(max_time)
    found = material.find(wanted)
    run = RunFolder(out or default_folder(found.names, wanted))
    if dry_run:
        return wanted
    distributed.join(choose_device(wanted.train.device))  # refused before anything is written
    if run.path.is_file():
        raise UsageError(f"--out {run.path} is a file; name a folder")
    lead = distributed.rank() == 0  # the one that writes and speaks
    with ExitStack() as owned, LiveLine(quiet=quiet or not lead) as show:
        own(run, owned)
        for folder in (run.path, run.samples) if lead and run.exists else ():
            files.remove_drafts(folder)
        grow = Grow(steps) if auto_batch else None
        return Session(run, wanted, found, seconds, started, compile, tensorboard and lead, show, grow).go()


@dataclass(frozen=True)
class Grow:
    """The wish for the largest batch that fits, and for so many steps of it; none: so many images."""

    steps: int | None

    def __call__(self, config: RunConfig, batch: int) -> RunConfig:
        """`config` with this batch."""
        length = {} if self.steps is None else {"train.total_nimg": self.steps * batch}
        return values.changed(config, {"train.batch": batch} | length)


def own(run: RunFolder, owned: ExitStack) -> None:
    """Lock the run folder for as long as `owned` is open; when rank 0 cannot, no rank goes on."""
    problem = None
    if distributed.rank() == 0:
        try:
            owned.enter_context(files.Lock(run.path))
        except ViceversaError as e:
            problem = e
    if (problem := distributed.agree(problem)) is not None:
        raise problem


class Session:
    """One call of `train` on one run folder, of which it is the owner."""

    def __init__(
        self, run: RunFolder, wanted: RunConfig, found: Material, seconds: float | None, started: float,
        compile: bool | None, tensorboard: bool, show: LiveLine, grow: Grow | None,
    ) -> None:  # fmt: skip
        self.run, self.found, self.seconds, self.started, self.show = run, found, seconds, started, show
        self.device = choose_device(wanted.train.device)
        self.lead = distributed.rank() == 0
        self.fresh = distributed.agree(not run.exists)
        if self.fresh:
            threads = wanted.train.threads or torch.get_num_threads()
            chosen = distributed.agree(choose_precision(wanted.train.precision, self.device))
            train = replace(wanted.train, device=self.device, threads=threads, precision=chosen)
            self.config = replace(wanted, train=train)
        else:
            saved = run.original()
            self.config = with_choices_of(saved, grow(wanted, saved.train.batch) if grow else wanted)
            run.require_same(self.config)
            run.require_same_data(self.described())
            self.config = run.with_treatments(self.config)
            self.device = choose_device(self.config.train.device)
        self.sinks = (tensorboard_sink(run.path),) if tensorboard else ()
        torch.set_num_threads(self.config.train.threads or torch.get_num_threads())
        keep_freed()
        torch.backends.cudnn.benchmark = self.device == "cuda"  # shapes stay: the quickest kernels are looked for once
        self.compile = False  # not what is only measured
        if self.fresh:
            self.config = plan.with_measured(self.config, self.device)
        if self.fresh and grow:
            self.config = grow(self.config, plan.fitting_batch(self.config, found, self.device, self.method, show.say))
        self.batches = material.source(self.config, found)
        nimg = plan.fixed_nimg(self.config, self.batches.epoch_nimg)
        self.compile = choose_compile(compile, self.device, -(-nimg // self.config.train.batch), seconds)
        if self.fresh:
            nimg = nimg or plan.fitting_nimg(
                self.config, self.batches, self.device, self.method, seconds, self.started, show.say
            )
            self.config = values.changed(self.config, {"train.total_nimg": distributed.agree(nimg)})

    def described(self) -> dict[str, Any]:
        """data.json of the pictures as they are now."""
        known = describe(self.found.names, self.found.files, self.found.notes)
        palette, domain = self.found.palette, self.found.domain
        return known | ({"domain": domain, "palette": palette.saved()} if palette else {})

    def method(self) -> Method:
        """The method with fresh weights, which follow from the seed."""
        c = self.config
        torch.manual_seed(c.train.seed)
        size, classes = c.data.size, len(self.found.names)
        try:
            method = methods.make(c.method, size=size, classes=classes, precision=c.train.precision, device=self.device)
        except ValueError as e:
            raise UsageError(f"preset {c.preset} does not fit: {e}") from None
        if self.compile:
            for net in method.nets.values():
                compile_net(net, self.device)
        return method

    def go(self) -> Result:
        """Start or resume, train, report; an alarm ends the run or is treated, as `train.on_symptom` says."""
        trainer = self.trainer()  # refuses what does not fit before anything is written
        if self.fresh and self.lead:
            env = environment(self.command(), self.device, self.config.train.threads or 1)
            self.run.start(self.config, env, self.described())
        self.introduce(trainer)
        finished = None
        try:
            while finished is None:
                ill: Ill | None = None
                try:
                    finished = trainer.fit(self.show, self.left())
                except Ill as illness:
                    ill = illness.with_traceback(None)  # which holds what the trainer held
                if ill is not None:
                    self.treat(ill, trainer.step)
                    if isinstance(trainer.take, CapturedStep):
                        trainer.take.graph.reset()  # the next one wants its memory
                    trainer = self.trainer()
        finally:
            if self.lead:
                self.record_broken()
                ended = f"{'finished' if finished else 'stopped'} at step {trainer.step}"
                self.run.log(f"{ended}; {trainer.waited:.2%} of the time it waited for pictures")
        examined = self.run.read_lines(self.run.accuracy)
        now = examined[-1] if examined and examined[-1]["step"] == trainer.step else {}
        scores = {name: now.get(name) for name in ("accuracy", "class_accuracy", "iou")}
        health = trainer.monitor.lamp if trainer.monitor else None
        return Result(self.run.path, trainer.step, finished, **scores, health=health)

    def left(self) -> float | None:
        """Seconds that training may still take."""
        return None if self.seconds is None else self.seconds - (time.monotonic() - self.started)

    def trainer(self) -> Trainer:
        """A trainer at the newest state of the run."""
        run, config = self.run, self.config
        length = schedule(config.train, config.train.total_nimg or 0, self.batches.epoch_nimg)
        method = self.method()
        sample = material.sampler(config, self.found, run, self.device, method)
        monitor = make_monitor(config, self.found, run, method, length.steps) if self.lead else None
        trainer = Trainer(
            method, self.batches, length, config.train, run, device=self.device, sample=sample, monitor=monitor,
            sinks=self.sinks,
        )  # fmt: skip
        for complaint in trainer.resume():
            self.show.say(f"skipped: {complaint}")
        return trainer

    def treat(self, illness: Ill, step: int) -> None:
        """Change the configuration for the next trainer; DivergedError where that is not wanted or in vain."""
        problem: ViceversaError | None = None
        if self.lead:
            try:
                if self.config.train.on_symptom != "treat":
                    raise stopped(self.run, illness.verdicts)
                self.show.say(f"treated: {treat(self.run, self.config, illness.verdicts, step)}")
            except ViceversaError as e:
                problem = e
        if (problem := distributed.agree(problem)) is not None:
            raise problem
        self.config = self.run.with_treatments(self.config)

    def command(self) -> str:
        """The command line that resumes this run, also when Python code started it."""
        if Path(sys.argv[0]).stem in ("viceversa", "__main__"):
            return shlex.join([*distributed.launcher(), *sys.argv[1:]])
        data = [self.config.data.source, *([self.config.data.other] if self.config.data.other else [])]
        file = str(self.run.path / "config.yaml")
        return shlex.join(["viceversa", "train", *data, "--config", file, "--out", str(self.run.path)])

    def introduce(self, trainer: Trainer) -> None:
        """Say once what was chosen."""
        steps, step = trainer.plan.steps, trainer.step
        c, ranks = self.config, distributed.world()
        for note in self.found.notes:
            self.show.say(f"data: {note}")
        where = f"{self.device} {c.train.precision} {c.train.threads} threads" + f" x {ranks} ranks" * (ranks > 1)
        where += " compiled" * self.compile + " recorded" * isinstance(trainer.take, CapturedStep)
        self.show.say(f"{self.found.told()}  {c.preset} {c.data.size} px  {where}  {steps} steps  -> {self.run.path}")
        if step:
            self.show.say("already finished" if step >= steps else f"resuming at step {step}")
        if self.lead:
            self.run.log(f"{'started' if not step else f'resumed at step {step}'}: {steps} steps on {self.device}")

    def record_broken(self) -> None:
        """Name what could not be read, on the screen and in data.json."""
        broken = {str(p): r for store in self.batches.stores for p, r in store.broken.items()}
        for reason in broken.values():
            self.show.say(f"skipped: {reason}")
        if broken:
            data = self.run.data()
            files.write_json(self.run.path / "data.json", data | {"skipped": data["skipped"] | broken})

"""`run` measures experiments and writes the site; `experiments` lists them with what has been measured."""

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from viceversa.console import LiveLine, duration
from viceversa.errors import UsageError, ViceversaError, did_you_mean
from viceversa.extras import require_extra
from viceversa.hardware.cpus import available_cpus

from . import cache as measurements
from . import site
from .cache import Record
from .experiment import Experiment

CACHE, SITE = Path("runs/lab"), Path("runs/lab/site")
Contents = Mapping[str, Experiment]


@dataclass(frozen=True)
class Row:
    """One experiment in a list; seconds are None where it has not been measured."""

    name: str
    chapter: int
    title: str
    full_seconds: float | None
    quick_seconds: float | None
    takes_data: bool


@dataclass(frozen=True)
class Outcome:
    """Pages that show the requested experiments, and the errors of those that failed."""

    site: Path
    pages: dict[str, str]  # experiment to its page and anchor
    failures: dict[str, Exception]


def all_experiments() -> Contents:
    """The experiments of the report."""
    from .contents import EXPERIMENTS

    return EXPERIMENTS


def experiments(cache: str | Path = CACHE, *, contents: Contents | None = None) -> list[Row]:
    """Every experiment of the report in its order, with the seconds that measuring it took."""

    def seconds(experiment: Experiment, quick: bool) -> float | None:
        record = measurements.find(experiment, experiment.settings(quick), Path(cache))
        return record.seconds if record else None

    contents = all_experiments() if contents is None else contents
    return [
        Row(e.name, e.chapter, e.title, seconds(e, False), seconds(e, True), e.takes_data)
        for e in sorted(contents.values(), key=lambda e: e.chapter)
    ]


def run(
    *names: str,
    quick: bool = False,
    data: str | None = None,
    seed: int | None = None,
    out: str | Path = SITE,
    cache: str | Path = CACHE,
    again: bool = False,
    jobs: int | None = None,
    quiet: bool = False,
    contents: Contents | None = None,
) -> Outcome:
    """Measure the named experiments ("all": every one) unless they are in the cache, and write the site.

    A failure does not stop the other experiments. The site shows everything in the cache: of the experiments that
    are not named, the full measurement, else the newest. `jobs` experiments run at a time, by default as many as
    there are cores. UsageError for an unknown name.
    """
    is_report = contents is None  # other processes know only its experiments
    contents = all_experiments() if contents is None else contents
    chosen = choose(names, contents)
    require_extra("lab", "measuring and writing the lab")
    for folder in (out, cache):
        if Path(folder).is_file():
            raise UsageError(f"{folder} is a file; name a folder")

    runner = Runner(quick, data, seed, Path(cache), again)
    jobs = min(jobs or available_cpus(), len(chosen)) if is_report else 1
    records: dict[str, Record] = {}
    failures: dict[str, Exception] = {}
    with LiveLine(quiet=quiet) as line:
        outcomes = runner.run_in_processes(chosen, line, jobs) if jobs > 1 else runner.run_in_turn(chosen, line)
        for i, (name, outcome) in enumerate(outcomes, 1):
            if isinstance(outcome, Record):
                records[name] = outcome
            else:
                failures[name] = raise_if_fatal(outcome)
                line.say(f"[{i}/{len(chosen)}] {name} failed: {describe(outcome)}")

        line("writing the site ...")
        for name in contents.keys() - records.keys():
            earlier = measurements.find_any(contents[name], Path(cache))
            if earlier:
                records[name] = earlier
        unwritten = site.write(Path(out), contents, records)

    for name, error in unwritten.items():
        failures.setdefault(name, raise_if_fatal(error))
    pages = {e.name: site.address(e) for e in chosen if e.name in records and e.name not in failures}
    return Outcome(Path(out), pages, failures)


@dataclass(frozen=True)
class Runner:
    """Measures experiments with the options of one call of `run`."""

    quick: bool
    data: str | None
    seed: int | None
    cache: Path
    again: bool

    def run_in_turn(self, chosen: Sequence[Experiment], line: LiveLine) -> Iterator[tuple[str, Record | Exception]]:
        """One experiment after the other, in this process."""
        for i, experiment in enumerate(chosen, 1):
            prefix = f"[{i}/{len(chosen)}] " if len(chosen) > 1 else ""
            try:
                yield experiment.name, self.measure(experiment, line, prefix)
            except Exception as error:
                yield experiment.name, error

    def run_in_processes(
        self, chosen: Sequence[Experiment], line: LiveLine, jobs: int
    ) -> Iterator[tuple[str, Record | Exception]]:
        """`jobs` experiments at a time, each in a process with one thread; the longest, of chapter 4, first."""
        pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
        try:
            names = {pool.submit(measure_in_process, e.name, self): e.name for e in reversed(chosen)}
            line.say(f"{len(chosen)} experiments, {jobs} at a time ...")
            for done, future in enumerate(as_completed(names), 1):
                name = names[future]
                error = future.exception()
                if isinstance(error, Exception):
                    yield name, error
                    continue
                line.say(f"[{done}/{len(chosen)}] {name}: {duration(future.result().seconds)}")
                yield name, future.result()
        finally:
            pool.shutdown(cancel_futures=True)

    def measure(self, experiment: Experiment, line: LiveLine, prefix: str) -> Record:
        """The measurement from the cache, or a new one."""
        name, settings = experiment.name, experiment.settings(self.quick, self.data, self.seed)
        if self.data is not None and not experiment.takes_data:
            line.say(f"{prefix}{name} has its own data; --data {self.data} has no effect on it")

        if self.again:
            measurements.remove(experiment, settings, self.cache)
        cached = measurements.find(experiment, settings, self.cache)
        if cached:
            line.say(f"{prefix}{name} is in the cache")
            return cached

        quick = settings != experiment.settings(False, self.data, self.seed)
        command = measurements.command(name, quick, self.data if experiment.takes_data else None, self.seed)
        record = measurements.measure(
            experiment, settings, self.cache, lambda text: line(prefix + text), command=command, quick=quick
        )
        line.say(f"{prefix}{name} measured in {duration(record.seconds)}")
        return record


def measure_in_process(name: str, runner: Runner) -> Record:
    """Measure one experiment with one thread, in a process of its own."""
    import torch

    torch.set_num_threads(1)
    with LiveLine(quiet=True) as line:
        return runner.measure(all_experiments()[name], line, "")


def choose(names: Sequence[str], contents: Contents) -> list[Experiment]:
    """The named experiments in the order of the report."""
    for name in names:
        if name != "all" and name not in contents:
            suggestion = did_you_mean(name, [*contents, "all"])
            raise UsageError(f"there is no experiment '{name}'; `viceversa lab` lists them.{suggestion}")
    chosen = [e for e in contents.values() if "all" in names or e.name in names]
    return sorted(chosen, key=lambda e: e.chapter)


def raise_if_fatal(error: Exception) -> Exception:
    """Return the error, or raise it where it must stop everything: a signal that reached a training, or debugging."""
    is_stop = hasattr(error, "exit_code") and not isinstance(error, ViceversaError)
    if is_stop or os.environ.get("VICEVERSA_TRACEBACK"):
        raise error
    return error


def describe(error: Exception) -> str:
    """An error in one line; one that is not the user's starts with its type."""
    text = " ".join(str(error).split())
    return text if isinstance(error, ViceversaError) else f"{type(error).__name__}: {text or 'no message'}"

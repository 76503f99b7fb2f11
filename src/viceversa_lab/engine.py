"""`run` measures experiments and writes the site; `experiments` lists them with what has been measured."""

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from viceversa.console import LiveLine, duration
from viceversa.errors import UsageError, ViceversaError, did_you_mean

from . import results, site
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
    """Pages that show the experiments asked for, and what failed: name to error."""

    site: Path
    pages: dict[str, str]  # experiment to its page and anchor
    failures: dict[str, Exception]


def contents() -> Contents:
    """The experiments of the report."""
    from .contents import EXPERIMENTS

    return EXPERIMENTS


def experiments(cache: str | Path = CACHE, *, of: Contents | None = None) -> list[Row]:
    """Every experiment of the report in its order."""

    def seconds(e: Experiment, quick: bool) -> float | None:
        found = results.finished(e, e.settings(quick), Path(cache))
        return found.seconds if found else None

    listed = contents() if of is None else of
    return [
        Row(e.name, e.chapter, e.title, seconds(e, False), seconds(e, True), e.takes_data)
        for e in sorted(listed.values(), key=lambda e: e.chapter)
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
    of: Contents | None = None,
) -> Outcome:
    """Measure the named experiments ("all": every one) unless they are in the cache, and write the site.

    One that fails does not stop the others. The site shows whatever is in the cache: of the others the full
    result, else the newest. `jobs` experiments run at a time, by default as many as there are cores. UsageError for a
    name that is not known.
    """
    listed = contents() if of is None else of
    chosen = choose(names, listed)
    if Path(out).is_file() or Path(cache).is_file():
        raise UsageError(f"{out if Path(out).is_file() else cache} is a file; name a folder")
    asked = Asked(quick, data, seed, Path(cache), again)
    failures: dict[str, Exception] = {}
    shown = {}
    with LiveLine(quiet=quiet) as show:
        jobs = 1 if of is not None else min(jobs or cores(), len(chosen))  # another process knows only `contents`
        outcomes = asked.side_by_side(chosen, show, jobs) if jobs > 1 else asked.in_turn(chosen, show)
        for place, (name, outcome) in enumerate(outcomes, 1):
            if isinstance(outcome, results.Result):
                shown[name] = outcome
            else:
                failures[name] = survivable(outcome)
                show.say(f"[{place}/{len(chosen)}] {name} failed: {describe(outcome)}")
        show("writing the site ...")
        for name in listed.keys() - shown.keys():
            older = results.shown(listed[name], Path(cache))
            if older:
                shown[name] = older
        unwritten = site.write(Path(out), listed, shown)
    for name, problem in unwritten.items():
        failures.setdefault(name, survivable(problem))
    pages = {e.name: site.address(e) for e in chosen if e.name in shown and e.name not in failures}
    return Outcome(Path(out), pages, failures)


@dataclass(frozen=True)
class Asked:
    """What a call of `run` wants of every experiment."""

    quick: bool
    data: str | None
    seed: int | None
    cache: Path
    again: bool

    def in_turn(self, chosen: Sequence[Experiment], show: LiveLine) -> Iterator[tuple[str, results.Result | Exception]]:
        """One experiment after the other, in this process."""
        for place, experiment in enumerate(chosen, 1):
            told = f"[{place}/{len(chosen)}] " if len(chosen) > 1 else ""
            try:
                yield experiment.name, self.result(experiment, show, told)
            except Exception as error:
                yield experiment.name, error

    def side_by_side(
        self, chosen: Sequence[Experiment], show: LiveLine, jobs: int
    ) -> Iterator[tuple[str, results.Result | Exception]]:
        """`jobs` at a time, a process and one thread each; the long last chapters begin."""
        pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
        try:
            waiting = {pool.submit(measure_apart, e.name, self): e.name for e in reversed(chosen)}
            show.say(f"{len(chosen)} experiments, {jobs} at a time ...")
            for done, future in enumerate(as_completed(waiting), 1):
                name = waiting[future]
                problem = future.exception()
                if isinstance(problem, Exception):
                    yield name, problem
                    continue
                show.say(f"[{done}/{len(chosen)}] {name}: {duration(future.result().seconds)}")
                yield name, future.result()
        finally:
            pool.shutdown(cancel_futures=True)

    def result(self, experiment: Experiment, show: LiveLine, told: str) -> results.Result:
        """From the cache, or measured now."""
        name, settings = experiment.name, experiment.settings(self.quick, self.data, self.seed)
        if self.data is not None and not experiment.takes_data:
            show.say(f"{told}{name} has data of its own; --data {self.data} does not concern it")
        if self.again:
            results.forget(experiment, settings, self.cache)
        found = results.finished(experiment, settings, self.cache)
        if found:
            show.say(f"{told}{name} is in the cache")
            return found
        quick = settings != experiment.settings(False, self.data, self.seed)
        command = results.command(name, quick, self.data if experiment.takes_data else None, self.seed)
        found = results.measure(
            experiment, settings, self.cache, lambda line: show(told + line), command=command, quick=quick
        )
        show.say(f"{told}{name} measured in {duration(found.seconds)}")
        return found


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def measure_apart(name: str, asked: Asked) -> results.Result:
    """The result of one experiment, measured in a process of its own by one thread."""
    import torch

    torch.set_num_threads(1)
    with LiveLine(quiet=True) as show:
        return asked.result(contents()[name], show, "")


def choose(names: Sequence[str], listed: Contents) -> list[Experiment]:
    """The experiments behind the names, in the report's order."""
    for name in names:
        if name != "all" and name not in listed:
            raise UsageError(
                f"there is no experiment '{name}'; `viceversa lab` lists them.{did_you_mean(name, [*listed, 'all'])}"
            )
    wanted = [e for e in listed.values() if "all" in names or e.name in names]
    return sorted(wanted, key=lambda e: e.chapter)


def survivable(error: Exception) -> Exception:
    """The same error, unless it must stop everything: a signal that reached a training, or a bug to be looked at."""
    stopped = hasattr(error, "exit_code") and not isinstance(error, ViceversaError)
    if stopped or os.environ.get("VICEVERSA_TRACEBACK"):
        raise error
    return error


def describe(error: Exception) -> str:
    """An error in one line; what is not the user's is named by its kind."""
    text = " ".join(str(error).split())
    return text if isinstance(error, ViceversaError) else f"{type(error).__name__}: {text or 'no message'}"

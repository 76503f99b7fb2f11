"""Finished measurements on disk: measured once, found again by settings and code."""

import json
import shlex
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from viceversa import files
from viceversa.errors import ResourceError

from .experiment import Experiment, Found
from .work import Work, plain


@dataclass(frozen=True, kw_only=True)
class Result:
    """What `result.json` says: the numbers and all that is needed to measure them again."""

    experiment: str
    command: str
    quick: bool
    settings: dict[str, Any]
    seconds: float
    date: str
    machine: dict[str, Any]
    values: dict[str, Any]
    folder: Path

    def found(self, experiment: Experiment) -> Found:
        """The same as `write` wants it."""
        return Found(experiment.restore(self.settings), self.values, self.folder, self.quick, self.seconds)

    def as_json(self) -> dict[str, Any]:
        """All of it but the place on this disk."""
        return {key: value for key, value in asdict(self).items() if key != "folder"}


def read(folder: Path) -> Result | None:
    """The finished measurement in a folder, or None."""
    try:
        return Result(**json.loads((folder / "result.json").read_text(encoding="utf-8")), folder=folder)
    except (OSError, ValueError, TypeError):
        return None


def finished(experiment: Experiment, settings: Any, cache: Path) -> Result | None:
    """The result for these settings and the present code, or None."""
    return read(cache / experiment.name / experiment.key(settings))


def all_finished(experiment: Experiment, cache: Path) -> Iterator[Result]:
    """Every result of the present code, the newest first, whatever its settings."""
    found = [read(path.parent) for path in (cache / experiment.name).glob("*/result.json")]
    for result in sorted((r for r in found if r), key=lambda r: r.date, reverse=True):
        try:
            fits = experiment.key(experiment.restore(result.settings)) == result.folder.name
        except TypeError:  # settings of an older experiment
            continue
        if fits:
            yield result


def shown(experiment: Experiment, cache: Path) -> Result | None:
    """What the site shows unless told otherwise: the full measurement, else the newest."""
    return finished(experiment, experiment.full, cache) or next(all_finished(experiment, cache), None)


def measure(
    experiment: Experiment, settings: Any, cache: Path, show: Callable[[str], None], *, command: str, quick: bool
) -> Result:
    """Measure, or go on where an earlier attempt was stopped; ResourceError while another process does the same."""
    import torch

    from viceversa.runs.environment import environment

    folder = cache / experiment.name / experiment.key(settings)
    with _Owner(experiment.name, folder):
        done = read(folder)  # another process may just have finished it
        if done:
            return done
        work = Work(folder, lambda line: show(f"{experiment.name}  {line}"))
        try:
            show(experiment.name)
            values = plain(experiment.measure(settings, work))
        finally:
            work.save_clock()
        machine = environment(command, "cuda" if torch.cuda.is_available() else "cpu", torch.get_num_threads())
        result = Result(
            experiment=experiment.name, command=command, quick=quick, settings=plain(asdict(settings)),
            seconds=round(work.seconds, 1), date=time.strftime("%F %T"), machine=machine, values=values, folder=folder,
        )  # fmt: skip
        files.write_json(folder / "result.json", result.as_json())
        return result


def forget(experiment: Experiment, settings: Any, cache: Path) -> None:
    """Remove a measurement, its parts and its runs."""
    folder = cache / experiment.name / experiment.key(settings)
    if folder.is_dir():
        with _Owner(experiment.name, folder):
            files.remove_folder(folder)


def command(name: str, quick: bool, data: str | None, seed: int | None) -> str:
    """The command line that measures it."""
    words = ["viceversa", "lab", name, *(["--quick"] if quick else [])]
    words += ["--data", data] if data is not None else []
    words += ["--seed", str(seed)] if seed is not None else []
    return shlex.join(words)


class _Owner(files.Lock):
    """The lock of a measurement, whose complaint names the experiment."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(folder)
        self.name = name

    def __enter__(self) -> "_Owner":
        try:
            super().__enter__()
        except ResourceError:
            raise ResourceError(
                f"experiment {self.name} is being measured by another process in {self.path.parent}; wait for it or "
                "choose another --cache"
            ) from None
        return self

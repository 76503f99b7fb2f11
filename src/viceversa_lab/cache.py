"""Cached measurements on disk, one folder per experiment, settings and version."""

import json
import shlex
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from viceversa import files
from viceversa.errors import ResourceError

from .experiment import Experiment, Results
from .workspace import Workspace, plain


@dataclass(frozen=True, kw_only=True)
class Record:
    """The content of `result.json`: the values and all that is needed to measure them again."""

    experiment: str
    command: str
    quick: bool
    settings: dict[str, Any]
    seconds: float
    date: str
    machine: dict[str, Any]
    values: dict[str, Any]
    folder: Path

    def results(self, experiment: Experiment) -> Results:
        """The part that `write` takes."""
        return Results(experiment.restore(self.settings), self.values, self.folder, self.quick, self.seconds)

    def as_json(self) -> dict[str, Any]:
        """Everything except the folder on this disk."""
        return {key: value for key, value in asdict(self).items() if key != "folder"}


def read(folder: Path) -> Record | None:
    """The finished measurement in a folder, or None."""
    try:
        return Record(**json.loads((folder / "result.json").read_text(encoding="utf-8")), folder=folder)
    except (OSError, ValueError, TypeError):
        return None


def find(experiment: Experiment, settings: Any, cache: Path) -> Record | None:
    """The measurement with these settings and the present version, or None."""
    return read(cache / experiment.name / experiment.key(settings))


def find_all(experiment: Experiment, cache: Path) -> Iterator[Record]:
    """Every measurement of the present version, the newest first, whatever its settings."""
    records = [read(path.parent) for path in (cache / experiment.name).glob("*/result.json")]
    for record in sorted((r for r in records if r), key=lambda r: r.date, reverse=True):
        try:
            is_current = experiment.key(experiment.restore(record.settings)) == record.folder.name
        except TypeError:  # settings of an older experiment
            continue
        if is_current:
            yield record


def find_any(experiment: Experiment, cache: Path) -> Record | None:
    """The full measurement, else the newest one, or None."""
    return find(experiment, experiment.full, cache) or next(find_all(experiment, cache), None)


def measure(
    experiment: Experiment, settings: Any, cache: Path, on_progress: Callable[[str], None], *, command: str, quick: bool
) -> Record:
    """Measure, or resume an interrupted measurement; ResourceError while another process measures the same."""
    import torch

    from viceversa.runs.environment import environment

    folder = cache / experiment.name / experiment.key(settings)
    with _MeasurementLock(experiment.name, folder):
        finished = read(folder)  # another process may just have finished it
        if finished:
            return finished

        work = Workspace(folder, lambda line: on_progress(f"{experiment.name}  {line}"))
        try:
            on_progress(experiment.name)
            values = plain(experiment.measure(settings, work))
        finally:
            work.save_clock()

        record = Record(
            experiment=experiment.name,
            command=command,
            quick=quick,
            settings=plain(asdict(settings)),
            seconds=round(work.seconds, 1),
            date=time.strftime("%F %T"),
            machine=environment(command, "cuda" if torch.cuda.is_available() else "cpu", torch.get_num_threads()),
            values=values,
            folder=folder,
        )
        files.write_json(folder / "result.json", record.as_json())
        return record


def remove(experiment: Experiment, settings: Any, cache: Path) -> None:
    """Remove a measurement with its images, arrays and runs."""
    folder = cache / experiment.name / experiment.key(settings)
    if folder.is_dir():
        with _MeasurementLock(experiment.name, folder):
            files.remove_folder(folder)


def command(name: str, quick: bool, data: str | None, seed: int | None) -> str:
    """The command line that measures it."""
    words = ["viceversa", "lab", name]
    if quick:
        words.append("--quick")
    if data is not None:
        words += ["--data", data]
    if seed is not None:
        words += ["--seed", str(seed)]
    return shlex.join(words)


class _MeasurementLock(files.Lock):
    """The lock of a measurement; its error names the experiment."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(folder)
        self.name = name

    def __enter__(self) -> "_MeasurementLock":
        try:
            super().__enter__()
        except ResourceError:
            raise ResourceError(
                f"experiment {self.name} is being measured by another process in {self.path.parent}; wait for it or "
                "choose another --cache"
            ) from None
        return self

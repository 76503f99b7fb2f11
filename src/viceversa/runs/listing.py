"""What runs there are, and what one is: for people who look for them."""

import shlex
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import ModelFileError
from . import checkpoint
from .config import RunConfig
from .folder import RunFolder


@dataclass(frozen=True)
class RunRow:
    """One run in a list."""

    path: str
    domains: str
    preset: str
    step: int
    steps: int
    megabytes: float
    changed: str


def title(config: RunConfig, names: Sequence[str]) -> str:
    """What a run is about: both domains, its one kind of images, or the number of classes."""
    if config.method.directions:
        return (" <-> " if len(config.method.directions) > 1 else " -> ").join(names)
    return names[0] if len(names) == 1 else f"{Path(config.data.source).name}, {len(names)} classes"


def list_runs(root: str | Path = "runs") -> list[RunRow]:
    """Every run below `root`, the most recently changed first; `root` may be a run itself.

    A folder whose config.yaml is not a run's, or is damaged, is passed over.
    """
    folders = sorted({p.parent for p in Path(root).glob("**/config.yaml")}, key=lambda p: -p.stat().st_mtime)
    rows = []
    for folder in folders:
        with suppress(ModelFileError):
            rows.append(describe_run(folder))
    return rows


def describe_run(path: str | Path) -> RunRow:
    """One run from its files alone, so that a folder copied from elsewhere opens too."""
    run = RunFolder(path).require()
    config, data = run.config(), run.data()
    kept = checkpoint.list_checkpoints(run.checkpoints)
    size = sum(f.stat().st_size for f in run.path.rglob("*") if f.is_file())
    return RunRow(
        path=str(run.path),
        domains=title(config, data["names"]),
        preset=f"{config.preset} {config.data.size} px",
        step=kept[0].step if kept else 0,
        steps=run.steps(),
        megabytes=round(size / 1e6, 1),
        changed=time.strftime("%F %H:%M", time.localtime(run.path.stat().st_mtime)),
    )


def show_run(path: str | Path) -> dict[str, Any]:
    """A run's row, its last losses and the commands that go on from it."""
    run = RunFolder(path).require()
    row = asdict(describe_run(path))
    lines = run.read_metrics()
    names = tuple(run.data()["names"])
    directions = sorted(run.config().method.directions, key=lambda d: d.target)
    start = ["viceversa", "translate", str(path), "FOLDER", "--to"]
    return row | {
        "last": lines[-1] if lines else {},
        "report": str(run.report) if run.report.exists() else None,
        "resume": run.env()["command"],
        "translate": [shlex.join([*start, d.domains(names)[1], "--out", "OUT"]) for d in directions],
    }

"""The data of a report, gathered once for all its sections."""

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..console import duration
from ..images import Values
from ..methods.protocol import SIDES
from ..runs.config import RunConfig
from ..runs.folder import RunFolder
from ..tasks import task_of
from .gallery import DirectionGallery

SESSION = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (started|resumed|finished|stopped)\b")

STARTED = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:started|resumed at step (\d+))\b")


@dataclass(frozen=True, kw_only=True)
class ReportData:
    """A run folder as its report sees it."""

    run: RunFolder
    config: RunConfig
    data: dict[str, Any]
    env: dict[str, Any]
    metrics: list[dict[str, Any]]
    step: int  # of the newest checkpoint, 0 without one; while training that of the last line of metrics.jsonl
    galleries: tuple[DirectionGallery, ...] | None  # none without a checkpoint
    verdicts: tuple[dict[str, Any], ...] = ()  # one for each direction that could be decided
    in_progress: bool = False  # the run is training
    folder: Path | None = None  # of the page, which links to files are relative to; none: the run's

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the two domains, of the classes, or of the one set of images."""
        return tuple(self.data["names"])

    @property
    def translates(self) -> bool:
        return self.config.method.translates

    @property
    def steps(self) -> int | None:
        """Planned steps; none when the run has no length yet."""
        return self.run.steps() or None

    @property
    def unfinished(self) -> bool:
        return self.steps is None or self.step < self.steps

    @property
    def device(self) -> str:
        """The hardware that it ran on."""
        if self.env.get("device") != "cpu":
            return str(self.env.get("device"))
        threads = self.env.get("threads", 1)
        return f"{self.env.get('processor', 'cpu')}, {threads} {'thread' if threads == 1 else 'threads'}"


def training_time(log: Path) -> str | None:
    """Time between starts and ends in log.txt, "3:52 min"; "at least ..." when a session was killed."""
    total, since, complete = 0.0, None, True
    for line in log.read_text(errors="replace").splitlines() if log.is_file() else []:
        match = SESSION.match(line)
        if not match:
            continue

        now = time.mktime(time.strptime(match[1], "%Y-%m-%d %H:%M:%S"))
        if match[2] in ("started", "resumed"):
            complete = complete and since is None
            since = now
        elif since is not None:
            total += now - since
            since = None

    if total <= 0:
        return None
    text = duration(total) + (" h" if total >= 3600 else " min")
    return text if complete and since is None else f"at least {text}"


def status(report: ReportData) -> str:
    """How far the run came, in which time, on which hardware; its training data, and what their numbers are."""
    plan = f" of {report.steps:,}" if report.steps else ""
    verb = "Stopped" if report.unfinished else "Finished"
    if report.in_progress:
        return f"{progress(report)} on {report.device}. Training on {training_data(report)}.{numbers_of_files(report)}"
    progress_made = f"{verb} at step {report.step:,}{plan}" if report.step else "No checkpoint yet"
    elapsed = training_time(report.run.path / "log.txt")
    after = f" after {elapsed}" if elapsed else ""
    return f"{progress_made}{after} on {report.device}. Trained on {training_data(report)}.{numbers_of_files(report)}"


def progress(report: ReportData) -> str:
    """The step that training has reached, its share, and the time that it still takes at the same pace."""
    if not report.steps:
        return "Training"
    text = f"Training: step {report.step:,} of {report.steps:,} ({report.step / report.steps:.0%})"
    since, first = last_start(report.run.path / "log.txt")
    if since is None or report.step <= first:
        return text
    left = (time.time() - since) / (report.step - first) * (report.steps - report.step)
    return f"{text}, about {duration(left)} {'h' if left >= 3600 else 'min'} left at {time.strftime('%H:%M')},"


def last_start(log: Path) -> tuple[float | None, int]:
    """When training started or resumed last, by time.time, and at which step; none where log.txt does not say."""
    for line in reversed(log.read_text(errors="replace").splitlines() if log.is_file() else []):
        if match := STARTED.match(line):
            return time.mktime(time.strptime(match[1], "%Y-%m-%d %H:%M:%S")), int(match[2] or 0)
    return None, 0


def training_data(report: ReportData) -> str:
    """Numbers, names and size of the training images."""
    counts, size = report.data["counts"], report.config.data.size
    if not report.translates:
        classes = f" of {len(report.names)} classes" if len(report.names) > 1 else ""
        return f"{counts['train']:,} pictures{classes} at {size} px"

    a, b = report.names
    pairs = "in pairs" if task_of(report.config.method).paired else "not in pairs"
    return f"{counts['train_a']:,} {a} and {counts['train_b']:,} {b} at {size} px, {pairs}"


def numbers_of_files(report: ReportData) -> str:
    """A sentence for each domain whose files are no photographs of 8 bits: channels, number type and range."""
    described = described_values(report.data)
    return "".join(f" {name} has {values.replace(' -', ' −')}." for name, values in described.items())


def described_values(data: dict[str, Any]) -> dict[str, str]:
    """Channels, number type and range of each domain in words, by its name; without photographs of 8 bits."""
    values = {side: Values(**saved) for side, saved in data.get("values", {}).items()}
    names = dict(zip(SIDES, data["names"] if len(values) > 1 else ["Every picture"], strict=False))
    return {names[side]: v.describe() for side, v in values.items() if not v.is_plain}

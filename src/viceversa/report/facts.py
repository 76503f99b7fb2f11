"""All that the sections of the page tell about, gathered once."""

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..console import duration
from ..runs.config import RunConfig
from ..runs.folder import RunFolder
from ..tasks import task_of
from .gallery import Gallery

SESSION = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (started|resumed|finished|stopped)\b")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """A run folder as its report sees it."""

    run: RunFolder
    config: RunConfig
    data: dict[str, Any]
    env: dict[str, Any]
    metrics: list[dict[str, Any]]
    step: int  # of the newest checkpoint, 0 without one
    gallery: Gallery | None  # none without a checkpoint

    @property
    def names(self) -> tuple[str, ...]:
        """Of the two domains, of the classes, or of the one set."""
        return tuple(self.data["names"])

    @property
    def translates(self) -> bool:
        return self.config.method.translates

    @property
    def steps(self) -> int | None:
        """Planned steps; none when the run has no length yet."""
        return self.config.steps or None

    @property
    def unfinished(self) -> bool:
        return self.steps is None or self.step < self.steps

    @property
    def device(self) -> str:
        """Where it ran, in words."""
        threads = self.env.get("threads", 1)
        on = f"{self.env.get('processor', 'cpu')}, {threads} thread{'s' * (threads != 1)}"
        return on if self.env.get("device") == "cpu" else str(self.env.get("device"))


def trained_for(log: Path) -> str | None:
    """Time between starts and ends in log.txt, "3:52 min"; "at least ..." when a session was killed."""
    total, since, whole = 0.0, None, True
    for line in log.read_text(errors="replace").splitlines() if log.is_file() else []:
        if not (found := SESSION.match(line)):
            continue
        now = time.mktime(time.strptime(found[1], "%Y-%m-%d %H:%M:%S"))
        if found[2] in ("started", "resumed"):
            whole, since = whole and since is None, now
        elif since is not None:
            total, since = total + now - since, None
    if total <= 0:
        return None
    told = duration(total) + (" h" if total >= 3600 else " min")
    return told if whole and since is None else f"at least {told}"


def state(facts: Facts) -> str:
    """How far, how long, where, from what."""
    plan = f" of {facts.steps:,}" if facts.steps else ""
    verb = "Stopped" if facts.unfinished else "Finished"
    how = f"{verb} at step {facts.step:,}{plan}" if facts.step else "No checkpoint yet"
    time = trained_for(facts.run.path / "log.txt")
    return f"{how}{f' after {time}' if time else ''} on {facts.device}. Trained on {diet(facts)}."


def diet(facts: Facts) -> str:
    """What it was trained on."""
    counts, size = facts.data["counts"], facts.config.data.size
    if not facts.translates:
        classes = f" of {len(facts.names)} classes" if len(facts.names) > 1 else ""
        return f"{counts['train']:,} pictures{classes} at {size} px"
    a, b = facts.names
    pairs = "in pairs" if task_of(facts.config.method).paired else "never shown in pairs"
    return f"{counts['train_a']:,} {a} and {counts['train_b']:,} {b} at {size} px, {pairs}"

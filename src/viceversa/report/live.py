"""The report of a run that is still training: kept up to date for a small share of its time."""

import time
from contextlib import suppress
from pathlib import Path

from ..runs.folder import RunFolder
from .page import make_quick

SHARE = 0.01  # of the time since the start that may have gone into the report before it is written again


class LiveReport:
    """Writes RUN/report.html after samples, unless that has taken more than SHARE of the time so far.

    `seconds` is the time that it has taken. A report that cannot be written is a line of log.txt and no
    reason to end a training.
    """

    def __init__(self) -> None:
        self.started, self.seconds = time.monotonic(), 0.0
        self.logged = ""  # the last error in log.txt

    def __call__(self, run: Path) -> None:
        begun = time.monotonic()
        if self.seconds > SHARE * (begun - self.started):
            return
        try:
            make_quick(run, in_progress=True)
        except Exception as e:
            self.log(run, " ".join(f"the report could not be written ({type(e).__name__}: {e})".split()))
        self.seconds += time.monotonic() - begun

    def log(self, run: Path, line: str) -> None:
        """Write a line to log.txt of the run, once while it stays the same."""
        if line != self.logged:
            with suppress(OSError):
                RunFolder(run).log(line)
        self.logged = line

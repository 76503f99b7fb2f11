"""The report of a run that is still training: kept up to date for a small share of its time."""

import time
from pathlib import Path

from .page import make_quick

SHARE = 0.01  # of the time since the start that may have gone into the report before it is written again


class LiveReport:
    """Writes RUN/report.html after samples, unless that has taken more than SHARE of the time so far.

    `seconds` is the time that it has taken. A report that cannot be written is no reason to end a training.
    """

    def __init__(self) -> None:
        self.started, self.seconds = time.monotonic(), 0.0
        self.error = ""  # of the last attempt

    def __call__(self, run: Path) -> None:
        begun = time.monotonic()
        if self.seconds > SHARE * (begun - self.started):
            return
        try:
            make_quick(run, in_progress=True)
            self.error = ""
        except Exception as e:
            self.error = f"{type(e).__name__}: {e}"
        self.seconds += time.monotonic() - begun

"""The progress of a large image in words: share, speed, time left."""

import time
from collections.abc import Callable
from pathlib import Path

from ..console import duration

MEGA = 1e6


class PixelProgress:
    """Called with pixels done and in all of a file, it says how far the translation is and how fast."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self.say, self.clock = say, clock
        self.path: Path | None = None
        self.start, self.before = 0.0, 0  # time and pixels when this start began with the file

    def __call__(self, done: int, total: int, path: Path) -> None:
        now = self.clock()
        if path != self.path:
            self.path, self.start, self.before = path, now, done
        line = f"{path.name}  {done / MEGA:.0f}/{total / MEGA:.0f} megapixels ({done / total:.0%})"
        if done > self.before and now > self.start:
            rate = (done - self.before) / (now - self.start)
            line += f"  {rate / MEGA:.2f} megapixels/s  {duration((total - done) / rate)} left"
        self.say(line)

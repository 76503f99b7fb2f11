"""Progress on the console: one line that is updated in place, or plain lines where there is no terminal."""

import time
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text

STATUS_MARK = "●"
COLOURS = {"ok": "green", "watch": "yellow", "alarm": "bold red"}
PLAIN_SECONDS = 15.0  # between two plain lines


class LiveLine:
    """`with LiveLine() as show: show("step 12 ...")` keeps one line up to date; `say` prints one that stays."""

    def __init__(self, console: Console | None = None, quiet: bool = False) -> None:
        self.console = console or Console(stderr=True, soft_wrap=True, highlight=False)
        self.quiet = quiet
        self.live: Live | None = None
        if self.is_live:
            self.live = Live(console=self.console, refresh_per_second=4, transient=True)
        self.last = 0.0  # when the last plain line was printed

    @property
    def is_live(self) -> bool:
        return self.console.is_terminal and not self.quiet

    def __enter__(self) -> "LiveLine":
        if self.live:
            self.live.start()
        return self

    def __call__(self, line: str) -> None:
        now = time.monotonic()
        if self.live:
            self.live.update(coloured(line))
        elif not self.quiet and now - self.last >= PLAIN_SECONDS:
            self.last = now
            self.say(line)

    def say(self, line: str) -> None:
        """Print a line that stays; a closed output does not stop the run."""
        if self.quiet:
            return
        try:
            self.console.print(Text(line))
        except OSError:
            self.quiet = True

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self.live:
            self.live.stop()


def coloured(line: str) -> Text:
    """The live line; a STATUS_MARK at its start takes the colour of the status behind it."""
    text = Text(line, no_wrap=True, overflow="ellipsis")
    if line.startswith(STATUS_MARK):
        text.stylize(COLOURS.get(line.split()[1], ""), 0, len(STATUS_MARK))
    return text


def duration(seconds: float) -> str:
    """75 -> "1:15", 4000 -> "1:06:40"."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"

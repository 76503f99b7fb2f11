"""Words of a command line that stand for times and names."""

import re

from ..errors import UsageError

SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


def parse_time(text: float | str | None) -> float | None:
    """ "300s", "4m", "2h" or a number of seconds, in seconds."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", str(text).strip())
    if not match or float(match[1]) <= 0:
        raise UsageError(f"--max-time '{text}': write it as 300s, 4m or 2h")
    return float(match[1]) * SECONDS[match[2]]


def parse_names(text: str | None) -> tuple[str, str] | None:
    """ "apples,oranges" as two names."""
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 2 or not all(parts):
        raise UsageError(f"--names '{text}': write two names with a comma between, for example apples,oranges")
    return parts[0], parts[1]

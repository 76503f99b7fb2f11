"""Errors that a user can cause, each with the exit code of the command line (0 done, 1 bug, 130/143 stopped)."""

from collections.abc import Iterable
from difflib import get_close_matches


class ViceversaError(Exception):
    """One line: what, where, why, what to do."""

    exit_code = 1


class UsageError(ViceversaError):
    """A wrong command line, configuration or argument; also a missing extra."""

    exit_code = 2


class DataError(ViceversaError):
    """Pictures or folders that cannot be used."""

    exit_code = 3


class ModelFileError(ViceversaError):
    """A run folder or checkpoint that is missing, damaged or of another kind."""

    exit_code = 4


class ResourceError(ViceversaError):
    """Not enough disk space or memory, no permission, or the folder is in use."""

    exit_code = 5


class SlowerError(ResourceError):
    """A bench that is slower than its committed figures."""


class DivergedError(ViceversaError):
    """Training produced numbers that are not finite; no update was applied."""

    exit_code = 6


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The nearest known name as the end of a sentence, or nothing."""
    names = sorted(known)
    near = get_close_matches(word, names, n=1, cutoff=0.5)
    return f" Did you mean '{near[0]}'?" if near else ""

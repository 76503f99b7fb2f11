"""Options that commands share: --json, --quiet, --verbose."""

import functools
import inspect
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from cyclopts import Parameter

from ..errors import ViceversaError


def option(name: str, *flags: str) -> inspect.Parameter:
    """A keyword-only flag, false by default."""
    annotation = Annotated[bool, Parameter(flags, negative=())]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=annotation)


JSON = option("as_json", "--json")
VERBOSE = option("verbose", "--verbose", "-v")
JSON_HELP = "as_json: Print one JSON document."
VERBOSE_HELP = "verbose: Also print the time and memory that the command took, and the traceback of an error."


def long_work(function: Callable[..., None]) -> Callable[..., None]:
    """The command with the option --verbose."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def run(*args: Any, verbose: bool = False, **options: Any) -> None:
        with resources_printed(verbose):
            function(*args, **options)

    describe(run, [*signature.parameters.values(), VERBOSE], with_options_help(function.__doc__, VERBOSE_HELP))
    return run


def describe(command: Callable[..., None], parameters: list[inspect.Parameter], documentation: str) -> None:
    """Set what the parser and the help read of a command."""
    command.__doc__ = documentation
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in parameters}


def with_options_help(documentation: str | None, *lines: str) -> str:
    """A docstring with more lines at the end of its section Args."""
    text = inspect.cleandoc(documentation or "").rstrip().splitlines()
    if "Args:" not in text:
        text += ["", "Args:"]
    return "\n".join([*text, *(f"    {line}" for line in lines)])


@contextmanager
def resources_printed(verbose: bool) -> Iterator[None]:
    """Print on standard error what the work inside took, and the traceback of an error before its one line."""
    if not verbose:
        yield
        return
    started = time.monotonic()
    try:
        yield
    except Exception as error:
        if isinstance(error, ViceversaError) or not hasattr(error, "exit_code"):  # no signal that ended a training
            traceback.print_exc()
        raise
    finally:
        parts = [f"{time.monotonic() - started:.1f} s", f"{time.process_time():.1f} s of CPU time"]
        if (peak := peak_megabytes()) is not None:
            parts.append(f"{peak:.0f} MB of memory at most")
        print(f"took {', '.join(parts)}", file=sys.stderr)


def peak_megabytes() -> float | None:
    """The most memory this process has held; None where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)

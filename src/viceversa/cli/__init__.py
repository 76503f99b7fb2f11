"""The command line: parse, call the verb, print. PyTorch is imported only when a verb needs it."""

import os
import shlex
import sys
from typing import NoReturn

from ..errors import ViceversaError

BUG = "this is a bug in viceversa; please report it with the line above. VICEVERSA_TRACEBACK=1 shows more"


def main(words: list[str] | None = None) -> NoReturn:
    """Run one command and exit with its code: 0, 1 bug, 2 usage, 3 data, 4 model file, 5 resources, 6 diverged."""
    try:
        code = run(sys.argv[1:] if words is None else words)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = 0
    leave(code)


def leave(code: int) -> NoReturn:
    """End the process; one of several ranks without taking the interpreter down.

    A thread of gloo may still hold the tensors of the last message; letting go of them needs the interpreter, and where
    that is gone the process aborts, for which torchrun ends the other ranks too.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def run(words: list[str]) -> int:
    """The exit code of a command line; errors become one line on standard error."""
    from cyclopts import CycloptsError

    from .app import app, one_line
    from .hints import find_knob_hint

    try:
        app(words, exit_on_error=False, print_error=False, result_action="return_value")
        return 0
    except CycloptsError as e:
        return complain(one_line(e, words), 2)
    except ViceversaError as e:
        hint = find_knob_hint(words) if "there is no key" in str(e) else None
        return complain(hint or str(e), e.exit_code)
    except KeyboardInterrupt:
        return complain("interrupted; what was not saved yet is lost, the same command goes on from what was", 130)
    except BrokenPipeError:
        raise
    except OSError as e:
        where = f" {e.filename}" if e.filename else ""
        return complain(f"the system refused{where}: {e.strerror or e}; check space, permissions and the path", 5)
    except MemoryError:
        return complain("out of memory; use a smaller --size or --set train.batch=1", 5)
    except Exception as e:
        return unexpected(e, words)


def unexpected(error: Exception, words: list[str]) -> int:
    """A signal that ended training, memory that ran out inside PyTorch, or a bug."""
    from ..distributed import launch_command

    code = getattr(error, "exit_code", None)
    if code is not None:  # training was asked to stop, and saved
        command = shlex.join([*launch_command(), *words])
        return complain(f"stopped by {error}, checkpoint saved; to go on: {command}", code)
    if isinstance(error, RuntimeError) and "memory" in str(error):
        return complain("out of memory; use a smaller --size or --set train.batch=1", 5)
    if os.environ.get("VICEVERSA_TRACEBACK"):
        raise error
    text = " ".join(str(error).split()) or "no message"
    return complain(f"{type(error).__name__}: {text}; {BUG}", 1)


def complain(line: str, code: int) -> int:
    """Print one line on standard error, hand the code on. Of several ranks the first speaks."""
    if os.environ.get("RANK", "0") == "0":
        print("viceversa: " + " ".join(line.split()), file=sys.stderr)
    return code

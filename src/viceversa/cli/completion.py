"""The completion command: a script with which the shell completes commands, options, their values and files."""

import os
from pathlib import Path
from typing import Annotated, Literal, cast, get_args

from cyclopts import Parameter

from ..errors import UsageError

Shell = Literal["bash", "zsh", "fish"]


def completion(shell: Shell | None = None, /, *, install: Annotated[bool, Parameter(negative=())] = False) -> None:
    """Let the shell complete commands, options and files: print the script, or install it.

    For one session of bash: source <(viceversa completion bash)

    Args:
        shell: bash, zsh or fish; default: the shell of this session.
        install: Write the script where the shell looks for it, for all new sessions, and say where.
    """
    from .app import app

    shell = shell or shell_of_this_session()
    if not install:
        print(app.generate_completion(shell=shell), end="")
        return
    print(f"{shell}: {app.install_completion(shell=shell)}; it works in new sessions of the shell")


def shell_of_this_session() -> Shell:
    """The name of the user's shell. Raises UsageError for one without completion."""
    name = Path(os.environ.get("SHELL", "")).name
    if name not in get_args(Shell):
        raise UsageError(f"completion: the shell is {name or 'not known'}; name one of {', '.join(get_args(Shell))}")
    return cast(Shell, name)

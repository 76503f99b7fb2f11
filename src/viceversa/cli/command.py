"""Commands made from verbs: their options and their help are those of the function in api.py."""

import inspect
from collections.abc import Callable
from typing import Any

from .options import JSON, JSON_HELP, VERBOSE, VERBOSE_HELP, describe, resources_printed, with_options_help
from .output import print_json

POSITIONAL = inspect.Parameter.POSITIONAL_OR_KEYWORD


def command(
    verb: Callable[..., Any], show: Callable[..., None], *, json: Callable[[Any], Any] | None = None
) -> Callable[..., None]:
    """A command that calls `verb` and prints its result with `show(result, **arguments)`.

    With `json` it has the option --json, which prints `json(result)` as one JSON document instead; a verb that can be
    quiet does long work and has --verbose too. Parameters before the *, except `out`, are positional-only.
    """
    signature = inspect.signature(verb)
    parameters = [
        p.replace(kind=inspect.Parameter.POSITIONAL_ONLY) if p.kind is POSITIONAL and p.name != "out" else p
        for p in signature.parameters.values()
    ]
    more = []
    if json:
        more.append((JSON, JSON_HELP))
    if "quiet" in signature.parameters:
        more.append((VERBOSE, VERBOSE_HELP))

    def run(*args: Any, as_json: bool = False, verbose: bool = False, **options: Any) -> None:
        with resources_printed(verbose):
            result = verb(*args, **options)
            if json and as_json:
                print_json(json(result))
            else:
                arguments = signature.bind(*args, **options).arguments
                show(result, **arguments)

    run.__name__ = verb.__name__
    text = with_options_help(documentation(verb), *(line for _, line in more)) if more else documentation(verb)
    describe(run, [*parameters, *(parameter for parameter, _ in more)], text)
    return run


def documentation(verb: Callable[..., Any]) -> str:
    """The verb's docstring for the help of its command: what concerns Python alone is left out."""
    paragraphs = inspect.cleandoc(verb.__doc__ or "").split("\n\n")
    return "\n\n".join(text for text in paragraphs if "From Python returns" not in text and text[:7] != "Raises ")

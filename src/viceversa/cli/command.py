"""Commands made from verbs: their options and their help are those of the function in api.py."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any

from cyclopts import Parameter

from .output import print_json

POSITIONAL = inspect.Parameter.POSITIONAL_OR_KEYWORD
JSON = inspect.Parameter(
    "as_json",
    inspect.Parameter.KEYWORD_ONLY,
    default=False,
    annotation=Annotated[bool, Parameter("--json", negative=())],
)


def command(
    verb: Callable[..., Any], show: Callable[..., None], *, json: Callable[[Any], Any] | None = None
) -> Callable[..., None]:
    """A command that calls `verb` and prints its result with `show(result, **arguments)`.

    With `json` it has the option --json, which prints `json(result)` as one JSON document instead. Parameters before
    the *, except `out`, are positional-only.
    """
    signature = inspect.signature(verb)
    parameters = [p for p in signature.parameters.values() if p.name != "quiet"]
    parameters = [
        p.replace(kind=inspect.Parameter.POSITIONAL_ONLY) if p.kind is POSITIONAL and p.name != "out" else p
        for p in parameters
    ]
    if json:
        parameters.append(JSON)

    def run(*args: Any, as_json: bool = False, **options: Any) -> None:
        result = verb(*args, **options)
        if json and as_json:
            print_json(json(result))
        else:
            arguments = signature.bind(*args, **options).arguments
            show(result, **arguments)

    run.__name__, run.__doc__ = verb.__name__, documentation(verb, bool(json))
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run


def documentation(verb: Callable[..., Any], json: bool) -> str:
    """The verb's docstring for the help of its command: what concerns Python alone is left out."""
    paragraphs = inspect.cleandoc(verb.__doc__ or "").split("\n\n")
    kept = [text for text in paragraphs if "From Python returns" not in text and not text.startswith("Raises ")]
    lines = "\n\n".join(kept).replace("    quiet: Print nothing.", "").rstrip().splitlines()
    if json:
        if "Args:" not in lines:
            lines += ["", "Args:"]
        lines.append("    as_json: Print one JSON document.")
    return "\n".join(lines)

"""Types of options that several commands share."""

from collections.abc import Sequence
from typing import Annotated, Literal

from cyclopts import Parameter, Token


def whole(kind: type, tokens: Sequence[Token]) -> int:
    """A whole number from a word; 1.5 is refused, not rounded."""
    word = tokens[0].value
    if not word.removeprefix("-").isdecimal():
        raise ValueError(f"'{word}' is not a whole number")
    return int(word)


Whole = Annotated[int, Parameter(converter=whole)]
Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "fp32", "bf16"]

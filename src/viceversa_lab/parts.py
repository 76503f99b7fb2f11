"""What `write` of an experiment returns: the parts of its section, as plain data.

Text may hold `code`, *emphasis*, $formulas$ in LaTeX, [links](https://...), [another experiment](#its-name), and @1
for the number of the experiment's first figure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .interval import Interval

Pixels = NDArray[np.float32]  # (1 | 3, H, W) in [-1, 1]


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Formula:
    """A formula on a line of its own, in LaTeX."""

    latex: str


@dataclass(frozen=True)
class Film:
    """Frames (1 | 3, H, W) that play in a loop; a reader who asked for less motion sees the last one."""

    frames: Sequence[Pixels]
    milliseconds: int = 120  # of each frame


@dataclass(frozen=True)
class Figure:
    """Drawings side by side where there is room, below each other on a phone, under one numbered caption.

    A drawing is a matplotlib figure from `figures.axes`, a picture (1 | 3, H, W) in [-1, 1], or a `Film`.
    """

    drawings: Any  # one drawing or a sequence of them
    caption: str  # a text as above
    alt: str  # what a reader who cannot see it should know
    titles: Sequence[str] = ()  # a short one above each drawing
    sharp: bool = False  # small pictures: enlarged without smoothing
    wide: bool = False  # wider than the text; scrolls in its own box on a phone


@dataclass(frozen=True)
class Finding:
    """The answer in one sentence with its number and interval."""

    text: str


@dataclass(frozen=True)
class Claim:
    """A statement of the report beside what was measured."""

    claimed: str
    measured: str
    holds: bool


@dataclass(frozen=True)
class Table:
    """Rows of cells under their heads; an `Interval` or a number stands right, the first column left."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str | float | int | Interval]]
    caption: str = ""


Part = Text | Formula | Figure | Finding | Claim | Table

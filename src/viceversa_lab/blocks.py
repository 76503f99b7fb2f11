"""The blocks of a section, as `write` of an experiment returns them: plain data.

Texts may contain `code`, *emphasis*, $formulas$ in LaTeX, [links](https://...), [another experiment](#its-name), and
@1 for the number of the experiment's first figure.
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
    """A formula on its own line, in LaTeX."""

    latex: str


@dataclass(frozen=True)
class Animation:
    """Frames (1 | 3, H, W) that play in a loop; readers who prefer reduced motion see the last one."""

    frames: Sequence[Pixels]
    milliseconds: int = 120  # of each frame


@dataclass(frozen=True)
class Figure:
    """Drawings under one numbered caption: side by side where there is room, below each other on a phone.

    A drawing is a matplotlib figure from `figures.axes`, an image (1 | 3, H, W) in [-1, 1], or an `Animation`.
    """

    drawings: Any  # one drawing or a sequence of them
    caption: str  # a text as above
    alt: str  # description for readers who cannot see the figure
    titles: Sequence[str] = ()  # a short one above each drawing
    sharp: bool = False  # small images: enlarged without smoothing
    wide: bool = False  # wider than the text; scrolls horizontally on a phone


@dataclass(frozen=True)
class Finding:
    """The answer in one sentence, with its number and interval."""

    text: str


@dataclass(frozen=True)
class Claim:
    """A claim of the report beside what was measured."""

    claimed: str
    measured: str
    holds: bool


@dataclass(frozen=True)
class Table:
    """Rows of cells below column heads; numbers and intervals are right-aligned, the first column left-aligned."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str | float | int | Interval]]
    caption: str = ""


Block = Text | Formula | Figure | Finding | Claim | Table

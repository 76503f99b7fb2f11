"""The house style of drawn figures: few lines, one palette for light and dark, intervals over seeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from .interval import Interval, interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# In the SVG each becomes a CSS variable of the same name, which has a light and a dark value in site.css.
INK, SOFT, LINE, PAPER = "#1d1c1a", "#6b6862", "#e4e0d8", "#fdfcfa"
BLUE, RED, GOLD, GREEN, PURPLE = "#2f5d8a", "#b3402e", "#a8690a", "#1b7a6b", "#7a4a8c"
PALETTE = {
    "ink": INK, "soft": SOFT, "line": LINE, "paper": PAPER,
    "blue": BLUE, "red": RED, "gold": GOLD, "green": GREEN, "purple": PURPLE,
}  # fmt: skip
SERIES = (BLUE, RED, GREEN, GOLD, PURPLE)  # told apart by colour-blind readers too, with the marks below
MARKS = ("o", "s", "^", "D", "v")
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.6)), (0, (6, 2, 1, 2)), (0, (3, 1)))

SIZES = {"full": (420, 270), "panel": (310, 240), "square": (310, 310), "wide": (680, 300)}  # in CSS pixels
STYLE: dict[str, Any] = {
    "figure.dpi": 72, "font.family": "DejaVu Sans", "font.size": 12, "svg.fonttype": "none",
    "text.color": INK, "axes.labelcolor": SOFT, "axes.titlecolor": INK, "xtick.color": SOFT, "ytick.color": SOFT,
    "axes.edgecolor": SOFT, "axes.linewidth": 0.8, "axes.spines.top": False, "axes.spines.right": False,
    "axes.facecolor": "none", "figure.facecolor": "none", "savefig.transparent": True,
    "axes.grid": True, "axes.grid.axis": "y", "grid.color": LINE, "grid.linewidth": 0.8, "axes.axisbelow": True,
    "axes.titlesize": 12, "axes.labelsize": 12, "xtick.labelsize": 11.5, "ytick.labelsize": 11.5,
    "xtick.major.size": 3, "ytick.major.size": 0, "lines.linewidth": 1.8, "lines.markersize": 4.5,
    "legend.frameon": False, "legend.fontsize": 11.5, "legend.handlelength": 2.2, "figure.constrained_layout.use": True,
}  # fmt: skip
Size = Literal["full", "panel", "square", "wide"]


@contextmanager
def style() -> Iterator[None]:
    """matplotlib in this style, whatever the user's own settings are."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)  # type: ignore[arg-type]
        yield


def axes(
    x: str = "", y: str = "", *, size: Size = "full", height: int | None = None, log: Literal["", "x", "y", "xy"] = ""
) -> tuple[Figure, Axes]:
    """A figure with one pair of labelled axes; draw on the axes, put the figure into `parts.Figure`.

    `full` is the width of the text, two `panel`s (or `square`s) stand side by side. Call nothing of pyplot.
    """
    from matplotlib.figure import Figure

    wide, high = SIZES[size]
    with style():
        figure = Figure(figsize=(wide / 72, (height or high) / 72))
        ax = figure.add_subplot()
        ax.set(xlabel=x, ylabel=y)
        if "x" in log:
            ax.set_xscale("log")
        if "y" in log:
            ax.set_yscale("log")
    return figure, ax


def line(ax: Axes, xs: Sequence[float], ys: Sequence[float], label: str = "", series: int = 0, **more: Any) -> None:
    """A plain line in the colour and dash of its series."""
    ax.plot(xs, ys, label=label or None, color=SERIES[series], linestyle=DASHES[series], **more)


def band(
    ax: Axes, xs: Sequence[float], rows: Sequence[Sequence[float | None]], label: str = "", series: int = 0
) -> list[Interval]:
    """Curves over many x: the mean of each row (the seeds at one x) and its 95 % interval as a band."""
    found = [interval(row) for row in rows]
    line(ax, xs, [i.mean for i in found], label, series)
    ax.fill_between(xs, [i.low for i in found], [i.high for i in found], color=SERIES[series], alpha=0.18, linewidth=0)
    return found


def points(
    ax: Axes, xs: Sequence[Any], rows: Sequence[Sequence[float | None]], label: str = "", series: int = 0,
    shift: float = 0.0, joined: bool = True,
) -> list[Interval]:  # fmt: skip
    """Few x, numbers or names: every seed as a faint point, mean and 95 % interval in front.

    Names stand at 0, 1, 2 ...; `shift` moves a second series aside, in the unit of x.
    """
    found = [interval(row) for row in rows]
    named = any(isinstance(x, str) for x in xs)
    places = [float(i if named else x) + shift for i, x in enumerate(xs)]
    if named:
        ax.set_xticks(range(len(xs)), [str(x) for x in xs])
    colour, mark = SERIES[series], MARKS[series]
    for place, row in zip(places, rows, strict=True):
        seen = [v for v in row if v is not None]
        ax.plot([place] * len(seen), seen, mark, color=colour, alpha=0.3, markersize=3.2, markeredgewidth=0)
    ax.errorbar(
        places, [i.mean for i in found], [i.half for i in found], color=colour, marker=mark, capsize=3, capthick=1.4,
        elinewidth=1.4, linestyle=DASHES[series] if joined else "none", label=label or None,
    )  # fmt: skip
    return found


def bars(ax: Axes, names: Sequence[str], rows: Sequence[Sequence[float | None]], series: int = 0) -> list[Interval]:
    """Amounts that start at zero: a lying bar per name with its 95 % interval, the first on top."""
    found = [interval(row) for row in rows]
    places = range(len(names))
    ax.barh(places, [i.mean for i in found], 0.62, color=SERIES[series], alpha=0.85)
    ax.errorbar([i.mean for i in found], places, xerr=[i.half for i in found], fmt="none", ecolor=INK, capsize=3)
    ax.set_yticks(places, names)
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x")
    return found


def ticks(ax: Axes, xs: Sequence[float], labels: Sequence[str] | None = None) -> None:
    """Exactly these marks on the x axis: the values that were measured."""
    ax.set_xticks(list(xs), list(labels) if labels else [f"{x:g}" for x in xs])
    ax.minorticks_off()


def legend(ax: Axes, place: Any = "best") -> None:
    """Names of the series."""
    with style():
        ax.legend(loc=place)


def enlarge(pixels: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Every pixel as a square of `factor` pixels: small pictures beside large ones in one grid."""
    larger: NDArray[np.float32] = np.repeat(np.repeat(pixels, factor, axis=1), factor, axis=2)
    return larger

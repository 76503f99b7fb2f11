"""The style of the figures: one palette for light and dark pages, means and intervals over seeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from .interval import interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# In the page each becomes a CSS variable of the same name, which has a light and a dark value in site.css.
INK, SOFT, LINE, PAPER = "#1d1c1a", "#6b6862", "#e4e0d8", "#fdfcfa"
BLUE, RED, GOLD, GREEN, PURPLE = "#2f5d8a", "#b3402e", "#a8690a", "#1b7a6b", "#7a4a8c"
PALETTE = {
    "ink": INK,
    "soft": SOFT,
    "line": LINE,
    "paper": PAPER,
    "blue": BLUE,
    "red": RED,
    "gold": GOLD,
    "green": GREEN,
    "purple": PURPLE,
}
SERIES = (BLUE, RED, GREEN, GOLD, PURPLE)  # with the markers below, also for colour-blind readers
MARKERS = ("o", "s", "^", "D", "v")
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
    """Use matplotlib in this style, whatever the user's own settings are."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)  # type: ignore[arg-type]
        yield


def axes(
    x: str = "", y: str = "", *, size: Size = "full", height: int | None = None, log: Literal["", "x", "y", "xy"] = ""
) -> tuple[Figure, Axes]:
    """A figure with one pair of labelled axes: draw on the axes, put the figure into `blocks.Figure`, avoid pyplot.

    `full` is as wide as the text, two `panel`s (or `square`s) stand side by side.
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
    """A line in the colour and dash of its series."""
    ax.plot(xs, ys, label=label or None, color=SERIES[series], linestyle=DASHES[series], **more)


def band(
    ax: Axes, xs: Sequence[float], rows: Sequence[Sequence[float | None]], label: str = "", series: int = 0
) -> None:
    """A curve: the mean of each row (the seeds at one x), and its 95 % interval as a band."""
    means = [interval(row) for row in rows]
    line(ax, xs, [i.mean for i in means], label, series)
    ax.fill_between(xs, [i.low for i in means], [i.high for i in means], color=SERIES[series], alpha=0.18, linewidth=0)


def points(
    ax: Axes,
    xs: Sequence[Any],
    rows: Sequence[Sequence[float | None]],
    label: str = "",
    series: int = 0,
    shift: float = 0.0,
    joined: bool = True,
) -> None:
    """A few x, numbers or names: every seed as a faint point, mean and 95 % interval in front.

    Names are at 0, 1, 2 ...; `shift` moves a second series to the right, in units of x.
    """
    colour, marker = SERIES[series], MARKERS[series]
    named = isinstance(xs[0], str)
    positions = [(i if named else float(x)) + shift for i, x in enumerate(xs)]
    if named:
        ax.set_xticks(range(len(xs)), list(xs))

    for position, row in zip(positions, rows, strict=True):
        values = [v for v in row if v is not None]
        ax.plot([position] * len(values), values, marker, color=colour, alpha=0.3, markersize=3.2, markeredgewidth=0)
    means = [interval(row) for row in rows]
    ax.errorbar(
        positions,
        [i.mean for i in means],
        [i.half for i in means],
        color=colour,
        marker=marker,
        capsize=3,
        capthick=1.4,
        elinewidth=1.4,
        linestyle=DASHES[series] if joined else "none",
        label=label or None,
    )


def ticks(ax: Axes, xs: Sequence[float], labels: Sequence[str] | None = None) -> None:
    """Ticks on the x axis at exactly these values."""
    ax.set_xticks(list(xs), list(labels) if labels else [f"{x:g}" for x in xs])
    ax.minorticks_off()


def legend(ax: Axes, location: Any = "best") -> None:
    """The legend in this style."""
    with style():
        ax.legend(loc=location)


def enlarge(pixels: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """The image with every pixel as a square of `factor` pixels."""
    larger: NDArray[np.float32] = np.repeat(np.repeat(pixels, factor, axis=1), factor, axis=2)
    return larger

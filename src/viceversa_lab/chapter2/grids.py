"""Small images drawn as squares with their numbers, for the figures that explain a convolution."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..figures import INK, LINE, SOFT, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PIXEL = 22  # CSS pixels of a square


def canvas(across: float, down: float) -> tuple["Figure", "Axes"]:
    """An empty figure, so many squares wide and high; the first square is at the top left."""
    from matplotlib.figure import Figure

    with style():
        figure = Figure(figsize=(across * PIXEL / 72, down * PIXEL / 72))
        figure.set_layout_engine("none")
        ax = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        ax.set(xlim=(-0.1, across + 0.1), ylim=(down + 0.1, -0.1))
        ax.axis("off")
    return figure, ax


def squares(
    ax: "Axes",
    values: NDArray[np.float64],
    left: float = 0.0,
    top: float = 0.0,
    colour: str = INK,
    numbers: Callable[[float], str] | None = None,  # how to write each value into its square
) -> None:
    """One square per number (H, W), in `colour` with an opacity proportional to the number."""
    from matplotlib.patches import Rectangle

    largest = np.abs(values).max() or 1.0
    for (y, x), value in np.ndenumerate(values):
        corner = (left + x, top + y)
        ax.add_patch(Rectangle(corner, 1, 1, facecolor="none", edgecolor=LINE, linewidth=0.8))
        if value:
            ax.add_patch(Rectangle(corner, 1, 1, facecolor=colour, alpha=0.5 * abs(value) / largest, linewidth=0))
        if numbers:
            write(ax, numbers(value), corner[0] + 0.5, corner[1] + 0.5)


def frame(ax: "Axes", left: float, top: float, across: float, down: float, colour: str, **style: Any) -> None:
    """An outline around so many squares."""
    from matplotlib.patches import Rectangle

    style.setdefault("linewidth", 2.2)
    ax.add_patch(Rectangle((left, top), across, down, facecolor="none", edgecolor=colour, joinstyle="miter", **style))


def write(ax: "Axes", text: str, x: float, y: float, colour: str = INK, size: float = 10) -> None:
    """A text centred at (x, y)."""
    ax.text(x, y, text, ha="center", va="center", color=colour, fontsize=size)


def arrow(ax: "Axes", x: float, y: float, length: float = 1.0) -> None:
    """An arrow to the right."""
    ax.annotate("", (x + length, y), (x, y), arrowprops=dict(arrowstyle="->", color=SOFT, linewidth=1.4))

"""Drawings of chapter 4: with and without pairs, and one way of a CycleGAN, in CSS pixels from the lower left."""

from collections.abc import Sequence
from typing import Any

from ..figures import BLUE, GREEN, INK, RED, SOFT, axes
from .trained import Images

SIDE = 76  # of a picture
PANEL = (340, 270)


def canvas(height: int = PANEL[1]) -> tuple[Any, Any]:
    """An empty panel."""
    figure, ax = axes(size="panel", height=height)
    figure.set_size_inches(PANEL[0] / 72, height / 72)
    figure.set_layout_engine("none")
    ax.set_position((0, 0, 1, 1))
    ax.set(xlim=(0, PANEL[0]), ylim=(0, height))
    ax.axis("off")
    return figure, ax


def picture(ax: Any, x: float, y: float, pixels: Images, label: str = "", side: float = SIDE) -> None:
    """A picture around (x, y), its name below."""
    half = side / 2
    ax.imshow(
        (pixels.transpose(1, 2, 0) + 1) / 2,
        extent=(x - half, x + half, y - half, y + half),
        aspect="auto",
        interpolation="none",
        zorder=2,
    )
    ax.text(x, y - half - 5, label, ha="center", va="top", color=INK)


def network(ax: Any, x: float, y: float, name: str, colour: str) -> None:
    """A network as a named box."""
    ax.text(
        x, y, name, ha="center", va="center", color=colour, fontsize=14, fontweight="bold",
        bbox={"boxstyle": "round,pad=0.35", "facecolor": "none", "edgecolor": colour, "linewidth": 1.6},
    )  # fmt: skip


def arrow(
    ax: Any, start: tuple[float, float], end: tuple[float, float], colour: str = SOFT, style: str = "-|>"
) -> None:
    """A straight arrow."""
    ax.annotate(
        "", end, start,
        arrowprops={"arrowstyle": style, "color": colour, "linewidth": 1.3, "shrinkA": 0, "shrinkB": 0},
    )  # fmt: skip


def one_way(letters: Sequence[str], pictures: Sequence[Images], real: Images) -> Any:
    """x -> forth(x) -> back(forth(x)), the judge of the middle one, and the cycle that closes below.

    `letters`: x, forth, back, the judge, and the real picture that it also sees.
    """
    x, forth, back, judge, other = letters
    figure, ax = canvas()
    row, places = 122, (SIDE / 2, PANEL[0] / 2, PANEL[0] - SIDE / 2)
    for place, pixels, label in zip(places, pictures, (x, f"{forth}({x})", f"{back}({forth}({x}))"), strict=True):
        picture(ax, place, row, pixels, label)
    for left, right, name in zip(places, places[1:], (forth, back), strict=False):
        middle = (left + right) / 2
        arrow(ax, (left + SIDE / 2 + 3, row), (middle - 14, row))
        arrow(ax, (middle + 14, row), (right - SIDE / 2 - 3, row))
        network(ax, middle, row, name, BLUE)
    top = 226
    network(ax, places[1], top, judge, RED)
    arrow(ax, (places[1], row + SIDE / 2 + 3), (places[1], top - 17), RED)
    picture(ax, places[2] - 8, top, real, side=56)
    ax.text(places[2] + 26, top, other, va="center", color=INK)
    arrow(ax, (places[2] - 40, top), (places[1] + 23, top), RED)
    ax.text(places[1] - 26, top, "real or\ntranslated?", ha="right", va="center", color=SOFT)
    low = 40
    ax.plot([places[0], places[0], places[2], places[2]], [56, low, low, 56], color=GREEN, linewidth=1.3)
    ax.text(places[1], low - 8, f"must agree: ‖{back}({forth}({x})) − {x}‖₁", ha="center", va="top", color=GREEN)
    return figure


def sets(left: Sequence[Images], right: Sequence[Images], names: tuple[str, str], linked: bool) -> Any:
    """Two columns of pictures, each row joined by an arrow or none."""
    figure, ax = canvas(len(left) * (SIDE + 8) + 26)
    places = (SIDE / 2 + 24, PANEL[0] - SIDE / 2 - 24)
    for i, pixels in enumerate(zip(left, right, strict=True)):
        y = (len(left) - i - 0.5) * (SIDE + 8)
        for place, one in zip(places, pixels, strict=True):
            picture(ax, place, y, one)
        if linked:
            arrow(ax, (places[0] + SIDE / 2 + 5, y), (places[1] - SIDE / 2 - 5, y), INK, "<|-|>")
    for place, name in zip(places, names, strict=True):
        ax.text(place, len(left) * (SIDE + 8) + 8, name, ha="center", color=INK)
    if not linked:
        middle = len(left) * (SIDE + 8) / 2
        ax.text(PANEL[0] / 2, middle, "?", ha="center", va="center", color=RED, fontsize=40)
    return figure

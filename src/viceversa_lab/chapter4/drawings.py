"""Drawings of chapter 4: datasets with and without pairs, and one direction of a CycleGAN; units are CSS pixels."""

from collections.abc import Sequence
from typing import Any

from ..figures import BLUE, GREEN, INK, RED, SOFT, axes
from .trained import Images

SIDE = 76  # of an image
WIDTH, HEIGHT = 340, 270  # of a panel


def canvas(height: int = HEIGHT) -> tuple[Any, Any]:
    """An empty panel; the origin is at the lower left."""
    figure, ax = axes(size="panel", height=height)
    figure.set_size_inches(WIDTH / 72, height / 72)
    figure.set_layout_engine("none")
    ax.set_position((0, 0, 1, 1))
    ax.set(xlim=(0, WIDTH), ylim=(0, height))
    ax.axis("off")
    return figure, ax


def image(ax: Any, x: float, y: float, pixels: Images, label: str = "", side: float = SIDE) -> None:
    """An image around (x, y), its label below."""
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
    box = {"boxstyle": "round,pad=0.35", "facecolor": "none", "edgecolor": colour, "linewidth": 1.6}
    ax.text(x, y, name, ha="center", va="center", color=colour, fontsize=14, fontweight="bold", bbox=box)


def arrow(
    ax: Any, start: tuple[float, float], end: tuple[float, float], colour: str = SOFT, style: str = "-|>"
) -> None:
    """A straight arrow."""
    shape = {"arrowstyle": style, "color": colour, "linewidth": 1.3, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", end, start, arrowprops=shape)


def draw_direction(letters: Sequence[str], images: Sequence[Images], real: Images) -> Any:
    """x -> G(x) -> F(G(x)), the discriminator that sees G(x), and the cycle loss below.

    `letters`: x, G, F, the discriminator, and the real image that it also sees.
    """
    x, forward, backward, discriminator, other = letters
    figure, ax = canvas()
    row, centres = 122, (SIDE / 2, WIDTH / 2, WIDTH - SIDE / 2)
    labels = (x, f"{forward}({x})", f"{backward}({forward}({x}))")
    for centre, pixels, label in zip(centres, images, labels, strict=True):
        image(ax, centre, row, pixels, label)
    for left, right, name in zip(centres, centres[1:], (forward, backward), strict=False):
        middle = (left + right) / 2
        arrow(ax, (left + SIDE / 2 + 3, row), (middle - 14, row))
        arrow(ax, (middle + 14, row), (right - SIDE / 2 - 3, row))
        network(ax, middle, row, name, BLUE)

    top = 226
    network(ax, centres[1], top, discriminator, RED)
    arrow(ax, (centres[1], row + SIDE / 2 + 3), (centres[1], top - 17), RED)
    image(ax, centres[2] - 8, top, real, side=56)
    ax.text(centres[2] + 26, top, other, va="center", color=INK)
    arrow(ax, (centres[2] - 40, top), (centres[1] + 23, top), RED)
    ax.text(centres[1] - 26, top, "real or\ntranslated?", ha="right", va="center", color=SOFT)

    low = 40
    ax.plot([centres[0], centres[0], centres[2], centres[2]], [56, low, low, 56], color=GREEN, linewidth=1.3)
    ax.text(centres[1], low - 8, f"must agree: ‖{labels[2]} − {x}‖₁", ha="center", va="top", color=GREEN)
    return figure


def draw_datasets(left: Sequence[Images], right: Sequence[Images], names: tuple[str, str], paired: bool) -> Any:
    """Two columns of images; the images of a pair are joined by an arrow."""
    figure, ax = canvas(len(left) * (SIDE + 8) + 26)
    centres = (SIDE / 2 + 24, WIDTH - SIDE / 2 - 24)
    for i, row in enumerate(zip(left, right, strict=True)):
        y = (len(left) - i - 0.5) * (SIDE + 8)
        for centre, pixels in zip(centres, row, strict=True):
            image(ax, centre, y, pixels)
        if paired:
            arrow(ax, (centres[0] + SIDE / 2 + 5, y), (centres[1] - SIDE / 2 - 5, y), INK, "<|-|>")
    for centre, name in zip(centres, names, strict=True):
        ax.text(centre, len(left) * (SIDE + 8) + 8, name, ha="center", color=INK)
    if not paired:
        middle = len(left) * (SIDE + 8) / 2
        ax.text(WIDTH / 2, middle, "?", ha="center", va="center", color=RED, fontsize=40)
    return figure

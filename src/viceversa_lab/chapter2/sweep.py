"""How is a kernel swept over a picture, and what becomes of its border? Pictures that the report left out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viceversa import images
from viceversa.networks.layers import output_size

from ..by_hand.convolution import correlate
from ..experiment import Experiment, Found
from ..figures import RED, SOFT, enlarge
from ..parts import Figure, Film, Finding, Formula, Part, Pixels, Table, Text
from ..work import Work
from . import grids

SEVEN = np.array(
    [
        [0, 0, 0, 0, 0, 0, 0],
        [0, 2, 2, 2, 2, 2, 0],
        [0, 0, 0, 0, 2, 1, 0],
        [0, 0, 0, 1, 2, 0, 0],
        [0, 0, 0, 2, 1, 0, 0],
        [0, 0, 1, 2, 0, 0, 0],
        [0, 0, 2, 1, 0, 0, 0],
    ],
    float,
)
KERNEL = np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0]], float)  # agrees with strokes that lean like /
WAYS = {"valid padding": ("valid", 1), "same padding": ("same", 1), "stride 2": ("valid", 2)}
CELL = 22  # pixels of a square in the film


@dataclass(frozen=True)
class Settings:
    """At which of its places the kernel is drawn, for each way of sweeping."""

    places: tuple[int, ...] = (17, 0, 4)
    sides: tuple[int, ...] = (7, 28, 29, 64)  # of images in the table, pixels


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """Outputs of every way, and their size beside the formula's for other images."""
    found: dict[str, Any] = {"sizes": []}
    for name, (padding, stride) in WAYS.items():
        found[name] = correlate(SEVEN, KERNEL, stride, padding)
        for side in s.sides:
            swept = correlate(np.zeros((side, side)), KERNEL, stride, padding)
            found["sizes"].append([name, side, len(swept), output_size(side, len(KERNEL), stride, padding)])
    return found


def still(output: NDArray[np.float64], way: str, place: int) -> Any:
    """The seven with the kernel on it, an arrow, and the output with the number of this place framed."""
    padding, stride = WAYS[way]
    zeros = (len(KERNEL) - 1) // 2 if padding == "same" else 0
    figure, ax = grids.canvas(18.4, 7 + 2 * zeros)
    corner = 1 - zeros
    grids.squares(ax, np.pad(SEVEN, zeros), corner, 0, numbers=lambda v: f"{v:g}")
    if zeros:
        grids.frame(ax, 1, 1, 7, 7, SOFT, linewidth=1.4, linestyle=(0, (3, 2)))
    row, column = divmod(place, len(output))
    grids.frame(ax, corner + stride * column, stride * row, len(KERNEL), len(KERNEL), RED)
    grids.arrow(ax, 9.5, 3.5 + zeros)
    left, top = 11 + (7 - len(output)) / 2, zeros + (7 - len(output)) / 2
    grids.squares(ax, output, left, top, numbers=lambda v: f"{v:g}")
    grids.frame(ax, left + column, top + row, 1, 1, RED)
    return figure


def frames(output: NDArray[np.float64]) -> Iterator[Pixels]:
    """The kernel walks over the seven, and the output fills number by number."""
    white = np.ones((len(SEVEN) * CELL, (len(SEVEN) + 1 + len(output)) * CELL, 3), np.float32)
    for place in range(output.size):
        row, column = divmod(place, len(output))
        seen = np.where(np.arange(output.size) <= place, output.ravel(), 0).reshape(output.shape)
        sheet = white.copy()
        for values, most, left, top in ((SEVEN, 2, 0, 0), (seen, output.max(), (len(SEVEN) + 1) * CELL, CELL)):
            grey = enlarge((1 - 1.6 * values / most)[None].astype(np.float32), CELL)[0]
            sheet[top : top + len(grey), left : left + len(grey)] = grey[..., None]
        outline(sheet, column * CELL, row * CELL, len(KERNEL) * CELL)
        outline(sheet, (len(SEVEN) + 1 + column) * CELL, (1 + row) * CELL, CELL)
        yield sheet.transpose(2, 0, 1)


def outline(sheet: NDArray[np.float32], left: int, top: int, side: int) -> None:
    """A red square of two pixels' breadth."""
    inside = sheet[top + 2 : top + side - 2, left + 2 : left + side - 2].copy()
    sheet[top : top + side, left : left + side] = images.from_uint8(np.array([179, 64, 46], np.uint8))
    sheet[top + 2 : top + side - 2, left + 2 : left + side - 2] = inside


def write(found: Found) -> list[Part]:
    """The sweep as a film, three ways as drawings, and sizes."""
    outputs = {way: np.array(found[way]) for way in WAYS}
    agree = sum(swept == formula for _, _, swept, formula in found["sizes"])
    sides = found.settings.sides
    rows = [[way, *(swept for name, _, swept, _ in found["sizes"] if name == way)] for way in WAYS]
    drawings = {
        way: Figure(
            still(outputs[way], way, place),
            f"The seven swept with {way}. Red: the kernel at one place, and the number it gives there.",
            alt="A grid of numbers with a red frame of 3 by 3, an arrow, and the grid of its answers",
        )
        for way, place in zip(WAYS, found.settings.places, strict=True)
    }
    best = np.unravel_index(outputs["valid padding"].argmax(), outputs["valid padding"].shape)
    return [
        Text(
            "The kernel is laid on the upper left corner of the image, its numbers are multiplied with those below and "
            "added up. Then it moves on by one pixel, and at the end of a line down to the next. This kernel of three "
            "ones looks for strokes that lean like a slash. The darker the output, the better the image agrees."
        ),
        Figure(
            Film(list(frames(outputs["valid padding"])), 260),
            "A seven of 7 × 7 pixels, the kernel that walks over it, and its 5 × 5 answers.",
            alt="A red frame walks over a coarse seven and fills a smaller picture beside it, dark along the stroke",
        ),
        Text(
            "The output is smaller than the image, because the kernel must not look over the edge. That is *valid* "
            "padding, the report’s simple one."
        ),
        drawings["valid padding"],
        Text("With a frame of zeros around the image, *same* padding, the size stays."),
        drawings["same padding"],
        Text("With a *stride* of two the kernel skips every other place, and most of the numbers are never computed."),
        drawings["stride 2"],
        Text("With $n$ pixels, a kernel of $k$, $p$ zeros in all and a stride of $s$, the output has"),
        Formula(r"\left\lfloor \frac{n + p - k}{s} \right\rfloor + 1"),
        Text("places along each side. The table counts what the sweep gives:"),
        Table(["kernel of 3", *(f"{side} pixels" for side in sides)], rows),
        Finding(
            f"The formula gives the size in {agree} of {len(found['sizes'])} cases. On the seven the kernel answers "
            f"{outputs['valid padding'].max():g} at most, in row {best[0] + 1} and column {best[1] + 1}: in the middle "
            f"of the slanted stroke."
        ),
    ]


EXPERIMENT = Experiment(
    name="sweep",
    chapter=2,
    title="How is a kernel swept over a picture?",
    full=Settings(),
    quick=Settings(),
    measure=measure,
    write=write,
)

"""How does a kernel slide over an image, and what happens at its border? Figures that the report left out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viceversa import images
from viceversa.networks.layers import output_size

from ..blocks import Animation, Block, Figure, Finding, Formula, Pixels, Table, Text
from ..by_hand.convolution import correlate
from ..experiment import Experiment, Results
from ..figures import RED, SOFT, enlarge
from ..workspace import Workspace
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
KERNEL = np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0]], float)  # matches strokes that lean like /
CASES = {"valid padding": ("valid", 1), "same padding": ("same", 1), "stride 2": ("valid", 2)}  # padding, stride
CELL = 22  # pixels of a square in the animation


@dataclass(frozen=True)
class Settings:
    """The position, counted row by row, at which the kernel is drawn in each case."""

    positions: tuple[int, ...] = (17, 0, 4)
    sides: tuple[int, ...] = (7, 28, 29, 64)  # of images in the table, pixels


def measure(s: Settings, work: Workspace) -> dict[str, Any]:
    """The output of each case, and its size beside the formula’s for other images."""
    results: dict[str, Any] = {"sizes": []}
    for name, (padding, stride) in CASES.items():
        results[name] = correlate(SEVEN, KERNEL, stride, padding)
        for side in s.sides:
            output = correlate(np.zeros((side, side)), KERNEL, stride, padding)
            results["sizes"].append([name, side, len(output), output_size(side, len(KERNEL), stride, padding)])
    return results


def drawing(output: NDArray[np.float64], case: str, position: int) -> Any:
    """The seven with the kernel on it, an arrow, and the output with the number of this position framed."""
    padding, stride = CASES[case]
    zeros = (len(KERNEL) - 1) // 2 if padding == "same" else 0
    figure, ax = grids.canvas(18.4, 7 + 2 * zeros)
    corner = 1 - zeros
    grids.squares(ax, np.pad(SEVEN, zeros), corner, 0, numbers=lambda v: f"{v:g}")
    if zeros:
        grids.frame(ax, 1, 1, 7, 7, SOFT, linewidth=1.4, linestyle=(0, (3, 2)))

    row, column = divmod(position, len(output))
    grids.frame(ax, corner + stride * column, stride * row, len(KERNEL), len(KERNEL), RED)
    grids.arrow(ax, 9.5, 3.5 + zeros)
    left, top = 11 + (7 - len(output)) / 2, zeros + (7 - len(output)) / 2
    grids.squares(ax, output, left, top, numbers=lambda v: f"{v:g}")
    grids.frame(ax, left + column, top + row, 1, 1, RED)
    return figure


def frames(output: NDArray[np.float64]) -> Iterator[Pixels]:
    """The kernel slides over the seven, and the output fills number by number."""
    white = np.ones((len(SEVEN) * CELL, (len(SEVEN) + 1 + len(output)) * CELL, 3), np.float32)
    for position in range(output.size):
        row, column = divmod(position, len(output))
        filled = np.where(np.arange(output.size) <= position, output.ravel(), 0).reshape(output.shape)
        sheet = white.copy()
        for values, largest, left, top in ((SEVEN, 2, 0, 0), (filled, output.max(), (len(SEVEN) + 1) * CELL, CELL)):
            grey = enlarge((1 - 1.6 * values / largest)[None].astype(np.float32), CELL)[0]
            sheet[top : top + len(grey), left : left + len(grey)] = grey[..., None]
        outline(sheet, column * CELL, row * CELL, len(KERNEL) * CELL)
        outline(sheet, (len(SEVEN) + 1 + column) * CELL, (1 + row) * CELL, CELL)
        yield sheet.transpose(2, 0, 1)


def outline(sheet: NDArray[np.float32], left: int, top: int, side: int) -> None:
    """Draw the outline of a red square, two pixels wide."""
    inside = sheet[top + 2 : top + side - 2, left + 2 : left + side - 2].copy()
    sheet[top : top + side, left : left + side] = images.from_uint8(np.array([179, 64, 46], np.uint8))
    sheet[top + 2 : top + side - 2, left + 2 : left + side - 2] = inside


def write(results: Results) -> list[Block]:
    sizes, sides = results["sizes"], results.settings.sides
    outputs = {case: np.array(results[case]) for case in CASES}
    agree = sum(size == formula for _, _, size, formula in sizes)
    rows = [[case, *(size for name, _, size, _ in sizes if name == case)] for case in CASES]
    drawings = {
        case: Figure(
            drawing(outputs[case], case, position),
            f"The seven with {case}. Red: the kernel at one position, and the number it gives there.",
            alt="A grid of numbers with a red frame of 3 by 3, an arrow, and the grid of the outputs",
        )
        for case, position in zip(CASES, results.settings.positions, strict=True)
    }
    output = outputs["valid padding"]
    row, column = np.unravel_index(output.argmax(), output.shape)
    return [
        Text(
            "The kernel is laid on the upper left corner of the image, its numbers are multiplied with those below and "
            "added up. Then it moves on by one pixel, and at the end of a line down to the next. This kernel of three "
            "ones looks for strokes that lean like a slash. The darker the output, the better the image agrees."
        ),
        Figure(
            Animation(list(frames(output)), 260),
            "A seven of 7 × 7 pixels, the kernel that slides over it, and the 5 × 5 outputs.",
            alt="A red frame slides over a coarse seven and fills a smaller image beside it, dark along the stroke",
        ),
        Text(
            "The output is smaller than the image, because the kernel must not go over the edge. That is *valid* "
            "padding, the report’s simple one."
        ),
        drawings["valid padding"],
        Text("With a frame of zeros around the image, *same* padding, the size stays."),
        drawings["same padding"],
        Text(
            "With a *stride* of two the kernel skips every other position, and most of the numbers are never computed."
        ),
        drawings["stride 2"],
        Text("With $n$ pixels, a kernel of $k$, $p$ zeros in all and a stride of $s$, the output has"),
        Formula(r"\left\lfloor \frac{n + p - k}{s} \right\rfloor + 1"),
        Text("positions along each side. The table shows the sizes of computed outputs:"),
        Table(["kernel of 3", *(f"{side} pixels" for side in sides)], rows),
        Finding(
            f"The formula gives the size in {agree} of {len(sizes)} cases. On the seven the output is {output.max():g} "
            f"at most, in row {row + 1} and column {column + 1}: in the middle of the slanted stroke."
        ),
    ]


EXPERIMENT = Experiment(
    name="sweep",
    chapter=2,
    title="How is a kernel swept over an image?",
    full=Settings(),
    quick=Settings(),
    measure=measure,
    write=write,
)

"""The sample sheets of a run as a film: the same pictures, translated at one moment after another."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import images
from ..errors import DataError
from .markup import Html, html, join, picture

Array = NDArray[np.float32]
MOMENTS = 7  # of the run, the first and the last among them
PICTURES = 3  # of each domain
GAP = 2  # pixels around the cells of a sheet
COLUMNS = (6, 3)  # of a sheet: a, G(a), F(G(a)), b, F(b), G(F(b)); or a, G(a), b
LARGEST = 160  # pixels of a cell in the page


def film(folder: Path, size: int, names: Sequence[str], truth: bool = False) -> Html:
    """Both ways from `folder/step-<N>.png`, first to last; whole sheets if they are not laid out as expected.

    With `truth` the last column of a sheet stands at the end of each row.
    """
    sheets = _sheets(folder)
    if not sheets:
        return html('<p class="note">This run has drawn no samples.</p>')
    cells = {step: _cells(sheet, size) for step, sheet in sheets.items()}
    if not all(len(rows) and len(rows) == len(next(iter(cells.values()))) for rows in cells.values()):
        return join(_whole(step, sheet) for step, sheet in sheets.items())
    ways = ((names[0], names[1], 0), (names[1], names[0], 3))[: len(next(iter(cells.values()))[0]) // 3]
    return join(_strip(cells, f"{source} → {target}", source, column, truth) for source, target, column in ways)


def _sheets(folder: Path) -> dict[int, Array]:
    """Step to sheet, for moments spread evenly over the run."""
    paths = {int(p.stem[5:]): p for p in folder.glob("step-*.png") if p.stem[5:].isdigit()}
    steps = sorted(paths)
    chosen = np.unique(np.linspace(0, len(steps) - 1, min(len(steps), MOMENTS)).round().astype(int))
    found = {}
    for step in (steps[i] for i in chosen):
        try:
            found[step] = images.read(paths[step]).pixels
        except DataError:
            continue
    return found


def _cells(sheet: Array, size: int) -> list[list[Array]]:
    """Rows of six or three pictures cut from a sheet, none when its size is not that of such a sheet."""
    pitch = size + GAP
    _, h, w = sheet.shape
    if w not in [n * pitch + GAP for n in COLUMNS] or (h - GAP) % pitch:
        return []
    starts = [range(GAP, side - GAP, pitch) for side in (h, w)]
    return [[sheet[:, top : top + size, left : left + size] for left in starts[1]] for top in starts[0]]


def _strip(cells: dict[int, list[list[Array]]], title: str, source: str, column: int, truth: bool) -> Html:
    """One way: a row per picture, a column per moment, its input first, its truth last."""
    first = next(iter(cells.values()))
    heads = [
        html("<span>{t}</span>", t=text) for text in ("input", *(f"step {step:,}" for step in cells), *["true"] * truth)
    ]
    frames = []
    for i in range(min(len(first), PICTURES)):
        frames.append(picture(first[i][column], f"{source}, input", LARGEST))
        frames += [picture(rows[i][column + 1], f"{title} at step {step}", LARGEST) for step, rows in cells.items()]
        frames += [picture(first[i][column + 2], f"{title}, true", LARGEST)] * truth
    return html(
        '<h3>{title}</h3><div class="scroll"><div class="film" style="--moments:{n}">{heads}{frames}</div></div>',
        title=title,
        n=len(heads),
        heads=join(heads),
        frames=join(frames),
    )


def _whole(step: int, sheet: Array) -> Html:
    title = f"step {step:,}"
    return html("<h3>{t}</h3>{p}", t=title, p=picture(sheet, f"samples at {title}", 512))

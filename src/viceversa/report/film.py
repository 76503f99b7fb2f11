"""The sample sheets of a run side by side: the same images, translated at several steps."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from .. import images
from ..errors import DataError
from ..runs.sheets import Array, Cells, cut_directions, sheets
from .markup import Html, html, join, picture, zoomable

STEPS = 7  # shown, the first and the last sheet among them
ROWS = 3  # images of each domain
LARGEST = 160  # pixels of a cell in the page
LARGEST_SHEET = 640  # pixels of a whole sheet's shorter side


def film(folder: Path, size: int, names: Sequence[str], truth: bool = False) -> Html:
    """Each direction of the sheets `folder/step-<N>.png`, first to last; whole sheets where they have no directions.

    With `truth` the last column of a sheet stands at the end of each row.
    """
    by_step = _read_sheets(folder)
    if not by_step:
        return html('<p class="note">This run has drawn no samples.</p>')
    try:
        directions = {step: cut_directions(sheet, size) for step, sheet in by_step.items()}
    except DataError:
        return _wholes(by_step)

    shapes = {(len(d), len(d[0])) for d in directions.values()}
    if len(shapes) > 1:
        return _wholes(by_step)
    count = shapes.pop()[0]
    strips = []
    for i in range(count):
        source, target = (names[0], names[1]) if i == 0 else (names[1], names[0])
        strips.append(_strip({step: d[i] for step, d in directions.items()}, source, target, truth))
    return join(strips)


def _read_sheets(folder: Path) -> dict[int, Array]:
    """Sheets by their step, at most STEPS of them, spread evenly over the run."""
    paths = sheets(folder)
    steps = list(paths)
    chosen = np.unique(np.linspace(0, len(steps) - 1, min(len(steps), STEPS)).round().astype(int))
    by_step = {}
    for step in (steps[i] for i in chosen):
        try:
            by_step[step] = images.read(paths[step]).pixels
        except DataError:
            continue
    return by_step


def _strip(rows_by_step: Mapping[int, Sequence[Cells]], source: str, target: str, truth: bool) -> Html:
    """One direction: a row for each image, a column for each step, the input first and the truth last."""
    title = f"{source} → {target}"
    first = next(iter(rows_by_step.values()))
    heads = ["input", *(f"step {step:,}" for step in rows_by_step)]
    if truth:
        heads.append("true")

    frames = []
    for i in range(min(len(first), ROWS)):
        frames.append(picture(first[i].input, f"{source}, input", LARGEST))
        frames += [picture(rows[i].output, f"{title} at step {step}", LARGEST) for step, rows in rows_by_step.items()]
        if truth:
            frames.append(picture(first[i].last, f"{title}, true", LARGEST))
    return html(
        '<h3>{title}</h3><div class="scroll"><div class="film" style="--moments:{n}">{heads}{frames}</div></div>',
        title=title,
        n=len(heads),
        heads=join(html("<span>{t}</span>", t=text) for text in heads),
        frames=join(frames),
    )


def _wholes(by_step: Mapping[int, Array]) -> Html:
    """Whole sheets side by side, each under its step."""
    figures = []
    for step, sheet in by_step.items():
        title = f"step {step:,}"
        image = zoomable(picture(sheet, f"samples at {title}", LARGEST_SHEET))
        figures.append(html("<figure>{i}<figcaption>{t}</figcaption></figure>", i=image, t=title))
    return html('<div class="sheets">{figures}</div>', figures=join(figures))


def last_sheet(folder: Path) -> tuple[int, Html] | None:
    """Step and picture of the newest sheet; none where there is none that can be read."""
    for step, path in reversed(sheets(folder).items()):
        try:
            return step, picture(images.read(path).pixels, f"samples at step {step:,}", LARGEST_SHEET)
        except DataError:
            continue
    return None

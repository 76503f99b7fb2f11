"""Which windows of a large image its quality is measured on: the same ones for the same image."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..images import Window
from ..metrics.features import evenly_spaced_indices

Mask = NDArray[np.bool_]
COUNT = 24  # windows of tissue
SIDE = 512  # pixels of their sides
BLANK_COUNT, BLANK_SIDE = 12, 128  # windows of blank glass, and pixels of their sides
BLANK_PLACES = 128  # of them along the longer side of an image that are tried
BLANK_MARGIN = 96  # pixels around them without tissue
BLOCK = 1024  # pixels between the lines of a grid on which parts of large images meet
MOSTLY = 0.5  # least share of tissue of a window, where there are enough of them
SOME = 0.05  # otherwise


@dataclass(frozen=True)
class SampledWindows:
    """Windows of full pixels of an image."""

    tissue: tuple[Window, ...]  # spread evenly over the tissue, row by row
    blank: tuple[Window, ...]  # without tissue in them or beside them


def sample_windows(
    size: tuple[int, int], tissue: Mask, *, count: int = COUNT, side: int = SIDE, block: int = BLOCK
) -> SampledWindows:
    """Windows of an image of `size` whose `tissue` is marked in a small copy of it.

    Those of tissue contain a line of the grid of `block` pixels wherever the image is large enough, so that seams can
    be measured in them.
    """
    windows = candidates(size, side, block)
    shares = np.array([share_of(tissue, window, size) for window in windows])
    with_lines = [i for i, window in enumerate(windows) if any(lines_in(window, block))] or [*range(len(windows))]

    mostly = [i for i in with_lines if shares[i] >= MOSTLY]
    if len(mostly) < count:
        by_share = sorted(with_lines, key=lambda i: -shares[i])[:count]
        mostly = sorted(i for i in by_share if shares[i] >= SOME)
    blank = [window for window in blank_candidates(size) if share_of(tissue, grown(window, size), size) == 0]
    return SampledWindows(
        tissue=tuple(windows[mostly[k]] for k in evenly_spaced_indices(len(mostly), count)),
        blank=tuple(blank[k] for k in evenly_spaced_indices(len(blank), BLANK_COUNT)),
    )


def candidates(size: tuple[int, int], side: int, block: int) -> list[Window]:
    """Windows of `side` pixels side by side, laid so that lines of the grid run through their middle."""
    rows, columns = (starts(length, side, block) for length in size)
    height, width = (min(side, length) for length in size)
    return [Window(top, left, height, width) for top in rows for left in columns]


def blank_candidates(size: tuple[int, int]) -> list[Window]:
    """Small windows evenly spaced over an image."""
    pitch = max(BLANK_SIDE, max(size) // BLANK_PLACES)
    return [
        Window(top, left, BLANK_SIDE, BLANK_SIDE)
        for top in range(0, size[0] - BLANK_SIDE + 1, pitch)
        for left in range(0, size[1] - BLANK_SIDE + 1, pitch)
    ]


def starts(length: int, side: int, block: int) -> Sequence[int]:
    """Where windows begin along one side of an image."""
    offset = (block - side // 2) % side
    return range(offset, length - side + 1, side) if offset + side <= length else [0]


def lines_in(window: Window, block: int) -> tuple[list[int], list[int]]:
    """Rows and columns of a window, from its own first pixel, at which a block of the grid begins."""
    return _lines(window.top, window.height, block), _lines(window.left, window.width, block)


def _lines(start: int, length: int, block: int) -> list[int]:
    first = (start // block + 1) * block
    return [line - start for line in range(first, start + length, block)]


def grown(window: Window, size: tuple[int, int]) -> Window:
    """A window with BLANK_MARGIN pixels more on each side, inside of the image."""
    top, left = max(0, window.top - BLANK_MARGIN), max(0, window.left - BLANK_MARGIN)
    bottom = min(size[0], window.top + window.height + BLANK_MARGIN)
    right = min(size[1], window.left + window.width + BLANK_MARGIN)
    return Window(top, left, bottom - top, right - left)


def share_of(mask: Mask, window: Window, size: tuple[int, int]) -> float:
    """Share of a window of an image of `size` that a mask of the whole image, of another size, marks."""
    rows, columns = (
        slice(start * small // whole, max(start * small // whole + 1, -(-(start + length) * small // whole)))
        for start, length, small, whole in zip(window[:2], window[2:], mask.shape, size, strict=True)
    )
    return float(mask[rows, columns].mean())


def middle(window: Window, side: int) -> tuple[slice, slice]:
    """Rows and columns of a window's middle of at most `side` pixels."""
    height, width = min(side, window.height), min(side, window.width)
    top, left = (window.height - height) // 2, (window.width - width) // 2
    return slice(top, top + height), slice(left, left + width)

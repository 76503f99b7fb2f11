"""Seams of images that were made in tiles: steps across the grid lines, and what another grid changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
NEIGHBOURS = 8  # lines on each side of a grid line that it is compared with
HALF_RANGE = 127.5  # 8-bit levels for a difference of 1 in [-1, 1]


@dataclass(frozen=True)
class SeamSums:
    """Sums of absolute steps from pixel to pixel; those of the windows of one image can be added."""

    across: float = 0.0  # over the grid lines
    across_count: int = 0
    elsewhere: float = 0.0  # parallel to them, between the neighbouring lines
    elsewhere_count: int = 0

    def __add__(self, other: "SeamSums") -> "SeamSums":
        return SeamSums(
            self.across + other.across,
            self.across_count + other.across_count,
            self.elsewhere + other.elsewhere,
            self.elsewhere_count + other.elsewhere_count,
        )

    @property
    def energy(self) -> float:
        """E = mean |x[r] - x[r - 1]| over grid lines r / the same mean over the lines next to them; 1 without seams.

        NaN where there is no grid line; infinite where only grid lines have steps.
        """
        if not self.across_count or not self.elsewhere_count:
            return float("nan")
        across, elsewhere = self.across / self.across_count, self.elsewhere / self.elsewhere_count
        if not elsewhere:
            return float("inf") if across else 1.0
        return across / elsewhere


def seam_energy(image: Image, rows: Sequence[int], columns: Sequence[int]) -> float:
    """Mean step across grid lines over the mean step next to them (`SeamSums.energy`), of (C, H, W).

    `rows` and `columns` are the first pixels behind each line. A seam adds to the steps across it; what the image
    shows adds as much to the lines next to it. What is left is chance: compare with the same lines of an image that was
    not made in tiles, such as the source.
    """
    return seam_sums(image, rows, columns).energy


def seam_sums(image: Image, rows: Sequence[int], columns: Sequence[int], neighbours: int = NEIGHBOURS) -> SeamSums:
    """The sums for a window (C, H, W) of an image, with its grid lines counted from its own first pixel.

    A line that is nearer than `neighbours` + 1 pixels to an edge of the window is left out.
    """
    return line_sums(image, rows, neighbours) + line_sums(image.swapaxes(1, 2), columns, neighbours)


def line_sums(image: Image, rows: Sequence[int], neighbours: int) -> SeamSums:
    """The sums of horizontal lines of (C, H, W)."""
    sums = SeamSums()
    for row in rows:
        if not neighbours < row < image.shape[1] - neighbours:
            continue
        strip = image[:, row - neighbours - 1 : row + neighbours + 1].astype(np.float64)
        steps = np.abs(np.diff(strip, axis=1)).sum((0, 2))
        per_line, across = strip.shape[0] * strip.shape[2], float(steps[neighbours])
        sums += SeamSums(across, per_line, float(steps.sum()) - across, 2 * neighbours * per_line)
    return sums


class LevelDifference(NamedTuple):
    """How two images differ in 8 bits."""

    share: float  # of the values that differ
    largest: int  # levels


def level_difference(image: Image, other: Image) -> LevelDifference:
    """The difference of two images in [-1, 1], such as translations on two grids, after rounding to 0..255."""
    levels = [np.rint((np.clip(x, -1, 1).astype(np.float64) + 1) * HALF_RANGE) for x in (image, other)]
    difference = np.abs(levels[0] - levels[1])
    return LevelDifference(float((difference > 0).mean()), int(difference.max()))

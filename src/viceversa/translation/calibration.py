"""Statistics of instance norm from a sample of an image, as large as their error in the translation demands."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..errors import ResourceError
from ..images.arrays import Array
from ..images.windows import Window
from ..networks.segments import instance_norms
from ..networks.translation import TranslationModule
from ..optimize import AUTOCAST
from .sampling import PaddedImage, read_thumbnail, spread_order, values_at
from .statistics import Part, Statistics, freeze, joint_statistics
from .tiles import Read

SIDE = 256  # pixels of a tile of the sample, without its halo
FIRST_TILES, MOST_TILES = 8, 256
ENOUGH_LEVELS = 0.5  # of 255: the sample is doubled until its error is less
PROBES = 4  # tiles whose translations are compared
LEVELS = 127.5  # of 255 for a difference of 1 in [-1, 1]


@dataclass(frozen=True)
class Calibration:
    """Statistics for one image, and how sure they are."""

    statistics: Statistics
    tiles: int  # in the sample
    of: int  # tiles that are translated
    error_levels: float  # between two halves of the sample: mean over the probe tiles, of 255 levels
    largest_levels: float = 0.0  # and the largest

    @property
    def is_exact(self) -> bool:
        """Whether the sample covers all that is translated."""
        return self.tiles == self.of

    def __str__(self) -> str:
        if not self.statistics:
            return "no instance norm, so there are no statistics to measure"
        if self.is_exact:
            return f"instance norm: statistics of the whole image, {self.tiles} tiles"
        error = f"{self.error_levels:.2f} of 255 levels (mean; largest {self.largest_levels:.1f})"
        return f"instance norm: statistics of {self.tiles} of {self.of} tiles; their halves differ by {error}"


def calibrate(
    module: TranslationModule,
    read: Read,
    size: tuple[int, int],
    *,
    halo: int | None = None,  # pixels around a tile that its result depends on; none: those of the generator
    side: int = SIDE,
    seed: int = 0,
    thumbnail: Array | None = None,  # (C, h, w) of the same image; none: from small spots of it
    translated: Array | None = None,  # (h, w) true where the image is translated; none: everywhere
    enough_levels: float = ENOUGH_LEVELS,
    most_tiles: int = MOST_TILES,
    precision: str = "fp32",  # or "bf16", "fp16"
    dtype: torch.dtype = torch.float16,  # of maps in the temporary file
    on_doubling: Callable[[Calibration], None] = lambda found: None,  # is called with a sample that was too small
) -> Calibration:
    """The statistics of an image of `size` (height, width) for the generator of `module`.

    A stratified sample of tiles is one virtual image. Two disjoint halves of it translate a few probe tiles; the sample
    is doubled until the mean difference is below `enough_levels`, until it covers the image, or has `most_tiles`. It
    holds both halves, and so is on average half as wrong as they differ. The same image and seed give the same sample.
    What is not translated does not count.
    """
    if not instance_norms(module.generator):
        return Calibration({}, 0, 0, 0.0)
    image = PaddedImage(module, read, size, halo)
    cells = translated_cells(image, image.cells(side), size, translated)
    shades = brightness(cells, read_thumbnail(read, size) if thumbnail is None else thumbnail, size, module.margin)
    order = [cells[i] for i in spread_order(cells, shades, seed)]
    sampler = Sampler(module, image, order, precision, dtype)

    limit = min(len(order), max(2, most_tiles))
    n = max(1, min(FIRST_TILES, limit // 2))
    half: Statistics | None = None
    while True:
        if 4 * n >= len(order) <= limit:  # to measure half of an image first would cost more than it can save
            return Calibration(sampler.statistics(0, len(order)), len(order), len(order), 0.0)
        end = min(2 * n, limit)
        half = half or sampler.statistics(0, n)
        mean, largest = sampler.difference(half, sampler.statistics(n, end))
        try:
            whole = sampler.statistics(0, end)
        except ResourceError:  # the disk has no room for more
            return Calibration(half, n, len(order), mean, largest)
        found = Calibration(whole, end, len(order), mean, largest)
        if mean < enough_levels or end == limit:
            return found
        on_doubling(found)
        half, n = whole, end


class Sampler:
    """Statistics of parts of an ordered list of cells, and the difference that they make."""

    def __init__(
        self, module: TranslationModule, image: PaddedImage, order: Sequence[Window], precision: str, dtype: torch.dtype
    ) -> None:
        self.module, self.image, self.order, self.dtype = module, image, order, dtype
        self.device = next(module.generator.parameters()).device
        self.autocast = AUTOCAST[precision]

    def part(self, cell: Window) -> Part:
        """A cell with its halo, as a part of the virtual image."""
        region = self.image.region(cell)
        core = Window(cell.top - region.top, cell.left - region.left, cell.height, cell.width)
        return Part(lambda: torch.from_numpy(self.image.pixels(region))[None].to(self.device), core)

    def statistics(self, start: int, stop: int) -> Statistics:
        """The joint statistics of the cells from number `start` to `stop`."""
        parts = [self.part(cell) for cell in self.order[start:stop]]
        with torch.autocast(self.device.type, self.autocast, enabled=self.autocast is not None):
            return joint_statistics(self.module.generator, parts, self.dtype)

    def difference(self, first: Statistics, second: Statistics) -> tuple[float, float]:
        """Mean and largest difference of the probe tiles translated with two statistics, in 8-bit levels."""
        nets = [freeze(self.module.generator, statistics) for statistics in (first, second)]
        means, largest = [], []
        for cell in self.order[-PROBES:]:
            a, b = (self.translated(net, cell) for net in nets)
            means.append(float((a - b).abs().mean()))
            largest.append(float((a - b).abs().max()))
        return float(np.mean(means)) * LEVELS, max(largest) * LEVELS

    @torch.inference_mode()
    def translated(self, net: torch.nn.Module, cell: Window) -> Tensor:
        """The translation of a cell by a frozen network."""
        part = self.part(cell)
        with torch.autocast(self.device.type, self.autocast, enabled=self.autocast is not None):
            output: Tensor = net(part.read())
        rows, columns = part.core.slices
        return output[..., rows, columns].float().clamp(-1, 1)


def translated_cells(
    image: PaddedImage, cells: list[Window], size: tuple[int, int], translated: Array | None
) -> list[Window]:
    """The cells that show something that is translated; all cells where nothing is."""
    if translated is None:
        return cells
    shown = values_at(cells, translated, size, image.margin)
    return [cell for cell, mask in zip(cells, shown, strict=True) if mask.any()] or cells


def brightness(
    cells: Sequence[Window], thumbnail: Array, size: tuple[int, int], margin: int
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Mean of each cell in a thumbnail (C, h, w)."""
    return np.array([part.mean() for part in values_at(cells, thumbnail.mean(0), size, margin)])

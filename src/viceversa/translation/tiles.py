"""Exact tiles: the translation of any window of an image, equal to that part of the translation of the whole image.

A tile's input is its window grown by the halo of the network, aligned to the positions where the network's layers
repeat themselves. At the border of the image it ends where the padded input of the whole image ends, so that the layers
pad there as they do for the whole image. A result therefore does not depend on where tiles lie, up to the rounding of
convolutions of another shape; of one shape it is the same bits.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from math import lcm
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..errors import UsageError
from ..images.arrays import Array
from ..images.windows import Window
from ..networks.receptive_field import ReceptiveField, receptive_field
from ..networks.translation import TranslationModule
from ..optimize import AUTOCAST

Read = Callable[[Window], Array]  # (C, h, w) float32 in [-1, 1] of a window inside of the image


class Tile(NamedTuple):
    """A window of the result and the part of the padded input that it is computed from."""

    window: Window
    region: Window  # in pixels of the padded input of the whole image


class Computed(NamedTuple):
    """Results of a batch on the device of the network."""

    results: list[Tensor]  # (C', h, w) each
    finished: torch.cuda.Event | None  # when a GPU has computed them


class TiledTranslation:
    """The translation of an image of `size` (height, width) window by window, by a network without statistics.

    UsageError for a network whose results depend on the whole image, unless its receptive `field` is given: then each
    tile is translated as an image of its own, and tiles show. `side` is the largest side of the windows: all
    inputs then have one shape, where the image is large enough, so that they can be batched, need one compilation and
    are computed by the same kernels: a grid that starts elsewhere gives the same bits. Without it they are as small as
    can be.
    """

    def __init__(
        self,
        module: TranslationModule,
        size: tuple[int, int],
        *,
        side: int | None = None,
        device: str = "cpu",
        precision: str = "fp32",  # or "bf16", "fp16"
        field: ReceptiveField | None = None,
    ) -> None:
        self.module, self.size = module, size
        self.device, self.precision = device, precision
        self.field = field or require_local(module.generator)
        self.multiple = lcm(self.field.multiple, module.multiple)
        self.sources = [module.padded_rows(size, axis) for axis in (0, 1)]
        self.batches_ahead = 1 if device == "cuda" else 0  # computed while the results before are copied to the host
        self.least = module.smallest if side is None else input_side(side, self.field.halo, self.multiple)

    def tile(self, window: Window, read: Read) -> Array:
        """The translation of a window: (C', h, w) float32 in [-1, 1]."""
        return next(self.tiles([window], read))

    def tiles(self, windows: Sequence[Window], read: Read, batch: int = 1) -> Iterator[Array]:
        """The translation of each window, in order; up to `batch` neighbours with inputs of one shape go together.

        A thread reads one batch ahead of the network; a GPU computes the next batch while results are copied from it.
        """
        batches = self.batches(windows, batch)
        computed: deque[Computed] = deque()
        with ThreadPoolExecutor(1, "tiles") as reader:
            reading = [reader.submit(self.inputs, batches[0], read)] if batches else []
            for tiles, following in pairwise([*batches, []]):
                inputs = reading.pop().result()
                if following:
                    reading.append(reader.submit(self.inputs, following, read))
                computed.append(self.compute(tiles, inputs))
                if len(computed) > self.batches_ahead:
                    yield from to_host(computed.popleft())
            for results in computed:
                yield from to_host(results)

    def batches(self, windows: Sequence[Window], batch: int) -> list[list[Tile]]:
        """The tiles of `windows` in order, split where the shape of the inputs changes and after each `batch`."""
        batches: list[list[Tile]] = []
        for window in windows:
            tile = Tile(window, self.region(window))
            if batches and len(batches[-1]) < batch and same_shape(batches[-1][0], tile):
                batches[-1].append(tile)
            else:
                batches.append([tile])
        return batches

    def region(self, window: Window) -> Window:
        """What the result of a window is computed from, in pixels of the padded input of the whole image."""
        top, bottom = self.span(window.top, window.height, 0)
        left, right = self.span(window.left, window.width, 1)
        return Window(top, left, bottom - top, right - left)

    def span(self, start: int, length: int, axis: int) -> tuple[int, int]:
        """First row and end of the region of rows `start` to `start + length`; the same for columns (axis 1).

        ValueError where they are not inside of the image.
        """
        if not 0 <= start < start + length <= self.size[axis]:
            raise ValueError(f"pixels {start} to {start + length} are not inside of an image of {self.size}")
        padded, multiple, margin, halo = len(self.sources[axis]), self.multiple, self.module.margin, self.field.halo
        first = max(0, start + margin - halo) // multiple * multiple
        end = min(padded, -(-(start + length + margin + halo) // multiple) * multiple)

        end = min(padded, max(end, first + self.least))
        return max(0, min(first, (end - self.least) // multiple * multiple)), end

    def inputs(self, tiles: Sequence[Tile], read: Read) -> Tensor:
        """The inputs of tiles of one shape, (N, C, h, w) on the host."""
        blocks = [self.input(tile.region, read) for tile in tiles]
        pinned = self.device == "cuda"
        x = torch.empty(len(blocks), *blocks[0].shape, pin_memory=pinned)
        np.stack(blocks, out=x.numpy())
        return x

    def input(self, region: Window, read: Read) -> Array:
        """A region of the padded input of the whole image, made from pixels of the image: (C, h, w)."""
        return read_padded(read, self.sources, region)

    @torch.inference_mode()
    def compute(self, tiles: Sequence[Tile], inputs: Tensor) -> Computed:
        """The results of tiles from their inputs (N, C, h, w) on the host. A GPU may not have finished yet."""
        x = inputs.to(self.device, non_blocking=True)
        dtype = AUTOCAST[self.precision]
        with torch.autocast(self.device, dtype, enabled=dtype is not None):
            outputs: Tensor = self.module.generator(x)

        margin = self.module.margin
        results = []
        for output, (window, region) in zip(outputs, tiles, strict=True):
            top, left = window.top + margin - region.top, window.left + margin - region.left
            rows, columns = slice(top, top + window.height), slice(left, left + window.width)
            results.append(self.module.cropped(output, rows, columns))
        return Computed(results, torch.cuda.current_stream().record_event() if x.is_cuda else None)


def to_host(computed: Computed) -> list[Array]:
    """The results in memory of the host. From a GPU they are copied beside what it computes meanwhile."""
    results, finished = computed
    if finished is None:
        return [result.cpu().numpy() for result in results]

    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    hosts = [torch.empty(result.shape, pin_memory=True) for result in results]
    with torch.cuda.stream(stream):
        stream.wait_event(finished)
        for host, result in zip(hosts, results, strict=True):
            host.copy_(result, non_blocking=True)
            result.record_stream(stream)
    stream.synchronize()
    return [host.numpy() for host in hosts]


def read_padded(read: Read, sources: Sequence[NDArray[np.intp]], region: Window) -> Array:
    """A region of the padded input of an image, whose rows and columns show those in `sources`: (C, h, w)."""
    rows, columns = (source[part] for source, part in zip(sources, region.slices, strict=True))
    top, left = int(rows.min()), int(columns.min())
    block = read(Window(top, left, int(rows.max()) + 1 - top, int(columns.max()) + 1 - left))
    if block.shape[1:] == (region.height, region.width) and rows[0] < rows[-1] and columns[0] < columns[-1]:
        return block
    return np.take(np.take(block, rows - top, 1), columns - left, 2)


def require_local(net: nn.Module) -> ReceptiveField:
    """The receptive field of a network that can be tiled exactly. UsageError for any other."""
    try:
        field = receptive_field(net)
    except TypeError as e:
        raise UsageError(f"this network cannot be translated in tiles: {e}; use a smaller --scale") from None
    if not field.is_local:
        raise UsageError(
            f"this network cannot be translated in exact tiles: {field.obstacle}; freeze its statistics, or use a "
            "smaller --scale"
        )
    return field


def can_be_tiled(net: nn.Module) -> bool:
    """Whether `require_local` accepts a network."""
    try:
        return receptive_field(net).is_local
    except TypeError:
        return False


def same_shape(a: Tile, b: Tile) -> bool:
    """Whether the inputs of two tiles can be stacked."""
    return a.region[2:] == b.region[2:]


def input_side(side: int, halo: int, multiple: int) -> int:
    """The longest region that a window of `side` pixels needs, wherever it lies."""
    return (side + 2 * halo + 2 * (multiple - 1)) // multiple * multiple


def grid(size: tuple[int, int], side: int, shift: tuple[int, int] = (0, 0)) -> list[Window]:
    """Windows of at most `side` pixels that cover an image, row by row; lines lie at `shift` plus multiples of it."""
    rows, columns = (cuts(length, side, offset) for length, offset in zip(size, shift, strict=True))
    return windows_between(rows, columns)


def windows_between(rows: Sequence[int], columns: Sequence[int]) -> list[Window]:
    """The windows between the lines of a grid, row by row."""
    return [
        Window(top, left, bottom - top, right - left)
        for top, bottom in pairwise(rows)
        for left, right in pairwise(columns)
    ]


def cuts(length: int, side: int, shift: int = 0) -> list[int]:
    """0, the grid lines between, `length`."""
    return [0, *range(shift % side or side, length, side), length]


def even_grid(size: tuple[int, int], side: int) -> list[Window]:
    """The fewest windows of at most `side` pixels that cover an image, of nearly equal size, row by row."""
    rows, columns = (cuts(length, -(-length // -(-length // side))) for length in size)
    return windows_between(rows, columns)


def translate_in_tiles(
    module: TranslationModule, x: Tensor, side: int, batch: int, device: str, precision: str
) -> Tensor:
    """Translate (N, C, H, W) on any device in tiles of at most `side` pixels: (N, C', H, W) float32 on the host."""
    size = (x.shape[2], x.shape[3])
    windows = even_grid(size, side)
    tiling = TiledTranslation(module, size, side=max(windows[0][2:]), device=device, precision=precision)
    results = [assembled(tiling.tiles(windows, reader_of(image), batch), windows, size) for image in x]
    return torch.from_numpy(np.stack(results) if len(results) > 1 else results[0][None])


def reader_of(image: Tensor) -> Read:
    """Windows of an image (C, H, W) in memory."""
    return lambda window: image[:, *window.slices].float().cpu().numpy()


def assembled(parts: Iterable[Array], windows: Sequence[Window], size: tuple[int, int]) -> Array:
    """The image of `size` that windows (C, h, w) add up to: (C, H, W)."""
    result: Array | None = None
    for window, part in zip(windows, parts, strict=True):
        if result is None:
            result = np.empty((len(part), *size), np.float32)
        result[:, *window.slices] = part
    if result is None:
        raise ValueError("an image has at least one window")
    return result

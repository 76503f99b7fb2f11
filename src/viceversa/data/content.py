"""Where crops at native scale may lie: the cells of an image that show content, and fixed windows among them."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import images
from ..errors import DataError
from ..images import About, ImageError, WindowedImage
from ..images.arrays import Array
from ..images.values import missing_pixels
from .tissue import Mask, at_corners, integral_of, intensities, is_on_glass, mask_of, thumbnail_of

PARTS = 4  # places of a cell on a side at which its content is decided
ALL = 2 ** (PARTS * PARTS) - 1  # every place of a cell
PIXELS_PER_CROP = 16  # of the thumbnail on a side of a crop, within the limits below
THUMBNAILS = 256, 2048  # pixels of the longer side
REMEMBERED = 4096  # images whose content is kept in memory
SET_BITS = np.array([bits.bit_count() for bits in range(ALL + 1)], np.uint8)


class Crops(NamedTuple):
    """What decides where the crops of a run may lie."""

    size: int  # side, pixels at the scale of the run
    mpp: float | None = None  # micrometres per pixel of that scale; none: the full scale of each image
    tissue: str = "auto"  # which images are searched for tissue: auto, on, off
    blank: float = 0.5  # largest share of background in a crop
    nodata: float | None = None  # number of missing pixels, beside those that files state


class TooSmallError(DataError):
    """An image that is smaller than a crop at the scale of the run."""


class Place(NamedTuple):
    """The middle of a crop, in pixels at the scale of the run."""

    y: float
    x: float


@dataclass(frozen=True, eq=False)
class Content:
    """One image: its size at the scale of the run, and where the middles of crops may lie.

    The image is divided into cells of about a crop; a cell has 4 x 4 places, each allowed or not.
    """

    path: Path
    size: tuple[int, int]  # height and width at the scale of the run
    downsample: float  # full pixels per pixel
    mpp: float | None  # micrometres per full pixel, where the file states them
    is_slide: bool
    has_windows: bool  # the file is read by windows; else it is decoded whole
    grid: tuple[int, int]  # rows and columns of cells
    cells: NDArray[np.int64]  # numbers of the cells with an allowed place, by rows
    places: NDArray[np.uint16]  # of each of them a bit for every allowed place, by rows

    @cached_property
    def cumulative(self) -> NDArray[np.int64]:
        """Allowed places of each cell and those before it."""
        counts: NDArray[np.int64] = np.cumsum(SET_BITS[self.places], dtype=np.int64)
        return counts

    @property
    def allowed(self) -> int:
        """The number of allowed places."""
        return int(self.cumulative[-1]) if len(self.cells) else 0

    def place(self, number: int, share_y: float, share_x: float) -> Place:
        """A point of the `number`-th allowed place, by its shares in [0, 1) of height and width."""
        cell = int(np.searchsorted(self.cumulative, number, "right"))
        before = int(self.cumulative[cell - 1]) if cell else 0
        part = nth_bit(int(self.places[cell]), number - before)
        row, column = divmod(int(self.cells[cell]), self.grid[1])
        inner_row, inner_column = divmod(part, PARTS)
        (height, width), (rows, columns) = self.size, self.grid
        return Place(
            (row * PARTS + inner_row + share_y) * height / (rows * PARTS),
            (column * PARTS + inner_column + share_x) * width / (columns * PARTS),
        )

    def crop_at(self, place: Place, side: int) -> images.Window:
        """The crop around a point, moved inside of the image; pixels at the scale of the run."""
        (height, width) = self.size
        top = min(max(round(place.y - side / 2), 0), height - side)
        left = min(max(round(place.x - side / 2), 0), width - side)
        return images.Window(top, left, side, side)

    def fixed_places(self, count: int) -> list[Place]:
        """Up to `count` allowed places from all over the content: always the same."""
        rows, columns = np.divmod(self.cells, self.grid[1])
        shares = SET_BITS[self.places].astype(int)
        points = np.stack([rows, columns, shares], 1)
        groups = divided(np.arange(len(self.cells)), points, min(count, len(self.cells)))
        return [self._middle_of(central(group, points)) for group in groups]

    def central_place(self) -> Place:
        """The allowed place in the middle of the content."""
        return self.fixed_places(1)[0]

    def _middle_of(self, cell: int) -> Place:
        """The middle of a cell where all of it is allowed, else its allowed place that is nearest to that."""
        bits = int(self.places[cell])
        row, column = divmod(int(self.cells[cell]), self.grid[1])
        if bits == ALL:
            y, x = row + 0.5, column + 0.5
        else:
            parts = [divmod(i, PARTS) for i in range(PARTS * PARTS) if bits >> i & 1]
            middle = (PARTS - 1) / 2
            best = min(parts, key=lambda part: (part[0] - middle) ** 2 + (part[1] - middle) ** 2)
            y, x = row + (best[0] + 0.5) / PARTS, column + (best[1] + 0.5) / PARTS
        return Place(y * self.size[0] / self.grid[0], x * self.size[1] / self.grid[1])

    def address(self, window: images.Window) -> Path:
        """The path of a crop: FILE#left,top,width,height in full pixels."""
        top, left, height, width = (round(side * self.downsample) for side in window)
        return self.path.with_name(f"{self.path.name}#{left},{top},{width},{height}")


def nth_bit(bits: int, n: int) -> int:
    """The place of the n-th bit that is set, from 0."""
    for place in range(PARTS * PARTS):
        if bits >> place & 1:
            if n == 0:
                return place
            n -= 1
    raise IndexError(n)


def divided(indices: NDArray[np.int64], points: Array, count: int) -> list[NDArray[np.int64]]:
    """`count` groups of neighbouring points, as equal as possible, by halving along the longer side."""
    if count <= 1:
        return [indices]
    own = points[indices, :2]
    axis = int(np.argmax(np.ptp(own, axis=0)))
    order = indices[np.lexsort((own[:, 1 - axis], own[:, axis]))]
    first = count // 2
    at = len(indices) * first // count
    return [*divided(order[:at], points, first), *divided(order[at:], points, count - first)]


def central(indices: NDArray[np.int64], points: Array) -> int:
    """The point of a group nearest to its middle, among those with the most allowed places."""
    own = points[indices]
    fullest = own[:, 2] >= own[:, 2].max()
    middle = own[:, :2].mean(0)
    distance = ((own[:, :2] - middle) ** 2).sum(1)
    return int(indices[np.argmin(np.where(fullest, distance, np.inf))])


def crops_per_epoch(contents: Sequence[Content]) -> int:
    """Crops that cover the content once."""
    return max(1, -(-sum(content.allowed for content in contents) // (PARTS * PARTS)))


def content_of(path: Path, crops: Crops) -> Content:
    """The content of an image. ImageError where it cannot be read, TooSmallError where no crop fits into it.

    DataError where the scale is given in micrometres and the file does not state its own.
    """
    try:
        status = os.stat(images.file_of(path)[0])
    except OSError as error:
        raise ImageError(path, error.strerror or str(error)) from None
    return _content_of(path, crops, status.st_mtime_ns, status.st_size)


@lru_cache(REMEMBERED)
def _content_of(path: Path, crops: Crops, changed: int, nbytes: int) -> Content:
    """`content_of`, remembered while the file stays the same: listing, batches and samples all ask for it."""
    if images.about(path) is None:
        return content_of_whole(path, crops)
    with images.open_windows(path) as image:
        about = image.about
        size, downsample = scaled_size(path, about, crops)
        mask = window_mask(image, crops, max(size))
    mpp = None if about.mpp is None else (about.mpp[0] * about.mpp[1]) ** 0.5
    grid, cells, places = allowed_places(size, crops, mask)
    return Content(path, size, downsample, mpp, about.is_slide, not about.is_whole, grid, cells, places)


def content_of_whole(path: Path, crops: Crops) -> Content:
    """The content of an image whose format has no windows; a JPEG is read at a reduced scale for it."""
    if images.file_of(path)[1] in (images.LEFT, images.RIGHT):
        raise DataError(
            f"{images.printable_path(path)}: images with two sides are not cropped at native scale; "
            "save the sides as files of their own, or leave data.fit=native out"
        )
    picture = images.read(path, side=THUMBNAILS[0])
    if crops.mpp is not None:
        raise DataError(without_scale(path, crops.mpp))
    require_crop(path, picture.size, crops.size)
    mask: Mask | None = None
    if crops.tissue == "on":
        display = images.to_channels(images.to_display(picture.pixels), 3)
        mask = mask_of(intensities(images.to_uint8(display).transpose(1, 2, 0)))
    if picture.missing is not None:
        mask = ~picture.missing if mask is None else mask & ~picture.missing
    grid, cells, places = allowed_places(picture.size, crops, mask)
    return Content(path, picture.size, 1.0, None, False, False, grid, cells, places)


def scaled_size(path: Path, about: About, crops: Crops) -> tuple[tuple[int, int], float]:
    """Height and width of an image at the scale of the run, and full pixels per pixel."""
    try:
        downsample = images.downsample_for(about, crops.mpp)
    except ValueError:
        raise DataError(without_scale(path, crops.mpp or 0)) from None
    size = images.ScaledImage(_Sized(about), downsample).size
    require_crop(path, size, crops.size)
    return size, downsample


class _Sized(WindowedImage):
    """What is known of an image, without its pixels."""

    def __init__(self, about: About) -> None:
        self.about = about

    def read(self, window: images.Window, level: int = 0) -> Any:
        raise TypeError("it has no pixels")


def without_scale(path: Path, mpp: float) -> str:
    """Why a file cannot be brought to a scale in micrometres."""
    return (
        f"{images.printable_path(path)} does not state how many micrometres its pixels have, so it cannot be brought "
        f"to {mpp:g}; leave data.mpp out, or remove the file"
    )


def require_crop(path: Path, size: tuple[int, int], side: int) -> None:
    """TooSmallError where no crop fits into an image."""
    if min(size) < side:
        height, width = size
        raise TooSmallError(f"{images.printable_path(path)} has {width} x {height} pixels at the scale of the run")


def thumbnail_side(longer: int, crops: Crops) -> int:
    """Pixels of the longer side of the thumbnail on which content is decided."""
    least, most = THUMBNAILS
    return min(max(PIXELS_PER_CROP * longer // crops.size, least), most, longer)


def window_mask(image: WindowedImage, crops: Crops, longer: int) -> Mask | None:
    """(h, w) true for content in a thumbnail; none where all of the image is content."""
    about = image.about
    can_be_on_glass = about.is_slide or about.mpp is not None
    has_missing = about.nodata is not None or crops.nodata is not None or np.dtype(about.number_type).kind == "f"
    searches_tissue = crops.tissue == "on" or (crops.tissue == "auto" and can_be_on_glass)
    if not searches_tissue and not has_missing:
        return None

    side = thumbnail_side(longer, crops)
    mask: Mask | None = None
    if searches_tissue:
        colours = thumbnail_of(image, side)
        if crops.tissue == "on" or is_on_glass(about, colours):
            mask = mask_of(colours)
    if has_missing:
        height, width = about.size
        samples = images.thumbnail(image, max(1, round(side * min(height, width) / max(height, width))))
        missing = missing_pixels(samples, about.nodata if crops.nodata is None else crops.nodata)
        if missing is not None:
            mask = ~missing if mask is None else mask & ~missing
    return mask


def allowed_places(
    size: tuple[int, int], crops: Crops, mask: Mask | None
) -> tuple[tuple[int, int], NDArray[np.int64], NDArray[np.uint16]]:
    """The grid of cells, the numbers of those with an allowed place, and the allowed places of each.

    A place is allowed where the crop around its middle, moved inside of the image, has enough content.
    """
    rows, columns = (max(1, round(side / crops.size)) for side in size)
    if mask is None:
        return (rows, columns), np.arange(rows * columns), np.full(rows * columns, ALL, np.uint16)
    bits = np.concatenate([*rows_of_places(size, (rows, columns), crops, mask)])
    cells = np.flatnonzero(bits)
    return (rows, columns), cells, bits[cells]


def rows_of_places(
    size: tuple[int, int], grid: tuple[int, int], crops: Crops, mask: Mask
) -> Iterator[NDArray[np.uint16]]:
    """Allowed places of the cells, row by row of the grid, as bits."""
    integral = integral_of(mask)
    lefts, rights = crop_edges(np.arange(grid[1] * PARTS), size[1], grid[1], crops.size)
    to_mask = mask.shape[0] / size[0], mask.shape[1] / size[1]
    area = crops.size**2 * to_mask[0] * to_mask[1]
    weights = (1 << np.arange(PARTS * PARTS)).astype(np.uint16)
    for row in range(grid[0]):
        tops, bottoms = crop_edges(np.arange(row * PARTS, (row + 1) * PARTS), size[0], grid[0], crops.size)
        edges = np.concatenate([tops, bottoms]) * to_mask[0], np.concatenate([lefts, rights]) * to_mask[1]
        sums = at_corners(integral, *edges)
        across = sums[:, len(lefts) :] - sums[:, : len(lefts)]
        shares = (across[PARTS:] - across[:PARTS]) / area
        is_allowed = (shares >= 1 - crops.blank - 1e-9) & (shares > 1e-9)  # (PARTS, columns * PARTS)
        by_cell = is_allowed.reshape(PARTS, grid[1], PARTS).transpose(1, 0, 2).reshape(grid[1], -1)
        yield (by_cell * weights).sum(1).astype(np.uint16)


def crop_edges(numbers: Array, length: int, cells: int, side: int) -> tuple[Array, Array]:
    """First and last edge of the crops around places, along one side of the image."""
    middles = (numbers + 0.5) * length / (cells * PARTS)
    first: Array = np.clip(middles - side / 2, 0, length - side)
    return first, first + side

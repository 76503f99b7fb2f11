"""Batches of crops at native scale from images of any size; a crop is a pure function of (seed, epoch, index).

An epoch has as many crops as cover the content of the larger domain once. Each of them belongs to an equal share of the
content: the order of the shares comes from (seed, epoch), the place of a crop in its share from (seed, epoch, index).
"""

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .. import images
from ..errors import DataError
from ..images import ImageError, Window, WindowedImage, printable_path
from .content import Content, Crops, Place, TooSmallError, content_of, crops_per_epoch
from .fixed_windows import require_one_size
from .loader import MEMORY_BYTES, PictureCache, Source
from .preparation import Preparation
from .transforms import Augment

OPEN_FILES = 32  # at most, of a domain
OPEN_BYTES = 64 * 2**20  # that an open file may keep of its decoded parts
ORDERS, PLACES = 3, 4  # streams of random numbers; 1 and 2 are those of `loader`


class NativeStore:
    """Crops of the images of a domain, by the number of their share of the content.

    What cannot be read is noted in `broken`; the next readable share replaces it. Open files and decoded parts take up
    to `memory_bytes`, images that are decoded whole also `disk_bytes` of the disk.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        prepare: Preparation,
        crops: Crops,
        memory_bytes: int = MEMORY_BYTES,
        disk_bytes: int = 0,
    ) -> None:
        self.broken: dict[Path, str] = {}  # files, and the first window of each file that is damaged in part
        self.damaged: dict[Path, Path] = {}  # file: that window
        self.prepare, self.paths = prepare, tuple(paths)
        self.contents = readable_contents(paths, crops, self.broken)
        if not sum(content.allowed for content in self.contents):
            raise no_crops(self.paths, self.broken)

        kinds = len({content.has_windows for content in self.contents})
        self.open_images = OpenImages(max(1, min(OPEN_FILES, memory_bytes // kinds // OPEN_BYTES)))
        self.whole = PictureCache(memory_bytes // kinds, disk_bytes)
        self.allowed = np.cumsum([content.allowed for content in self.contents])

    def __len__(self) -> int:
        return crops_per_epoch(self.contents)

    def place(self, share: int, uniform: np.ndarray) -> tuple[int, Place]:
        """An image and a point of the share of its content, uniformly by three numbers in [0, 1)."""
        total = int(self.allowed[-1])
        number = min(int((share + uniform[0]) * total / len(self)), total - 1)
        image = int(np.searchsorted(self.allowed, number, "right"))
        before = int(self.allowed[image - 1]) if image else 0
        return image, self.contents[image].place(number - before, uniform[1], uniform[2])

    def sample(self, share: int, augment: Augment, rng: np.random.Generator) -> np.ndarray:
        """The crop of a share, zoomed and flipped: (channels, size, size) float32 in [-1, 1]."""
        _, _, pixels = self.readable(share, augment, rng)
        return finished(pixels, augment, rng)

    def readable(self, share: int, augment: Augment, rng: np.random.Generator) -> tuple[int, Window, np.ndarray]:
        """The first readable crop from a share on: its image, its window, and (channels, side, side) as stored."""
        uniform = rng.random(4)
        for number in range(share, share + len(self)):
            image, place = self.place(number % len(self), uniform)
            content = self.contents[image]
            side = min(round(augment.size * (1 + uniform[3] * (augment.zoom - 1))), *content.size)
            window = content.crop_at(place, side)
            pixels = self.read(image, window)
            if pixels is not None:
                return image, window, pixels
        raise no_crops(self.paths, self.broken)

    def read(self, image: int, window: Window) -> np.ndarray | None:
        """(channels, height, width) as stored; none where it is broken."""
        content = self.contents[image]
        if content.path in self.broken:
            return None
        if content.has_windows:
            return self._read_window(content, window)
        return self._read_whole(image, window)

    def _read_window(self, content: Content, window: Window) -> np.ndarray | None:
        try:
            opened = self.open_images.get(content.path)
        except DataError as error:
            self.broken[content.path] = str(error)
            return None
        try:
            return self.prepare.stored_window(opened, content, window)
        except DataError as error:
            self.damaged.setdefault(content.path, content.address(window))
            self.broken.setdefault(self.damaged[content.path], str(error))
            return None

    def _read_whole(self, image: int, window: Window) -> np.ndarray | None:
        content, (rows, columns) = self.contents[image], window.slices
        pixels = self.whole.get_window(image, rows, columns)
        if pixels is not None:
            return pixels
        try:
            picture = self.prepare.stored_whole(content)
        except DataError as error:
            self.broken[content.path] = str(error)
            return None
        self.whole.put(image, picture)
        return picture[:, rows, columns]


class OpenImages:
    """The images that were used last, open."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.images: OrderedDict[Path, WindowedImage] = OrderedDict()

    def get(self, path: Path) -> WindowedImage:
        """The open image; ImageError where it cannot be opened."""
        if path in self.images:
            self.images.move_to_end(path)
            return self.images[path]
        while len(self.images) >= self.most:
            self.images.popitem(last=False)[1].close()
        self.images[path] = images.open_windows(path)
        return self.images[path]


def readable_contents(paths: Sequence[Path], crops: Crops, broken: dict[Path, str]) -> list[Content]:
    """The content of each image; those that cannot be read are noted in `broken`, those without a crop left out."""
    contents = []
    for path in paths:
        try:
            content = content_of(path, crops)
        except TooSmallError:
            continue
        except ImageError as error:
            broken[path] = str(error)
            continue
        if content.allowed:
            contents.append(content)
    return contents


def no_crops(paths: Sequence[Path], broken: dict[Path, str]) -> DataError:
    """Why a domain has no crop at all."""
    folder = printable_path(paths[0].parent) if paths else "the data"
    first = f"; the first: {next(iter(broken.values()))}" if broken else ""
    return DataError(f"none of the {len(paths)} pictures in {folder} has a readable crop{first}")


def finished(pixels: np.ndarray, augment: Augment, rng: np.random.Generator) -> np.ndarray:
    """A crop as stored, resized to the size of training and mirrored or not: float32 in [-1, 1]."""
    if augment.flip and rng.random() < 0.5:
        pixels = pixels[:, :, ::-1]
    crop = images.from_stored(np.ascontiguousarray(pixels))
    return crop if crop.shape[1] == augment.size else images.resize(crop, (augment.size, augment.size))


class NativeSource(Source):
    """Crops of one or two domains; every domain is visited in an order of its own, all content equally often."""

    def __init__(self, crop_stores: Sequence[NativeStore], augment: Augment, batch: int = 1, seed: int = 0) -> None:
        super().__init__(crop_stores, augment, batch, seed)
        self.crop_stores = tuple(crop_stores)
        self._orders: dict[int, tuple[int, np.ndarray]] = {}  # of each domain: epoch and order

    def sample(self, n: int) -> tuple[np.ndarray, ...]:
        epoch, index = self.position(n)
        return tuple(
            store.sample(self.share(domain, epoch, index), self.augment, self.rng(domain, epoch, index))
            for domain, store in enumerate(self.crop_stores)
        )

    def share(self, domain: int, epoch: int, index: int) -> int:
        """The share of a domain's content that a crop comes from."""
        if self._orders.get(domain, (-1,))[0] != epoch:
            size = len(self.crop_stores[domain])
            rng = np.random.default_rng((self.seed, ORDERS, domain, epoch))
            rounds = [rng.permutation(size) for _ in range(-(-self.epoch_nimg // size))]
            self._orders[domain] = epoch, np.concatenate(rounds)
        return int(self._orders[domain][1][index])

    def rng(self, domain: int, epoch: int, index: int) -> np.random.Generator:
        """The random generator of a crop."""
        return np.random.default_rng((self.seed, PLACES, domain, epoch, index))


class NativePairs(NativeSource):
    """(a, b) where b is the true translation of a: the same crop of two images that lie on each other."""

    def __init__(self, crop_stores: Sequence[NativeStore], augment: Augment, batch: int = 1, seed: int = 0) -> None:
        super().__init__(crop_stores[:1], augment, batch, seed)
        self.stores = tuple(crop_stores)
        self.partner = crop_stores[1]
        own, others = crop_stores[0].contents, {content.path: i for i, content in enumerate(self.partner.contents)}
        partners = dict(zip(crop_stores[0].paths, self.partner.paths, strict=True))
        self.partner_of = [others.get(partners[content.path], -1) for content in own]
        for content, index in zip(own, self.partner_of, strict=True):
            if index >= 0:
                require_one_size(content, self.partner.contents[index])

    def sample(self, n: int) -> tuple[np.ndarray, ...]:
        epoch, index = self.position(n)
        share, store = self.share(0, epoch, index), self.crop_stores[0]
        for number in range(share, share + len(store)):
            rng = self.rng(0, epoch, index)
            image, window, a = store.readable(number % len(store), self.augment, rng)
            b = self.partner.read(self.partner_of[image], window) if self.partner_of[image] >= 0 else None
            if b is not None:
                other = self.rng(0, epoch, index)
                other.random(4)  # those of the place
                return finished(a, self.augment, rng), finished(b, self.augment, other)
        raise no_crops(self.partner.paths, store.broken | self.partner.broken)

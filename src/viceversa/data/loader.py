"""Batches of training images: a pure function of seed and position, so that resuming costs nothing.

The order comes from (seed, epoch), the augmentation of a sample from (seed, epoch, index).
"""

from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from .. import distributed
from ..errors import DataError
from ..images import printable_path
from .disk_cache import DiskCache
from .transforms import Augment, Read

MEMORY_BYTES = 2 * 1024**3  # of decoded images


class Store(Protocol):
    """What samples are made from, by index."""

    broken: dict[Path, str]  # what could not be read: reason

    def __len__(self) -> int: ...


class Source:
    """Endless batches, addressable by step: the same for any number of threads, and after any number of resumes.

    A subclass defines the n-th sample. With several ranks each of them prepares its share of every batch.
    """

    def __init__(self, stores: Sequence[Store], augment: Augment, batch: int, seed: int) -> None:
        distributed.require_divisible(batch)
        self.stores, self.augment, self.batch_size, self.seed = tuple(stores), augment, batch, seed
        self.epoch_nimg = max(len(store) for store in stores)
        self._order: tuple[int, np.ndarray] = -1, np.empty(0, np.int64)  # epoch and order

    def sample(self, n: int) -> tuple[np.ndarray, ...]:
        """The n-th sample of the run."""
        raise TypeError(f"{type(self).__name__} has no samples of its own")

    def batch(self, step: int) -> tuple[Tensor, ...]:
        """Sample `step * batch_size` and those after it, stacked; images are (N, C, size, size) in [-1, 1]."""
        count = self.batch_size // distributed.world_size()
        first = step * self.batch_size + distributed.rank() * count
        samples = [self.sample(n) for n in range(first, first + count)]
        return tuple(torch.from_numpy(np.stack(arrays)) for arrays in zip(*samples, strict=True))

    def prefetch(self, step: int) -> "Prefetch":
        """The same batches from `step` on, each prepared in another thread while the one before is used."""
        return Prefetch(self, step)

    def position(self, n: int) -> tuple[int, int]:
        """Epoch of the n-th sample and its index in this epoch."""
        return divmod(n, self.epoch_nimg)

    def sample_rng(self, epoch: int, index: int) -> np.random.Generator:
        """The random generator of a sample's augmentation."""
        return np.random.default_rng((self.seed, 2, epoch, index))

    def order(self, epoch: int) -> np.ndarray:
        """The order in which an epoch visits the first store; several rounds if another store is larger."""
        if self._order[0] != epoch:
            rng = np.random.default_rng((self.seed, 1, epoch))
            size = len(self.stores[0])
            rounds = [rng.permutation(size) for _ in range(-(-self.epoch_nimg // size))]
            self._order = epoch, np.concatenate(rounds)
        return self._order[1]


class Unpaired(Source):
    """(a, b) of two unpaired domains.

    An epoch holds max(len(A), len(B)) images. A is visited in a new order each time; B is drawn anew for every sample,
    as in the authors' code.
    """

    def __init__(
        self,
        a: Sequence[Path],
        b: Sequence[Path],
        read: tuple[Read, Read],
        augment: Augment,
        batch: int = 1,
        seed: int = 0,
        memory_bytes: int = MEMORY_BYTES,
        disk_bytes: int = 0,
    ) -> None:
        read_a, read_b = read
        self.pictures = (
            PictureStore(a, read_a, memory_bytes // 2, disk_bytes // 2),
            PictureStore(b, read_b, memory_bytes // 2, disk_bytes // 2),
        )
        super().__init__(self.pictures, augment, batch, seed)

    def sample(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        epoch, index = self.position(n)
        rng = self.sample_rng(epoch, index)
        store_a, store_b = self.pictures
        a = store_a[int(self.order(epoch)[index])]
        b = store_b[int(rng.integers(len(store_b)))]
        return self.augment(a, rng), self.augment(b, rng)


class Paired(Unpaired):
    """(a, b) where b is the true translation of a: the same index, crop and flip."""

    def sample(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        epoch, index = self.position(n)
        a, b = self.pair(int(self.order(epoch)[index]))
        return self.augment(a, self.sample_rng(epoch, index)), self.augment(b, self.sample_rng(epoch, index))

    def pair(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """The stored images of a pair; where one of them cannot be read, the next readable pair replaces it."""
        store_a, store_b = self.pictures
        readable, a, b = self._readable_pair(index)
        if a.shape[1:] != b.shape[1:]:
            raise DataError(
                f"{store_a.paths[readable]} and {store_b.paths[readable]} are a pair of different shapes; "
                "bring them to one shape, or --set data.fit=squash"
            )
        return a, b

    def _readable_pair(self, index: int) -> tuple[int, np.ndarray, np.ndarray]:
        store_a, store_b = self.pictures
        for i in range(index, index + len(store_a)):
            index_a, a = store_a.readable(i % len(store_a))
            index_b, b = store_b.readable(index_a)
            if index_a == index_b:
                return index_a, a, b
        folder, reason = printable_path(store_a.paths[0].parent), next(iter((store_a.broken | store_b.broken).values()))
        raise DataError(f"none of the {len(store_a)} pairs in {folder} can be read whole; the first: {reason}")


class PairedLabels(Paired):
    """(x, y): images and the class number of each pixel, (N, H, W) int64, with the same crop and flip."""

    def sample(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        epoch, index = self.position(n)
        x, y = self.pair(int(self.order(epoch)[index]))
        labels = self.augment.labels(y, self.sample_rng(epoch, index))
        return self.augment(x, self.sample_rng(epoch, index)), labels[0].astype(np.int64)


class Single(Source):
    """(x,) of one set of images."""

    def __init__(
        self,
        x: Sequence[Path],
        read: Read,
        augment: Augment,
        batch: int = 1,
        seed: int = 0,
        memory_bytes: int = MEMORY_BYTES,
        disk_bytes: int = 0,
    ) -> None:
        self.pictures = PictureStore(x, read, memory_bytes, disk_bytes)
        super().__init__((self.pictures,), augment, batch, seed)

    def sample(self, n: int) -> tuple[np.ndarray, ...]:
        epoch, index = self.position(n)
        x = self.pictures[int(self.order(epoch)[index])]
        return (self.augment(x, self.sample_rng(epoch, index)),)


class Labelled(Source):
    """(x, y): images and their class numbers, int64."""

    def __init__(
        self,
        x: Sequence[Path],
        y: Sequence[int],
        read: Read,
        augment: Augment,
        batch: int = 1,
        seed: int = 0,
        memory_bytes: int = MEMORY_BYTES,
        disk_bytes: int = 0,
    ) -> None:
        self.pictures = PictureStore(x, read, memory_bytes, disk_bytes)
        super().__init__((self.pictures,), augment, batch, seed)
        self.y = np.asarray(y, np.int64)

    def sample(self, n: int) -> tuple[np.ndarray, ...]:
        epoch, index = self.position(n)
        readable, x = self.pictures.readable(int(self.order(epoch)[index]))
        return self.augment(x, self.sample_rng(epoch, index)), self.y[readable]


class Arrays:
    """Batches of arrays in memory, such as (x, y): every epoch in a new order, without augmentation."""

    def __init__(self, *arrays: np.ndarray, batch: int = 1, seed: int = 0) -> None:
        self.arrays = [torch.from_numpy(np.ascontiguousarray(array)) for array in arrays]
        self.batch_size, self.seed = batch, seed
        self.epoch_nimg = len(self.arrays[0])
        self._order: tuple[int, np.ndarray] = -1, np.empty(0, np.int64)  # epoch and order

    def batch(self, step: int) -> tuple[Tensor, ...]:
        """Sample `step * batch_size` and those after it."""
        samples = range(step * self.batch_size, (step + 1) * self.batch_size)
        indices = torch.tensor([self.index(n) for n in samples])
        return tuple(array[indices] for array in self.arrays)

    def index(self, n: int) -> int:
        """The index of the n-th sample in the arrays."""
        epoch, place = divmod(n, self.epoch_nimg)
        if self._order[0] != epoch:
            self._order = epoch, np.random.default_rng((self.seed, 1, epoch)).permutation(self.epoch_nimg)
        return int(self._order[1][place])


class Prefetch:
    """An iterator over batches that prepares the next one in a thread while the current one trains."""

    def __init__(self, source: Source, step: int) -> None:
        self.source, self.step = source, step
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="viceversa-data")
        self.next = self.pool.submit(source.batch, step)

    def __next__(self) -> tuple[Tensor, ...]:
        batch = self.next.result()
        self.step += 1
        self.next = self.pool.submit(self.source.batch, self.step)
        return batch

    def close(self) -> None:
        """Stop the thread; an unfinished batch is dropped."""
        self.pool.shutdown(wait=True, cancel_futures=True)


class PictureStore:
    """Decoded images by index. A file that cannot be read is noted in `broken`; the next readable one replaces it."""

    def __init__(self, paths: Sequence[Path], read: Read, memory_bytes: int, disk_bytes: int = 0) -> None:
        self.paths, self.read = tuple(paths), read
        self.cache = PictureCache(memory_bytes, disk_bytes)
        self.broken: dict[Path, str] = {}  # path: reason

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> np.ndarray:
        return self.readable(index)[1]

    def readable(self, index: int) -> tuple[int, np.ndarray]:
        """The first readable image from `index` on, and its index; DataError where there is none."""
        for i in range(index, index + len(self)):
            picture = self._get(i % len(self))
            if picture is not None:
                return i % len(self), picture
        path, reason = next(iter(self.broken.items()))
        folder = printable_path(path.parent)
        raise DataError(f"none of the {len(self)} pictures in {folder} can be read; the first: {reason}")

    def _get(self, index: int) -> np.ndarray | None:
        """The image of one file, or None where it is broken."""
        path = self.paths[index]
        picture = self.cache.get(index)
        if picture is not None or path in self.broken:
            return picture
        try:
            picture = self.read(path)
        except DataError as e:
            self.broken[path] = str(e)
            return None
        self.cache.put(index, picture)
        return picture


class PictureCache:
    """Decoded images by index: the most recently used ones in memory, those dropped from there on disk."""

    def __init__(self, memory_bytes: int, disk_bytes: int = 0) -> None:
        self.free_bytes = memory_bytes
        self.memory: OrderedDict[int, np.ndarray] = OrderedDict()
        self.disk = DiskCache(disk_bytes)

    def get(self, index: int) -> np.ndarray | None:
        """The image, or None where it is in neither cache."""
        if index in self.memory:
            self.memory.move_to_end(index)
            return self.memory[index]
        try:
            picture = self.disk.get(index)
        except (KeyError, OSError):
            return None
        self.put(index, picture)
        return picture

    def get_window(self, index: int, rows: slice, columns: slice) -> np.ndarray | None:
        """A window of the image (C, H, W), or None; one that lies on disk stays there."""
        if index in self.memory:
            self.memory.move_to_end(index)
            return self.memory[index][:, rows, columns]
        try:
            return self.disk.get_window(index, rows, columns)
        except (KeyError, OSError):
            return None

    def put(self, index: int, picture: np.ndarray) -> None:
        """Keep an image in memory; the least recently used ones make room for it, but one image always stays."""
        self.memory[index] = picture
        self.free_bytes -= picture.nbytes
        while self.free_bytes < 0 and len(self.memory) > 1:
            oldest, dropped = self.memory.popitem(last=False)
            self.disk.put(oldest, dropped)
            self.free_bytes += dropped.nbytes

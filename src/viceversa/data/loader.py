"""Which pictures a step sees: a pure function of two integers, so that resuming costs nothing.

Order comes from (seed, epoch), the augmentation of a sample from (seed, epoch, index).
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .. import distributed
from ..errors import DataError
from .augment import Augment
from .disk_cache import Scratch

Read = Callable[[Path], np.ndarray]
ROOM = 2 * 1024**3  # bytes of decoded pictures kept in memory


class Source:
    """Endless batches, addressable by step: the same for any number of threads and however often the run stopped.

    A child says what the n-th sample is. Of several ranks each prepares its share of every batch.
    """

    def __init__(self, stores: Sequence["PictureStore"], augment: Augment, batch: int, seed: int) -> None:
        distributed.require_divisible(batch)
        self.stores, self.augment, self.batch_size, self.seed = tuple(stores), augment, batch, seed
        self.epoch_nimg = max(len(store) for store in stores)

    def sample(self, n: int) -> tuple[np.ndarray, ...]:
        """The n-th sample of the run."""
        raise TypeError(f"{type(self).__name__} has no samples of its own")

    def batch(self, step: int) -> tuple[Tensor, ...]:
        """Sample `step * batch_size` and those after it, stacked; pictures are (N, C, size, size) in [-1, 1]."""
        count = self.batch_size // distributed.world_size()
        first = step * self.batch_size + distributed.rank() * count
        samples = [self.sample(n) for n in range(first, first + count)]
        return tuple(torch.from_numpy(np.stack(part)) for part in zip(*samples, strict=True))

    def prefetched(self, step: int) -> "Prefetch":
        """The same batches from `step` on, prepared one ahead in another thread."""
        return Prefetch(self, step)

    def place(self, n: int) -> tuple[int, int]:
        """Epoch of the n-th sample and its index therein."""
        return divmod(n, self.epoch_nimg)

    def sample_rng(self, epoch: int, index: int) -> np.random.Generator:
        """What the augmentation of a sample is drawn from."""
        return np.random.default_rng((self.seed, 2, epoch, index))

    def order(self, epoch: int) -> np.ndarray:
        """In which order an epoch goes through the first store, again and again if another one is larger."""
        if self._order is None or self._order[0] != epoch:
            rng = np.random.default_rng((self.seed, 1, epoch))
            size = len(self.stores[0])
            rounds = [rng.permutation(size) for _ in range(-(-self.epoch_nimg // size))]
            self._order = epoch, np.concatenate(rounds)
        return self._order[1]

    _order: tuple[int, np.ndarray] | None = None


class Unpaired(Source):
    """(a, b) of two unpaired sets.

    An epoch holds max(len(A), len(B)) images. A is gone through in a new order each time, B is drawn
    anew for every sample, as in the authors' code.
    """

    def __init__(
        self, a: Sequence[Path], b: Sequence[Path], read: tuple[Read, Read], augment: Augment,
        batch: int = 1, seed: int = 0, room: int = ROOM, scratch: int = 0,
    ) -> None:  # fmt: skip
        stores = [PictureStore(*side, room // 2, scratch // 2) for side in zip((a, b), read, strict=True)]
        super().__init__(stores, augment, batch, seed)

    def sample(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        epoch, index = self.place(n)
        rng = self.sample_rng(epoch, index)
        store_a, store_b = self.stores
        a = store_a[int(self.order(epoch)[index])]
        b = store_b[int(rng.integers(len(store_b)))]
        return self.augment(a, rng), self.augment(b, rng)


class Paired(Unpaired):
    """(a, b) where b is the true translation of a: chosen, cropped and mirrored alike."""

    def sample(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        place = self.place(n)
        a, b = self.pair(*place)
        return self.augment(a, self.sample_rng(*place)), self.augment(b, self.sample_rng(*place))

    def pair(self, epoch: int, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Both pictures as they are stored."""
        store_a, store_b = self.stores
        first = int(self.order(epoch)[index])
        for i in range(
            first, first + len(store_a)
        ):  # where one of a pair cannot be read, the next whole pair stands in
            chosen, a = store_a.find(i % len(store_a))
            other, b = store_b.find(chosen)
            if other == chosen:
                break
        else:
            raise DataError(f"of the {len(store_a)} pairs in {store_a.paths[0].parent} none can be read whole")
        if a.shape[1:] != b.shape[1:]:
            raise DataError(
                f"{store_a.paths[chosen]} and {store_b.paths[chosen]} are a pair of different shapes; "
                "bring them to one shape, or --set data.fit=squash"
            )
        return a, b


class PairedNumbers(Paired):
    """(x, y): pictures and the class number of each pixel, (N, H, W) int64, cropped and mirrored alike."""

    def sample(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        place = self.place(n)
        x, y = self.pair(*place)
        return self.augment(x, self.sample_rng(*place)), self.augment.numbers(y, self.sample_rng(*place))[0].astype(
            np.int64
        )


class Single(Source):
    """(x,) of one set of pictures."""

    def __init__(
        self, x: Sequence[Path], read: Read, augment: Augment, batch: int = 1, seed: int = 0, room: int = ROOM,
        scratch: int = 0,
    ) -> None:  # fmt: skip
        super().__init__((PictureStore(x, read, room, scratch),), augment, batch, seed)

    def sample(self, n: int) -> tuple[np.ndarray, ...]:
        epoch, index = self.place(n)
        return (self.augment(self.stores[0][int(self.order(epoch)[index])], self.sample_rng(epoch, index)),)


class Labelled(Source):
    """(x, y): pictures and the numbers of their classes, int64."""

    def __init__(
        self, x: Sequence[Path], y: Sequence[int], read: Read, augment: Augment,
        batch: int = 1, seed: int = 0, room: int = ROOM, scratch: int = 0,
    ) -> None:  # fmt: skip
        super().__init__((PictureStore(x, read, room, scratch),), augment, batch, seed)
        self.y = np.asarray(y, np.int64)

    def sample(self, n: int) -> tuple[np.ndarray, ...]:
        epoch, index = self.place(n)
        chosen, x = self.stores[0].find(int(self.order(epoch)[index]))
        return self.augment(x, self.sample_rng(epoch, index)), self.y[chosen]


class Arrays:
    """Batches of arrays that are in memory already, such as (x, y): every epoch in a new order, nothing augmented."""

    def __init__(self, *arrays: np.ndarray, batch: int = 1, seed: int = 0) -> None:
        self.arrays = [torch.from_numpy(np.ascontiguousarray(array)) for array in arrays]
        self.batch_size, self.seed = batch, seed
        self.epoch_nimg = len(self.arrays[0])
        self._order: tuple[int, np.ndarray] = -1, np.empty(0, np.int64)

    def batch(self, step: int) -> tuple[Tensor, ...]:
        """Sample `step * batch_size` and those after it."""
        numbers = range(step * self.batch_size, (step + 1) * self.batch_size)
        chosen = torch.tensor([self.index(n) for n in numbers])
        return tuple(array[chosen] for array in self.arrays)

    def index(self, n: int) -> int:
        """Which element the n-th sample is."""
        epoch, place = divmod(n, self.epoch_nimg)
        if self._order[0] != epoch:
            self._order = epoch, np.random.default_rng((self.seed, 1, epoch)).permutation(self.epoch_nimg)
        return int(self._order[1][place])


class Prefetch:
    """An iterator over batches that prepares the next one while the current one trains."""

    def __init__(self, source: Source, step: int) -> None:
        self.source, self.step = source, step
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="viceversa-data")
        self.next = self.pool.submit(source.batch, step)

    def __next__(self) -> tuple[Tensor, ...]:
        ready = self.next.result()
        self.step += 1
        self.next = self.pool.submit(self.source.batch, self.step)
        return ready

    def close(self) -> None:
        """Stop the thread; a batch under way is dropped."""
        self.pool.shutdown(wait=True, cancel_futures=True)


class PictureStore:
    """Decoded pictures by index, the most recently used kept up to `cache_bytes`, others in a scratch file.

    A file that cannot be read is noted in `broken` and the next one stands in for it, always the same.
    """

    def __init__(
        self, paths: Sequence[Path], read: Callable[[Path], np.ndarray], cache_bytes: int, scratch_bytes: int = 0
    ) -> None:
        self.paths, self.read, self.room = tuple(paths), read, cache_bytes
        self.scratch = Scratch(scratch_bytes)
        self.cache: OrderedDict[int, np.ndarray] = OrderedDict()
        self.broken: dict[Path, str] = {}

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> np.ndarray:
        return self.find(index)[1]

    def find(self, index: int) -> tuple[int, np.ndarray]:
        """The first readable picture from `index` on, and its index."""
        for i in range(index, index + len(self)):
            picture = self._get(i % len(self))
            if picture is not None:
                return i % len(self), picture
        path, reason = next(iter(self.broken.items()))
        raise DataError(f"none of the {len(self)} pictures in {path.parent} can be read; the first: {reason}")

    def kept(self, index: int) -> np.ndarray | None:
        """The picture from the scratch file, where it is in it and can be read."""
        try:
            return self.scratch.get(index)
        except (KeyError, OSError):
            return None

    def _get(self, index: int) -> np.ndarray | None:
        if index in self.cache:
            self.cache.move_to_end(index)
            return self.cache[index]
        if self.paths[index] in self.broken:
            return None
        try:
            picture = self.kept(index)
            if picture is None:
                picture = self.read(self.paths[index])
        except DataError as e:
            self.broken[self.paths[index]] = str(e)
            return None
        self.cache[index] = picture
        self.room -= picture.nbytes
        while self.room < 0 and len(self.cache) > 1:
            oldest, dropped = self.cache.popitem(last=False)
            self.scratch.put(oldest, dropped)
            self.room += dropped.nbytes
        return picture

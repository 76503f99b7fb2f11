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

from ..errors import DataError
from .augment import Augment


class Unpaired:
    """Batches (a, b) of two unpaired sets, endless, addressable by step.

    An epoch holds max(len(A), len(B)) images. A is gone through in a new order each time, B is drawn
    anew for every sample, as in the authors' code. `batch(step)` gives two tensors (N, C, size, size)
    in [-1, 1], the same for any number of threads and however often the run was interrupted.
    """

    def __init__(
        self,
        a: Sequence[Path],
        b: Sequence[Path],
        read: tuple[Callable[[Path], np.ndarray], Callable[[Path], np.ndarray]],
        augment: Augment,
        batch: int = 1,
        seed: int = 0,
        cache_bytes: int = 2 * 1024**3,  # decoded pictures kept in memory
    ) -> None:
        self.domains = (PictureStore(a, read[0], cache_bytes // 2), PictureStore(b, read[1], cache_bytes // 2))
        self.augment, self.batch_size, self.seed = augment, batch, seed
        self.epoch_nimg = max(len(a), len(b))

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Sample `step * batch_size` and those after it."""
        first = step * self.batch_size
        pairs = [self.sample(n) for n in range(first, first + self.batch_size)]
        a, b = (np.stack(side) for side in zip(*pairs, strict=True))
        return torch.from_numpy(a), torch.from_numpy(b)

    def sample(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """The n-th sample of the run: one augmented picture of each domain, (C, size, size)."""
        epoch, index = divmod(n, self.epoch_nimg)
        rng = np.random.default_rng((self.seed, 2, epoch, index))
        store_a, store_b = self.domains
        a = store_a[int(self._order(epoch)[index])]
        b = store_b[int(rng.integers(len(store_b)))]
        return self.augment(a, rng), self.augment(b, rng)

    def _order(self, epoch: int) -> np.ndarray:
        rng = np.random.default_rng((self.seed, 1, epoch))
        size = len(self.domains[0])
        rounds = -(-self.epoch_nimg // size)
        return np.concatenate([rng.permutation(size) for _ in range(rounds)])

    def prefetched(self, step: int) -> "Prefetch":
        """The same batches from `step` on, prepared one ahead in another thread."""
        return Prefetch(self, step)


class Prefetch:
    """An iterator over batches that prepares the next one while the current one trains."""

    def __init__(self, source: Unpaired, step: int) -> None:
        self.source, self.step = source, step
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="viceversa-data")
        self.next = self.pool.submit(source.batch, step)

    def __next__(self) -> tuple[Tensor, Tensor]:
        ready = self.next.result()
        self.step += 1
        self.next = self.pool.submit(self.source.batch, self.step)
        return ready

    def close(self) -> None:
        """Stop the thread; a batch under way is dropped."""
        self.pool.shutdown(wait=True, cancel_futures=True)


class PictureStore:
    """Decoded pictures by index, the most recently used kept up to `cache_bytes`.

    A file that cannot be read is noted in `broken` and the next one stands in for it, always the same.
    """

    def __init__(self, paths: Sequence[Path], read: Callable[[Path], np.ndarray], cache_bytes: int) -> None:
        self.paths, self.read, self.room = tuple(paths), read, cache_bytes
        self.cache: OrderedDict[int, np.ndarray] = OrderedDict()
        self.broken: dict[Path, str] = {}

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> np.ndarray:
        for i in range(index, index + len(self)):
            picture = self._get(i % len(self))
            if picture is not None:
                return picture
        path, reason = next(iter(self.broken.items()))
        raise DataError(f"none of the {len(self)} pictures in {path.parent} can be read; the first: {reason}")

    def _get(self, index: int) -> np.ndarray | None:
        if index in self.cache:
            self.cache.move_to_end(index)
            return self.cache[index]
        if self.paths[index] in self.broken:
            return None
        try:
            picture = self.read(self.paths[index])
        except DataError as e:
            self.broken[self.paths[index]] = str(e)
            return None
        self.cache[index] = picture
        self.room -= picture.nbytes
        while self.room < 0 and len(self.cache) > 1:
            self.room += self.cache.popitem(last=False)[1].nbytes
        return picture

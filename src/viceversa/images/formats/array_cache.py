"""Decoded parts of an open image, kept up to a number of bytes."""

from collections import OrderedDict
from threading import Lock

from ..arrays import Array

CACHE_BYTES = 64 * 2**20  # of an open image


class ArrayCache:
    """Decoded strips and tiles of an open image, for several threads; those not used for longest go first."""

    def __init__(self, limit: int = CACHE_BYTES) -> None:
        self.limit, self.nbytes = limit, 0
        self._arrays: OrderedDict[tuple[int, ...], Array] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[int, ...]) -> Array | None:
        """The array of a key; none where it is not there any more."""
        with self._lock:
            array = self._arrays.get(key)
            if array is not None:
                self._arrays.move_to_end(key)
            return array

    def put(self, key: tuple[int, ...], array: Array) -> None:
        """Remember one; a single one may be larger than the limit."""
        with self._lock:
            known = self._arrays.pop(key, None)
            self.nbytes += array.nbytes - (0 if known is None else known.nbytes)
            self._arrays[key] = array
            while self.nbytes > self.limit and len(self._arrays) > 1:
                self.nbytes -= self._arrays.popitem(last=False)[1].nbytes

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._arrays.clear()
            self.nbytes = 0

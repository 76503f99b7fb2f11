"""Read the idx files of MNIST (yann.lecun.com/exdb/mnist), plain or gzipped, trusting nothing they declare."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError

LARGEST = 1_000_000  # digits; QMNIST, the largest of the family, has 402,953


def has(root: Path, part: str) -> bool:
    """Whether the pictures of `part`, train or t10k, are in the folder."""
    return _find(root, f"{part}-images-idx3-ubyte") is not None


def read_digits(root: Path, part: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Pictures (N, 28, 28) uint8 and classes (N,) of `part`, train or t10k. Raises DataError."""
    pictures = read(_need(root, f"{part}-images-idx3-ubyte"), 3)
    labels = _need(root, f"{part}-labels-idx1-ubyte")
    classes = read(labels, 1)
    if pictures.shape[1:] != (28, 28):
        raise DataError(f"{root} has digits of {pictures.shape[2]}x{pictures.shape[1]} pixels; 28x28 are needed")
    if len(pictures) != len(classes) or not len(classes):
        raise DataError(f"{root} has {len(pictures)} pictures and {len(classes)} labels ({part}); fetch them again")
    if classes.max() > 9:
        raise DataError(f"{labels} has a label {classes.max()}; digits have labels 0 to 9")
    return pictures, classes.astype(np.int64)


def read(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """The array of an idx file of bytes with that many dimensions.

    A file is 0 0 8 (unsigned bytes), the number of dimensions, each size as 32 bits big-endian, then the bytes.
    Raises DataError in one line for whatever else it finds.
    """
    again = "remove it and fetch it again"
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
            head = file.read(4 + 4 * dimensions)
            if head[:4] != bytes((0, 0, 8, dimensions)) or len(head) < 4 + 4 * dimensions:
                raise DataError(f"{path} is not an idx file of bytes with {dimensions} dimensions; {again}")
            shape = [int.from_bytes(head[i : i + 4], "big") for i in range(4, len(head), 4)]
            size = math.prod(shape)
            if size > LARGEST * 28 ** (2 * (dimensions > 1)):
                raise DataError(f"{path} declares {'x'.join(map(str, shape))} bytes, more than any such set; {again}")
            data = file.read(size)
            rest = file.read(1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as e:
        raise DataError(f"{path} is cut short or damaged ({e}); {again}") from None
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; check the path") from None
    if len(data) < size or rest:
        raise DataError(f"{path} is {'longer' if rest else 'shorter'} than the {size} bytes it declares; {again}")
    return np.frombuffer(data, np.uint8).reshape(shape)


def _find(root: Path, name: str) -> Path | None:
    return next((path for path in (root / name, root / f"{name}.gz") if path.is_file()), None)


def _need(root: Path, name: str) -> Path:
    path = _find(root, name)
    if path is None:
        raise DataError(f"{root} has no {name} (nor .gz); 'viceversa data get mnist {root}' fetches it")
    return path

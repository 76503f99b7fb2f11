"""Read the idx files of MNIST (yann.lecun.com/exdb/mnist), plain or gzipped; every size they declare is checked."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError

MAX_DIGITS = 1_000_000  # QMNIST, the largest of the family, has 402,953


def has_split(root: Path, split: str) -> bool:
    """Whether the images of a split, "train" or "t10k", are in the folder."""
    return _find(root, f"{split}-images-idx3-ubyte") is not None


def read_digits(root: Path, split: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images (N, 28, 28) uint8 and classes (N,) of a split, "train" or "t10k". Raises DataError."""
    images = read_array(_require(root, f"{split}-images-idx3-ubyte"), 3)
    label_file = _require(root, f"{split}-labels-idx1-ubyte")
    classes = read_array(label_file, 1)

    if images.shape[1:] != (28, 28):
        raise DataError(f"{root} has digits of {images.shape[2]}x{images.shape[1]} pixels; 28x28 are needed")
    if len(images) != len(classes) or not len(classes):
        raise DataError(f"{root} has {len(images)} pictures and {len(classes)} labels ({split}); fetch them again")
    if classes.max() > 9:
        raise DataError(f"{label_file} has a label {classes.max()}; digits have labels 0 to 9")
    return images, classes.astype(np.int64)


def read_array(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """Read an idx file of unsigned bytes with that many dimensions.

    The file is 0 0 8 (unsigned bytes), the number of dimensions, each size as 32 bits big-endian, then the bytes.
    Raises DataError in one line for anything else.
    """
    advice = "remove it and fetch it again"
    limit = MAX_DIGITS if dimensions == 1 else MAX_DIGITS * 28 * 28  # bytes
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
            header = file.read(4 + 4 * dimensions)
            if header[:4] != bytes((0, 0, 8, dimensions)) or len(header) < 4 + 4 * dimensions:
                raise DataError(f"{path} is not an idx file of bytes with {dimensions} dimensions; {advice}")
            shape = [int.from_bytes(header[i : i + 4], "big") for i in range(4, len(header), 4)]
            size = math.prod(shape)
            if size > limit:
                raise DataError(f"{path} declares {'x'.join(map(str, shape))} bytes, more than any such set; {advice}")
            data = file.read(size)
            rest = file.read(1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as e:
        raise DataError(f"{path} is cut short or damaged ({e}); {advice}") from None
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; check the path") from None

    if len(data) < size or rest:
        raise DataError(f"{path} is {'longer' if rest else 'shorter'} than the {size} bytes it declares; {advice}")
    return np.frombuffer(data, np.uint8).reshape(shape)


def _find(root: Path, name: str) -> Path | None:
    for path in (root / name, root / f"{name}.gz"):
        if path.is_file():
            return path
    return None


def _require(root: Path, name: str) -> Path:
    path = _find(root, name)
    if path is None:
        raise DataError(f"{root} has no {name} (nor .gz); 'viceversa data get mnist {root}' fetches it")
    return path

"""Writing MNIST's file format."""

import gzip
import struct

import numpy as np


def write_idx(path, array):
    head = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    data = head + array.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


def write_mnist(root, part, x, y, suffix=".gz"):
    root.mkdir(exist_ok=True)
    write_idx(root / f"{part}-images-idx3-ubyte{suffix}", x)
    write_idx(root / f"{part}-labels-idx1-ubyte{suffix}", y)

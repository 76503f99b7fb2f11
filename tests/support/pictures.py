"""Shared by the tests of images: noise, files as Pillow alone reads them, and an independent PNG writer."""

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from viceversa import images
from viceversa.data.preparation import Preparation
from viceversa.images import Picture

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def noise(shape, dtype=np.uint8, seed=0):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, shape, dtype)


def stored(picture: Picture):
    """What a picture would be written as, without the channel axis when it has one channel."""
    samples = images.to_samples(picture)
    return samples[..., 0] if samples.shape[2] == 1 else samples


def round_trip(tmp_path, path: Path):
    """Read, write, read: the second picture, and what Pillow alone says about the written file."""
    out = tmp_path / f"out{path.suffix}"
    images.write(out, images.read(path))
    with Image.open(out) as image:
        return images.read(out), (image.format, image.mode, image.size, image.info.get("icc_profile"))


def png(samples, depth, extra=b"", interlaced=False):
    """An independent PNG writer: no filter, one chunk, Adam7 if `interlaced`."""
    h, w, count = samples.shape
    kind = samples.astype(">u2" if depth == 16 else "u1")
    passes = [
        (0, 0, 8, 8),
        (0, 4, 8, 8),
        (4, 0, 8, 4),
        (0, 2, 4, 4),
        (2, 0, 4, 2),
        (0, 1, 2, 2),
        (1, 0, 2, 1),
    ]
    raw = b""
    for y, x, dy, dx in passes if interlaced else [(0, 0, 1, 1)]:
        part = kind[y::dy, x::dx]
        if part.size:
            raw += b"".join(b"\0" + row.tobytes() for row in part)

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", w, h, depth, (0, 4, 2, 6)[count - 1], 0, 0, interlaced)
    body = chunk(b"IDAT", zlib.compress(raw))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + body + chunk(b"IEND", b"")


def transparent_key(*values):
    data = b"tRNS" + struct.pack(f">{len(values)}H", *values)
    return struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))


def reader(load: int, fit: str, channels: int):
    """How training reads a file of 8 bits whose loading side is `load`."""
    return Preparation(size=load, fit=fit, channels=channels).stored

"""AVIF: by Pillow, and by imagecodecs where it has 10 or 12 bits, of which Pillow keeps eight."""

from typing import IO

import numpy as np

from ..arrays import Array

BRANDS = frozenset({b"avif", b"avis"})
CONFIGURATION = b"av1C"  # box of the AV1 codec (AV1-ISOBMFF, 2.3)
HEAD_BYTES = 1 << 16  # in which it stands


def is_avif(head: bytes) -> bool:
    """By the brands of the first box."""
    if head[4:8] != b"ftyp":
        return False
    size = min(int.from_bytes(head[:4], "big"), len(head))
    return head[8:12] in BRANDS or bool(BRANDS & {head[at : at + 4] for at in range(16, size, 4)})


def bits_of(file: IO[bytes]) -> int:
    """Bits a sample: 8, 10 or 12."""
    file.seek(0)
    head = file.read(HEAD_BYTES)
    at = head.find(CONFIGURATION)
    flags = head[at + 6] if 0 <= at < len(head) - 6 else 0
    return 8 if not flags & 0x40 else 12 if flags & 0x20 else 10


def read_deep(file: IO[bytes], bits: int) -> Array:
    """Samples (H, W, C) of 10 or 12 bits, scaled to 16."""
    import imagecodecs

    file.seek(0)
    samples: Array = np.asarray(imagecodecs.avif_decode(file.read(), index=0))
    samples = samples[..., None] if samples.ndim == 2 else samples
    full = (1 << bits) - 1
    return ((np.minimum(samples, full).astype(np.uint32) * 65535 + full // 2) // full).astype(np.uint16)

"""PFM: float32 grey ("Pf") and colour ("PF") images, rows from the bottom to the top, either byte order."""

import re
from collections.abc import Sequence
from typing import IO

import numpy as np

from ..decoded import Decoded, Format, Request, require_pixels

HEAD = re.compile(rb"P([fF])\s+(\d{1,9})\s+(\d{1,9})\s+([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s")


def _header(file: IO[bytes]) -> tuple[int, int, int, str]:
    """Width, height, channels and byte order; the file is then at its numbers."""
    match = HEAD.match(file.read(256))
    if not match:
        raise ValueError("its header is damaged")
    width, height, channels = int(match[2]), int(match[3]), 3 if match[1] == b"F" else 1
    if not width or not height:
        raise ValueError(f"it is {width} x {height} pixels")
    require_pixels(width, height, 4 * channels)
    file.seek(match.end())
    return width, height, channels, "<" if match[4].startswith(b"-") else ">"


def _decode(file: IO[bytes], page: int, request: Request) -> Decoded:
    width, height, channels, order = _header(file)
    size = width * height * channels * 4
    data = file.read(size)
    if len(data) < size:
        raise ValueError("the file is truncated")
    rows = np.frombuffer(data, f"{order}f4").reshape(height, width, channels)
    return Decoded(samples=rows[::-1].astype(np.float32, order="C"))


def _describe(file: IO[bytes]) -> tuple[str, int]:
    return "float32", _header(file)[2]


def _encode(pages: Sequence[Decoded]) -> bytes:
    samples = pages[0].samples
    if len(pages) > 1 or not _holds(samples.dtype.name, samples.shape[2], pages[0].alpha is not None):
        raise ValueError("PFM files hold one grey or colour image of float32; use TIFF")
    height, width, channels = samples.shape
    head = f"P{'f' if channels == 1 else 'F'}\n{width} {height}\n-1.0\n"
    return head.encode() + samples[::-1].astype("<f4").tobytes()


def _holds(dtype: str, channels: int, alpha: bool) -> bool:
    return dtype == "float32" and channels in (1, 3) and not alpha


PFM = Format(
    name="PFM",
    suffixes=(".pfm",),
    recognises=lambda head: head[:2] in (b"Pf", b"PF") and head[2:3].isspace(),
    count=lambda file: 1,
    decode=_decode,
    encode=_encode,
    holds=_holds,
    describe=_describe,
)

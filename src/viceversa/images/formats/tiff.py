"""TIFF: every number type, any channels, pages of stacks, and what microscopes, maps and cameras write beside them.

Directories are read by `tiff_tags`, pages are put together by `tiff_pages` and `tiff_planes`, sizes are checked by
`tiff_storage` before `tiff_segments` lets tifffile decode strips and tiles, whose meaning is that of `tiff_decode`;
`tiff_windows` reads parts of a page, `tiff_encode` writes.
"""

from typing import IO

import numpy as np

from ..decoded import Decoded, Format, Request
from .tiff_encode import encode
from .tiff_pages import known_pages
from .tiff_planes import decode_page, directory_of
from .tiff_storage import read_storage
from .tiff_windows import decode_reduced, open_windows

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def count(file: IO[bytes]) -> int:
    """Images of a file: pages, slices, time points; reduced copies and masks do not count."""
    return known_pages(file).count


def describe(file: IO[bytes]) -> tuple[str, int]:
    """Number type and channels of the first page, without alpha."""
    pages = known_pages(file)
    storage = read_storage(directory_of(file, pages.series[0].planes(0)[0]), is_sparse=True, by_windows=True)
    converted = storage.bits < 8 or storage.photometric not in (0, 1, 2)
    colours = 1 if storage.photometric in (0, 1) else 3
    channels = colours + len(storage.extra) - any(kind in (1, 2) for kind in storage.extra)
    return "uint8" if converted else storage.dtype.name, channels * pages.series[0].channels


def decode(file: IO[bytes], page: int, request: Request) -> Decoded:
    """One page; a large one at a reduced scale where that is enough."""
    return decode_reduced(file, page, request) or decode_page(file, known_pages(file), page, request.strip)


def holds(number_type: str, channels: int, has_alpha: bool) -> bool:
    """Whether TIFF files can hold such images: integers and floats of 8 to 64 bits with any channels."""
    dtype = np.dtype(number_type)
    return dtype.kind in "uif" and dtype.itemsize <= 8 and 0 < channels + has_alpha < 2**16


def _recognises(head: bytes) -> bool:
    return head.startswith(SIGNATURES)


TIFF = Format(
    name="TIFF",
    suffixes=(".tif", ".tiff"),
    recognises=_recognises,
    count=count,
    decode=decode,
    encode=encode,
    holds=holds,
    describe=describe,
    is_stack=True,
    open_windows=open_windows,
)

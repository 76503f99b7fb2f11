"""PNG without compressed text and profiles that are too large, which Pillow takes for an attack and refuses."""

import zlib
from io import BytesIO
from typing import IO

HEAD = 8  # bytes of the signature
TEXTS = (b"tEXt", b"zTXt", b"iTXt")
MAX_PROFILE = 1 << 20  # bytes of an inflated profile: what Pillow takes


def without_large_metadata(file: IO[bytes]) -> BytesIO:
    """The same PNG without texts, and without a colour profile above 1 MB."""
    file.seek(0)
    out = BytesIO()
    out.write(file.read(HEAD))
    while len(head := file.read(8)) == 8:
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        data = file.read(length + 4)
        if kind not in TEXTS and not (kind == b"iCCP" and _is_large(data[:-4])):
            out.write(head + data)
    out.seek(0)
    return out


def _is_large(profile: bytes) -> bool:
    """Whether an iCCP chunk inflates to more than a megabyte."""
    _, _, rest = profile.partition(b"\0")
    inflate = zlib.decompressobj()
    try:
        return len(inflate.decompress(rest[1:], MAX_PROFILE + 1)) > MAX_PROFILE
    except zlib.error:
        return False

"""Pictures of a report as data: addresses, as large as its size allows."""

import base64
from collections.abc import Sequence
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from .. import images

Pixels = NDArray[np.float32]
LOSSLESS_SIDE = 64  # pixels of the shorter side up to which a picture is stored as PNG
QUALITY = 88  # of WebP
ROUNDS = 8  # of shrinking, at most


def data_address(pixels: Pixels, largest: int | None = None) -> tuple[str, int, int]:
    """(C, H, W) in [-1, 1] as a data: address, its width and its height; a shorter side over `largest` is reduced.

    PNG up to LOSSLESS_SIDE, where each pixel can be seen; WebP above.
    """
    _, h, w = pixels.shape
    if largest and min(h, w) > largest:
        pixels = scaled(pixels, largest / min(h, w))
    _, h, w = pixels.shape
    buffer, image = BytesIO(), images.to_pil(images.to_display(pixels))
    if min(h, w) <= LOSSLESS_SIDE:
        image.save(buffer, "PNG", optimize=True)
        kind = "png"
    else:
        image.convert("RGB").save(buffer, "WEBP", quality=QUALITY)
        kind = "webp"
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}", w, h


def scaled(pixels: Pixels, factor: float) -> Pixels:
    """A picture with its sides times `factor`, at least one pixel."""
    _, h, w = pixels.shape
    return images.resize(pixels, (max(1, round(h * factor)), max(1, round(w * factor))))


def fit_into(pictures: Sequence[Pixels], limit: int) -> list[tuple[str, int, int]]:
    """Data addresses of all pictures in at most `limit` characters; all are reduced alike where they must be.

    Below 1 / 2^ROUNDS of their size they are not reduced further.
    """
    factor = 1.0
    for _ in range(ROUNDS):
        encoded = [data_address(pixels if factor == 1 else scaled(pixels, factor)) for pixels in pictures]
        total = sum(len(address) for address, _, _ in encoded)
        if total <= limit:
            break
        factor *= max(0.5, 0.95 * (limit / total) ** 0.5)
    return encoded if pictures else []

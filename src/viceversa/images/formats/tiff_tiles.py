"""Square tiles of a TIFF file: encoded one by one, and decoded again for smaller copies of the image."""

import struct
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ...errors import UsageError
from ..arrays import Array
from ..exif import LONG, SHORT, Entry
from .tiff_encode import (
    DEFLATE,
    DIFFERENCES,
    FLOAT_DIFFERENCES,
    NO_PREDICTOR,
    predicted,
    predictor_of,
)
from .tiff_storage import JPEG, YCBCR
from .tiff_tags import COMPRESSION, PHOTOMETRIC, PREDICTOR, TILE_LENGTH, TILE_WIDTH, YCC_SUBSAMPLING

FAST = 1  # level of libdeflate: files up to 2 % larger than at level 6, in half of the time
QUALITY = 90  # of JPEG


class Tiles(Protocol):
    """How the tiles of a file are encoded. Methods may be called from several threads."""

    def encode(self, samples: Array) -> bytes:
        """A tile of samples (H, W, S); where it is smaller, its last row and column are repeated."""

    def decode(self, data: bytes) -> Array:
        """The samples of a whole tile."""

    def tags(self, tags: list[Entry]) -> list[Entry]:
        """The tags of a directory with those that say how its tiles are encoded."""


@dataclass(frozen=True)
class LosslessTiles:
    """Differences of neighbours, deflated."""

    side: int
    samples: int  # of a pixel
    dtype: np.dtype[np.generic]

    def encode(self, samples: Array) -> bytes:
        import imagecodecs

        data = predicted(_whole(samples, self.side), predictor_of(self.dtype))
        return bytes(imagecodecs.deflate_encode(data, FAST))

    def decode(self, data: bytes) -> Array:
        import imagecodecs

        shape, predictor = (self.side, self.side, self.samples), predictor_of(self.dtype)
        size = self.side**2 * self.samples * self.dtype.itemsize
        raw = np.frombuffer(imagecodecs.deflate_decode(data, out=size), np.uint8)
        if predictor == FLOAT_DIFFERENCES:
            big = self.dtype.newbyteorder(">")
            decoded: Array = imagecodecs.floatpred_decode(raw.view(big).reshape(shape), axis=-2)
            return decoded.astype(self.dtype)
        stored: Array = raw.view(self.dtype.newbyteorder("<")).reshape(shape)
        if predictor == DIFFERENCES:
            unsigned = stored.view(f"<u{self.dtype.itemsize}")
            stored = np.asarray(imagecodecs.delta_decode(unsigned, axis=1)).view(stored.dtype)
        return stored.astype(self.dtype, copy=False)

    def tags(self, tags: list[Entry]) -> list[Entry]:
        predictor = predictor_of(self.dtype)
        return [
            *tags,
            *_tile_tags(self.side, DEFLATE),
            *([Entry(PREDICTOR, SHORT, struct.pack("<H", predictor))] if predictor > NO_PREDICTOR else []),
        ]


@dataclass(frozen=True)
class JpegTiles:
    """JPEG at quality 90, colours as YCbCr without chroma subsampling."""

    side: int
    samples: int
    dtype: np.dtype[np.generic]

    def encode(self, samples: Array) -> bytes:
        import imagecodecs

        tile = np.ascontiguousarray(_whole(samples, self.side))
        if self.samples == 1:
            return bytes(imagecodecs.jpeg8_encode(tile[..., 0], QUALITY))
        return bytes(
            imagecodecs.jpeg8_encode(tile, QUALITY, colorspace="RGB", outcolorspace="YCBCR", subsampling="444")
        )

    def decode(self, data: bytes) -> Array:
        import imagecodecs

        return np.asarray(imagecodecs.jpeg8_decode(data)).reshape(self.side, self.side, self.samples)

    def tags(self, tags: list[Entry]) -> list[Entry]:
        tags = [*tags, *_tile_tags(self.side, JPEG)]
        if self.samples == 1:
            return tags
        return [
            *(e._replace(data=struct.pack("<H", YCBCR)) if e.tag == PHOTOMETRIC else e for e in tags),
            Entry(YCC_SUBSAMPLING, SHORT, struct.pack("<2H", 1, 1)),
        ]


def tiles_of(
    compression: str, side: int, channels: int, dtype: np.dtype[np.generic], has_alpha: bool, is_rgb: bool
) -> Tiles:
    """The tiles of a kind of compression; UsageError where it does not hold such samples."""
    if compression == "lossless":
        return LosslessTiles(side, channels + has_alpha, dtype)
    if compression != "jpeg":
        raise UsageError(f"no compression {compression!r}; there are 'lossless' and 'jpeg'")
    if dtype != np.uint8 or has_alpha or not (channels == 1 or (channels == 3 and is_rgb)):
        kind = f"{channels} {'bands' if channels > 1 and not is_rgb else 'channels'} of {dtype.name}"
        kind += " with alpha" if has_alpha else ""
        raise UsageError(f"JPEG compression holds grey and RGB images of uint8 without alpha, not {kind}; use lossless")
    return JpegTiles(side, channels, dtype)


def _tile_tags(side: int, compression: int) -> list[Entry]:
    return [
        Entry(COMPRESSION, SHORT, struct.pack("<H", compression)),
        Entry(TILE_WIDTH, LONG, struct.pack("<I", side)),
        Entry(TILE_LENGTH, LONG, struct.pack("<I", side)),
    ]


def _whole(samples: Array, side: int) -> Array:
    height, width, _ = samples.shape
    if (height, width) == (side, side):
        return samples
    return np.pad(samples, ((0, side - height), (0, side - width), (0, 0)), mode="edge")

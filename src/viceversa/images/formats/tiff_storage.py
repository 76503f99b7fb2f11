"""How the samples of one TIFF page are stored; every size is checked before anything of it is decoded."""

import struct
from dataclasses import dataclass

import numpy as np

from ..decoded import BY_WINDOWS, require_pixels
from .tiff_tags import (
    BITS,
    COMPRESSION,
    EXTRA_SAMPLES,
    IMAGE_DEPTH,
    IMAGE_LENGTH,
    IMAGE_WIDTH,
    INK_SET,
    LERC_PARAMETERS,
    PHOTOMETRIC,
    PLANAR,
    ROWS_PER_STRIP,
    SAMPLE_FORMAT,
    SAMPLES_PER_PIXEL,
    STRIP_BYTES,
    STRIP_OFFSETS,
    TILE_BYTES,
    TILE_LENGTH,
    TILE_OFFSETS,
    TILE_WIDTH,
    YCC_SUBSAMPLING,
    Directory,
)

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR, CIE_LAB, ICC_LAB, LINEAR_RAW = 0, 1, 2, 3, 5, 6, 8, 9, 34892
COLOURS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, PALETTE: 1, CMYK: 4, YCBCR: 3, CIE_LAB: 3, ICC_LAB: 3}
COLOURS |= {LINEAR_RAW: 3}
OTHER_COLOURS = {4: "a mask", 10: "ITU Lab", 32803: "the mosaic of a camera sensor", 32844: "LogL", 32845: "LogLuv"}

NONE, LZW, JPEG, PACK_BITS, LERC = 1, 5, 7, 32773, 34887
FAX, DEFLATE, JPEG_2000, ZSTD, WEBP = (
    (2, 3, 4),
    (8, 32946),
    (33003, 33004, 33005, 34712),
    (50000, 34926),
    (50001, 34927),
)
DECODED = {NONE, LZW, JPEG, PACK_BITS, LERC, *FAX, *DEFLATE, *JPEG_2000, *ZSTD, *WEBP}
IMAGE_CODECS = {JPEG, LERC, *JPEG_2000, *WEBP}  # state their own width and height
OTHER_COMPRESSIONS = {
    6: "the JPEG compression of TIFF 6.0, which was withdrawn",
    32766: "NeXT compression", 32767: "Sony raw compression", 32809: "ThunderScan compression",
    34661: "JBIG compression", 34676: "SGI Log compression", 34677: "SGI Log compression", 34892: "lossy DNG JPEG",
    34925: "LZMA compression", 34933: "PNG compression", 34934: "JPEG XR compression", 22610: "JPEG XR compression",
    34713: "Nikon raw compression", 50002: "JPEG XL compression", 52546: "JPEG XL compression",
}  # fmt: skip
# The most bytes that one stored byte can stand for: a file that claims more is damaged, whatever its length
EXPANSION = {NONE: 1, LZW: 1500, PACK_BITS: 64, **dict.fromkeys(DEFLATE, 1033)}
UNSIGNED, SIGNED, FLOAT, UNDEFINED = 1, 2, 3, 4
SEGMENT_LIMIT = 2**33  # padded samples of all tiles, in bytes


@dataclass(frozen=True)
class Storage:
    """The type of the samples of a page, and where its strips or tiles are."""

    width: int
    length: int
    samples: int  # of a pixel
    bits: int
    dtype: np.dtype[np.generic]  # that holds them
    compression: int
    photometric: int
    colours: int  # samples before the extra ones
    extra: tuple[int, ...]  # 0: a band, 1: alpha multiplied into the colours, 2: alpha
    planar: bool
    segment: tuple[int, int]  # length and width of a strip or tile
    offsets: list[int]
    sizes: list[int]

    @property
    def nbytes(self) -> int:
        """Bytes of the decoded samples."""
        return self.width * self.length * self.samples * self.dtype.itemsize

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of strips or tiles."""
        return -(-self.length // self.segment[0]), -(-self.width // self.segment[1])

    @property
    def segment_samples(self) -> int:
        """Samples of a pixel in one strip or tile."""
        return 1 if self.planar else self.samples

    @property
    def segment_nbytes(self) -> int:
        """Bytes of one decoded strip or tile."""
        return self.segment[0] * self.segment[1] * self.segment_samples * self.dtype.itemsize


def read_storage(directory: Directory, is_sparse: bool = False, by_windows: bool = False) -> Storage:
    """The storage of a page; ValueError with the reason where it is damaged, too large or of an unknown kind.

    A `is_sparse` file may leave out strips and tiles, as GDAL does where all pixels are missing. A page that is read
    `by_windows` may have any size, and strips or tiles that cannot be read: they matter when a window touches them.
    """
    width, length = directory.number(IMAGE_WIDTH), directory.number(IMAGE_LENGTH)
    samples, compression = directory.number(SAMPLES_PER_PIXEL, 1), directory.number(COMPRESSION, NONE)
    if min(width, length, samples) < 1:
        raise ValueError(f"damaged page of {width} x {length} pixels with {samples} samples")
    if directory.number(IMAGE_DEPTH, 1) != 1:
        raise ValueError("its pages are volumes (the tag ImageDepth)")
    if compression not in DECODED:
        name = OTHER_COMPRESSIONS.get(compression, f"compression {compression}")
        raise ValueError(f"{name} is not read here; save it without compression, or with LZW, deflate or zstd")
    if compression == LERC and any(directory.numbers(LERC_PARAMETERS)[1:]):
        raise ValueError("LERC inside another compression is not read here; save it with LERC, deflate or zstd alone")

    bits, dtype = _sample_type(directory, samples)
    if not by_windows:
        require_pixels(width, length, samples * dtype.itemsize, BY_WINDOWS)
    photometric, colours = _photometric(directory, samples, compression)
    extra = (*directory.numbers(EXTRA_SAMPLES)[: samples - colours],)
    storage = Storage(
        width=width, length=length, samples=samples, bits=bits, dtype=dtype, compression=compression,
        photometric=photometric, colours=colours, extra=extra + (0,) * (samples - colours - len(extra)),
        planar=samples > 1 and directory.number(PLANAR, 1) == 2,
        segment=_segment(directory, width, length),
        offsets=directory.numbers(TILE_OFFSETS) or directory.numbers(STRIP_OFFSETS),
        sizes=directory.numbers(TILE_BYTES) or directory.numbers(STRIP_BYTES),
    )  # fmt: skip
    return _checked_segments(directory, storage, is_sparse, by_windows)


def _sample_type(directory: Directory, samples: int) -> tuple[int, np.dtype[np.generic]]:
    """Bits of a sample, and the type that holds it."""
    depths = set(directory.numbers(BITS)[:samples]) or {1}
    kinds = set(directory.numbers(SAMPLE_FORMAT)[:samples]) or {UNSIGNED}
    if len(depths) > 1 or len(kinds) > 1:
        raise ValueError(f"its channels have different number types: {sorted(depths)} bits, formats {sorted(kinds)}")
    bits, kind = depths.pop(), kinds.pop()
    if kind in (5, 6):
        raise ValueError("it holds complex numbers; save their magnitude")
    if kind == FLOAT and bits in (16, 32, 64):
        return bits, np.dtype(f"f{bits // 8}")
    if kind == SIGNED and bits in (8, 16, 32, 64):
        return bits, np.dtype(f"i{bits // 8}")
    if kind in (UNSIGNED, UNDEFINED) and (1 <= bits <= 16 or bits in (32, 64)):
        return bits, np.dtype(f"u{next(size for size in (1, 2, 4, 8) if bits <= 8 * size)}")
    name = {SIGNED: "signed integers", FLOAT: "floating-point numbers"}.get(kind, "numbers")
    raise ValueError(f"{name} of {bits} bits are not read here; save 8, 16, 32 or 64 bits")


def _photometric(directory: Directory, samples: int, compression: int) -> tuple[int, int]:
    """The meaning of the samples, and how many of them are not extra ones."""
    photometric = directory.number(PHOTOMETRIC, RGB if samples >= 3 else BLACK_IS_ZERO)
    if photometric in OTHER_COLOURS:
        raise ValueError(f"it holds {OTHER_COLOURS[photometric]}, not colours or plain numbers")
    if photometric not in COLOURS:
        raise ValueError(f"colours of kind {photometric} (the tag PhotometricInterpretation) are not read here")
    if photometric == YCBCR and compression != JPEG and directory.numbers(YCC_SUBSAMPLING) != [1, 1]:
        raise ValueError("YCbCr colours at a reduced resolution are read with JPEG compression only; save it as RGB")
    if photometric == CMYK and directory.number(INK_SET, 1) != 1:
        return BLACK_IS_ZERO, 1  # other inks: bands
    if samples < COLOURS[photometric]:
        raise ValueError(f"damaged page: {samples} samples for {COLOURS[photometric]} colours")
    return photometric, COLOURS[photometric]


def _segment(directory: Directory, width: int, length: int) -> tuple[int, int]:
    """Length and width of a strip or tile."""
    if TILE_OFFSETS in directory.fields or TILE_WIDTH in directory.fields:
        size = directory.number(TILE_LENGTH), directory.number(TILE_WIDTH)
    else:
        size = min(directory.number(ROWS_PER_STRIP, length), length), width
    if min(size) < 1:
        raise ValueError(f"damaged page: tiles of {size[1]} x {size[0]} pixels")
    return size


def _checked_segments(directory: Directory, storage: Storage, is_sparse: bool, by_windows: bool) -> Storage:
    """The storage, where all strips or tiles are there and can hold what the page claims."""
    rows, columns = storage.grid
    count = rows * columns * (storage.samples if storage.planar else 1)
    if rows * columns * storage.segment_nbytes * (count // (rows * columns)) > SEGMENT_LIMIT and not by_windows:
        raise ValueError(f"its tiles of {storage.segment[1]} x {storage.segment[0]} pixels are too large")

    offsets, sizes = storage.offsets[:count], storage.sizes[:count]
    end = directory.file.seek(0, 2)
    if not sizes and len(offsets) == 1:
        sizes = [storage.nbytes if storage.compression == NONE else end - offsets[0]]
    if len(offsets) < count or len(sizes) < count:
        raise ValueError(f"the file is truncated: {min(len(offsets), len(sizes))} of {count} strips or tiles are there")
    if not is_sparse and not (all(offsets) and all(sizes)):
        raise ValueError("strips or tiles are missing")
    if not by_windows and any(offset + size > end for offset, size in zip(offsets, sizes, strict=True)):
        raise ValueError("the file is truncated: strips or tiles lie behind its end")

    stored = storage.width * storage.length * storage.samples * storage.bits // 8
    if stored > sum(sizes) * EXPANSION.get(storage.compression, stored) and all(sizes):
        raise ValueError(f"damaged page: {sum(sizes):,} bytes cannot hold {stored:,}")
    return Storage(**{**vars(storage), "offsets": offsets, "sizes": sizes})


def require_segment(storage: Storage, data: bytes, tables: bytes = b"") -> None:
    """ValueError where the header of a compressed image states more pixels than its strip or tile has."""
    length, width = (-(-side // 16) * 16 for side in storage.segment)
    size = _stated_size(storage.compression, data)
    if size is None:
        raise ValueError("damaged header of a compressed strip or tile")
    if size[0] * size[1] > length * width or size[2] > max(4, storage.samples):
        raise ValueError(f"a strip or tile of {width} x {length} pixels states {size[0]} x {size[1]}")


def _stated_size(compression: int, data: bytes) -> tuple[int, int, int] | None:
    """Width, height and channels in the header of compressed data; none where it is damaged."""
    if compression == JPEG:
        return _jpeg_size(data)
    if compression in JPEG_2000:
        return max(map(_jpeg_2000_size, data.split(b"\xff\x4f\xff\x51")[1:]), default=None)
    if compression in WEBP:
        return _webp_size(data)
    if compression == LERC and data[:6] == b"Lerc2 " and len(data) >= 30:
        version = struct.unpack("<i", data[6:10])[0]
        at = 14 if version >= 3 else 10
        height, width, bands = struct.unpack("<3i", data[at : at + 12])
        return (width, height, bands if version >= 4 else 1) if min(height, width) > 0 else None
    return None


def _jpeg_size(data: bytes) -> tuple[int, int, int] | None:
    """By the first frame header (ITU-T T.81, B.2.2)."""
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width, channels = struct.unpack(">HHB", data[at + 5 : at + 10])
            return width, height, channels
        is_bare = marker == 0xFF or 0xD0 <= marker <= 0xD8 or marker == 0x01
        at += (1 if marker == 0xFF else 2) if is_bare else 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    return None


def _jpeg_2000_size(data: bytes) -> tuple[int, int, int]:
    """By what follows the start of a code stream (ITU-T T.800, A.5.1)."""
    right, bottom, left, top = struct.unpack(">4I", data[4:20].ljust(16, b"\xff"))
    return right - left, bottom - top, int.from_bytes(data[36:38], "big")


def _webp_size(data: bytes) -> tuple[int, int, int] | None:
    """By the first chunk (RFC 9649, section 2)."""
    if len(data) < 30 or data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return None
    if data[12:16] == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1, 4
    if data[12:16] == b"VP8L":
        size = int.from_bytes(data[21:25], "little")
        return (size & 0x3FFF) + 1, (size >> 14 & 0x3FFF) + 1, 4
    if data[12:16] == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF, 4
    return None

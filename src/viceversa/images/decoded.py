"""What a format reads from a file and writes to one: numbers of the file's own type, and all that comes with them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from .arrays import Array
from .exif import Exif

if TYPE_CHECKING:
    from .windows import WindowedImage

MAX_PIXELS = 178_000_000  # checked in the header, before anything is decoded
MAX_BYTES = 2**32  # of decoded samples
BY_WINDOWS = "; train with --set data.fit=native, or name a window of it (FILE#left,top,width,height)"  # advice


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """One image of a file, upright, before its numbers are scaled to [-1, 1]."""

    samples: Array  # (H, W, C) of the file's own number type, colours or bands without alpha
    alpha: Array | None = None  # (H, W) float32 in [0, 1], where the file has an alpha channel; never multiplied in
    nodata: float | None = None  # the number that stands for missing pixels, where the file states one
    icc: bytes | None = None  # colour profile, byte for byte
    exif: Exif | None = None  # what of it is true of the upright pixels
    dpi: tuple[float, float] | None = None  # pixels per inch across and down, where stated outside EXIF
    origin: Any = None  # what else the format needs to write a file like this one; no other module looks into it
    notes: tuple[str, ...] = ()  # what was dropped or converted
    reduction: int = 1  # the samples are 1 / reduction of the file's
    full_size: tuple[int, int] | None = None  # height and width of the file, where the samples are reduced
    box: tuple[float, float, float, float] | None = None  # the file's part of reduced samples: left, top, right, bottom


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a reader wants of a file."""

    side: int | None = None  # shorter side to which the image will be reduced; none: every pixel is needed
    halves: bool = False  # the left and the right half are two images, whose pixels must not mix
    strip: bool = False  # leave EXIF out
    managed: bool | None = None  # apply the colour profile of a photograph; none: as the values of its domain say


@dataclass(frozen=True, kw_only=True)
class Format:
    """A kind of image file. Functions take an open file and raise any exception for a file that is damaged."""

    name: str  # "PNG"
    suffixes: tuple[str, ...]  # lower case, with the dot; new files get the first
    recognises: Callable[[bytes], bool]  # by the first 512 bytes of a file
    count: Callable[[IO[bytes]], int]  # pages, frames or slices
    decode: Callable[[IO[bytes], int, Request], Decoded]  # page from 0
    encode: Callable[[Sequence[Decoded]], bytes]  # pages of one size and type as one file
    holds: Callable[[str, int, bool], bool]  # number type, channels, with alpha: whether a file can hold them
    is_stack: bool = False  # its pages are images of their own, not frames of an animation
    extra: str = ""  # the extra whose packages read it, where the core cannot
    describe: Callable[[IO[bytes]], tuple[str, int]] | None = None  # number type and channels by the header alone
    open_windows: Callable[[str, int], "WindowedImage"] | None = None  # path and page from 0; none: decoded whole


def require_pixels(width: int, height: int, bytes_per_pixel: int = 1, advice: str = "") -> None:
    """ValueError for an image that is too large to be decoded in memory; `advice` ends it."""
    if width * height > MAX_PIXELS:
        raise ValueError(f"{width} x {height} pixels are more than {MAX_PIXELS // 1_000_000} million{advice}")
    if width * height * bytes_per_pixel > MAX_BYTES:
        raise ValueError(f"{width} x {height} pixels of {bytes_per_pixel} bytes are more than 4 GB{advice}")

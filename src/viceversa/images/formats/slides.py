"""Slides: what OpenSlide reads of slide scanners, by windows. Label, macro and thumbnail images are never read."""

from collections.abc import Iterator
from threading import Lock
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from ...extras import is_installed
from ..arrays import Array
from ..decoded import BY_WINDOWS, Decoded, Format, Request, require_pixels
from ..reduced import read_reduced
from ..windows import About, Window, WindowedImage, level_of
from .array_cache import CACHE_BYTES, ArrayCache

if TYPE_CHECKING:
    import openslide

EXTRA = "slides"
SUFFIXES = (".svs", ".ndpi", ".mrxs", ".scn", ".bif", ".vms", ".vmu", ".svslide", ".czi")
OWN_SUFFIX = ".svs"  # a pyramid that our own TIFF reader knows, too
DICOM_SLIDE = b"1.2.840.10008.5.1.4.1.1.77.1.6"  # VL Whole Slide Microscopy Image Storage
GENERIC = "generic-tiff"  # OpenSlide's word for a TIFF file of no known scanner
WHITE = (255, 255, 255)
COARSEST = 25.0  # micrometres: larger pixels are those of no microscope
EXACT = 1 / 256  # pixels: by how much less pixels may be shifted without being interpolated
BLOCK = 1024  # pixels, the side of squares that are read of levels whose pixels are interpolated
MOST_MARGIN = 1024  # pixels that are read beside a window to begin where they are not shifted


class SlideImage(WindowedImage):
    """An open slide, RGB on the colour of its background."""

    def __init__(self, slide: "openslide.OpenSlide", about: About, icc: bytes | None) -> None:
        self.about = about
        self._slide, self._icc, self._lock = slide, icc, Lock()
        self._background = _background(slide)
        self._downsamples = tuple(map(float, slide.level_downsamples))
        self._cache = ArrayCache()

    def read(self, window: Window, level: int = 0) -> Decoded:
        if self._downsamples[level].is_integer():
            samples = self._read(window, level)
        else:  # of interpolated pixels, the same ones in every window that holds them
            samples = np.empty((window.height, window.width, 3), np.uint8)
            for place, inner, outer in _blocks(window):
                samples[outer] = self._block(place, level)[inner]
        return Decoded(samples=samples, icc=self._icc, notes=self.about.notes)

    def _block(self, place: tuple[int, int], level: int) -> Array:
        """A square of a level, from a fixed grid of squares."""
        key = level, *place
        known = self._cache.get(key)
        if known is None:
            size, (top, left) = self.about.levels[level], place
            known = self._read(Window(top, left, min(BLOCK, size.height - top), min(BLOCK, size.width - left)), level)
            self._cache.put(key, known)
        return known

    def _read(self, window: Window, level: int) -> Array:
        """RGB of a window as OpenSlide gives it."""
        scale = self._downsamples[level]
        (top, above), (left, before) = _start(window.top, scale), _start(window.left, scale)
        rgba = self._region((left, top), level, (window.width + before, window.height + above))
        return _on(self._background, rgba[above:, before:])

    def _region(self, place: tuple[int, int], level: int, size: tuple[int, int]) -> Array:
        """RGBA (H, W, 4) from a place in full pixels; colours are not multiplied by alpha."""
        import openslide

        with self._lock:
            slide = self._slide
        try:
            return np.asarray(slide.read_region(place, level, size))
        except openslide.OpenSlideError:
            with self._lock:  # after an error OpenSlide refuses all that follows
                if self._slide is slide:
                    self._slide = _open(self.about.path)
            raise

    def close(self) -> None:
        self._slide.close()


def vendor_of(path: str) -> str | None:
    """OpenSlide's name of the scanner's vendor; none where it does not know the file."""
    import openslide

    try:
        vendor: str | None = openslide.OpenSlide.detect_format(path)
    except (openslide.OpenSlideError, OSError, ValueError):
        return None
    return vendor


def is_other_slide(path: str) -> bool:
    """Whether a file that our own TIFF reader refuses is a slide of a known vendor."""
    return is_installed(EXTRA) and vendor_of(path) not in (None, GENERIC)


def open_windows(path: str, page: int) -> SlideImage:
    """A slide at all of its levels."""
    if page:
        raise ValueError("a slide has one page")
    slide = _open(path)
    region = slide.read_region((0, 0), 0, (1, 1))
    properties = slide.properties
    sizes = [(height, width) for width, height in slide.level_dimensions]
    left_out = ", ".join(sorted(slide.associated_images))
    about = About(
        path=path,
        format=SLIDE_NAME,
        levels=tuple(level_of(size, sizes[0]) for size in sizes),
        number_type="uint8",
        channels=3,
        mpp=_pixel_size(properties),
        is_slide=True,
        properties=_properties(properties),
        notes=(f"left out: {left_out}",) if left_out else (),
    )
    return SlideImage(slide, about, region.info.get("icc_profile") or None)


def _open(path: str) -> "openslide.OpenSlide":
    import openslide

    if vendor_of(path) is None:
        raise ValueError("OpenSlide does not know such slides, or files that belong to it are missing")
    slide = openslide.OpenSlide(path)
    slide.set_cache(openslide.OpenSlideCache(CACHE_BYTES))
    return slide


def _start(place: int, scale: float) -> tuple[int, int]:
    """Where to read in full pixels, and how many pixels of the level that is before `place`.

    OpenSlide takes places in full pixels. Where the sides of a level are rounded, most of its pixels lie at no whole
    one, and are interpolated; so the nearest place before is taken from which they are copied.
    """
    margins = np.arange(min(place, MOST_MARGIN) + 1)
    places = place - margins
    shifts = np.abs(np.rint(places * scale) / scale - places)
    exact = np.flatnonzero(shifts < EXACT)
    margin = int(exact[0] if exact.size else np.argmin(shifts))
    return round((place - margin) * scale), margin


def _blocks(window: Window) -> Iterator[tuple[tuple[int, int], tuple[slice, slice], tuple[slice, slice]]]:
    """The squares of a grid that a window touches: their places, and the same pixels in them and in the window."""
    for top in range(window.top // BLOCK * BLOCK, window.top + window.height, BLOCK):
        for left in range(window.left // BLOCK * BLOCK, window.left + window.width, BLOCK):
            shared = [
                (max(start, first), min(start + BLOCK, first + length), start, first)
                for start, first, length in ((top, window.top, window.height), (left, window.left, window.width))
            ]
            inner = tuple(slice(begin - start, end - start) for begin, end, start, _ in shared)
            outer = tuple(slice(begin - first, end - first) for begin, end, _, first in shared)
            yield (top, left), (inner[0], inner[1]), (outer[0], outer[1])


def _on(background: tuple[int, int, int], rgba: Array) -> Array:
    """RGB on a background."""
    rgb, alpha = rgba[..., :3], rgba[..., 3:]
    if alpha.min() == 255:
        return np.ascontiguousarray(rgb)
    share = alpha.astype(np.float32) / 255
    mixed: Array = np.rint(rgb * share + np.array(background, np.float32) * (1 - share)).astype(np.uint8)
    return mixed


def _background(slide: "openslide.OpenSlide") -> tuple[int, int, int]:
    """The colour of glass that was not scanned."""
    try:
        red, green, blue = bytes.fromhex(slide.properties.get("openslide.background-color", ""))
    except ValueError:
        return WHITE
    return red, green, blue


def _pixel_size(properties: Any) -> tuple[float, float] | None:
    """Micrometres across and down of a full pixel."""
    try:
        x, y = (float(properties[f"openslide.mpp-{axis}"]) for axis in "xy")
    except (KeyError, ValueError):
        return None
    return (x, y) if 0 < x < COARSEST and 0 < y < COARSEST else None


def _properties(properties: Any) -> tuple[tuple[str, str], ...]:
    """Vendor, objective, and the part that holds all scanned pixels as left, top, width, height."""
    found = {name: properties.get(f"openslide.{key}") for name, key in
             (("vendor", "vendor"), ("objective", "objective-power"))}  # fmt: skip
    bounds = [properties.get(f"openslide.bounds-{side}") for side in ("x", "y", "width", "height")]
    found["bounds"] = None if None in bounds else ",".join(bounds)
    return tuple((name, str(value)) for name, value in found.items() if value)


def count(file: IO[bytes]) -> int:
    """One: a slide is one image."""
    return 1


def describe(file: IO[bytes]) -> tuple[str, int]:
    """Number type and channels."""
    open_windows(path_of(file), 0).close()
    return "uint8", 3


def decode(file: IO[bytes], page: int, request: Request) -> Decoded:
    """A slide as a whole, or at the coarsest level that is enough for the side that is wanted."""
    with open_windows(path_of(file), page) as image:
        if request.side is not None and not request.halves:
            return read_reduced(image, request.side)
        height, width = image.about.size
        try:
            require_pixels(width, height, 3, BY_WINDOWS)
        except ValueError as error:
            raise ValueError(
                f"{error}; train with --set data.fit=native, or name a window: FILE#0,0,1024,1024"
            ) from None
        return image.read(Window(0, 0, height, width))


def path_of(file: IO[bytes]) -> str:
    """The path of an open file."""
    path = getattr(file, "name", None)
    if not isinstance(path, str):
        raise ValueError("slides are read from files on disk only")
    return path


def encode(pages: object) -> bytes:
    """Never: slides are written as TIFF."""
    raise ValueError("slides cannot be written; TIFF holds the same pixels")


SLIDE_NAME = "Slide"
SLIDE = Format(
    name=SLIDE_NAME,
    suffixes=SUFFIXES,
    recognises=lambda head: DICOM_SLIDE in head and head[128:132] == b"DICM",
    count=count,
    decode=decode,
    encode=encode,
    holds=lambda number_type, channels, has_alpha: False,
    extra=EXTRA,
    describe=describe,
    open_windows=open_windows,
)

"""Windows of TIFF pages of any size: of every strip or tile that a window does not touch nothing is read."""

from collections.abc import Sequence
from dataclasses import replace
from typing import IO

import numpy as np

from ..decoded import MAX_BYTES, MAX_PIXELS, Decoded, Request
from ..reduced import LARGE, read_reduced
from ..windows import About, WholeImage, Window, WindowedImage, level_of
from .array_cache import CACHE_BYTES, ArrayCache
from .tiff_levels import open_levels
from .tiff_origin import with_stack
from .tiff_pages import Pages, Plane, known_pages
from .tiff_pixel_size import pixel_size, slide_properties
from .tiff_planes import OpenPlane, decode_page, directory_of, open_plane_by_windows, together
from .tiff_segments import FileBytes, PlainRows
from .tiff_tags import IMAGE_LENGTH, IMAGE_WIDTH

LARGEST_SEGMENT = 2**28  # bytes of a decoded strip or tile
SLIDE_MPP = 5.0  # micrometres: an RGB pyramid with smaller pixels comes from a slide scanner


class TiffImage(WindowedImage):
    """A page of an open TIFF file. The planes of its channels are put together in each window."""

    def __init__(self, file: IO[bytes], about: About, levels: Sequence[tuple[OpenPlane, ...]], frame: Decoded) -> None:
        self.file, self.about, self._levels, self._frame = file, about, levels, frame

    def read(self, window: Window, level: int = 0) -> Decoded:
        parts = [plane.read(window) for plane in self._levels[level]]
        samples = np.ascontiguousarray(together([part.samples for part in parts]))
        return replace(self._frame, samples=samples, alpha=parts[0].alpha)

    def close(self) -> None:
        self.file.close()


def open_windows(path: str, page: int) -> WindowedImage:
    """A page of any size; one that cannot be read in parts is decoded as a whole, where its size allows that."""
    file = open(path, "rb")  # noqa: SIM115 - closed with the image
    try:
        image = open_page(file, path, known_pages(file), page)
        if isinstance(image, WholeImage):
            file.close()
        return image
    except BaseException:
        file.close()
        raise


def decode_reduced(file: IO[bytes], page: int, request: Request) -> Decoded | None:
    """A large page at a scale that is enough for the side that is wanted; none where it is to be decoded whole."""
    if request.side is None or request.halves:
        return None
    pages = known_pages(file)
    index, number = pages.find(page)
    directory = directory_of(file, pages.series[index].planes(number)[0])
    pixels = directory.number(IMAGE_WIDTH) * directory.number(IMAGE_LENGTH)
    if pixels <= LARGE:
        return None
    image = open_page(file, "", pages, page)
    if len(image.about.levels) == 1 and pixels <= MAX_PIXELS:
        return None
    return read_reduced(image, request.side, strip=request.strip)


def open_page(file: IO[bytes], path: str, pages: Pages, page: int) -> WindowedImage:
    """A page of an open file."""
    index, number = pages.find(page)
    planes = pages.series[index].planes(number)
    source, cache = FileBytes(file), ArrayCache()
    full = [open_plane_by_windows(source, plane, cache) for plane in planes]
    reason = _why_whole(full)
    if reason:
        storage = full[0].storage
        nbytes = sum(plane.storage.nbytes for plane in full)
        if storage.width * storage.length > MAX_PIXELS or nbytes > MAX_BYTES:
            raise ValueError(f"its {storage.width} x {storage.length} pixels cannot be read in parts: {reason}")
        return WholeImage(path, "TIFF", decode_page(file, pages, page, strip=False))

    levels = [tuple(full), *open_levels(source, pages, planes, full, cache)]
    return _image(file, path, pages, page, levels)


def _why_whole(planes: Sequence[OpenPlane]) -> str:
    """Why a page is not read in parts; empty where it is."""
    if any(plane.orientation != 1 for plane in planes):
        return "it is stored turned or mirrored (the tag Orientation)"
    for storage in (plane.storage for plane in planes if not isinstance(plane.reader, PlainRows)):
        is_whole_read = storage.width * storage.length <= MAX_PIXELS
        if storage.segment_nbytes > (CACHE_BYTES if is_whole_read else LARGEST_SEGMENT):
            height, width = storage.segment
            return f"its strips or tiles have {width} x {height} pixels each; save it with tiles of 512 x 512"
    return ""


def _image(file: IO[bytes], path: str, pages: Pages, page: int, levels: Sequence[tuple[OpenPlane, ...]]) -> TiffImage:
    """The image of planes that are read in parts."""
    index, _ = pages.find(page)
    full, storage = levels[0], levels[0][0].storage
    if len({(plane.storage.width, plane.storage.length) for plane in full}) > 1:
        raise ValueError("its channels differ in size or number type")
    dots = [plane.meaning(np.zeros((1, 1, plane.storage.samples), plane.storage.dtype)) for plane in full]
    samples = together([dot.samples for dot in dots])
    frame = full[0].upright(dots[0], (storage.width, storage.length), strip=False)
    origin = with_stack(frame.origin, file, pages, index, samples.dtype.name, samples.shape[2])
    frame = replace(frame, origin=origin, notes=(*pages.notes, *frame.notes))

    first = directory_of(file, Plane(pages.first))
    sizes = [(planes[0].storage.length, planes[0].storage.width) for planes in levels]
    mpp, properties = pixel_size(pages.kind, first, full[0].directory, index), slide_properties(first)
    is_rgb_pyramid = len(levels) > 1 and samples.shape[2] == 3 and samples.dtype == np.uint8
    about = About(
        path=path,
        format="TIFF",
        levels=tuple(level_of(size, sizes[0]) for size in sizes),
        number_type=samples.dtype.name,
        channels=samples.shape[2],
        has_alpha=frame.alpha is not None,
        mpp=mpp,
        nodata=frame.nodata,
        is_slide=bool(properties) or (is_rgb_pyramid and mpp is not None and max(mpp) < SLIDE_MPP),
        properties=properties,
        origin=frame.origin,
        notes=frame.notes,
    )
    return TiffImage(file, about, levels, frame)

"""What a TIFF file carries beside pixels and EXIF, and what of it is true of a file written like it."""

from dataclasses import dataclass, replace
from typing import IO, Literal

from ..exif import ITEM_BYTES, Entry, swapped
from .tiff_ome import HELD, Written, updated
from .tiff_pages import MAX_DESCRIPTION, Pages, imagej_values
from .tiff_storage import WHITE_IS_ZERO, Storage
from .tiff_tags import (
    DESCRIPTION,
    GDAL_METADATA,
    GDAL_NODATA,
    GEOREFERENCE,
    IMAGEJ_BLOCK,
    IMAGEJ_SIZES,
    RESOLUTION_UNIT,
    X_RESOLUTION,
    Y_RESOLUTION,
    Directory,
    read_directory,
    read_header,
)

ASCII = 2
IMAGEJ_COUNTS = ("images", "channels", "slices", "frames", "hyperstack", "mode")
IMAGEJ_DISPLAY = ("min", "max", "cf", "c0", "c1", "c2", "c3", "c4", "vunit")  # of the old values
SWAPPED_AXES = {X_RESOLUTION: Y_RESOLUTION, Y_RESOLUTION: X_RESOLUTION}


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The tags of one page, in little-endian order, and the description of its stack."""

    georeference: tuple[Entry, ...] = ()  # GeoTIFF, and the metadata of GDAL
    nodata: tuple[float | None, Entry | None] = (None, None)  # and the tag that states it
    resolution: tuple[Entry, ...] = ()
    photometric: int = 1
    samples: int = 1  # of a pixel in a directory
    number_type: str = ""
    kind: str = ""  # "imagej" or "ome"
    description: bytes = b""
    imagej: tuple[Entry, ...] = ()  # its sizes and its block of metadata
    channels: int = 0  # of a page of the stack
    image: int = 0  # of OME-XML
    image_pages: tuple[int, ...] = ()

    @classmethod
    def of_page(cls, directory: Directory, storage: Storage, orientation: int, nodata: float | None) -> "Origin":
        """The tags of a page; a georeference is not true of an image that was turned upright."""
        georeference = (*(GEOREFERENCE if orientation == 1 else ()), GDAL_METADATA)
        resolution = _entries(directory, (X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT))
        if orientation >= 5:
            resolution = tuple(e._replace(tag=SWAPPED_AXES.get(e.tag, e.tag)) for e in resolution)
        nodata_entry = next(iter(_entries(directory, (GDAL_NODATA,))), None)
        return cls(
            georeference=_entries(directory, georeference),
            nodata=(nodata, nodata_entry if storage.bits >= 8 and storage.photometric != WHITE_IS_ZERO else None),
            resolution=resolution,
            photometric=storage.photometric,
            samples=storage.samples,
        )


def _entries(directory: Directory, tags: tuple[int, ...]) -> tuple[Entry, ...]:
    """Those of the tags that are there, in little-endian order."""
    entries = (directory.entry(tag) for tag in tags)
    found = (entry for entry in entries if entry is not None and entry.kind in ITEM_BYTES)
    return tuple(entry if directory.layout.order == "<" else swapped(entry) for entry in found)


def with_stack(origin: Origin, file: IO[bytes], pages: Pages, image: int, number_type: str, channels: int) -> Origin:
    """The origin of a page with the description of the stack that it belongs to."""
    if not pages.kind:
        return replace(origin, number_type=number_type, channels=channels)
    directory = read_directory(file, read_header(file)[0], pages.first)
    description = directory.entry(DESCRIPTION, MAX_DESCRIPTION)
    return replace(
        origin,
        kind=pages.kind,
        description=b"" if description is None else description.data.rstrip(b"\0"),
        imagej=_imagej_block(directory),
        number_type=number_type,
        channels=channels,
        image=image,
        image_pages=tuple(series.pages for series in pages.series),
    )


def _imagej_block(directory: Directory) -> tuple[Entry, ...]:
    """ImageJ's own metadata in little-endian order; nothing where it is damaged."""
    sizes, block = directory.entry(IMAGEJ_SIZES), directory.entry(IMAGEJ_BLOCK)
    if sizes is None or block is None or directory.layout.order == "<":
        return () if sizes is None or block is None else (sizes, block)
    return _imagej_entries(_imagej_metadata(directory.numbers(IMAGEJ_SIZES), block.data, ">"))


def _imagej_metadata(sizes: list[int], block: bytes, order: Literal["<", ">"]) -> dict[str, object]:
    import tifffile

    try:
        return dict(tifffile.tifffile.imagej_metadata(block, sizes, order))
    except Exception:  # written by any program in any state
        return {}


def _imagej_entries(metadata: dict[str, object]) -> tuple[Entry, ...]:
    import tifffile

    try:
        tags = tifffile.tifffile.imagej_metadata_tag(metadata, "<")
    except Exception:
        return ()
    return tuple(sorted(Entry(code, kind, value) for code, kind, _, value, _ in tags))


def description_of_stack(origin: Origin, written: Written) -> tuple[Entry, ...]:
    """ImageJ's or OME's tags of the first directory of a file, true of what is written; nothing where they cannot be.

    ImageJ's display range and colours go where number type or channels have changed, labels where pages have.
    """
    if origin.kind == "imagej":
        return _imagej_tags(origin, written)
    if origin.kind == "ome" and written.number_type in HELD:
        text = origin.description.decode("utf-8", "replace").rstrip(" \n\0")
        new = updated(text, origin.image, origin.image_pages, written)
        return (Entry(DESCRIPTION, ASCII, new.encode() + b"\0"),)
    return ()


def _imagej_tags(origin: Origin, written: Written) -> tuple[Entry, ...]:
    values = imagej_values(origin.description.decode("latin-1"))
    keeps_pages = written.pages == sum(origin.image_pages)
    keeps_channels = written.channels == origin.channels and written.samples == origin.samples
    keeps_display = keeps_channels and written.number_type == origin.number_type

    slices, frames = int(values.get("slices", 1)), int(values.get("frames", 1))
    if not keeps_pages or slices * frames != written.pages:
        slices, frames = written.pages, 1
    planes = written.channels // written.samples
    counts = {"images": planes * written.pages, "channels": planes, "slices": slices, "frames": frames}
    new = {"ImageJ": values["ImageJ"]} | {name: str(count) for name, count in counts.items() if count > 1}
    if planes > 1 or (slices > 1 and frames > 1):
        new |= {"hyperstack": "true"}
    if planes > 1:
        new |= {"mode": values.get("mode", "composite") if keeps_channels else "composite"}
    dropped = IMAGEJ_COUNTS if keeps_display else (*IMAGEJ_COUNTS, *IMAGEJ_DISPLAY)
    new |= {name: value for name, value in values.items() if name not in dropped}
    text = "".join(f"{name}={value}\n" for name, value in new.items())
    return (
        Entry(DESCRIPTION, ASCII, text.encode("latin-1") + b"\0"),
        *_imagej_kept(origin, keeps_pages, keeps_display),
    )


def _imagej_kept(origin: Origin, keeps_pages: bool, keeps_display: bool) -> tuple[Entry, ...]:
    if not origin.imagej or (keeps_pages and keeps_display):
        return origin.imagej
    sizes, block = origin.imagej
    numbers = [int.from_bytes(sizes.data[i : i + 4], "little") for i in range(0, len(sizes.data), 4)]
    metadata = _imagej_metadata(numbers, block.data, "<")
    dropped = (*(() if keeps_pages else ("Labels",)), *(() if keeps_display else ("Ranges", "LUTs")))
    return _imagej_entries({name: value for name, value in metadata.items() if name not in dropped})

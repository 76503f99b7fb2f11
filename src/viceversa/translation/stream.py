"""Translation of an image of any size: read by windows, translated by exact tiles, written as a tiled pyramid."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from .. import images
from ..errors import UsageError
from ..images import Picture, Window
from ..images.arrays import Array
from ..images.formats.tiff_pyramid import software_of
from ..images.journal import digest_of, key_of
from ..images.pyramid import PyramidWriter
from ..methods.protocol import SIDES, Side
from .background import Background, KeepBackground, background_of
from .large import LargeImage
from .local import Fixed, Statistics
from .tiles import TiledTranslation
from .translator import Translator

BLOCK, GPU_BLOCK = 512, 2048  # pixels of a side that are translated and written at a time
MOST_THREADS = 1024
LEAST_TILE = 256  # pixels: the side of the tiles of the file is this or twice as much
Compression = Literal["lossless", "jpeg"]
OnPixels = Callable[[int, int], None]  # pixels done, and in all


@dataclass(frozen=True, kw_only=True)
class StreamOptions:
    """How large images are translated and written."""

    statistics: Statistics = "picture"  # of instance norm
    background: KeepBackground = "auto"  # blank glass: auto keeps it on slides
    compression: Compression = "lossless"
    block: int | None = None  # pixels of a side of the parts; none: by the device


def stream(
    translator: Translator,
    source: LargeImage,
    side: Side,
    target: Path,
    options: StreamOptions,
    on_pixels: OnPixels = lambda done, total: None,
) -> list[str]:
    """Translate `source` to the domain `side` into the TIFF file `target`.

    Where an earlier start with the same source, weights and options was interrupted, it goes on: the file is the same,
    byte for byte. One that is finished stays. ImageError where a part of the source cannot be read, OSError where the
    target cannot be written: what is complete stays for the next start. Returns what there is to say of it.
    """
    work = Work.of(translator, source, side, target, options)
    if work.is_finished:
        return ["it is there already, made from the same file by the same weights"]
    template = translated(translator, source, side, source.picture(Window(0, 0, 1, 1)))
    background = background_of(translator, source, side, options.background)
    notes = [*source.about.notes, *template.notes]
    with PyramidWriter(
        target,
        size=source.size,
        channels=len(template.pixels),
        number_type=template.depth,
        has_alpha=template.alpha is not None,
        tile=min(work.block, 2 * LEAST_TILE) if work.block % (2 * LEAST_TILE) == 0 else LEAST_TILE,
        block=(work.block, work.block),
        compression=options.compression,
        mpp=source.scaled.mpp,
        nodata=template.nodata,
        icc=template.icc,
        dpi=template.dpi,
        origin=template.origin,
        exif=template.exif,
        name=translator.names[SIDES.index(side)],
        software=work.software,
        key=work.key,
    ) as writer:
        notes += [note for note in (writer.note, *writer.notes) if note]
        todo = writer.blocks[writer.done :]
        done, total = sum(map(area, writer.blocks[: writer.done])), source.size[0] * source.size[1]
        on_pixels(done, total)
        if todo:
            kept = work.statistics if writer.done else None
            fixed = Fixed(translator, source, side, background)
            module, said = fixed.translation(options.statistics, work.block, kept, work.statistics)
            notes += said
            for window, picture in translated_blocks(module, translator, source, side, todo, background):
                writer.write(images.colours_of(picture), picture.alpha)
                done += area(window)
                on_pixels(done, total)
        writer.finish()
    work.statistics.unlink(missing_ok=True)
    return [*notes, *images.clipping_note(source.clipped, total * source.channels, source.span)]


@dataclass(frozen=True)
class Work:
    """What a result depends on, and where it is kept."""

    target: Path
    key: dict[str, Any]  # with another one, nothing of an interrupted start is used
    block: int  # pixels of a side

    @classmethod
    def of(cls, translator: Translator, source: LargeImage, side: Side, target: Path, options: StreamOptions) -> "Work":
        """Of a translation; one that was begun goes on with its number of threads, so that the bits are the same."""
        status = Path(source.about.path).stat()
        block = options.block or (GPU_BLOCK if translator.device == "cuda" else BLOCK)
        key = {
            "source": [Path(source.about.path).name, status.st_size, status.st_mtime_ns],
            "size": list(source.size),
            "weights": translator.digest(side),
            "to": translator.names[SIDES.index(side)],
            "precision": translator.precision,
            "device": translator.device.partition(":")[0],
            "statistics": options.statistics,
            "background": options.background,
            "compression": options.compression,
            "block": block,
        }
        begun = key_of(target.with_name(f"{target.name}.journal")).get("threads")
        threads = begun if isinstance(begun, int) and 0 < begun <= MOST_THREADS else torch.get_num_threads()
        torch.set_num_threads(threads)
        return cls(target, {**key, "threads": threads}, block)

    @property
    def software(self) -> str:
        """What the file says of its making: another source, weights or options say something else."""
        return f"viceversa, work {digest_of({**self.key, 'threads': 0})[:32]}"

    @property
    def is_finished(self) -> bool:
        """Whether the target is the result."""
        return software_of(self.target) == self.software

    @property
    def statistics(self) -> Path:
        """Statistics of instance norm, kept until the file is finished."""
        return self.target.with_name(f"{self.target.name}.statistics")


def parse_tile(tile: str | int) -> int | None:
    """The side of a block, none for "auto"; UsageError for anything but auto and multiples of LEAST_TILE."""
    if tile == "auto":
        return None
    try:
        side = int(tile)
    except ValueError:
        side = 0
    if side < LEAST_TILE or side % LEAST_TILE:
        raise UsageError(f"--tile '{tile}': choose auto, or a multiple of {LEAST_TILE} pixels such as 512 or 2048")
    return side


def area(window: Window) -> int:
    """Pixels of a window."""
    return window.height * window.width


def translated_blocks(
    module: TiledTranslation,
    translator: Translator,
    source: LargeImage,
    side: Side,
    windows: Sequence[Window],
    background: Background | None,
) -> Iterator[tuple[Window, Picture]]:
    """Every window, and what is written of it: its translation, and where there is no tissue its own pixels.

    At the edge of the tissue both are mixed by weights that do not depend on the windows, so that no edge shows.
    """
    blank = {window for window in windows if background is not None and background.is_blank(window)}
    outputs = module.tiles([window for window in windows if window not in blank], source.pixels)
    for window in windows:
        picture = source.picture(window)
        source.clipped += picture.clipped
        pixels = None if window in blank else next(outputs)
        weights = background.weights(window) if background and pixels is not None else None
        if pixels is not None and background:
            own = images.to_channels(picture.pixels, len(pixels))
            pixels = own if weights is None else own + weights * (pixels - own)
        yield window, translated(translator, source, side, picture, pixels)


def translated(
    translator: Translator, source: LargeImage, side: Side, picture: Picture, pixels: Array | None = None
) -> Picture:
    """A picture of the target domain with these pixels; by default with those of the source."""
    if pixels is None:
        pixels = images.to_channels(picture.pixels, translator.channels[side])
    return images.with_pixels(picture, pixels, source.values, translator.values.get(side))

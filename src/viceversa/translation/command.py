"""The verb `translate`: from its options to files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..console import LiveLine
from ..errors import UsageError
from ..hardware.device import choose_device
from ..hardware.precision import choose_precision
from ..methods.protocol import Side
from .background import KeepBackground
from .large import LargeImage
from .local import Statistics
from .pipeline import Summary, translate_files
from .progress import PixelProgress
from .scale import parse_scale
from .stream import Compression, StreamOptions, parse_tile
from .translator import Translator, load


@dataclass(frozen=True, kw_only=True)
class TranslateOptions:
    """The options of `viceversa translate`, see `api.translate`."""

    device: str = "auto"
    precision: str = "auto"
    compile: bool = False
    scale: str | int = "auto"
    step: int | None = None
    statistics: Statistics = "picture"
    background: KeepBackground = "auto"
    compression: Compression = "lossless"
    tile: str | int = "auto"
    strip: bool = False

    @property
    def large(self) -> StreamOptions:
        """Those of large images."""
        return StreamOptions(
            statistics=self.statistics,
            background=self.background,
            compression=self.compression,
            block=parse_tile(self.tile),
        )


class AfterEach(Protocol):
    """What is done with each large image and its translation; returns what there is to say of it."""

    def __call__(self, translator: Translator, source: LargeImage, result: Path, side: Side) -> list[str]: ...


def prepare(inputs: Sequence[str | Path], out: str | Path, options: TranslateOptions) -> None:
    """UsageError for what cannot be done, whatever the run."""
    if not inputs:
        raise UsageError("translate: name at least one picture or folder after the run")
    parse_scale(options.scale)
    parse_tile(options.tile)
    if Path(out).is_file():
        raise UsageError(f"--out {out} is a file; name a folder")


def translate_inputs(
    run: str | Path,
    inputs: Sequence[str | Path],
    to: str,
    out: str | Path,
    options: TranslateOptions,
    live: LiveLine,
    threads: int,
    after_each: AfterEach | None = None,
) -> Summary:
    """Load a run and translate files and folders, with a line of progress."""
    device = choose_device(options.device)
    translator = load(
        run,
        device=device,
        precision=choose_precision(options.precision, device),
        compile=options.compile,
        scale=options.scale,
        step=options.step,
    )
    how = f"{translator.device} {translator.precision} {threads} threads"

    def progress(done: int, total: int, path: Path) -> None:
        if done == 0:  # only when there is something to translate
            live.say(f"{' <-> '.join(translator.names)}  step {translator.step}  {how}")
        live(f"{done}/{total}  {path.name}")

    return translate_files(
        translator,
        inputs,
        to,
        out,
        progress,
        strip=options.strip,
        large=options.large,
        on_pixels=PixelProgress(live),
        after_each=after_each,
    )

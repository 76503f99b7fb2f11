"""Where the pictures of a study come from: a run that translates its test pictures, or a folder of any tool's."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import images
from ..data.directories import existing_folder
from ..data.folders import scan
from ..data.preparation import blend_on_white
from ..errors import DataError, UsageError
from ..names import nfc
from .folder import Kind

Read = Callable[[str], NDArray[np.float32]]  # from a scene to its pixels (3, H, W) in [-1, 1]
MAX_NAME = 60  # characters


@dataclass(frozen=True, kw_only=True)
class Source:
    """Pictures of one algorithm, or real ones, by scene; `read()` gives the function that reads or translates one."""

    name: str
    origin: str  # the run or folder, for people
    scenes: dict[str, Path]
    read: Callable[[], Read]


@dataclass(frozen=True, kw_only=True)
class RunSources:
    """The pictures that a run provides: translations, their inputs, and real ones of the target domain."""

    translations: Source
    inputs: Source
    targets: Source


def find_sources(
    sources: Sequence[Path | str],
    names: Sequence[str] | None,
    to: str | None,
    real: Path | str | None,
    kind: Kind,
    device: str = "auto",
) -> tuple[list[Source], Source | None]:
    """The algorithms, and the real pictures of the target domain or, in a preference study, the inputs if known."""
    paths = [Path(path) for path in sources]
    if len(paths) < (2 if kind == "preference" else 1):
        raise UsageError(
            f"a {kind} study needs {'two sources' if kind == 'preference' else 'a source'}: "
            "run folders or folders of pictures"
        )

    runs: list[RunSources] = []
    algorithms: list[Source] = []
    for path, name in zip(paths, _source_names(paths, names), strict=True):
        if (path / "config.yaml").is_file():
            runs.append(run_sources(path, name, to, device))
            algorithms.append(runs[-1].translations)
        else:
            algorithms.append(folder_source(path, name))

    if real is not None:
        return algorithms, folder_source(Path(real), "real")
    if kind == "preference":
        return algorithms, runs[0].inputs if runs else None
    if not runs:
        raise UsageError("real-or-fake: name the real pictures of the target domain with --real DIR")
    for run in runs[1:]:
        if set(run.targets.scenes) != set(runs[0].targets.scenes):
            raise UsageError(
                f"{run.translations.origin} and {runs[0].translations.origin} have different real test pictures; "
                "name those to show with --real DIR"
            )
    return algorithms, runs[0].targets


def _source_names(paths: Sequence[Path], names: Sequence[str] | None) -> list[str]:
    """One name on one line for every source, by default that of its folder; UsageError when two are the same."""
    if names is not None and len(names) != len(paths):
        raise UsageError(
            f"--names gives {len(names)} names for {len(paths)} sources; give one for each, with commas between"
        )
    result = [" ".join(name.split()) for name in names or [path.resolve().name for path in paths]]
    for name in result:
        if not 0 < len(name) <= MAX_NAME or not name.isprintable():
            raise UsageError(
                f"--names: '{name[:80]}' is no name for an algorithm; use 1 to {MAX_NAME} characters on one line"
            )
        if result.count(name) > 1:
            raise UsageError(f"two sources are called '{name}'; tell them apart with --names first,second")
    return result


def folder_source(path: Path, name: str) -> Source:
    """The pictures of a folder."""
    root = existing_folder(path, "source")
    listing = scan(root)
    if not listing.files:
        where = images.printable_path(path)
        raise DataError(f"there is no picture in {where}: it {listing.instead()}, or give a run folder")
    scenes = scenes_of(listing.files, root)
    return Source(name=name, origin=images.printable_path(path), scenes=scenes, read=lambda: _file_reader(scenes))


def scenes_of(paths: Iterable[Path], root: Path) -> dict[str, Path]:
    """Pictures by their path below `root` without ending; DataError for two of one scene."""
    scenes: dict[str, Path] = {}
    for path in paths:
        file = Path(images.file_of(path)[0])
        scene = nfc(images.printable_path(file.relative_to(root).with_suffix("")))
        if scene in scenes:
            both = f"{images.printable_path(path)} and {images.printable_path(scenes[scene])}"
            raise DataError(f"{both} have one name; rename or remove one")
        scenes[scene] = path
    return scenes


def _file_reader(scenes: dict[str, Path]) -> Read:
    return lambda scene: to_pixels(images.read(scenes[scene], managed=True))


def to_pixels(picture: images.Picture) -> NDArray[np.float32]:
    """(3, H, W) in [-1, 1]: transparent parts on white, grey as RGB."""
    return images.to_channels(images.to_display(blend_on_white(picture)), 3)


def run_sources(path: Path, name: str, to: str | None, device: str) -> RunSources:
    """A run's held-out pictures of the source domain, their translations `to` the other, and that domain's own."""
    from ..runs.folder import RunFolder
    from ..translation.translator import load

    translator = load(path, device=device)
    targets = [n for n, side in zip(translator.names, "AB", strict=True) if side in translator.generators]
    if to is None and len(targets) > 1:
        raise UsageError(f"{path} translates both ways; choose one with --to {targets[0]} or --to {targets[1]}")
    target = translator.side(to or targets[0])
    source = "A" if target == "B" else "B"
    listing = RunFolder(path).data()["files"]

    def held_out(side: str) -> Source:
        domain = translator.names["AB".index(side)]
        paths = [Path(p) for p in listing.get(f"test_{side.lower()}", [])]
        if not paths:
            raise DataError(
                f"{path} held out no test picture of {domain}; translate some into a folder and give that with --real"
            )
        scenes = scenes_of(paths, Path(os.path.commonpath([p.parent for p in paths])))
        return Source(name="real", origin=f"{path} ({domain})", scenes=scenes, read=lambda: _file_reader(scenes))

    inputs = held_out(source)

    def translate(scene: str) -> NDArray[np.float32]:
        return to_pixels(
            translator.picture(images.read(inputs.scenes[scene], values=translator.source_values(target)), target)
        )

    translations = Source(name=name, origin=str(path), scenes=inputs.scenes, read=lambda: translate)
    return RunSources(translations=translations, inputs=inputs, targets=held_out(target))

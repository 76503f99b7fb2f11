"""Where the pictures of a study come from: a run that translates its test pictures, or a folder of any tool's."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import images
from ..data.folders import existing_folder, scan
from ..data.transforms import on_white
from ..errors import DataError, UsageError
from .folder import Kind

Read = Callable[[str], NDArray[np.float32]]
LONGEST_NAME = 60  # characters


@dataclass(frozen=True, kw_only=True)
class Source:
    """Pictures of one algorithm, or real ones, by scene; `read()` gives the function that reads or translates one."""

    name: str
    told: str  # where they come from
    scenes: dict[str, Path]
    read: Callable[[], Read]


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a run folder gives to a study."""

    translations: Source
    inputs: Source
    targets: Source


def find_sources(
    given: Sequence[Path | str],
    names: Sequence[str] | None,
    to: str | None,
    real: Path | str | None,
    kind: Kind,
    device: str = "auto",
) -> tuple[list[Source], Source | None]:
    """The algorithms, and beside them the real pictures of the target domain, or the inputs where they are known."""
    paths = [Path(path) for path in given]
    if len(paths) < (2 if kind == "preference" else 1):
        raise UsageError(
            f"a {kind} study needs {'two sources' if kind == 'preference' else 'a source'}: "
            "run folders or folders of pictures"
        )
    called = _names(paths, names)
    runs: list[Run] = []
    found: list[Source] = []
    for path, name in zip(paths, called, strict=True):
        if (path / "config.yaml").is_file():
            runs.append(of_run(path, name, to, device))
            found.append(runs[-1].translations)
        else:
            found.append(of_folder(path, name))
    if real is not None:
        return found, of_folder(Path(real), "real")
    if kind == "preference":
        return found, runs[0].inputs if runs else None
    if not runs:
        raise UsageError("real-or-fake: name the real pictures of the target domain with --real DIR")
    for run in runs[1:]:
        if set(run.targets.scenes) != set(runs[0].targets.scenes):
            raise UsageError(
                f"{run.translations.told} and {runs[0].translations.told} have different real test pictures; "
                "name those to show with --real DIR"
            )
    return found, runs[0].targets


def _names(paths: Sequence[Path], names: Sequence[str] | None) -> list[str]:
    """One name on one line for every source, no two alike."""
    if names is not None and len(names) != len(paths):
        raise UsageError(
            f"--names gives {len(names)} names for {len(paths)} sources; give one for each, with commas between"
        )
    called = [" ".join(name.split()) for name in names or [path.resolve().name for path in paths]]
    for name in called:
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            raise UsageError(
                f"--names: '{name[:80]}' is no name for an algorithm; use 1 to {LONGEST_NAME} characters on one line"
            )
        if called.count(name) > 1:
            raise UsageError(f"two sources are called '{name}'; tell them apart with --names first,second")
    return called


def of_folder(path: Path, name: str) -> Source:
    """The pictures of a folder."""
    root = existing_folder(path, "source")
    listed = scan(root).files
    if not listed:
        raise DataError(f"there is no picture in {images.printable(path)}; give a run folder or a folder of pictures")
    return Source(
        name=name,
        told=images.printable(path),
        scenes=by_scene(listed, root),
        read=lambda: _reader(by_scene(listed, root)),
    )


def by_scene(paths: Iterable[Path], root: Path) -> dict[str, Path]:
    """Pictures by their place below `root`, without ending; DataError for two in one place."""
    found: dict[str, Path] = {}
    for path in paths:
        file = Path(images.file_of(path)[0])
        scene = images.printable(file.relative_to(root).with_suffix(""))
        if scene in found:
            raise DataError(
                f"{images.printable(path)} and {images.printable(found[scene])} have one name; rename or remove one"
            )
        found[scene] = path
    return found


def _reader(scenes: dict[str, Path]) -> Read:
    return lambda scene: pixels_of(images.read(scenes[scene]))


def pixels_of(picture: images.Picture) -> NDArray[np.float32]:
    """(3, H, W) in [-1, 1]; what is transparent lies on white, grey becomes colour."""
    return images.to_channels(on_white(picture), 3)


def of_run(path: Path, name: str, to: str | None, device: str) -> Run:
    """A run's held-out pictures of the source domain, their translations `to` the other, and that domain's own."""
    from ..runs.folder import RunFolder
    from ..translation.translator import load

    translator = load(path, device=device)
    ways = [n for n, side in zip(translator.names, "AB", strict=True) if side in translator.generators]
    if to is None and len(ways) > 1:
        raise UsageError(f"{path} translates both ways; choose one with --to {ways[0]} or --to {ways[1]}")
    target = translator.side(to or ways[0])
    source = "A" if target == "B" else "B"
    listed = RunFolder(path).data()["files"]

    def held_out(side: str) -> Source:
        paths = [Path(p) for p in listed.get(f"test_{side.lower()}", [])]
        if not paths:
            domain = translator.names["AB".index(side)]
            raise DataError(
                f"{path} held out no test picture of {domain}; translate some into a folder and give that with --real"
            )
        root = Path(os.path.commonpath([p.parent for p in paths]))
        scenes = by_scene(paths, root)
        return Source(
            name="real",
            told=f"{path} ({translator.names['AB'.index(side)]})",
            scenes=scenes,
            read=lambda: _reader(scenes),
        )

    inputs = held_out(source)

    def translate(scene: str) -> NDArray[np.float32]:
        return pixels_of(translator.picture(images.read(inputs.scenes[scene]), target))

    translations = Source(name=name, told=str(path), scenes=inputs.scenes, read=lambda: translate)
    return Run(translations=translations, inputs=inputs, targets=held_out(target))

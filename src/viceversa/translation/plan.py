"""The plan of a translation: the target of every source file, decided before anything is read."""

from collections.abc import Iterable
from pathlib import Path

from ..data.folders import scan
from ..errors import DataError, UsageError
from ..images import file_of, printable_path
from ..images.formats import suffix_of
from ..names import stored_path


def plan(inputs: Iterable[str | Path], out: Path, notes: list[str]) -> dict[Path, Path]:
    """{source: target} for every image of `inputs`; images of a folder keep their relative path.

    What was passed over is added to `notes`. UsageError where two inputs would become one file or one would overwrite
    itself; DataError for missing inputs and where there is no picture at all.
    """
    targets: dict[Path, Path] = {}
    empty: list[str] = []
    for path in map(stored_path, inputs):
        if path.is_dir():
            listing = scan(path)
            files = listing.files
            if not files:
                empty.append(f"{printable_path(path)}: it {listing.instead()}")
            elif skipped := listing.passed_over():
                notes.append(f"{printable_path(path.name or path)}: passed over {skipped}")
            if path.resolve() in out.resolve().parents:  # earlier results are no inputs
                files = tuple(file for file in files if not file.resolve().is_relative_to(out.resolve()))
            targets |= {file: out / file.relative_to(path) for file in files}
        elif path.exists():
            targets[path] = out / path.name
        elif part_exists(path):
            targets[path] = out / name_of_part(path)
        else:
            raise DataError(f"{path} does not exist; give picture files or folders of them")
    if not targets:
        where = "; ".join(empty) or f"{out} holds earlier results only"
        raise DataError(f"nothing was translated: there is no picture in {where}")
    notes += [f"no picture in {reason}" for reason in empty]

    originals = {Path(file_of(source)[0]).resolve(): source for source in targets}
    sources: dict[Path, Path] = {}
    for source, target in targets.items():
        resolved = target.resolve()
        if resolved in originals:
            raise UsageError(f"--out {out} would overwrite {originals[resolved]}; choose another folder")
        if resolved in sources:
            raise UsageError(f"{sources[resolved]} and {source} would both become {target}; translate them separately")
        sources[resolved] = source
    return targets


def part_exists(path: Path) -> bool:
    """Whether a path names a page or a half of an existing file."""
    file, part = file_of(path)
    return bool(part) and Path(file).exists()


def name_of_part(path: Path) -> str:
    """File name for one part of a file: "stack-12.tif" for "stack.tif#12"."""
    file, part = file_of(path)
    name = Path(file).name
    suffix = name[len(name) - len(suffix_of(name)) :] or Path(file).suffix
    return f"{name.removesuffix(suffix)}-{part[1:]}{suffix}"

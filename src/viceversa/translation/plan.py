"""The plan of a translation: the target of every source file, decided before anything is read."""

from collections.abc import Iterable
from pathlib import Path

from ..data.folders import scan
from ..errors import DataError, UsageError


def plan(inputs: Iterable[str | Path], out: Path) -> dict[Path, Path]:
    """{source: target} for every image of `inputs`; images of a folder keep their relative path.

    UsageError where two inputs would become one file or one would overwrite itself; DataError for missing inputs.
    """
    targets: dict[Path, Path] = {}
    for path in map(Path, inputs):
        if path.is_dir():
            files = scan(path).files
            if path.resolve() in out.resolve().parents:  # earlier results are no inputs
                files = tuple(file for file in files if not file.resolve().is_relative_to(out.resolve()))
            targets |= {file: out / file.relative_to(path) for file in files}
        elif path.exists():
            targets[path] = out / path.name
        else:
            raise DataError(f"{path} does not exist; give picture files or folders of them")

    originals = {source.resolve(): source for source in targets}
    sources: dict[Path, Path] = {}
    for source, target in targets.items():
        resolved = target.resolve()
        if resolved in originals:
            raise UsageError(f"--out {out} would overwrite {originals[resolved]}; choose another folder")
        if resolved in sources:
            raise UsageError(f"{sources[resolved]} and {source} would both become {target}; translate them separately")
        sources[resolved] = source
    return targets

"""Which file becomes which: decided before anything is read."""

from collections.abc import Iterable
from pathlib import Path

from ..data.folders import scan
from ..errors import DataError, UsageError


def plan(inputs: Iterable[str | Path], out: Path) -> dict[Path, Path]:
    """{source: target} for every image of `inputs`; images of a folder keep their place below it.

    UsageError where two inputs would become one file or one would overwrite itself; DataError for missing inputs.
    """
    targets: dict[Path, Path] = {}
    for given in map(Path, inputs):
        if given.is_dir():
            files = scan(given).files
            if given.resolve() in out.resolve().parents:  # earlier results are no inputs
                files = tuple(path for path in files if not path.resolve().is_relative_to(out.resolve()))
            targets |= {path: out / path.relative_to(given) for path in files}
        elif given.exists():
            targets[given] = out / given.name
        else:
            raise DataError(f"{given} does not exist; give picture files or folders of them")

    originals = {source.resolve(): source for source in targets}
    sources: dict[Path, Path] = {}
    for source, target in targets.items():
        place = target.resolve()
        if place in originals:
            raise UsageError(f"--out {out} would overwrite {originals[place]}; choose another folder")
        if place in sources:
            raise UsageError(f"{sources[place]} and {source} would both become {target}; translate them separately")
        sources[place] = source
    return targets

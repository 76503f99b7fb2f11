"""Files and folders through a translator: same names, same format, and never over their source."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .. import images
from ..data.folders import scan
from ..errors import DataError, UsageError
from .translator import Translator


@dataclass
class Summary:
    """What became of every input."""

    written: list[Path] = field(default_factory=list)
    skipped: dict[Path, str] = field(default_factory=dict)  # why each could not be translated
    notes: list[str] = field(default_factory=list)  # what the user should know of those that could


def translate_files(
    translator: Translator,
    inputs: Sequence[str | Path],
    to: str,
    out: str | Path,
    on_progress: Callable[[int, int, Path], None] = lambda done, total, path: None,
) -> Summary:
    """Translate files and whole folders into `out`; what cannot be read is skipped and named.

    A folder's pictures keep their place below it. UsageError before anything is written when two inputs would
    become the same file or one would overwrite itself; DataError when nothing could be translated.
    """
    translator.side(to)  # a wrong name is an error before any work
    summary = Summary()
    pairs = plan(inputs, Path(out), summary)
    for done, (source, target) in enumerate(pairs.items()):
        on_progress(done, len(pairs), source)
        try:
            result = translator.picture(images.read(source), to)
            images.write(target, result)
        except DataError as e:
            summary.skipped[source] = str(e)
            continue
        except (MemoryError, RuntimeError) as e:
            if "memory" not in str(e).lower():
                raise
            summary.skipped[source] = f"{source} is too large for the memory at hand; use --scale trained"
            continue
        summary.written.append(target)
        summary.notes += [f"{source.name}: {note}" for note in result.notes]
    if not summary.written:
        reason = next(iter(summary.skipped.values()), f"there is no picture in {', '.join(map(str, inputs))}")
        raise DataError(f"nothing was translated: {reason}")
    return summary


def plan(inputs: Iterable[str | Path], out: Path, summary: Summary) -> dict[Path, Path]:
    """{source: target} for every picture of `inputs`."""
    pairs: dict[Path, Path] = {}
    for given in map(Path, inputs):
        if given.is_dir():
            found = scan(given).files
            if given.resolve() in out.resolve().parents:  # earlier results are no inputs
                found = tuple(path for path in found if not path.resolve().is_relative_to(out.resolve()))
            pairs |= {path: out / path.relative_to(given) for path in found}
        elif given.exists():
            pairs[given] = out / given.name
        else:
            raise DataError(f"{given} does not exist; give picture files or folders of them")
    originals = {source.resolve(): source for source in pairs}
    sources: dict[Path, Path] = {}
    for source, target in pairs.items():
        place = target.resolve()
        if place in originals:
            raise UsageError(f"--out {out} would overwrite {originals[place]}; choose another folder")
        if place in sources:
            raise UsageError(f"{sources[place]} and {source} would both become {target}; translate them separately")
        sources[place] = source
    return pairs

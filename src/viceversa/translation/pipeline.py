"""Files and folders through a translator: same names, same format, and never over their source."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from .. import images
from ..data.folders import scan
from ..errors import DataError, UsageError
from .translator import Translator

AHEAD = 2  # batches read before their turn, and still to be written after it
ROOM = 2**30  # bytes of pixels in each stage, as long as it holds more than one picture
THREADS = max(1, min(8, (os.cpu_count() or 1) // 2))  # that read, and that write; more hinder each other (docs/log.md)


Result = TypeVar("Result")


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
    crowd = Crowd()
    ahead = AHEAD * translator.batch_size
    with Reader([*pairs], ahead, crowd) as reader, Writer(summary, ahead, crowd) as writer:
        sources, done = iter(pairs), 0
        while few := list(islice(sources, crowd.fits(translator.batch_size))):
            for source in few:
                on_progress(done, len(pairs), source)
                done += 1
            results = translated(translator, [reader.next() for _ in few], to)
            for source, result in zip(few, results, strict=True):
                if isinstance(result, Exception):
                    writer.settle()  # what came before is told before
                    summary.skipped[source] = why(source, result)
                else:
                    writer.put(source, pairs[source], result)
        writer.settle()
    if not summary.written:
        reason = next(iter(summary.skipped.values()), f"there is no picture in {', '.join(map(str, inputs))}")
        raise DataError(f"nothing was translated: {reason}")
    return summary


@dataclass
class Crowd:
    """How many pictures may be together: of the size of the last ones, as many as ROOM holds."""

    bytes: int | None = None  # of the pixels of the last picture; none before the first

    def fits(self, most: int) -> int:
        """At most `most`, at least one."""
        return min(most, AHEAD) if self.bytes is None else max(1, min(most, ROOM // max(1, self.bytes)))


def translated(
    translator: Translator, read: Sequence[Future[images.Picture]], to: str
) -> list[images.Picture | Exception]:
    """What becomes of some pictures that are being read, or why one does not; together where memory allows."""
    found = [attempt(one.result) for one in read]
    whole = [picture for picture in found if isinstance(picture, images.Picture)]
    together = attempt(lambda: translator.pictures(whole, to)) if len(whole) > 1 else None
    if isinstance(together, list):
        results = iter(together)
        return [next(results) if isinstance(picture, images.Picture) else picture for picture in found]
    return [attempt(partial(translator.picture, p, to)) if isinstance(p, images.Picture) else p for p in found]


def attempt(call: Callable[[], Result]) -> Result | Exception:
    """What a call gives, or the error with which it fails on one picture."""
    try:
        return call()
    except (DataError, MemoryError, RuntimeError) as e:
        return e


def why(source: Path, error: Exception) -> str:
    """Why a picture is skipped; an error that is no reason to skip it is raised."""
    if isinstance(error, DataError):
        return str(error)
    if "memory" in str(error).lower():
        return f"{source} is too large for the memory at hand; use --scale trained"
    raise error


class Reader:
    """Pictures in the order of their files, read `ahead` in threads while earlier ones are computed."""

    def __init__(self, sources: Iterable[Path], ahead: int, crowd: Crowd) -> None:
        self.left, self.ahead, self.crowd = iter(sources), ahead, crowd
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="viceversa-read")
        self.read: deque[Future[images.Picture]] = deque()

    def next(self) -> Future[images.Picture]:
        """The next picture, or the error that its file meets."""
        for source in islice(self.left, max(0, self.crowd.fits(self.ahead) + 1 - len(self.read))):
            self.read.append(self.pool.submit(self._read, source))
        return self.read.popleft()

    def _read(self, source: Path) -> images.Picture:
        picture = images.read(source)
        self.crowd.bytes = picture.pixels.nbytes
        return picture

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown(cancel_futures=True)


class Writer:
    """Pictures to files, in order, in threads while later ones are computed; after a failure nothing more is begun.

    What has been handed over is written even when the caller is interrupted: never half of it, and not much.
    """

    def __init__(self, summary: Summary, ahead: int, crowd: Crowd) -> None:
        self.summary, self.ahead, self.crowd = summary, ahead, crowd
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="viceversa-write")
        self.pending: deque[tuple[Path, Path, images.Picture, Future[None]]] = deque()
        self.broken = False

    def put(self, source: Path, target: Path, picture: images.Picture) -> None:
        """Write `picture` once those before are written; raises what one of them met."""
        self.settle(self.crowd.fits(self.ahead) - 1)
        self.pending.append((source, target, picture, self.pool.submit(self._write, target, picture)))

    def _write(self, target: Path, picture: images.Picture) -> None:
        if self.broken:
            return
        try:
            images.write(target, picture)
        except Exception as e:
            self.broken = not isinstance(e, DataError | MemoryError)
            raise

    def settle(self, left: int = 0) -> None:
        """Wait until at most `left` are still to be written, and note what became of the others."""
        while len(self.pending) > left:
            source, target, picture, written = self.pending.popleft()
            try:
                written.result()
            except (DataError, MemoryError, RuntimeError) as e:
                self.summary.skipped[source] = why(source, e)
                continue
            self.summary.written.append(target)
            self.summary.notes += [f"{source.name}: {note}" for note in picture.notes]

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown()


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

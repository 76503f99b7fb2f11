"""Files and folders through a translator: read ahead, translated in batches, written behind, all in order."""

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
from ..errors import DataError
from .plan import plan
from .translator import Translator

BATCHES_AHEAD = 2  # batches that are read before their turn, and that may wait to be written
BUDGET_BYTES = 2**30  # of pixels in each stage, unless a single image is larger
THREADS = max(1, min(8, (os.cpu_count() or 1) // 2))  # that read, and that write; more slow each other (docs/log.md)

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

    An image of a folder keeps its place below it. UsageError before anything is written when two inputs would become
    the same file or one would overwrite itself; DataError when nothing could be translated.
    """
    translator.side(to)  # a wrong name is an error before any work
    summary = Summary()
    targets = plan(inputs, Path(out))
    budget = MemoryBudget()
    ahead = BATCHES_AHEAD * translator.batch_size
    with Reader([*targets], ahead, budget) as reader, Writer(summary, ahead, budget) as writer:
        sources, done = iter(targets), 0
        while batch := list(islice(sources, budget.images(translator.batch_size))):
            for source in batch:
                on_progress(done, len(targets), source)
                done += 1

            results = translate_batch(translator, [reader.next() for _ in batch], to)
            for source, result in zip(batch, results, strict=True):
                if isinstance(result, Exception):
                    writer.wait()  # keep the order of the summary
                    summary.skipped[source] = reason_to_skip(source, result)
                else:
                    writer.submit(source, targets[source], result)
        writer.wait()

    if not summary.written:
        reason = next(iter(summary.skipped.values()), f"there is no picture in {', '.join(map(str, inputs))}")
        raise DataError(f"nothing was translated: {reason}")
    return summary


@dataclass
class MemoryBudget:
    """How many images to hold in memory, estimated from the size of the last image read.

    Reader threads set `image_bytes`: a single assignment, of which any recent value will do.
    """

    image_bytes: int | None = None  # none before the first

    def images(self, most: int) -> int:
        """At most `most`, at least one."""
        if self.image_bytes is None:
            return min(most, BATCHES_AHEAD)
        return max(1, min(most, BUDGET_BYTES // max(1, self.image_bytes)))


def translate_batch(
    translator: Translator, reading: Sequence[Future[images.Picture]], to: str
) -> list[images.Picture | Exception]:
    """Translations of images that are being read, or the error of each; in one batch where memory allows."""
    pictures = [result_or_error(future.result) for future in reading]
    readable = [picture for picture in pictures if isinstance(picture, images.Picture)]
    if len(readable) > 1:
        together = result_or_error(lambda: translator.pictures(readable, to))
        if isinstance(together, list):
            results = iter(together)
            return [next(results) if isinstance(picture, images.Picture) else picture for picture in pictures]

    return [
        result_or_error(partial(translator.picture, picture, to)) if isinstance(picture, images.Picture) else picture
        for picture in pictures
    ]


def result_or_error(call: Callable[[], Result]) -> Result | Exception:
    """The result of a call, or the error that concerns one image only."""
    try:
        return call()
    except (DataError, MemoryError, RuntimeError) as e:
        return e


def reason_to_skip(source: Path, error: Exception) -> str:
    """Why an image is skipped; an error that is no reason to skip it is raised."""
    if isinstance(error, DataError):
        return str(error)
    if "memory" in str(error).lower():
        return f"{source} is too large for the memory at hand; use --scale trained"
    raise error


class Reader:
    """Images in the order of their files, read `ahead` in threads while earlier ones are computed."""

    def __init__(self, sources: Iterable[Path], ahead: int, budget: MemoryBudget) -> None:
        self.sources, self.ahead, self.budget = iter(sources), ahead, budget
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="viceversa-read")
        self.pending: deque[Future[images.Picture]] = deque()

    def next(self) -> Future[images.Picture]:
        """The next image, or the error that its file meets."""
        missing = self.budget.images(self.ahead) + 1 - len(self.pending)
        for source in islice(self.sources, max(0, missing)):
            self.pending.append(self.pool.submit(self._read, source))
        return self.pending.popleft()

    def _read(self, source: Path) -> images.Picture:
        picture = images.read(source)
        self.budget.image_bytes = picture.pixels.nbytes
        return picture

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown(cancel_futures=True)


class Writer:
    """Images to files, in order, in threads while later ones are computed; after a failure nothing more is begun.

    At most `ahead` images are pending. When the caller is interrupted they are still written, none of them in part.
    """

    def __init__(self, summary: Summary, ahead: int, budget: MemoryBudget) -> None:
        self.summary, self.ahead, self.budget = summary, ahead, budget
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="viceversa-write")
        self.pending: deque[tuple[Path, Path, images.Picture, Future[None]]] = deque()
        self.failed = False

    def submit(self, source: Path, target: Path, picture: images.Picture) -> None:
        """Write `picture`, after waiting until few enough are pending; raises what one of those met."""
        self.wait(self.budget.images(self.ahead) - 1)
        self.pending.append((source, target, picture, self.pool.submit(self._write, target, picture)))

    def _write(self, target: Path, picture: images.Picture) -> None:
        if self.failed:
            return
        try:
            images.write(target, picture)
        except Exception as e:
            self.failed = not isinstance(e, DataError | MemoryError)
            raise

    def wait(self, pending: int = 0) -> None:
        """Wait until at most `pending` are still to be written, and note what became of the others."""
        while len(self.pending) > pending:
            source, target, picture, future = self.pending.popleft()
            try:
                future.result()
            except (DataError, MemoryError, RuntimeError) as e:
                self.summary.skipped[source] = reason_to_skip(source, e)
                continue
            self.summary.written.append(target)
            self.summary.notes += [f"{source.name}: {note}" for note in picture.notes]

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown()

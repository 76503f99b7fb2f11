"""Translation of files and folders: threads read ahead and write behind the translator, in the order of the files."""

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
from ..hardware.cpus import available_cpus
from .plan import plan
from .translator import Translator

BATCHES_AHEAD = 2  # batches read in advance, and batches that may wait to be written
BUDGET_BYTES = 2**30  # of pixels waiting before and after the translator each; one image is always allowed
THREADS = max(1, min(8, available_cpus() // 2))  # for reading and writing each; more are slower (docs/log.md)

Result = TypeVar("Result")


@dataclass
class Summary:
    """The outcome of every input."""

    written: list[Path] = field(default_factory=list)
    skipped: dict[Path, str] = field(default_factory=dict)  # source: reason
    notes: list[str] = field(default_factory=list)  # of written images, such as a dropped profile


def translate_files(
    translator: Translator,
    inputs: Sequence[str | Path],
    to: str,
    out: str | Path,
    on_progress: Callable[[int, int, Path], None] = lambda done, total, path: None,
    *,
    strip: bool = False,  # leave EXIF out
) -> Summary:
    """Translate files and whole folders into `out`; files that cannot be read are skipped and named.

    An image of a folder keeps its relative path. UsageError before anything is written when two inputs would become
    the same file or one would overwrite itself; DataError when nothing could be translated.
    """
    translator.side(to)  # a wrong name is an error before any work
    summary = Summary()
    targets = plan(inputs, Path(out), summary.notes)
    budget = MemoryBudget()
    ahead = BATCHES_AHEAD * translator.batch_size
    with Reader([*targets], ahead, budget, strip) as reader, Writer(summary, ahead, budget) as writer:
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
        reasons = list(summary.skipped.values())
        which = f"none of the {len(reasons)} pictures can be used; the first: " if len(reasons) > 1 else ""
        raise DataError(f"nothing was translated: {which}{reasons[0]}")
    return summary


@dataclass
class MemoryBudget:
    """How many images to hold in memory, estimated from the size of the last image read.

    Reader threads set `image_bytes`. It needs no lock: one assignment, and any recent value is a good estimate.
    """

    image_bytes: int | None = None  # None until the first image has been read

    def images(self, most: int) -> int:
        """The number of images that fit, from 1 to `most`."""
        if self.image_bytes is None:
            return min(most, BATCHES_AHEAD)
        return max(1, min(most, BUDGET_BYTES // max(1, self.image_bytes)))


def translate_batch(
    translator: Translator, reading: Sequence[Future[images.Picture]], to: str
) -> list[images.Picture | Exception]:
    """The translation of each image being read, or its error; in one batch where memory allows."""
    pictures = [result_or_error(future.result) for future in reading]
    readable = [picture for picture in pictures if isinstance(picture, images.Picture)]
    if len(readable) > 1:
        outputs = result_or_error(lambda: translator.pictures(readable, to))
        if isinstance(outputs, list):
            results = iter(outputs)
            return [next(results) if isinstance(picture, images.Picture) else picture for picture in pictures]

    return [
        result_or_error(partial(translator.picture, picture, to)) if isinstance(picture, images.Picture) else picture
        for picture in pictures
    ]


def result_or_error(call: Callable[[], Result]) -> Result | Exception:
    """The result of a call, or its error where that concerns one image only."""
    try:
        return call()
    except (DataError, MemoryError, RuntimeError) as e:
        return e


def reason_to_skip(source: Path, error: Exception) -> str:
    """Why an image is skipped. An error that concerns more than this image is raised."""
    if isinstance(error, DataError):
        return str(error)
    if "memory" in str(error).lower():
        return f"{source} is too large for the memory at hand; use --scale trained"
    raise error


class Reader:
    """Threads that read up to `ahead` images before their turn; results come in the order of the files."""

    def __init__(self, sources: Iterable[Path], ahead: int, budget: MemoryBudget, strip: bool = False) -> None:
        self.sources, self.ahead, self.budget, self.strip = iter(sources), ahead, budget, strip
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="viceversa-read")
        self.pending: deque[Future[images.Picture]] = deque()

    def next(self) -> Future[images.Picture]:
        """A future of the next image or of the error in reading it."""
        missing = self.budget.images(self.ahead) + 1 - len(self.pending)
        for source in islice(self.sources, max(0, missing)):
            self.pending.append(self.pool.submit(self._read, source))
        return self.pending.popleft()

    def _read(self, source: Path) -> images.Picture:
        picture = images.read(source, strip=self.strip)
        self.budget.image_bytes = picture.pixels.nbytes
        return picture

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown(cancel_futures=True)


class Writer:
    """Threads that write images; `summary` lists them in the order of submission.

    After a failure such as a full disk no further file is begun. When the caller is interrupted, submitted images are
    still written: complete, and at most `ahead` of them.
    """

    def __init__(self, summary: Summary, ahead: int, budget: MemoryBudget) -> None:
        self.summary, self.ahead, self.budget = summary, ahead, budget
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="viceversa-write")
        self.pending: deque[tuple[Path, Path, images.Picture, Future[None]]] = deque()
        self.failed = False

    def submit(self, source: Path, target: Path, picture: images.Picture) -> None:
        """Write `picture` once fewer than `ahead` are pending; raises an error of an earlier one."""
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
        """Wait until at most `pending` images are unwritten, and add the others to the summary."""
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

"""Translation of files and folders: threads read ahead and write behind the translator, in the order of the files."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from .. import images
from ..errors import DataError
from ..hardware.cpus import available_cpus
from ..images.formats import BY_NAME, BY_SUFFIX, suffix_of
from ..methods.protocol import OPPOSITE, Side
from .large import LargeImage, is_large, open_large
from .plan import plan
from .stream import StreamOptions, stream
from .translator import Translator

BATCHES_AHEAD = 2  # batches read in advance, and batches that may wait to be written
BUDGET_BYTES = 2**30  # of pixels waiting before and after the translator each; one image is always allowed
THREADS = max(1, min(8, available_cpus() // 2))  # for reading and writing each; more are slower (docs/log.md)

AS_USUAL = StreamOptions()
OnPixels = Callable[[int, int, Path], None]  # pixels done and in all, and the file

Result = TypeVar("Result")
Pages = list[images.Picture]  # of one file; mostly one


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
    large: StreamOptions = AS_USUAL,  # for slides and images that are too large for memory
    on_pixels: OnPixels = lambda done, total, path: None,
    after_each: Callable[[Translator, LargeImage, Path, Side], list[str]] | None = None,  # large image
) -> Summary:
    """Translate files and whole folders into `out`; files that cannot be read are skipped and named.

    An image of a folder keeps its relative path. Slides and images that are too large for memory come last; they are
    read, translated and written by parts. UsageError before anything is written when two inputs would become the same
    file or one would overwrite itself; DataError when nothing could be translated.
    """
    translator.side(to)  # a wrong name is an error before any work
    summary = Summary()
    everything = plan(inputs, Path(out), summary.notes)
    streamed = [source for source in everything if is_large(source, translator.is_native, translator.mpp)]
    targets = {source: target for source, target in everything.items() if source not in streamed}
    budget, taken = MemoryBudget(), {path.resolve() for path in (*targets, *targets.values())}
    ahead = BATCHES_AHEAD * translator.batch_size
    read = partial(read_file, values=translator.source_values(to), strip=strip)
    with Reader([*targets], ahead, budget, read) as reader, Writer(summary, ahead, budget) as writer:
        sources, done = iter(targets), 0
        while batch := list(islice(sources, budget.images(translator.batch_size))):
            for source in batch:
                on_progress(done, len(everything), source)
                done += 1

            results = translate_batch(translator, [reader.next() for _ in batch], to)
            for source, result in zip(batch, results, strict=True):
                if isinstance(result, Exception):
                    writer.wait()  # keep the order of the summary
                    summary.skipped[source] = reason_to_skip(source, result)
                else:
                    writer.submit(source, written_as(targets[source], result[0], taken), result)
        writer.wait()

    for number, source in enumerate(streamed, len(targets)):
        on_progress(number, len(everything), source)
        target = large_target(everything[source], taken)
        translate_large(translator, source, to, target, large, summary, on_pixels, after_each)

    if not summary.written:
        reasons = list(summary.skipped.values())
        which = f"none of the {len(reasons)} pictures can be used; the first: " if len(reasons) > 1 else ""
        raise DataError(f"nothing was translated: {which}{reasons[0]}")
    return summary


def translate_large(
    translator: Translator,
    source: Path,
    to: str,
    target: Path,
    options: StreamOptions,
    summary: Summary,
    on_pixels: OnPixels,
    after_each: Callable[[Translator, LargeImage, Path, Side], list[str]] | None,
) -> None:
    """Translate an image of any size by parts; where a part cannot be read, the image is skipped and named."""
    side = translator.side(to)
    values, channels = translator.source_values(to), translator.channels[OPPOSITE[side]]
    try:
        with open_large(source, values, channels, translator.mpp) as image:
            notes = [how_in_words(translator)]
            notes += stream(
                translator, image, side, target, options, lambda done, total: on_pixels(done, total, source)
            )
            notes += after_each(translator, image, target, side) if after_each else []
    except DataError as error:
        summary.skipped[source] = str(error)
        return
    summary.written.append(target)
    summary.notes += [f"{source.name}: {note}" for note in dict.fromkeys(notes)]


def report_pixels(on_pixels: OnPixels, source: Path, done: int, total: int) -> None:
    """Report how many pixels of a file are done."""
    on_pixels(done, total, source)


def how_in_words(translator: Translator) -> str:
    """At which scale large images are translated, and whether the network knows that scale."""
    scale = "its own scale" if translator.mpp is None else f"{translator.mpp:g} µm per pixel"
    advice = f"; the network learned from whole images of {translator.size} px, train it with data.fit=native"
    return f"translated in parts at {scale}{'' if translator.native else advice}"


def large_target(target: Path, taken: set[Path]) -> Path:
    """The TIFF file that a large image becomes, under its own name."""
    renamed = target.with_name(f"{target.name.removesuffix(suffix_of(target.name))}.tif")
    while renamed.resolve() in taken and renamed != target:
        target = renamed = target.with_name(f"{target.name}.tif")
    taken.add(renamed.resolve())
    return renamed


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


def translate_batch(translator: Translator, reading: Sequence[Future[Pages]], to: str) -> list[Pages | Exception]:
    """The translation of each file being read, or its error; in one batch where memory allows."""
    files = [result_or_error(future.result) for future in reading]
    readable = [pages for pages in files if isinstance(pages, list)]
    if len(readable) > 1:
        outputs = result_or_error(lambda: translator.pictures([p for pages in readable for p in pages], to))
        if isinstance(outputs, list):
            results = iter(outputs)
            return [[next(results) for _ in pages] if isinstance(pages, list) else pages for pages in files]

    return [result_or_error(partial(translate_pages, translator, p, to)) if isinstance(p, list) else p for p in files]


def translate_pages(translator: Translator, pages: Pages, to: str) -> Pages:
    """The translation of each page of a file, one after another."""
    return [translator.picture(page, to) for page in pages]


def read_file(path: Path, values: images.Values | None, strip: bool) -> Pages:
    """The pages of a file; values outside of the range of its domain are counted together, in a note of the first."""
    pages = images.read_pages(path, values=values, strip=strip)
    if len(pages) < 2:
        return pages
    own = [images.clipping_note(page.clipped, page.pixels.size, (page.low, page.high)) for page in pages]
    clipped, count = sum(page.clipped for page in pages), sum(page.pixels.size for page in pages)
    together = images.clipping_note(clipped, count, (pages[0].low, pages[0].high))
    others = [[note for note in page.notes if note not in said] for page, said in zip(pages, own, strict=True)]
    others[0] += together
    return [replace(page, notes=tuple(notes)) for page, notes in zip(pages, others, strict=True)]


def written_as(target: Path, picture: images.Picture, taken: set[Path]) -> Path:
    """The planned file, or one with another suffix where its format cannot hold the result: added to `taken`, which
    holds all inputs and results."""
    known = suffix_of(target.name)
    named = BY_SUFFIX.get(known)
    has_alpha = picture.alpha is not None
    if named is None or named.holds(picture.depth, len(picture.pixels), has_alpha):
        return target
    suffix = BY_NAME[picture.format].suffixes[0]
    renamed = target.with_name(target.name[: len(target.name) - len(known)] + suffix)
    while renamed.resolve() in taken:
        target = renamed = target.with_name(target.name + suffix)
    taken.add(renamed.resolve())
    return renamed


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
        return f"{source} is too large for the memory at hand; use --scale trained or a side such as --scale 512"
    raise error


class Reader:
    """Threads that read up to `ahead` images before their turn; results come in the order of the files."""

    def __init__(
        self, sources: Iterable[Path], ahead: int, budget: MemoryBudget, read: Callable[[Path], Pages]
    ) -> None:
        self.sources, self.ahead, self.budget, self.read = iter(sources), ahead, budget, read
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="viceversa-read")
        self.pending: deque[Future[Pages]] = deque()

    def next(self) -> Future[Pages]:
        """A future of the pages of the next file or of the error in reading it."""
        missing = self.budget.images(self.ahead) + 1 - len(self.pending)
        for source in islice(self.sources, max(0, missing)):
            self.pending.append(self.pool.submit(self._read, source))
        return self.pending.popleft()

    def _read(self, source: Path) -> Pages:
        pages = self.read(source)
        self.budget.image_bytes = sum(page.pixels.nbytes for page in pages)
        return pages

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
        self.pending: deque[tuple[Path, Path, Pages, Future[None]]] = deque()
        self.failed = False

    def submit(self, source: Path, target: Path, pages: Pages) -> None:
        """Write the `pages` of a file once fewer than `ahead` are pending; raises an error of an earlier one."""
        self.wait(self.budget.images(self.ahead) - 1)
        self.pending.append((source, target, pages, self.pool.submit(self._write, target, pages)))

    def _write(self, target: Path, pages: Pages) -> None:
        if self.failed:
            return
        try:
            images.write(target, pages)
        except Exception as e:
            self.failed = not isinstance(e, DataError | MemoryError)
            raise

    def wait(self, pending: int = 0) -> None:
        """Wait until at most `pending` images are unwritten, and add the others to the summary."""
        while len(self.pending) > pending:
            source, target, pages, future = self.pending.popleft()
            try:
                future.result()
            except (DataError, MemoryError, RuntimeError) as e:
                self.summary.skipped[source] = reason_to_skip(source, e)
                continue
            self.summary.written.append(target)
            notes = dict.fromkeys(note for page in pages for note in page.notes)
            self.summary.notes += [f"{source.name}: {note}" for note in notes]

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown()

"""Pages of stacks and volumes as images of a dataset: `stack.tif` becomes `stack.tif#1`, `stack.tif#2`, …"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import images
from ..errors import DataError
from ..images import ImageError
from ..images.formats import BY_SUFFIX, suffix_of
from .folders import Paths

ALIGNED = (  # lists of a dataset whose files belong together one by one
    ("test_a", "truth_a"),
    ("test_b", "truth_b"),
    ("train", "train_labels"),
    ("test", "test_labels"),
)


@dataclass(frozen=True)
class Expanded:
    """Lists of files with every page as an image of its own."""

    files: dict[str, Paths]
    counts: dict[Path, int]  # pages of each file
    notes: tuple[str, ...]


def expand_pages(files: Mapping[str, Paths], pages: str, aligned: Sequence[tuple[str, str]]) -> Expanded:
    """Every page of every file: `pages` "auto" of stacks and volumes, "all" also frames of animations, or "first".

    `aligned` are pairs of lists whose files belong together one by one: DataError where two of these have different
    numbers of pages.
    """
    counts = {path: count_pages(path, pages) for paths in files.values() for path in paths}
    many = {path: count for path, count in counts.items() if count > 1}
    total = sum(many.values())
    if not many:
        return Expanded(dict(files), counts, ())
    if pages == "first":
        note = f"{len(many)} files hold {total} pages; {total - len(many)} are left out (data.pages=first)"
        return Expanded(dict(files), dict.fromkeys(counts, 1), (note,))

    for first, second in aligned:
        require_equal_counts(files.get(first, ()), files.get(second, ()), counts)
    note = f"{len(many)} files hold {total} pages, each of them an image"
    return Expanded({key: expanded(paths, counts) for key, paths in files.items()}, counts, (note,))


def count_pages(path: Path, pages: str) -> int:
    """Pages of a file, 1 where it cannot be read: training names it when it comes to it."""
    format = BY_SUFFIX.get(suffix_of(images.file_of(path)[0]))
    if format is None or images.file_of(path)[1] or not (format.is_stack or pages == "all"):
        return 1
    try:
        return images.pages_of(path, animations=pages == "all")
    except ImageError:
        return 1


def expanded(paths: Sequence[Path], counts: dict[Path, int]) -> Paths:
    """Every page of every file; a file of one page keeps its name."""
    return tuple(
        path if counts[path] == 1 else path.with_name(f"{path.name}#{page}")
        for path in paths
        for page in range(1, counts[path] + 1)
    )


def require_equal_counts(first: Sequence[Path], second: Sequence[Path], counts: dict[Path, int]) -> None:
    """DataError where files that belong together have different numbers of pages."""
    if not second:
        return
    for a, b in zip(first, second, strict=True):
        if counts[a] != counts[b]:
            raise DataError(
                f"{images.printable_path(a)} has {counts[a]} pages and {images.printable_path(b)}, which belongs to "
                f"it, has {counts[b]}; give both the same, or --set data.pages=first"
            )

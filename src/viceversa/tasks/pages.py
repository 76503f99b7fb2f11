"""Pages of stacks and volumes as images of a dataset: `stack.tif` becomes `stack.tif#1`, `stack.tif#2`, …"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from .. import images
from ..data.folders import Paths
from ..errors import DataError
from ..images import ImageError
from ..images.formats import BY_SUFFIX
from .dataset import DatasetListing

ALIGNED = (  # lists whose files belong together one by one
    ("test_a", "truth_a"),
    ("test_b", "truth_b"),
    ("train", "train_labels"),
    ("test", "test_labels"),
)


def with_pages(listing: DatasetListing, pages: str, paired: bool) -> DatasetListing:
    """The listing with every page as an image: `pages` "auto" of stacks and volumes, "all" also frames, or "first".

    DataError where two files of a pair have different numbers of pages.
    """
    counts = {path: count_pages(path, pages) for paths in listing.files.values() for path in paths}
    many = {path: count for path, count in counts.items() if count > 1}
    if not many:
        return listing

    total = sum(many.values())
    if pages == "first":
        note = f"{len(many)} files hold {total} pages; {total - len(many)} are left out (data.pages=first)"
        return replace(listing, notes=(*listing.notes, note))
    for first, second in (*ALIGNED, *([("train_a", "train_b")] if paired else [])):
        require_equal_counts(listing.files.get(first, ()), listing.files.get(second, ()), counts)

    files = {key: expanded(paths, counts) for key, paths in listing.files.items()}
    labels = listing.labels and {
        part: tuple(n for n, path in zip(own, listing.files[part], strict=True) for _ in range(counts[path]))
        for part, own in listing.labels.items()
    }
    note = f"{len(many)} files hold {total} pages, each of them an image"
    return replace(listing, files=files, labels=labels, notes=(*listing.notes, note))


def count_pages(path: Path, pages: str) -> int:
    """Pages of a file, 1 where it cannot be read: training names it when it comes to it."""
    format = BY_SUFFIX.get(Path(images.file_of(path)[0]).suffix.lower())
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

"""From folders to lists of files: which images belong to which domain."""

import json
import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import DataError, UsageError, did_you_mean
from ..images import EXTENSIONS, printable_path
from ..images.formats import suffix_of
from ..names import folded, nfc
from .ab_layouts import PARTS, SIDES, AbFolders, find_ab_folders
from .directories import existing_folder, find_folder, find_test_folder, is_system_folder, sub_folders
from .pairs import match

Paths = tuple[Path, ...]
ENDING = re.compile(r"(\.\w{1,12})?\.\w{1,12}$")  # of a file's name, such as .nii and .nii.gz
COMPRESSED = frozenset({".bz2", ".gz", ".xz", ".zip", ".zst"})  # an ending that follows another
MOST_ENDINGS = 5  # that a message names


@dataclass(frozen=True)
class Listing:
    """The images below a folder, sorted, and how many other entries were skipped, by reason."""

    files: Paths = ()
    skipped: Mapping[str, int] = field(default_factory=dict)
    endings: Mapping[str, int] = field(default_factory=dict)  # of the files that are no pictures by their name

    def passed_over(self) -> str:
        """What was skipped, in words, with the most frequent endings; empty where nothing was."""
        named = Counter(self.endings).most_common()
        endings = ", ".join(f"{ending} {count}" for ending, count in named[:MOST_ENDINGS])
        if len(named) > MOST_ENDINGS:
            endings += ", …"
        return ", ".join(
            f"{count} {reason}" + (f" ({endings})" if reason == NO_PICTURE else "")
            for reason, count in self.skipped.items()
        )

    def instead(self) -> str:
        """What a folder without pictures holds instead, and what to do."""
        there = self.passed_over()
        known = ", ".join(sorted(end[1:] for end in EXTENSIONS))
        return f"{f'has {there}' if there else 'is empty'}; put {known} files there"


NO_PICTURE = "not a picture by its name"
PARTS_BESIDE = ".mrxs"  # a slide x.mrxs has its pixels in a folder x


@dataclass(frozen=True, kw_only=True)
class Domains:
    """Two domains: training images, test images, and the true translation of each test image if known."""

    name_a: str
    name_b: str
    train_a: Paths
    train_b: Paths
    test_a: Paths = ()
    test_b: Paths = ()
    truth_a: Paths = ()  # truth_a[i] is the true translation of test_a[i]; empty when not known for all
    truth_b: Paths = ()
    split: bool = False  # whether the test images were split off the training images by `find_domains`
    notes: tuple[str, ...] = ()


def scan(folder: str | os.PathLike[str]) -> Listing:
    """All images below a folder by their suffix, without opening any; hidden entries, pipes and link loops are skipped.

    Links to folders are followed, each real folder once. Raises DataError when `folder` cannot be listed.
    """
    files: list[Path] = []
    skipped: Counter[str] = Counter()
    endings: Counter[str] = Counter()
    visited: set[tuple[int, int]] = set()
    real: list[Path] = [Path(folder)]
    linked: list[Path] = []
    while real or linked:  # links last, so that a file is found under its own name
        here = real.pop() if real else linked.pop()
        try:
            status = os.stat(here)
            if (status.st_dev, status.st_ino) in visited:
                skipped["link to a folder already seen"] += 1
                continue
            visited.add((status.st_dev, status.st_ino))
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError as error:
            if here == Path(folder):
                raise DataError(
                    f"cannot list {printable_path(here)}: {error.strerror}; check its permissions"
                ) from None
            skipped["folder that cannot be listed"] += 1
            continue

        for entry in entries:
            reason = _classify(entry, files, linked if entry.is_symlink() else real)
            if reason:
                skipped[reason] += 1
            if reason == NO_PICTURE:
                endings[ending_of(entry.name)] += 1
    return Listing(tuple(sorted(files, key=lambda path: path.parts)), dict(sorted(skipped.items())), endings)


def ending_of(name: str) -> str:
    """The ending of a file's name in lower case, both of them where it is compressed: `.nii.gz`."""
    found = ENDING.search(name)
    if found is None:
        return "no ending"
    whole, before = found[0].lower(), (found[1] or "").lower()
    return whole if whole.removeprefix(before) in COMPRESSED else whole.removeprefix(before)


def _classify(entry: os.DirEntry[str], files: list[Path], folders: list[Path]) -> str:
    """Add an entry to `files` or `folders`, or return the reason why it is skipped."""
    try:
        if entry.name.startswith("."):
            return "hidden"
        if entry.is_dir():
            if is_system_folder(entry.name):
                return "system folder"
            if os.path.exists(f"{entry.path}{PARTS_BESIDE}"):
                return "folder of a slide"
            folders.append(Path(entry.path))
            return ""
        if not suffix_of(entry.name):
            return NO_PICTURE
        if not entry.is_file():
            return "broken link" if entry.is_symlink() else "not a file"
    except OSError:  # a link that runs in a circle
        return "broken link"
    files.append(Path(entry.path))
    return ""


def find_domains(
    data: str | os.PathLike[str],
    other: str | os.PathLike[str] | None = None,
    names: tuple[str, str] | None = None,
    pair: str = "auto",
) -> Domains:
    """Find both domains in one folder (in a layout of `ab_layouts`, or two sub-folders) or in two folders.

    Without a test folder, every tenth image of domains from two folders (at most 100) is for testing, once they have
    20. `pair` says how true translations are matched with test images, see `pairs.match`. Raises DataError for what is
    missing and UsageError for two equal names.
    """
    root = existing_folder(data, "data folder")
    if other is not None:
        second = existing_folder(other, "second folder")
        _refuse_overlap(root, second)
        return _from_two(root, second, names or (root.resolve().name, second.resolve().name))
    if found := find_ab_folders(root):
        return _from_layout(found, names, pair)

    inside = sub_folders(root)
    if {folded(name) for name in inside} & set(PARTS):
        raise DataError(
            f"{printable_path(root)} holds {', '.join(map(printable_path, inside))}: parts of one domain, not two "
            "domains; rename them to trainA and trainB, or give two folders, one per domain"
        )
    if len(inside) != 2:
        raise DataError(_not_two_message(root, inside))
    _refuse_overlap(root / inside[0], root / inside[1])
    return _from_two(root / inside[0], root / inside[1], names or (inside[0], inside[1]))


def _not_two_message(root: Path, inside: list[str]) -> str:
    where = printable_path(root)
    if not inside:
        return f"{where} has no sub-folders; give two folders, one per domain: {where} OTHER_FOLDER"

    names = ", ".join(printable_path(name) for name in inside[:5])
    if len(inside) > 5:
        names += ", …"
    count = "1 sub-folder" if len(inside) == 1 else f"{len(inside)} sub-folders"
    hint = did_you_mean("trainA", inside) if len(inside) > 2 else ""
    return (
        f"{where} has {count} ({names}) and not two (or trainA and trainB); "
        f"give two folders, one per domain: A_FOLDER B_FOLDER.{hint}"
    )


def _refuse_overlap(a: Path, b: Path) -> None:
    first, second = a.resolve(), b.resolve()
    if first == second:
        raise DataError(
            f"{printable_path(a)} and {printable_path(b)} are the same folder; the two domains need different pictures"
        )
    if first in second.parents or second in first.parents:
        raise DataError(
            f"{printable_path(a)} and {printable_path(b)} lie inside each other; give two folders that share no picture"
        )


def two_names(names: tuple[str, str]) -> tuple[str, str]:
    """Two different names in NFC, each on one line; UsageError otherwise."""
    a, b = (nfc(" ".join(name.split())) for name in names)
    if not a or not b or folded(a) == folded(b):
        raise UsageError(f"the domains are named '{a}' and '{b}'; give two different names: --names horses,zebras")
    return a, b


def pictures_of(folder: Path, domain: str, notes: list[str]) -> Paths:
    """The images of a folder; what was skipped becomes a note. DataError where there is none."""
    listing = scan(folder)
    if not listing.files:
        raise DataError(f"no picture in domain {domain}: {printable_path(folder)} {listing.instead()}")
    if skipped := listing.passed_over():
        notes.append(f"{printable_path(folder.name)}: passed over {skipped}")
    return listing.files


def _from_layout(found: AbFolders, names: tuple[str, str] | None, pair: str) -> Domains:
    """The domains of a folder in a layout that has its own folders for training and testing."""
    folders = {side: found.folder("train", side) for side in SIDES}
    _refuse_overlap(*(folder for folder in folders.values() if folder))
    a, b = two_names(names or found.names or _names_of(found.root))

    notes = [note for note in (found.note(),) if note]
    train_a, train_b = (pictures_of(f, name, notes) for f, name in zip(folders.values(), (a, b), strict=True) if f)
    test_a, test_b = (_test_of(found, side, name, notes) for side, name in (("A", a), ("B", b)))
    truth_a, truth_b = (
        _truths(found.folder("truth", side), test, pair, notes) for side, test in (("A", test_a), ("B", test_b))
    )
    return Domains(
        name_a=a,
        name_b=b,
        train_a=train_a,
        train_b=train_b,
        test_a=test_a,
        test_b=test_b,
        truth_a=truth_a,
        truth_b=truth_b,
        notes=tuple(notes),
    )


def _test_of(found: AbFolders, side: str, name: str, notes: list[str]) -> Paths:
    """The images of the folder for testing, else those of the one for validation, else none."""
    if folder := found.folder("test", side):
        return pictures_of(folder, name, notes)
    missing = printable_path(found.path("test", side))
    if folder := found.folder("val", side):
        pictures = pictures_of(folder, name, notes)
        notes.append(f"no {missing}: {printable_path(found.path('val', side))} is used")
        return pictures
    notes.append(f"no {missing}: {name} has no test pictures")
    return ()


def _names_of(root: Path) -> tuple[str, str]:
    """From `world.json`, else from a folder name like apple2orange, else A and B."""
    try:
        a, b = json.loads((root / "world.json").read_text(encoding="utf-8"))["domains"]
        return str(a), str(b)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    match = re.fullmatch(r"([A-Za-z][A-Za-z_-]*)2([A-Za-z][A-Za-z_-]*)", root.resolve().name)
    return (match[1], match[2]) if match else ("A", "B")


def _truths(folder: Path | None, tests: Paths, pair: str, notes: list[str]) -> Paths:
    """The true translation of every test image, or nothing where one is missing or in doubt."""
    if folder is None or not tests:
        return ()
    name, listing = printable_path(folder.name), scan(folder)
    if not listing.files:
        notes.append(f"{name} is not used: it {listing.instead()}")
        return ()
    try:
        matched = match([(tests, listing.files)], pair, ("the test pictures", name))
    except DataError as error:
        notes.append(f"{name} is not used: {error}")
        return ()

    truths = dict(zip(*matched.parts[0], strict=True))
    missing = [path.name for path in tests if path not in truths]
    if missing:
        first = printable_path(missing[0])
        notes.append(f"{name} is not used: it has nothing for {len(missing)} test pictures, first {first}")
        return ()
    if matched.words:
        notes.append(f"{name} is matched {matched.words}")
    return tuple(truths[path] for path in tests)


def _from_two(root_a: Path, root_b: Path, names: tuple[str, str]) -> Domains:
    a, b = two_names(names)
    notes: list[str] = []
    folder_a, folder_b = find_folder(root_a, "train"), find_folder(root_b, "train")
    train_a, test_a = _parts(root_a, folder_a, a, notes)
    train_b, test_b = _parts(root_b, folder_b, b, notes)
    return Domains(
        name_a=a,
        name_b=b,
        train_a=train_a,
        train_b=train_b,
        test_a=test_a,
        test_b=test_b,
        split=folder_a is None and folder_b is None,
        notes=tuple(notes),
    )


def _parts(root: Path, train_folder: Path | None, name: str, notes: list[str]) -> tuple[Paths, Paths]:
    """Training and test images of one domain: its own folders `train` and `test`, or a split."""
    if train_folder:
        test_folder = find_test_folder(root)
        use = f"{test_folder.name} for testing" if test_folder else "no test pictures"
        notes.append(f"{name}: its folder {train_folder.name} is used, {use}")
        train = pictures_of(train_folder, name, notes)
        return train, pictures_of(test_folder, name, notes) if test_folder else ()

    files = pictures_of(root, name, notes)
    if len(files) < 20:
        notes.append(f"{name}: {len(files)} pictures, all for training (from 20 on every tenth is for testing)")
        return files, ()
    step = max(10, -(-len(files) // 100))
    test = files[step - 1 :: step]
    notes.append(f"{name}: every {step}th of {len(files)} pictures, {len(test)} in all, is for testing")
    return tuple(file for i, file in enumerate(files, 1) if i % step), test

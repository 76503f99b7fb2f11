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

Paths = tuple[Path, ...]
PARTS = ("train", "val", "test")


@dataclass(frozen=True)
class Listing:
    """The images below a folder, sorted, and how many other entries were skipped, by reason."""

    files: Paths = ()
    skipped: Mapping[str, int] = field(default_factory=dict)


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
    return Listing(tuple(sorted(files, key=lambda path: path.parts)), dict(sorted(skipped.items())))


def _classify(entry: os.DirEntry[str], files: list[Path], folders: list[Path]) -> str:
    """Add an entry to `files` or `folders`, or return the reason why it is skipped."""
    try:
        if entry.name.startswith("."):
            return "hidden"
        if entry.is_dir():
            folders.append(Path(entry.path))
            return ""
        if os.path.splitext(entry.name)[1].lower() not in EXTENSIONS:
            return "not a picture by its name"
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
) -> Domains:
    """Find both domains in one folder (`trainA trainB [testA testB]`, or two sub-folders) or in two folders.

    Without a test folder, every tenth image of domains from two folders (at most 100) is for testing, once they have
    20. Raises DataError for what is missing and UsageError for two equal names.
    """
    root = existing_folder(data, "data folder")
    if other is not None:
        second = existing_folder(other, "second folder")
        _refuse_overlap(root, second)
        return _from_two(root, second, names or (root.resolve().name, second.resolve().name))
    inside = sub_folders(root)
    if "trainA" in inside or "trainB" in inside:
        return _from_train_ab(root, names)
    if set(inside) & set(PARTS):
        raise DataError(
            f"{printable_path(root)} holds {', '.join(inside)}: parts of one domain, not two domains; "
            "rename them to trainA and trainB, or give two folders, one per domain"
        )
    if len(inside) != 2:
        raise DataError(_not_two_message(root, inside))
    _refuse_overlap(root / inside[0], root / inside[1])
    return _from_two(root / inside[0], root / inside[1], names or (inside[0], inside[1]))


def sub_folders(folder: Path) -> list[str]:
    """Names of the visible folders below a folder, sorted."""
    try:
        with os.scandir(folder) as entries:
            return sorted(e.name for e in entries if not e.name.startswith(".") and os.path.isdir(e.path))
    except OSError as error:
        raise DataError(f"cannot list {printable_path(folder)}: {error.strerror}; check its permissions") from None


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


def existing_folder(path: str | os.PathLike[str], what: str) -> Path:
    """The folder at `path`; DataError where there is none, with the nearest name."""
    folder = Path(path)
    if os.path.isdir(folder):
        return folder
    if os.path.exists(folder):
        raise DataError(f"{what} {printable_path(path)} is a file; give the folder that holds the pictures")
    near = did_you_mean(folder.name, sub_folders(folder.parent)) if os.path.isdir(folder.parent) else ""
    raise DataError(f"{what} {printable_path(path)} does not exist; check the path.{near}")


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
    """Two different names, each on one line; UsageError otherwise."""
    a, b = (" ".join(name.split()) for name in names)
    if not a or not b or a.casefold() == b.casefold():
        raise UsageError(f"the domains are named '{a}' and '{b}'; give two different names: --names horses,zebras")
    return a, b


def pictures_of(folder: Path, domain: str, notes: list[str]) -> Paths:
    """The images of a folder; what was skipped becomes a note. DataError where there is none."""
    listing = scan(folder)
    skipped = ", ".join(f"{count} {reason}" for reason, count in listing.skipped.items())
    if not listing.files:
        ends = ", ".join(sorted(end[1:] for end in EXTENSIONS))
        where = printable_path(folder) + (f" has {skipped}" if skipped else " is empty")
        raise DataError(f"no picture in domain {domain}: {where}; put {ends} files there")
    if skipped:
        notes.append(f"{folder.name}: passed over {skipped}")
    return listing.files


def _from_train_ab(root: Path, names: tuple[str, str] | None) -> Domains:
    for side in "AB":
        if not (root / f"train{side}").is_dir():
            near = did_you_mean(f"train{side}", [name for name in sub_folders(root) if name[:5] != "train"])
            raise DataError(f"{printable_path(root)} has no folder train{side}; add it.{near}")
    _refuse_overlap(root / "trainA", root / "trainB")
    a, b = two_names(names or _names_of(root))

    notes: list[str] = []
    train_a, train_b = (pictures_of(root / f"train{side}", name, notes) for side, name in (("A", a), ("B", b)))
    test_a, test_b = (_test_of(root, side, name, notes) for side, name in (("A", a), ("B", b)))
    truth_a, truth_b = (_truths(root / f"truth{side}", test, notes) for side, test in (("A", test_a), ("B", test_b)))
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


def _test_of(root: Path, side: str, name: str, notes: list[str]) -> Paths:
    """The images of `testA` (or `testB`), else those of `valA`, else none."""
    if (root / f"test{side}").is_dir():
        return pictures_of(root / f"test{side}", name, notes)
    if (root / f"val{side}").is_dir():
        pictures = pictures_of(root / f"val{side}", name, notes)
        notes.append(f"no test{side}: val{side} is used")
        return pictures
    notes.append(f"no test{side}: {name} has no test pictures")
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


def _truths(folder: Path, tests: Paths, notes: list[str]) -> Paths:
    """The true translation of every test image, matched by stem, or nothing where one is missing."""
    if not folder.is_dir() or not tests:
        return ()
    known = {path.stem: path for path in scan(folder).files}
    missing = [path.name for path in tests if path.stem not in known]
    if missing:
        notes.append(f"{folder.name} is not used: it has nothing for {len(missing)} test pictures, first {missing[0]}")
        return ()
    return tuple(known[path.stem] for path in tests)


def _from_two(root_a: Path, root_b: Path, names: tuple[str, str]) -> Domains:
    a, b = two_names(names)
    notes: list[str] = []
    train_a, test_a = _parts(root_a, a, notes)
    train_b, test_b = _parts(root_b, b, notes)
    split = not (root_a / "train").is_dir() and not (root_b / "train").is_dir()
    return Domains(
        name_a=a,
        name_b=b,
        train_a=train_a,
        train_b=train_b,
        test_a=test_a,
        test_b=test_b,
        split=split,
        notes=tuple(notes),
    )


def find_test_folder(root: Path) -> Path | None:
    """The folder `test` or else `val` below a folder, where there is one."""
    for part in ("test", "val"):
        if (root / part).is_dir():
            return root / part
    return None


def _parts(root: Path, name: str, notes: list[str]) -> tuple[Paths, Paths]:
    """Training and test images of one domain: its own `train` and `test`, or a split."""
    if (root / "train").is_dir():
        test_folder = find_test_folder(root)
        use = f"{test_folder.name} for testing" if test_folder else "no test pictures"
        notes.append(f"{name}: its folder train is used, {use}")
        train = pictures_of(root / "train", name, notes)
        return train, pictures_of(test_folder, name, notes) if test_folder else ()

    files = pictures_of(root, name, notes)
    if len(files) < 20:
        notes.append(f"{name}: {len(files)} pictures, all for training (from 20 on every tenth is for testing)")
        return files, ()
    step = max(10, -(-len(files) // 100))
    test = files[step - 1 :: step]
    notes.append(f"{name}: every {step}th of {len(files)} pictures, {len(test)} in all, is for testing")
    return tuple(file for i, file in enumerate(files, 1) if i % step), test

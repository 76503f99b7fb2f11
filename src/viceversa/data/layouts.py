"""Pairs, classes and single sets of images: the data of the methods beside CycleGAN."""

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import DataError
from ..images import LEFT, RIGHT, printable_path
from ..names import folded, nfc
from .ab_layouts import PARTS, find_ab_folders, holds_domains
from .directories import existing_folder, find_folder, find_test_folder, sub_folders
from .folders import Domains, Paths, find_domains, pictures_of, two_names
from .pairs import match


@dataclass(frozen=True, kw_only=True)
class Classes:
    """Training and test images with the number of each image's class."""

    names: tuple[str, ...]
    train: Paths
    train_labels: tuple[int, ...]
    test: Paths
    test_labels: tuple[int, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """One set of images without domains or classes."""

    name: str
    train: Paths
    test: Paths  # of a folder test or val, else empty
    notes: tuple[str, ...] = ()


def find_pairs(
    data: str | os.PathLike[str],
    other: str | os.PathLike[str] | None = None,
    names: tuple[str, str] | None = None,
    pair: str = "auto",
) -> Domains:
    """Domains whose i-th training images are a pair.

    Either two domains as for CycleGAN, paired by file name as `pair` says (see `pairs.match`), or a folder `train`
    [`val`, `test`] of images that show A on the left and B on the right. DataError where there is no way to match the
    images.
    """
    root = existing_folder(data, "data folder")
    if other is None and (train := find_folder(root, "train")) and not find_ab_folders(root):
        return _side_by_side(root, train, names)
    _refuse_unpaired_world(root)
    return _match_names(find_domains(data, other, names, pair), pair)


def _side_by_side(root: Path, train_folder: Path, names: tuple[str, str] | None) -> Domains:
    """The left and right halves of the images below `train` and `test` or `val`."""
    a, b = two_names(names or ("A", "B"))
    inside = sub_folders(train_folder)
    if inside:
        raise DataError(
            f"{printable_path(train_folder)} holds folders ({', '.join(map(printable_path, inside[:3]))}), not "
            "pictures with A on the left and B on the right; pairs are such pictures, or trainA and trainB with "
            "matching file names"
        )

    notes: list[str] = []
    train = pictures_of(train_folder, "train", notes)
    test_folder = find_test_folder(root)
    test = pictures_of(test_folder, test_folder.name, notes) if test_folder else ()

    test_a, test_b = _halves(test, LEFT), _halves(test, RIGHT)
    return Domains(
        name_a=a,
        name_b=b,
        train_a=_halves(train, LEFT),
        train_b=_halves(train, RIGHT),
        test_a=test_a,
        test_b=test_b,
        truth_a=test_b,
        truth_b=test_a,
        notes=(*notes, "each picture shows A on the left and B on the right"),
    )


def _halves(paths: Paths, half: str) -> Paths:
    return tuple(path.with_name(path.name + half) for path in paths)


def _refuse_unpaired_world(root: Path) -> None:
    """Raise DataError for a world drawn unpaired: its A and B have equal file names but different scenes."""
    try:
        home = root if (root / "world.json").is_file() else root.parent  # also for its trainA and trainB
        world = json.loads((home / "world.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    if isinstance(world, dict) and not world.get("paired"):
        command = f"viceversa data make {world.get('world', 'facades')} OTHER_DIR --paired"
        raise DataError(f"{printable_path(root)} was drawn without pairs; draw it with them: {command}")


def _match_names(d: Domains, pair: str) -> Domains:
    """The same domains, their images matched by their path below the domain's folder, whatever the format."""
    notes = list(d.notes)
    if d.split:  # match first and split then, so that both sides keep the same pairs for testing
        notes = [note for note in notes if "for testing" not in note and "for training" not in note]
        parts = [(_sorted(d.train_a, d.test_a), _sorted(d.train_b, d.test_b))]
    elif d.truth_a:  # which are the pairs of the test images
        parts = [(d.train_a, d.train_b)]
    else:
        parts = [(d.train_a, d.train_b), (d.test_a, d.test_b)]

    matched = match(parts, pair)
    if matched.words:
        notes.append(f"pairs {matched.words}")
    for what, before, after in zip(("training", "test"), parts, matched.parts, strict=False):
        _note_single(what, before, after, notes)

    (train_a, train_b), (test_a, test_b) = matched.parts[0], (d.test_a, d.test_b)
    if d.split:
        (train_a, test_a), (train_b, test_b) = _split(train_a), _split(train_b)
        notes.append(f"{len(test_a)} of {len(train_a) + len(test_a)} pairs are for testing")
    elif not d.truth_a:
        test_a, test_b = matched.parts[1]

    truth_a, truth_b = (d.truth_a, d.truth_b) if d.truth_a else (test_b, test_a)
    return replace(
        d,
        train_a=train_a,
        train_b=train_b,
        test_a=test_a,
        test_b=test_b,
        truth_a=truth_a,
        truth_b=truth_b,
        notes=tuple(notes),
    )


def _note_single(what: str, before: tuple[Paths, Paths], after: tuple[Paths, Paths], notes: list[str]) -> None:
    """A note that counts the images without a partner."""
    single = [path for all_of, paired in zip(before, after, strict=True) for path in set(all_of) - set(paired)]
    if single:
        first = printable_path(min(single).name)
        notes.append(f"{len(single)} {what} pictures have no partner and are left out, first {first}")


def _split(paths: Paths) -> tuple[Paths, Paths]:
    """Training and test images: from 20 on every tenth is for testing, at most 100."""
    if len(paths) < 20:
        return paths, ()
    step = max(10, -(-len(paths) // 100))
    train = tuple(path for i, path in enumerate(paths, 1) if i % step)
    return train, paths[step - 1 :: step]


def _sorted(a: Paths, b: Paths) -> Paths:
    return tuple(sorted((*a, *b), key=lambda path: path.parts))


def swap_sides(d: Domains) -> Domains:
    """The same domains with A and B exchanged."""
    return replace(
        d,
        name_a=d.name_b,
        name_b=d.name_a,
        train_a=d.train_b,
        train_b=d.train_a,
        test_a=d.test_b,
        test_b=d.test_a,
        truth_a=d.truth_b,
        truth_b=d.truth_a,
    )


def find_classes(data: str | os.PathLike[str]) -> Classes:
    """A folder per class below `train` and `test` (or `val`), or directly below `data`: then every fifth image tests.

    Classes are numbered in the order of their names, numbers by value. DataError for fewer than two.
    """
    root = existing_folder(data, "data folder")
    _refuse_domains(root)
    top = find_folder(root, "train") or root
    names = _class_names(top)

    test_folder = find_test_folder(root) if top != root else None
    notes: list[str] = []
    train: list[tuple[Path, int]] = []
    test: list[tuple[Path, int]] = []
    for number, name in enumerate(names):
        files = pictures_of(top / name, name, notes)
        if test_folder is None:
            train += [(path, number) for i, path in enumerate(files) if i % 5 != 4]
            test += [(path, number) for i, path in enumerate(files) if i % 5 == 4]
            continue
        test_class = find_folder(test_folder, name)
        if test_class is None:
            raise DataError(f"{printable_path(test_folder)} has no folder {printable_path(name)}; train has one")
        train += [(path, number) for path in files]
        test += [(path, number) for path in pictures_of(test_class, name, notes)]

    if test_folder is None:
        notes.append("every fifth picture of each class is for testing")
    if not test:
        raise DataError(f"{printable_path(root)} leaves no picture to test on; each class needs five, or a folder test")
    return Classes(
        names=tuple(map(nfc, names)),
        train=tuple(path for path, _ in train),
        train_labels=tuple(number for _, number in train),
        test=tuple(path for path, _ in test),
        test_labels=tuple(number for _, number in test),
        notes=tuple(notes),
    )


def _class_names(folder: Path) -> list[str]:
    """The names of the sub-folders, sorted, numbers by value and first; DataError for fewer than two."""
    names = sorted(sub_folders(folder), key=lambda n: (not n.isdecimal(), int(n) if n.isdecimal() else 0, nfc(n)))
    if len(names) < 2 or {folded(name) for name in names} & set(PARTS):
        there = ", ".join(names) or "none"
        raise DataError(
            f"a classifier needs a folder per class, two or more, in {printable_path(folder)}; there is {there}"
        )
    if len(set(map(nfc, names))) < len(names):
        twice = next(name for name in names if [nfc(other) for other in names].count(nfc(name)) > 1)
        raise DataError(f"{printable_path(folder)} has two folders called {twice}, by different codes; rename one")
    return names


def _refuse_domains(root: Path) -> None:
    """Raise DataError for a folder of two domains, which are neither classes nor one set."""
    if folder := holds_domains(root):
        raise DataError(
            f"{printable_path(root)} holds two domains, which translate; "
            f"give one of them: {printable_path(root / folder)}"
        )


def find_pictures(data: str | os.PathLike[str]) -> Pictures:
    """All images below `data/train` where that exists (then `test` or `val` is held out), or else below `data`."""
    root = existing_folder(data, "data folder")
    _refuse_domains(root)
    name = nfc(root.resolve().name)
    notes: list[str] = []
    train_folder = find_folder(root, "train")
    if train_folder is None:
        return Pictures(name=name, train=pictures_of(root, name, notes), test=(), notes=tuple(notes))

    train = pictures_of(train_folder, name, notes)
    test_folder = find_test_folder(root)
    test = pictures_of(test_folder, f"{name} {test_folder.name}", notes) if test_folder else ()
    return Pictures(name=name, train=train, test=test, notes=tuple(notes))

"""Pairs, classes and single sets of images: the data of the methods beside CycleGAN."""

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import DataError
from ..images import LEFT, RIGHT, printable_path
from .folders import (
    PARTS,
    Domains,
    Paths,
    existing_folder,
    find_domains,
    find_test_folder,
    pictures_of,
    sub_folders,
    two_names,
)


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
    data: str | os.PathLike[str], other: str | os.PathLike[str] | None = None, names: tuple[str, str] | None = None
) -> Domains:
    """Domains whose i-th training images are a pair.

    Either two domains as for CycleGAN, paired by file name, or a folder `train` [`val`, `test`] of images that show A
    on the left and B on the right. DataError where there is no way to match the images.
    """
    root = existing_folder(data, "data folder")
    if other is None and (root / "train").is_dir() and not (root / "trainA").is_dir():
        return _side_by_side(root, names)
    _refuse_unpaired_world(root)
    return _match_names(find_domains(data, other, names))


def _side_by_side(root: Path, names: tuple[str, str] | None) -> Domains:
    """The left and right halves of the images below `train` and `test` or `val`."""
    a, b = two_names(names or ("A", "B"))
    inside = sub_folders(root / "train")
    if inside:
        raise DataError(
            f"{printable_path(root / 'train')} holds folders ({', '.join(inside[:3])}), not pictures with A on the "
            "left and B on the right; pairs are such pictures, or trainA and trainB with equal file names"
        )

    notes: list[str] = []
    train = pictures_of(root / "train", "train", notes)
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


def _match_names(d: Domains) -> Domains:
    """The same domains, their images matched by their path below the domain's folder, whatever the format."""
    notes = list(d.notes)
    if d.split:  # match first and split then, so that both sides keep the same pairs for testing
        notes = [note for note in notes if "for testing" not in note and "for training" not in note]
        all_a, all_b = _match(_sorted(d.train_a, d.test_a), _sorted(d.train_b, d.test_b), "training", notes)
        train_a, test_a = _split(all_a)
        train_b, test_b = _split(all_b)
        notes.append(f"{len(test_a)} of {len(all_a)} pairs are for testing")
    else:
        train_a, train_b = _match(d.train_a, d.train_b, "training", notes)
        test_a, test_b = d.test_a, d.test_b
        if not d.truth_a:
            test_a, test_b = _match(test_a, test_b, "test", notes)

    if not train_a:
        raise DataError(
            f"no picture of {d.name_a} has a partner of the same name among {d.name_b}, first {d.train_a[0].name} and "
            f"{d.train_b[0].name}; pairs need equal file names, or one folder `train` of pictures side by side"
        )

    truth_a, truth_b = d.truth_a, d.truth_b
    if not truth_a:
        truth_a, truth_b = test_b, test_a
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


def _match(a: Paths, b: Paths, what: str, notes: list[str]) -> tuple[Paths, Paths]:
    """The images of both sides that have a partner, in the order of `a`; a note counts the others."""
    names_a, names_b = _relative_names(a), _relative_names(b)
    common = [name for name in names_a if name in names_b]
    single = len(a) + len(b) - 2 * len(common)
    if single:
        notes.append(f"{single} {what} pictures have no partner of the same name and are left out")
    return tuple(names_a[name] for name in common), tuple(names_b[name] for name in common)


def _split(paths: Paths) -> tuple[Paths, Paths]:
    """Training and test images: from 20 on every tenth is for testing, at most 100."""
    if len(paths) < 20:
        return paths, ()
    step = max(10, -(-len(paths) // 100))
    train = tuple(path for i, path in enumerate(paths, 1) if i % step)
    return train, paths[step - 1 :: step]


def _relative_names(paths: Paths) -> dict[str, Path]:
    """Images by their path below their common folder, without suffix; DataError for two of one name."""
    if not paths:
        return {}
    top = os.path.commonpath([path.parent for path in paths])
    names: dict[str, Path] = {}
    for path in paths:
        name = str(path.relative_to(top).with_suffix(""))
        if name in names:
            raise DataError(
                f"{printable_path(path)} and {printable_path(names[name])} have one name; which is of the pair?"
            )
        names[name] = path
    return names


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
    top = root / "train" if (root / "train").is_dir() else root
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
        if not (test_folder / name).is_dir():
            raise DataError(f"{printable_path(test_folder)} has no folder {printable_path(name)}; train has one")
        train += [(path, number) for path in files]
        test += [(path, number) for path in pictures_of(test_folder / name, name, notes)]

    if test_folder is None:
        notes.append("every fifth picture of each class is for testing")
    if not test:
        raise DataError(f"{printable_path(root)} leaves no picture to test on; each class needs five, or a folder test")
    return Classes(
        names=tuple(names),
        train=tuple(path for path, _ in train),
        train_labels=tuple(number for _, number in train),
        test=tuple(path for path, _ in test),
        test_labels=tuple(number for _, number in test),
        notes=tuple(notes),
    )


def _class_names(folder: Path) -> list[str]:
    """The names of the sub-folders, sorted, numbers by value and first; DataError for fewer than two."""
    names = sorted(sub_folders(folder), key=lambda n: (not n.isdecimal(), int(n) if n.isdecimal() else 0, n))
    if len(names) < 2 or set(names) & set(PARTS):
        there = ", ".join(names) or "none"
        raise DataError(
            f"a classifier needs a folder per class, two or more, in {printable_path(folder)}; there is {there}"
        )
    return names


def _refuse_domains(root: Path) -> None:
    """Raise DataError for a folder of two domains, which are neither classes nor one set."""
    if (root / "trainA").is_dir():
        raise DataError(
            f"{printable_path(root)} holds two domains, which translate; "
            f"give one of them: {printable_path(root / 'trainA')}"
        )


def find_pictures(data: str | os.PathLike[str]) -> Pictures:
    """All images below `data/train` where that exists (then `test` or `val` is held out), or else below `data`."""
    root = existing_folder(data, "data folder")
    _refuse_domains(root)
    name = root.resolve().name
    notes: list[str] = []
    if not (root / "train").is_dir():
        return Pictures(name=name, train=pictures_of(root, name, notes), test=(), notes=tuple(notes))

    train = pictures_of(root / "train", name, notes)
    test_folder = find_test_folder(root)
    test = pictures_of(test_folder, f"{name} {test_folder.name}", notes) if test_folder else ()
    return Pictures(name=name, train=train, test=test, notes=tuple(notes))

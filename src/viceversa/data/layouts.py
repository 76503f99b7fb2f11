"""Pairs, classes and single sets of pictures: what the methods beside CycleGAN train on."""

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import DataError
from ..images import LEFT, RIGHT, printable
from .folders import PARTS, Domains, Paths, existing_folder, find_domains, pictures_of, sub_folders, two_names


@dataclass(frozen=True, kw_only=True)
class Classes:
    """Pictures by class: what to train on and what to test on, with the number of each picture's class."""

    names: tuple[str, ...]
    train: Paths
    train_labels: tuple[int, ...]
    test: Paths
    test_labels: tuple[int, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """One set of pictures, whatever it shows."""

    name: str
    train: Paths
    test: Paths  # held out, where a folder test or val is
    notes: tuple[str, ...] = ()


def find_pairs(
    data: str | os.PathLike[str], other: str | os.PathLike[str] | None = None, names: tuple[str, str] | None = None
) -> Domains:
    """Domains whose i-th training pictures belong together.

    Either two domains as for CycleGAN, paired by file name, or a folder `train` [`val`, `test`] of pictures that show A
    on the left and B on the right. DataError where nothing tells which pictures belong together.
    """
    root = existing_folder(data, "data folder")
    if other is None and (root / "train").is_dir() and not (root / "trainA").is_dir():
        return _side_by_side(root, names)
    _refuse_unpaired_world(root)
    return _by_name(find_domains(data, other, names))


def _side_by_side(root: Path, names: tuple[str, str] | None) -> Domains:
    a, b = two_names(names or ("A", "B"))
    if inside := sub_folders(root / "train"):
        raise DataError(
            f"{printable(root / 'train')} holds folders ({', '.join(inside[:3])}), not pictures with A on the left and "
            "B on the right; pairs are such pictures, or trainA and trainB with equal file names"
        )
    notes: list[str] = []
    train = pictures_of(root / "train", "train", notes)
    part = next((part for part in ("test", "val") if (root / part).is_dir()), None)
    test = pictures_of(root / part, part, notes) if part else ()
    left, right = (tuple(p.with_name(p.name + half) for p in test) for half in (LEFT, RIGHT))
    return Domains(
        name_a=a, name_b=b, test_a=left, test_b=right, truth_a=right, truth_b=left,
        train_a=tuple(p.with_name(p.name + LEFT) for p in train),
        train_b=tuple(p.with_name(p.name + RIGHT) for p in train),
        notes=(*notes, "each picture shows A on the left and B on the right"),
    )  # fmt: skip


def _refuse_unpaired_world(root: Path) -> None:
    """A world drawn unpaired has equal file names in A and B, and other scenes behind them."""
    try:
        home = root if (root / "world.json").is_file() else root.parent  # also for its trainA and trainB
        card = json.loads((home / "world.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    if isinstance(card, dict) and not card.get("paired"):
        again = f"viceversa data make {card.get('world', 'facades')} OTHER_DIR --paired"
        raise DataError(f"{printable(root)} was drawn without pairs; draw it with them: {again}")


def _by_name(d: Domains) -> Domains:
    """The same domains, their pictures matched by their place below the domain's folder, whatever the format."""
    notes = list(d.notes)

    def matched(a: Paths, b: Paths, what: str) -> tuple[Paths, Paths]:
        left, right = _places(a), _places(b)
        both = [place for place in left if place in right]
        odd = len(a) + len(b) - 2 * len(both)
        if odd:
            notes.append(f"{odd} {what} pictures have no partner of the same name and are left out")
        return tuple(left[place] for place in both), tuple(right[place] for place in both)

    if d.split:  # matched first and split then, so that both sides keep the same pairs for testing
        notes = [note for note in notes if "for testing" not in note and "for training" not in note]
        train_a, train_b = matched(_merged(d.train_a, d.test_a), _merged(d.train_b, d.test_b), "training")
        step = max(10, -(-len(train_a) // 100)) if len(train_a) >= 20 else len(train_a) + 1
        test_a, test_b = train_a[step - 1 :: step], train_b[step - 1 :: step]
        train_a, train_b = (tuple(p for i, p in enumerate(side, 1) if i % step) for side in (train_a, train_b))
        notes.append(f"{len(test_a)} of {len(train_a) + len(test_a)} pairs are for testing")
    else:
        train_a, train_b = matched(d.train_a, d.train_b, "training")
        test_a, test_b = (d.test_a, d.test_b) if d.truth_a else matched(d.test_a, d.test_b, "test")
    if not train_a:
        raise DataError(
            f"no picture of {d.name_a} has a partner of the same name among {d.name_b}, first {d.train_a[0].name} and "
            f"{d.train_b[0].name}; pairs need equal file names, or one folder `train` of pictures side by side"
        )
    truth_a, truth_b = (d.truth_a, d.truth_b) if d.truth_a else (test_b, test_a)
    return replace(
        d, train_a=train_a, train_b=train_b, test_a=test_a, test_b=test_b, truth_a=truth_a, truth_b=truth_b,
        notes=tuple(notes),
    )  # fmt: skip


def _places(files: Paths) -> dict[str, Path]:
    """Pictures by their path below the folder that holds them all, without ending; DataError for two of one name."""
    if not files:
        return {}
    top = os.path.commonpath([path.parent for path in files])
    found: dict[str, Path] = {}
    for path in files:
        place = str(path.relative_to(top).with_suffix(""))
        if place in found:
            raise DataError(f"{printable(path)} and {printable(found[place])} have one name; which is of the pair?")
        found[place] = path
    return found


def _merged(a: Paths, b: Paths) -> Paths:
    return tuple(sorted((*a, *b), key=lambda path: path.parts))


def swapped(d: Domains) -> Domains:
    """A and B exchanged."""
    return replace(
        d, name_a=d.name_b, name_b=d.name_a, train_a=d.train_b, train_b=d.train_a, test_a=d.test_b, test_b=d.test_a,
        truth_a=d.truth_b, truth_b=d.truth_a,
    )  # fmt: skip


def find_classes(data: str | os.PathLike[str]) -> Classes:
    """A folder per class below `train` and `test` (or `val`), or right below `data`: then every fifth picture tests.

    Classes are numbered in the order of their names, numbers by value. DataError for fewer than two.
    """
    root = existing_folder(data, "data folder")
    _refuse_domains(root)
    notes: list[str] = []
    part = next((part for part in ("test", "val") if (root / part).is_dir()), None)
    top = root / "train" if (root / "train").is_dir() else root
    names = sorted(sub_folders(top), key=lambda n: (not n.isdecimal(), int(n) if n.isdecimal() else 0, n))
    if len(names) < 2 or set(names) & set(PARTS):
        held = ", ".join(names) or "none"
        raise DataError(f"a classifier needs a folder per class, two or more, in {printable(top)}; there is {held}")
    train: list[tuple[Path, int]] = []
    test: list[tuple[Path, int]] = []
    for number, name in enumerate(names):
        files = pictures_of(top / name, name, notes)
        if top != root and part:
            if not (root / part / name).is_dir():
                raise DataError(f"{printable(root / part)} has no folder {printable(name)}; train has one")
            train += [(path, number) for path in files]
            test += [(path, number) for path in pictures_of(root / part / name, name, notes)]
        else:
            train += [(path, number) for i, path in enumerate(files) if i % 5 != 4]
            test += [(path, number) for i, path in enumerate(files) if i % 5 == 4]
    if top == root or not part:
        notes.append("every fifth picture of each class is for testing")
    if not test:
        raise DataError(f"{printable(root)} leaves no picture to test on; each class needs five, or a folder test")
    return Classes(
        names=tuple(names), train=tuple(p for p, _ in train), train_labels=tuple(n for _, n in train),
        test=tuple(p for p, _ in test), test_labels=tuple(n for _, n in test), notes=tuple(notes),
    )  # fmt: skip


def _refuse_domains(root: Path) -> None:
    """Two domains are neither classes nor one set."""
    if (root / "trainA").is_dir():
        raise DataError(
            f"{printable(root)} holds two domains, which translate; give one of them: {printable(root / 'trainA')}"
        )


def find_pictures(data: str | os.PathLike[str]) -> Pictures:
    """All pictures below `data/train` where that exists (then `test` or `val` is held out), or else below `data`."""
    root = existing_folder(data, "data folder")
    _refuse_domains(root)
    notes: list[str] = []
    top = root / "train" if (root / "train").is_dir() else root
    files = pictures_of(top, root.resolve().name, notes)
    held = next((root / part for part in ("test", "val") if top != root and (root / part).is_dir()), None)
    test = pictures_of(held, f"{root.resolve().name} {held.name}", notes) if held else ()
    return Pictures(name=root.resolve().name, train=files, test=test, notes=tuple(notes))

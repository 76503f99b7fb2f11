"""The folders of a dataset, found by name; those that operating systems and editors leave behind are ignored."""

import os
from pathlib import Path

from ..errors import DataError, did_you_mean
from ..images import printable_path
from ..names import folded, nfc, stored_path

SYSTEM_FOLDERS = frozenset(
    {"__macosx", "__pycache__", "@eadir", "$recycle.bin", "lost+found", "system volume information"}
)


def is_system_folder(name: str) -> bool:
    """Whether an archiver, file manager or operating system made the folder: `__MACOSX` holds no pictures."""
    return name.casefold() in SYSTEM_FOLDERS


def sub_folders(folder: Path) -> list[str]:
    """Names of the folders below a folder, sorted, without hidden ones and those of the system."""
    try:
        with os.scandir(folder) as entries:
            names = [
                entry.name
                for entry in entries
                if _is_folder(entry) and not entry.name.startswith(".") and not is_system_folder(entry.name)
            ]
    except OSError as error:
        raise DataError(f"cannot list {printable_path(folder)}: {error.strerror}; check its permissions") from None
    return sorted(names, key=lambda name: (nfc(name), name))  # the same order on a Mac and on Linux


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that runs in a circle
        return False


def find_folder(root: Path, path: str) -> Path | None:
    """The folder `path`, such as "train/A", below `root` in any letter case and Unicode form, where there is one.

    DataError where several names differ in that only, and none is spelled like `path`.
    """
    folder = root
    for name in path.split("/"):
        if not (folder / name).is_dir():
            same = [entry for entry in sub_folders(folder) if folded(entry) == folded(name)]
            if len(same) > 1:
                raise DataError(
                    f"{printable_path(folder)} holds {' and '.join(map(printable_path, same))}, which differ in letter "
                    "case or accents only; rename one"
                )
            if not same:
                return None
            name = same[0]
        folder /= name
    return folder


def find_test_folder(root: Path) -> Path | None:
    """The folder `test` or else `val` below a folder, where there is one."""
    return find_folder(root, "test") or find_folder(root, "val")


def existing_folder(path: str | os.PathLike[str], what: str) -> Path:
    """The folder at `path`, in any Unicode form; DataError where there is none, with the nearest name."""
    folder = stored_path(path)
    if os.path.isdir(folder):
        return folder
    if os.path.exists(folder):
        raise DataError(f"{what} {printable_path(path)} is a file; give the folder that holds the pictures")
    near = did_you_mean(folder.name, sub_folders(folder.parent)) if os.path.isdir(folder.parent) else ""
    raise DataError(f"{what} {printable_path(path)} does not exist; check the path.{near}")

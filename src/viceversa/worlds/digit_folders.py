"""Digits as PNG files, one folder per class (`train/3/00012.png`), with a metadata file `digits.json`."""

import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import DataError
from ..files import make_folder, publish_folder, remove_folder, sync, write_json, write_new

METADATA = "digits.json"
Splits = dict[str, tuple[NDArray[np.uint8], NDArray[np.int64]]]  # "train" and "test": images (N, 28, 28), classes (N,)


def is_digit_folder(root: Path) -> bool:
    """Whether a folder holds digits as `write` writes them."""
    return (root / METADATA).is_file()


def write(
    name: str, splits: Splits, root: Path, on_progress: Callable[[int, int], None] | None = None
) -> dict[str, Any]:
    """Write the digits to a draft folder beside `root`, then rename it; return the content of `digits.json`.

    A complete folder of the same digits is left as it is; a draft left by an interrupted call is removed. Raises
    DataError if `root` holds something else.
    """
    metadata = _metadata(name, splits)
    if _is_complete(root, metadata):
        return metadata

    draft = root.with_name(f"{root.name}.draft.tmp")
    if draft.is_dir():
        remove_folder(draft)
    jobs = [(draft / _path(split, i, y[i]), x[i]) for split, (x, y) in splits.items() for i in range(len(y))]
    folders = sorted({path.parent for path, _ in jobs})
    for folder in folders:
        make_folder(folder)
    with ThreadPoolExecutor(max_workers=8) as pool:  # the disk syncs many files at once
        for done, _ in enumerate(pool.map(_write_image, jobs), 1):
            if on_progress:
                on_progress(done, len(jobs))
    for folder in folders:
        sync(folder)
    write_json(draft / METADATA, metadata)
    publish_folder(draft, root)
    return metadata


def read(root: Path) -> tuple[str, Splits]:
    """Name and splits of the digits that `write` wrote. Raises DataError."""
    try:
        metadata = json.loads((root / METADATA).read_text(encoding="utf-8"))
        name = str(metadata["digits"])
        return name, {split: _read_split(root, metadata["classes"][split], split) for split in ("train", "test")}
    except (ValueError, KeyError, TypeError, OSError) as e:
        raise DataError(f"{root} is damaged ({e}); remove it and make it again") from None


def _metadata(name: str, splits: Splits) -> dict[str, Any]:
    return {
        "digits": name,
        "count": {split: len(y) for split, (_, y) in splits.items()},
        "sum": {split: int(x.sum(dtype=np.int64)) for split, (x, _) in splits.items()},  # of all pixels: a checksum
        "classes": {split: "".join(map(str, y)) for split, (_, y) in splits.items()},
    }


def _is_complete(root: Path, metadata: dict[str, Any]) -> bool:
    """True if `root` holds these digits, False if it is new or empty. Raises DataError otherwise."""
    if root.is_file():
        raise DataError(f"{root} is a file; name a new folder")
    if not root.is_dir() or not any(root.iterdir()):
        return False

    try:
        existing = json.loads((root / METADATA).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise DataError(f"{root} is not empty and holds no digits; name a new folder") from None
    if existing != metadata:
        raise DataError(f"{root} holds other digits (see {METADATA} in it); name a new folder")
    return True


def _path(split: str, index: int, digit: int) -> Path:
    return Path(split) / str(digit) / f"{index:05d}.png"


def _write_image(job: tuple[Path, NDArray[np.uint8]]) -> None:
    path, pixels = job
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    write_new(path, buffer.getvalue())


def _read_split(root: Path, classes: str, split: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    y = np.array([int(digit) for digit in classes], np.int64)
    x = np.empty((len(y), 28, 28), np.uint8)
    for i, digit in enumerate(y):
        with Image.open(root / _path(split, i, int(digit))) as image:
            x[i] = np.asarray(image)
    return x, y

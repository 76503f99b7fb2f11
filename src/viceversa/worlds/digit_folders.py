"""Digits as PNG files: `train/3/00012.png`, published as a whole folder with a card."""

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

CARD = "digits.json"
Parts = dict[str, tuple[NDArray[np.uint8], NDArray[np.int64]]]  # train and test: pictures, classes


def has(root: Path) -> bool:
    """Whether a folder holds digits as `write` writes them."""
    return (root / CARD).is_file()


def write(name: str, parts: Parts, root: Path, on_progress: Callable[[int, int], None] | None = None) -> None:
    """Write a draft folder beside `root` and publish it; what an interrupted call left is drawn again."""
    card = _card(name, parts)
    if _holds(root, card):
        return
    draft = root.with_name(f"{root.name}.draft.tmp")
    if draft.is_dir():
        remove_folder(draft)
    jobs = [(draft / _path(part, i, y[i]), x[i]) for part, (x, y) in parts.items() for i in range(len(y))]
    folders = sorted({path.parent for path, _ in jobs})
    for folder in folders:
        make_folder(folder)
    with ThreadPoolExecutor(max_workers=8) as pool:  # the disk syncs many files at once
        for done, _ in enumerate(pool.map(_write_picture, jobs), 1):
            if on_progress:
                on_progress(done, len(jobs))
    for folder in folders:
        sync(folder)
    write_json(draft / CARD, card)
    publish_folder(draft, root)


def read(root: Path) -> tuple[str, Parts]:
    """Name and parts of the digits that `write` wrote. Raises DataError."""
    try:
        card = json.loads((root / CARD).read_text(encoding="utf-8"))
        name = str(card["digits"])
        return name, {part: _read_part(root, card["classes"][part], part) for part in ("train", "test")}
    except (ValueError, KeyError, TypeError, OSError) as e:
        raise DataError(f"{root} is damaged ({e}); remove it and make it again") from None


def _card(name: str, parts: Parts) -> dict[str, Any]:
    return {
        "digits": name,
        "count": {part: len(y) for part, (_, y) in parts.items()},
        "sum": {part: int(x.sum(dtype=np.int64)) for part, (x, _) in parts.items()},  # of all pixels: which digits
        "classes": {part: "".join(map(str, y)) for part, (_, y) in parts.items()},
    }


def _holds(root: Path, card: dict[str, Any]) -> bool:
    """Whether `root` holds these digits already; raises DataError unless it is new or empty otherwise."""
    if root.is_file():
        raise DataError(f"{root} is a file; name a new folder")
    if not root.is_dir() or not any(root.iterdir()):
        return False
    try:
        found = json.loads((root / CARD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise DataError(f"{root} is not empty and holds no digits; name a new folder") from None
    if found != card:
        raise DataError(f"{root} holds other digits (see {CARD} in it); name a new folder")
    return True


def _path(part: str, index: int, digit: int) -> Path:
    return Path(part) / str(digit) / f"{index:05d}.png"


def _write_picture(job: tuple[Path, NDArray[np.uint8]]) -> None:
    buffer = io.BytesIO()
    Image.fromarray(job[1]).save(buffer, "PNG")
    write_new(job[0], buffer.getvalue())


def _read_part(root: Path, classes: str, part: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    y = np.array([int(digit) for digit in classes], np.int64)
    x = np.empty((len(y), 28, 28), np.uint8)
    for i, digit in enumerate(y):
        with Image.open(root / _path(part, i, int(digit))) as picture:
            x[i] = np.asarray(picture)
    return x, y

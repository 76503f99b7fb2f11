"""Write an embedded world to disk: unpaired training folders, test folders, their truth and label maps."""

import io
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import DataError, UsageError, did_you_mean
from ..files import write_bytes, write_json
from .scenes import LABEL_PICTURES, WORLDS, World

SMALLEST = 16  # pixels; below this nothing in a scene can be recognised
STRIDE = 1 << 32  # scene seeds between two values of `seed`
SIDES = "AB"


def make(
    world: str,
    folder: Path | str,
    *,
    count: int = 400,
    size: int = 128,
    seed: int = 0,
    domains: tuple[str, str] | None = None,
    paired: bool = False,
    test: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Draw `count` scenes per training domain and `test` (a tenth as many, at least 10) per test domain as PNG.

    `domains` names A and B: two of the world's own and "labels". No two folders show the same scene, unless `paired`:
    then pictures of one number do, in trainA and trainB and in testA and testB. `truthA/0007.png` is the true
    translation of `testA/0007.png` and `labelsA/0007.png` its label map. A complete folder of the same world is left
    as it is, an interrupted one is finished. Returns what `world.json` says. Raises UsageError, and DataError where
    `folder` holds something else.
    """
    chosen = _check(world, count, size, seed)
    test = max(10, count // 10) if test is None else test
    if test < 1:
        raise UsageError(f"--test {test} leaves nothing to judge by; choose 1 or more")
    root = Path(folder)
    card = _card(chosen, count, test, size, seed, _domains(chosen, domains), paired)
    _claim(root, card)
    jobs = list(_jobs(card))
    pool = ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1))  # draws while the disk syncs
    try:
        for done, _ in enumerate(pool.map(partial(_write_scene, root, chosen, card), jobs), 1):
            if on_progress:
                on_progress(done, len(jobs))
    finally:
        pool.shutdown(cancel_futures=True)
    return card


def _check(world: str, count: int, size: int, seed: int) -> World:
    if world not in WORLDS:
        known = ", ".join(WORLDS)
        raise UsageError(f"unknown world '{world}'; choose one of {known}.{did_you_mean(world, WORLDS)}")
    if size < SMALLEST:
        raise UsageError(f"size {size} is too small to show a scene; choose {SMALLEST} pixels or more")
    if count < 1:
        raise UsageError(f"count {count} leaves nothing to draw; choose 1 or more")
    if seed < 0:
        raise UsageError(f"seed {seed} is negative; choose 0 or more")
    return WORLDS[world]


def _domains(world: World, wanted: tuple[str, str] | None) -> tuple[str, str]:
    """What A and B show: two different things that this world can show."""
    known = (*world.domains, LABEL_PICTURES)
    for name in wanted or ():
        if name not in known:
            hint = did_you_mean(name, known)
            raise UsageError(f"'{world.name}' has no domain '{name}'; choose two of {', '.join(known)}.{hint}")
    first, second = wanted or world.domains
    if first == second:
        raise UsageError(f"both domains are '{first}'; choose two different ones of {', '.join(known)}")
    return first, second


def _card(
    world: World, count: int, test: int, size: int, seed: int, domains: tuple[str, str], paired: bool
) -> dict[str, Any]:
    card = {
        "world": world.name,
        "seed": seed,
        "size": size,
        "count": count,
        "test_count": test,
        "domains": list(domains),
        "labels": list(world.labels),
    }
    return card | ({"paired": True} if paired else {})


def _claim(root: Path, card: dict[str, Any]) -> None:
    """Make sure that `root` is new, empty or this very world."""
    if root.is_file():
        raise DataError(f"{root} is a file; name a new folder")
    found = root / "world.json"
    if found.is_file():
        try:
            other = json.loads(found.read_text(encoding="utf-8"))
        except ValueError:
            other = None
        if other != card:
            raise DataError(f"{root} holds another world (see world.json in it); name a new folder")
    elif root.is_dir() and any(root.iterdir()):
        raise DataError(f"{root} is not empty and holds no world; name a new folder")
    else:
        write_json(found, card)


def _jobs(card: dict[str, Any]) -> Iterator[tuple[str, str, int, int]]:
    """Folder, side, number in the folder and scene seed of every image; all seeds differ, or sides share them."""
    first, paired = card["seed"] * STRIDE, card.get("paired", False)
    for name, count in (("train", card["count"]), ("test", card["test_count"])):
        for side in SIDES:
            start = first if paired or side == "A" else first + count
            for index in range(count):
                yield name + side, side, index, start + index
        first += count if paired else 2 * count


def _write_scene(root: Path, world: World, card: dict[str, Any], job: tuple[str, str, int, int]) -> None:
    """Write one image, and for a test image first its truth and labels: the image stands for all of them."""
    name, side, index, scene = job
    path = root / name / f"{index:04d}.png"
    if path.is_file():
        return
    own, other = card["domains"] if side == "A" else reversed(card["domains"])
    pixels, labels = world.show(scene, card["size"], own, beside=other)
    if name.startswith("test"):
        truth, _ = world.show(scene, card["size"], other, beside=own)
        write_bytes(root / f"truth{side}" / path.name, _png(truth))
        write_bytes(root / f"labels{side}" / path.name, _png(labels))
    write_bytes(path, _png(pixels))


def _png(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()

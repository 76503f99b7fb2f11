"""Write a drawn dataset to disk: a world (unpaired folders, truth, label maps), or digits in a folder per class."""

import io
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import DataError, UsageError, did_you_mean
from ..files import Lock, remove_drafts, write_bytes, write_json
from ..hardware.cpus import available_cpus
from . import digits
from .large import LARGE_WORLDS, LargeWorld
from .measured import MEASURED_WORLDS, MeasuredWorld
from .scenes import LABEL_PICTURES, WORLDS, World

MIN_SIZE = 16  # pixels; below this nothing in a scene can be recognised
MIN_LARGE_SIZE = 256  # of slides and terrain
STRIDE = 1 << 32  # scene seeds between two values of `seed`
SIDES = "AB"
DIGITS = {"digits": "handwritten", "glyphs": "glyphs"}  # the name here: the name in digits.load
AnyWorld = World | MeasuredWorld | LargeWorld
ALL_WORLDS: dict[str, AnyWorld] = {**WORLDS, **MEASURED_WORLDS, **LARGE_WORLDS}
Job = tuple[str, str, int, int]  # folder, side, number in the folder, seed of the scene
Progress = Callable[[int, int], None]  # images written, images in all


def make(
    world: str,
    folder: Path | str,
    *,
    count: int | None = None,
    test: int | None = None,
    size: int | None = None,
    seed: int = 0,
    domains: tuple[str, str] | None = None,
    paired: bool = False,
    on_progress: Progress | None = None,
) -> dict[str, Any]:
    """Draw a world, `digits` (handwritten) or `glyphs` into `folder`.

    The worlds `orchard`, `seasons`, `faces` and `facades` are colour pictures (PNG). Those of `microscope`, `satellite`
    and `scanner` are measurements (TIFF): counts of two stains and an antibody, reflectance in six bands and surface
    temperature, MR signal and Hounsfield units. `slides` and `terrain` are large images in tiled, pyramidal files:
    slides of tissue in two stains (SVS, half a micrometre per pixel), and a landscape in summer and winter in six bands
    (GeoTIFF, one metre per pixel). Memory does not grow with their size.

    A world gets `count` training images per domain (default 400) and `test` test images (default a tenth as many, at
    least 10) of `size` pixels (default 128). The defaults of `slides` are 8, 2 and 4096, those of `terrain` 8, 2 and
    2048. `domains` names A and B: two of the world's own and "labels". No two folders show the same scene, unless
    `paired`: then images of one number do, in trainA and trainB and in testA and testB. `truthA/0007.png` is the true
    translation of `testA/0007.png` and `labelsA/0007.png` its label map. The truth of measurements is without noise and
    without missing pixels; that of slides is without noise and in the standard stain.

    Digits have 28 pixels and no domains: `count` is the number of training digits (default all handwritten ones, or
    10,000 glyphs), each class in its folder.

    A complete folder of the same content is left as it is, an interrupted one is completed. Returns the content of its
    `world.json` or `digits.json`. Raises UsageError, and DataError if `folder` holds something else.
    """
    if world in DIGITS:
        if domains or paired or test is not None or size not in (None, digits.SIDE):
            raise UsageError(
                f"{world} are {digits.SIDE} px and have no domains; leave out --size, --test, --domains, --paired"
            )
        return digits.write(digits.load(DIGITS[world], count=count, seed=seed), folder, on_progress=on_progress)

    if world not in ALL_WORLDS:
        known = [*ALL_WORLDS, *DIGITS]
        raise UsageError(f"unknown world '{world}'; choose one of {', '.join(known)}.{did_you_mean(world, known)}")
    chosen = ALL_WORLDS[world]
    count, test, size = _numbers(chosen, count, test, size)
    _check_numbers(chosen, count, test, size, seed)
    description = _describe(chosen, count, test, size, seed, _choose_domains(chosen, domains), paired)
    _write_world(chosen, Path(folder), description, on_progress)
    return description


def _numbers(world: AnyWorld, count: int | None, test: int | None, size: int | None) -> tuple[int, int, int]:
    """Training images, test images and pixels, with the defaults of the world."""
    if isinstance(world, LargeWorld):
        return (
            world.count if count is None else count,
            world.test if test is None else test,
            world.size if size is None else size,
        )
    count = 400 if count is None else count
    return count, max(10, count // 10) if test is None else test, 128 if size is None else size


def _check_numbers(world: AnyWorld, count: int, test: int, size: int, seed: int) -> None:
    least = MIN_LARGE_SIZE if isinstance(world, LargeWorld) else MIN_SIZE
    if size < least:
        raise UsageError(f"size {size} is too small to show a scene; choose {least} pixels or more")
    if count < 1:
        raise UsageError(f"count {count} leaves nothing to draw; choose 1 or more")
    if seed < 0:
        raise UsageError(f"seed {seed} is negative; choose 0 or more")
    if test < 1:
        raise UsageError(f"--test {test} leaves nothing to evaluate on; choose 1 or more")


def _choose_domains(world: AnyWorld, requested: tuple[str, str] | None) -> tuple[str, str]:
    """The names of A and B: two different domains of this world, or its own two by default."""
    known = (*world.domains, LABEL_PICTURES)
    for name in requested or ():
        if name not in known:
            hint = did_you_mean(name, known)
            raise UsageError(f"'{world.name}' has no domain '{name}'; choose two of {', '.join(known)}.{hint}")

    first, second = requested or world.domains
    if first == second:
        raise UsageError(f"both domains are '{first}'; choose two different ones of {', '.join(known)}")
    return first, second


def _describe(
    world: AnyWorld,
    count: int,
    test: int,
    size: int,
    seed: int,
    domains: tuple[str, str],
    paired: bool,
) -> dict[str, Any]:
    """The content of world.json; `paired` and `units` are keys only where needed, so that older folders stay equal."""
    description: dict[str, Any] = {
        "world": world.name,
        "seed": seed,
        "size": size,
        "count": count,
        "test_count": test,
        "domains": list(domains),
        "labels": list(world.labels),
    }
    units = [] if isinstance(world, World) else [world.unit(name) for name in domains]
    if isinstance(world, MeasuredWorld) or any(units):
        description["units"] = units
    if paired:
        description["paired"] = True
    return description


def _write_world(world: AnyWorld, root: Path, description: dict[str, Any], on_progress: Progress | None) -> None:
    _claim_folder(root, description)
    jobs = list(_jobs(description))
    if isinstance(world, LargeWorld):
        with Lock(root, "wait for it or name another folder"):
            _write_large(world, root, description, jobs, on_progress)
        return

    pool = ThreadPoolExecutor(max_workers=min(4, available_cpus()))  # draws while the disk syncs
    try:
        for done, _ in enumerate(pool.map(partial(_write_scene, root, world, description), jobs), 1):
            if on_progress:
                on_progress(done, len(jobs))
    finally:
        pool.shutdown(cancel_futures=True)


def _write_large(
    world: LargeWorld, root: Path, description: dict[str, Any], jobs: list[Job], on_progress: Progress | None
) -> None:
    """One image after the other, each by all processors."""
    for folder in root.iterdir():
        if folder.is_dir():
            remove_drafts(folder)
    a, b = description["domains"]
    for done, (folder_name, side, index, seed) in enumerate(jobs, 1):
        domains = (a, b) if side == "A" else (b, a)
        world.write_numbered(root, folder_name, index, seed, description["size"], domains)
        if on_progress:
            on_progress(done, len(jobs))


def _claim_folder(root: Path, description: dict[str, Any]) -> None:
    """Write world.json into a new or empty folder; raise DataError unless `root` is that or holds this very world."""
    if root.is_file():
        raise DataError(f"{root} is a file; name a new folder")

    file = root / "world.json"
    if file.is_file():
        try:
            existing = json.loads(file.read_text(encoding="utf-8"))
        except ValueError:
            existing = None
        if existing != description:
            raise DataError(f"{root} holds another world (see world.json in it); name a new folder")
    elif root.is_dir() and any(root.iterdir()):
        raise DataError(f"{root} is not empty and holds no world; name a new folder")
    else:
        write_json(file, description)


def _jobs(description: dict[str, Any]) -> Iterator[Job]:
    """Folder, side, number in the folder and scene seed of every image; all seeds differ, or sides share them."""
    first, paired = description["seed"] * STRIDE, description.get("paired", False)
    for split, count in (("train", description["count"]), ("test", description["test_count"])):
        for side in SIDES:
            start = first if paired or side == "A" else first + count
            for index in range(count):
                yield split + side, side, index, start + index
        first += count if paired else 2 * count


def _write_scene(root: Path, world: World | MeasuredWorld, description: dict[str, Any], job: Job) -> None:
    """Write one image, and for a test image first its truth and labels: where the image exists, they do."""
    folder, side, index, scene = job
    size, (a, b) = description["size"], description["domains"]
    own, other = (a, b) if side == "A" else (b, a)
    path = root / folder / f"{index:04d}{_suffix(world, own)}"
    if path.is_file():
        return

    pixels, labels = world.show(scene, size, own, other=other)
    if folder.startswith("test"):
        truth, _ = world.truth(scene, size, other, other=own)
        write_bytes(root / f"truth{side}" / f"{path.stem}{_suffix(world, other)}", _encode(world, truth, other))
        write_bytes(root / f"labels{side}" / f"{path.stem}.png", _png(labels))
    write_bytes(path, _encode(world, pixels, own))


def _suffix(world: World | MeasuredWorld, domain: str) -> str:
    measured = isinstance(world, MeasuredWorld) and domain != LABEL_PICTURES
    return ".tif" if measured else ".png"


def _encode(world: World | MeasuredWorld, pixels: NDArray[Any], domain: str) -> bytes:
    """The file of an image: TIFF for measurements, PNG for pictures and label pictures."""
    if isinstance(world, MeasuredWorld) and domain != LABEL_PICTURES:
        return world.encode(pixels, domain)
    return _png(pixels)


def _png(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()

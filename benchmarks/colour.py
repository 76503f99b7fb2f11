"""Colour management: accuracy, the way there and back, and processor time, beside LittleCMS and Pillow.

    python benchmarks/colour.py PHOTOGRAPHS [--rounds 5] [--cameras]

PHOTOGRAPHS is a folder of images. A mosaic of them of 12 megapixels is taken for a photograph in each profile. Accuracy
is measured in levels of 16 bits, on greys, a grid and random colours: against the closed form of the standard, and
against LittleCMS in double precision on the same profile, which states its numbers to 1 / 65,536. Times are processor
seconds, the least of several rounds in turns.

With --cameras the photographs are written as by a camera in sRGB and by one in Display P3, with its profile and
without, and `evaluate` compares the folders by the Fréchet distance of its features.
"""

import argparse
import os
import sys
import time
import tracemalloc
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from PIL import Image, ImageCms

import viceversa
from viceversa import images
from viceversa.data.folders import scan
from viceversa.images import profiles
from viceversa.images.colour import from_srgb, to_srgb

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support import icc

TILE, ROWS, COLUMNS = 500, 6, 8
PROFILES: dict[str, tuple[bytes, Any, Any, Callable[[Any], Any]]] = {
    "Display P3": (icc.display_p3(), icc.DISPLAY_P3, icc.D65, icc.srgb_light),
    "Adobe RGB": (icc.adobe_rgb(), icc.ADOBE_RGB, icc.D65, lambda v: v**icc.ADOBE_GAMMA),
    "ProPhoto RGB": (icc.prophoto(), icc.PROPHOTO, icc.D50_XY, lambda v: v ** (461 / 256)),
}


def mosaic(folder: Path) -> np.ndarray:
    """The first images of a folder, side by side: (3000, 4000, 3) uint8."""
    tiles = []
    for path in scan(folder).files[: ROWS * COLUMNS]:
        with Image.open(path) as image:
            tiles.append(np.asarray(image.convert("RGB").resize((TILE, TILE), Image.Resampling.BICUBIC)))
    tiles *= -(-ROWS * COLUMNS // len(tiles))
    return np.concatenate([np.concatenate(tiles[i * COLUMNS : (i + 1) * COLUMNS], 1) for i in range(ROWS)])


def test_colours() -> np.ndarray:
    """Every grey, a grid of 33 steps, and random colours: (N, 3) uint16."""
    rng = np.random.default_rng(0)
    steps = np.linspace(0, 1, 33)
    grid = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(-1, 3)
    greys = np.repeat(np.linspace(0, 1, 65_536)[:, None], 3, axis=1)
    return np.rint(np.concatenate([greys, grid, rng.random((200_000, 3))]) * 65_535).astype(np.uint16)


def print_accuracy(name: str) -> None:
    """Errors in levels of 16 bits: mean, 99 % and largest."""
    profile, primaries, white, light = PROFILES[name]
    conversion, samples = profiles.conversion(profile, 3), test_colours()
    assert conversion is not None
    srgb = conversion.to_srgb(samples.T).T
    standard = icc.closed_form(samples / 65_535, primaries, white, light)
    littlecms = profiles._transform(samples / 65_535, profile, profiles._profile("srgb"), "float64")
    inside = ((standard >= 0) & (standard <= 1)).all(axis=1)
    back = conversion.from_srgb(srgb.T).T * 65_535 - samples
    for what, error in (
        ("closed form, colours of sRGB", (srgb - standard)[inside] * 65_535),
        ("closed form, all, clipped", (np.clip(srgb, 0, 1) - np.clip(standard, 0, 1)) * 65_535),
        ("LittleCMS, all, clipped", (np.clip(srgb, 0, 1) - np.clip(littlecms, 0, 1)) * 65_535),
        ("there and back", back),
    ):
        error = np.abs(error)
        print(f"  {what:30} mean {error.mean():7.3f}  99 % {np.quantile(error, 0.99):7.2f}  max {error.max():7.2f}")


def print_photograph(name: str, photograph: np.ndarray) -> None:
    """What lies outside of sRGB, and what comes back with and without it."""
    conversion = profiles.conversion(PROFILES[name][0], 3)
    assert conversion is not None
    for samples in (photograph, photograph.astype(np.uint16) * 257):
        kind = samples.dtype.name
        tracemalloc.start()
        pixels, outside = to_srgb(samples, conversion)
        there = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        held = tracemalloc.get_traced_memory()[0]
        back = from_srgb(pixels, conversion, outside, kind)
        again = tracemalloc.get_traced_memory()[1] - held
        tracemalloc.stop()

        count = len(outside.positions) if outside else 0
        print(f"  {kind}: {count / samples[..., 0].size:.1%} of the pixels lie outside of sRGB")
        error = np.abs(back.astype(np.int32) - samples)
        print(f"    restored: {(error > 0).mean():.4%} of the numbers differ, by at most {error.max()}")
        clipped = np.abs(from_srgb(pixels, conversion, None, kind).astype(np.int32) - samples)
        if outside:
            own = clipped.reshape(-1, 3)[outside.positions].max(axis=1)
            print(f"    clipped: those pixels by {own.mean():.1f} on average, at most {own.max()}")
        print(f"    memory: {there / 1e6:.0f} MB there with its result, {again / 1e6:.0f} MB back with its result")


def print_times(photograph: np.ndarray, rounds: int) -> None:
    """Processor seconds of 12 megapixels."""
    cases: dict[str, Callable[[], object]] = {}
    for name, (profile, *_) in PROFILES.items():
        conversion = profiles.conversion(profile, 3)
        assert conversion is not None
        for kind, samples in (("uint8", photograph), ("uint16", photograph.astype(np.uint16) * 257)):
            pixels, outside = to_srgb(samples, conversion)
            cases[f"{name} {kind}, there"] = lambda s=samples, c=conversion: to_srgb(s, c)  # type: ignore[misc]
            cases[f"{name} {kind}, back"] = (  # type: ignore[misc]
                lambda p=pixels, c=conversion, o=outside, k=kind: from_srgb(p, c, o, k)
            )
    tables = profiles.conversion(icc.table_profile(), 3)
    assert tables is not None
    pixels, _ = to_srgb(photograph, tables)
    cases["a profile with tables, uint8, there"] = lambda: to_srgb(photograph, tables)
    cases["a profile with tables, back"] = lambda: from_srgb(pixels, tables, None, "uint8")
    image, srgb = Image.fromarray(photograph), BytesIO(profiles._profile("srgb"))
    p3 = PROFILES["Display P3"][0]
    cases["Pillow, Display P3 to sRGB in 8 bits"] = lambda: ImageCms.profileToProfile(image, BytesIO(p3), srgb, 1)
    flat = photograph.reshape(-1, 3)
    cases["LittleCMS, Display P3 to sRGB in float"] = lambda: profiles._transform(
        flat.astype(np.float32) / 255, p3, profiles._profile("srgb")
    )
    least = dict.fromkeys(cases, float("inf"))
    for _ in range(rounds):
        for name, call in cases.items():
            srgb.seek(0)
            start = time.process_time()
            call()
            least[name] = min(least[name], time.process_time() - start)
    for name, seconds in least.items():
        print(f"  {name:40} {seconds:.2f} s")

    start = time.process_time()
    profiles.conversion.cache_clear()
    profiles.conversion(p3, 3)
    print(f"  a new profile is measured in {time.process_time() - start:.2f} s, and kept")


def print_tables() -> None:
    """8-bit colours of a profile with tables, beside LittleCMS in double precision; levels of 255."""
    conversion, samples = profiles.conversion(icc.table_profile(), 3), (test_colours() // 257).astype(np.uint8)
    assert conversion is not None
    exact = profiles._transform(samples / 255, icc.table_profile(), profiles._profile("srgb"), "float64")
    error = np.abs(conversion.to_srgb(samples.T).T - np.clip(exact, 0, 1)) * 255
    print(f"A profile with tables, 8 bits: mean {error.mean():.3f}  max {error.max():.2f} of 255 from LittleCMS")


def print_reading(photograph: np.ndarray) -> None:
    """Processor seconds and memory of reading a JPEG in Display P3 and encoding it again."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "p3.jpg"
        Image.fromarray(photograph).save(path, quality=90, icc_profile=icc.display_p3())
        for managed in (False, True):
            start = time.process_time()
            picture = images.read(path, managed=managed)
            read = time.process_time() - start
            images.encode_picture(picture)
            written = time.process_time() - start - read
            tracemalloc.start()
            images.encode_picture(images.read(path, managed=managed))
            memory = tracemalloc.get_traced_memory()[1] / 1e6
            tracemalloc.stop()
            print(f"  JPEG, managed={managed}: {read:.2f} s to read, {written:.2f} s to write, {memory:.0f} MB at most")


def write_cameras(photographs: Path, out: Path) -> None:
    """Up to 400 photographs in sRGB, in Display P3, and in Display P3 whose profile was lost."""
    conversion = profiles.conversion(icc.display_p3(), 3)
    assert conversion is not None
    for camera in ("srgb", "p3", "lost"):
        (out / camera).mkdir(parents=True)
    for i, path in enumerate(scan(photographs).files[:400]):
        with Image.open(path) as opened:
            samples = np.asarray(opened.convert("RGB"))
        pixels = samples.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1
        p3 = Image.fromarray(from_srgb(pixels, conversion, None, "uint8"))
        Image.fromarray(samples).save(out / "srgb" / f"{i}.png")
        p3.save(out / "p3" / f"{i}.png", icc_profile=icc.display_p3())
        p3.save(out / "lost" / f"{i}.png")


def print_cameras(photographs: Path) -> None:
    """The distance of two cameras that took the same scenes."""
    with TemporaryDirectory() as folder:
        write_cameras(photographs, Path(folder))
        for camera in ("p3", "lost"):
            result = viceversa.evaluate(Path(folder) / camera, Path(folder) / "srgb")
            rows = result["directions"][0]["rows"]
            print(f"  {camera}: {rows['made']['frechet']:.2g}; two halves of srgb: {rows['real']['frechet']:.2g}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cameras", action="store_true")
    a = parser.parse_args()
    if a.cameras:
        return print_cameras(a.photographs)
    photograph = mosaic(a.photographs)
    for name in PROFILES:
        print(name)
        print_accuracy(name)
        print_photograph(name, photograph)
    print_tables()
    print("12 megapixels")
    print_reading(photograph)
    print_times(photograph, a.rounds)


if __name__ == "__main__":
    main()

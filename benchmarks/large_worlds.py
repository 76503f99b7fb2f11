"""The drawn worlds of large images: sheets for the documents, and how fast slides and terrain are drawn and written.

    python benchmarks/large_worlds.py --slides docs/images/slides.png --terrain docs/images/terrain.png
    python benchmarks/large_worlds.py --speed 8192 --out FOLDER       writes four files there, and removes them
    python benchmarks/large_worlds.py --nuclei                        what "nuclei kept" gives for the true translation
    python benchmarks/large_worlds.py --maps                          what the best maps of colours reach

Seconds are processor time of one thread, everything included: drawing, levels, compression, file.
"""

import argparse
import itertools
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from viceversa.metrics.nuclei import Matches, find_nuclei, match, nuclei_kept
from viceversa.worlds import slides, terrain
from viceversa.worlds.large import LARGE_WORLDS

SIDE = 4096
CELL, GAP = 300, 6  # pixels of the sheets
SLIDE_SEED, SLIDE_VIEWS = 11, ((8, 0, 0), (2, 780, 900), (1, 1560, 2330))  # reduction, top, left of each window
TERRAIN_SEED, TERRAIN_VIEWS = 2, ((8, 0, 0), (2, 100, 60), (1, 1960, 1760))
WHITE_OF = {"summer": 0.28, "winter": 0.5}  # reflectance


def sheet(rows: list[list[NDArray[np.uint8]]], path: Path) -> None:
    """Write images of CELL pixels as a table."""
    step = CELL + GAP
    page = np.full((len(rows) * step - GAP, len(rows[0]) * step - GAP, 3), 255, np.uint8)
    for i, row in enumerate(rows):
        for j, cell in enumerate(row):
            page[i * step : i * step + CELL, j * step : j * step + CELL] = cell
    Image.fromarray(page).save(path, optimize=True)


def slide_sheet(path: Path) -> None:
    """Three scales of a slide, haematoxylin-eosin above periodic acid-Schiff."""
    slide = slides.describe(SLIDE_SEED, SIDE)
    rows = []
    for stain in slides.STAINS:
        drawing = slides.draw(slide, stain)
        rows.append([drawing.window(top, left, CELL, CELL, reduction=r) for r, top, left in SLIDE_VIEWS])
    sheet(rows, path)


def terrain_sheet(path: Path) -> None:
    """Three scales of a landscape in red, green and blue, summer above winter."""
    scene = terrain.describe(TERRAIN_SEED, SIDE)
    rows = []
    for season in terrain.SEASONS:
        drawing = terrain.draw(scene, season)
        windows = [drawing.window(top, left, CELL, CELL, reduction=r) for r, top, left in TERRAIN_VIEWS]
        rows.append([in_colour(window, season) for window in windows])
    sheet(rows, path)


def in_colour(bands: NDArray[Any], season: str) -> NDArray[np.uint8]:
    """Six bands (H, W, 6) as RGB."""
    light = np.clip(bands[..., [2, 1, 0]] / terrain.UNITS / WHITE_OF[season], 0, 1)
    picture: NDArray[np.uint8] = np.round(255 * light ** (1 / 1.6)).astype(np.uint8)
    return picture


def measure_speed(side: int, folder: Path) -> None:
    """Seconds per 100 megapixels and bytes of an image and a truth of both worlds."""
    for name, world in LARGE_WORLDS.items():
        scene = world.describe(3, side)
        world.drawing(scene, world.domains[0]).window(0, 0, 1, 1)  # textures
        for truth in (False, True):
            path = folder / f"speed-{name}{world.suffix}"
            start, clock = time.process_time(), time.perf_counter()
            world.write(path, scene, world.domains[0], truth=truth)
            spent, waited = time.process_time() - start, time.perf_counter() - clock
            hundred = side**2 / 1e8
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{name} {'truth' if truth else 'image'} {side} px: {spent / hundred:.1f} s of processor, "
                f"{waited / hundred:.1f} s by the clock per 100 megapixels; "
                f"{path.stat().st_size / 1e6:.0f} MB; memory so far {memory:.0f} MB"
            )
            path.unlink()


def windows(seeds: range) -> Iterator[tuple[slides.Slide, tuple[int, int, int, int]]]:
    """Windows of drawn slides, three of each."""
    for seed in seeds:
        slide = slides.describe(seed, SIDE)
        for top, left in ((1024, 1024), (2048, 1536), (1500, 2300)):
            yield slide, (top, left, 768, 768)


def measure_nuclei() -> None:
    """Nuclei kept by the true translation, and nuclei found against those drawn."""
    kept = {stain: Matches(0, 0, 0) for stain in slides.STAINS}
    found = dict(kept)
    for slide, window in windows(range(10)):
        for stain, other in (("he", "pas"), ("pas", "he")):
            image = slides.draw(slide, stain).window(*window)
            kept[stain] += nuclei_kept(image, slides.draw(slide, other, True).window(*window))
            found[stain] += match(find_nuclei(image), slides.nuclei_in(slide, *window)[:, :2], 6)
    for stain in slides.STAINS:
        print(f"{stain} and its true translation: F1 {kept[stain].f1:.3f} of {kept[stain].source} nuclei")
        print(f"{stain} and the nuclei that were drawn: F1 {found[stain].f1:.3f}")


def measure_maps() -> None:
    """PSNR of the identity, and of the best affine and cubic maps of colours, fitted to the truth itself."""
    images: list[list[NDArray[np.float64]]] = [[] for _ in range(4)]
    for slide, window in windows(range(4)):
        cases = itertools.product(slides.STAINS, (False, True))
        for part, (stain, truth) in zip(images, cases, strict=True):
            part.append(slides.draw(slide, stain, truth).window(*window)[::3, ::3].reshape(-1, 3).astype(float))
    he, he_truth, pas, pas_truth = (np.concatenate(part) for part in images)
    for name, source, target in (("he to pas", he, pas_truth), ("pas to he", pas, he_truth)):
        fits = [source, *(fitted(source, target, degree) for degree in (1, 3))]
        psnr = [10 * np.log10(255**2 / ((fit - target) ** 2).mean()) for fit in fits]
        print(f"{name}: as it is {psnr[0]:.1f} dB, affine {psnr[1]:.1f} dB, cubic {psnr[2]:.1f} dB")


def fitted(source: NDArray[np.float64], target: NDArray[np.float64], degree: int) -> NDArray[np.float64]:
    """The least-squares map of colours by a polynomial of a degree."""
    scaled = (source - source.mean(0)) / source.std(0)
    terms = [np.ones(len(source))]
    for order in range(1, degree + 1):
        for channels in itertools.combinations_with_replacement(range(3), order):
            terms.append(np.prod(scaled[:, channels], axis=1))
    matrix = np.stack(terms, 1)
    result: NDArray[np.float64] = matrix @ np.linalg.lstsq(matrix, target, rcond=None)[0]
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slides", type=Path)
    parser.add_argument("--terrain", type=Path)
    parser.add_argument("--speed", type=int, metavar="SIDE")
    parser.add_argument("--out", type=Path, default=Path())
    parser.add_argument("--nuclei", action="store_true")
    parser.add_argument("--maps", action="store_true")
    chosen = parser.parse_args()
    if chosen.slides:
        slide_sheet(chosen.slides)
    if chosen.terrain:
        terrain_sheet(chosen.terrain)
    if chosen.speed:
        measure_speed(chosen.speed, chosen.out)
    if chosen.nuclei:
        measure_nuclei()
    if chosen.maps:
        measure_maps()


if __name__ == "__main__":
    main()

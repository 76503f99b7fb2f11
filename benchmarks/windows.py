"""Reading windows of large files: opening, windows in order and at random, thumbnails, and the memory that it takes.

    python benchmarks/windows.py [--side 32768] [--folder DIR]

Draws a pyramid (JPEG tiles of 256 pixels, 3 channels) and a file of the same size without smaller copies in FOLDER,
each once, and reads them by our own TIFF reader and, as a slide, by OpenSlide. Seconds are of the processor.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import tifffile

from viceversa import images
from viceversa.images import Window

TILE = 256


def tiles(side: int) -> Iterator[np.ndarray]:
    """Soft colours with grain, 16 different tiles."""
    rng = np.random.default_rng(0)
    base = rng.integers(150, 230, (16, 1, 1, 3)) + rng.normal(0, 12, (16, TILE, TILE, 3))
    drawn = base.clip(0, 255).astype(np.uint8)
    for index in range((side // TILE) ** 2):
        yield drawn[index % 16]


def write(path: Path, side: int, factors: tuple[int, ...]) -> Path:
    """A slide like Aperio's, with the smaller copies of `factors`."""
    text = f"Aperio Image Library\n{side}x{side}|AppMag = 20|MPP = 0.5"
    if not path.exists():
        with tifffile.TiffWriter(path, bigtiff=True) as file:
            for factor in (1, *factors):
                part = side // factor
                file.write(
                    tiles(part), shape=(part, part, 3), dtype=np.uint8, tile=(TILE, TILE), photometric="rgb",
                    compression="jpeg", description=text, metadata=None,
                )  # fmt: skip
    return path


def seconds(call: Callable[[], object]) -> float:
    """Processor seconds of a call."""
    start = time.process_time()
    call()
    return time.process_time() - start


def measure(path: Path) -> None:
    """One row of the table, in a process of its own."""
    opening = seconds(lambda: images.open_windows(path).close())
    rng = np.random.default_rng(0)
    with images.open_windows(path) as image:
        height, width = image.about.size
        random = [Window(*map(int, rng.integers(0, (height - 512, width - 512))), 512, 512) for _ in range(100)]
        at_random = seconds(lambda: [image.read(window) for window in random]) / len(random)
        rows = [Window(top, left, 1024, 1024) for top in range(0, 4096, 1024) for left in range(0, width, 1024)]
        in_order = sum(w.height * w.width for w in rows) / 1e6 / seconds(lambda: [image.read(w) for w in rows])
    thumbnail = seconds(lambda: images.read(path, side=256))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    cells = [path.name, image.about.format, f"{opening * 1e3:.0f}", f"{at_random * 1e3:.1f}", f"{in_order:.0f}"]
    print("| " + " | ".join([*cells, f"{thumbnail:.2f}", f"{memory:.0f}"]) + " |", flush=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=32_768)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        pyramid = write(folder / "pyramid.tif", options.side, (4, 16, 64))
        slide, flat = folder / "pyramid.svs", write(folder / "flat.tif", options.side, ())
        if not slide.exists():
            slide.symlink_to(pyramid)
        print("| file | reader | open, ms | random 512 px, ms | in order, megapixels/s | side=256, s | memory, MB |")
        print("|---|---|---|---|---|---|---|", flush=True)
        for path in (pyramid, slide, flat):
            subprocess.run([sys.executable, __file__, "--measure", str(path)], check=True)


if __name__ == "__main__":
    main()

"""Size and time of TIFF files: python benchmarks/tiff_files.py FOLDER_OF_IMAGES

Before: one deflated strip by zlib, read by Pillow. Now: differences of neighbours and libdeflate, read by tifffile.
Times are those of the processor, in turns in one process.
"""

import sys
import time
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from viceversa.images.decoded import Decoded, Request
from viceversa.images.formats import pillow
from viceversa.images.formats.tiff import TIFF

rng = np.random.default_rng(0)
TYPES: dict[str, Callable[[Any], Any]] = {
    "uint8": lambda u8: u8,
    "uint16, 12 bits": lambda u8: u8.astype(np.uint16) * 16 + rng.integers(0, 16, u8.shape, np.uint16),
    "float32": lambda u8: ((u8 + rng.random(u8.shape)) / 256).astype(np.float32),
}


def timed(function: Callable[[], Any]) -> tuple[Any, float]:
    """The result, and the seconds that the processor worked for it."""
    start = time.process_time()
    return function(), time.process_time() - start


def main(folder: str) -> None:
    """Print both tables."""
    paths = [path for path in sorted(Path(folder).iterdir()) if path.suffix.lower() in (".jpg", ".png")][:30]
    photographs = [np.asarray(Image.open(path).convert("RGB")) for path in paths]
    print("written: size of raw before, now; time now / before")
    for name, convert in TYPES.items():
        raw, before, now, seconds = 0, 0, 0, [0.0, 0.0]
        for array in map(convert, photographs):
            for _ in range(2):
                old, first = timed(lambda array=array: zlib.compress(array.tobytes()))
                new, second = timed(lambda array=array: TIFF.encode([Decoded(samples=array)]))
                seconds = [seconds[0] + first, seconds[1] + second]
            raw, before, now = raw + array.nbytes, before + len(old), now + len(new)
        print(f"{name}: {before / raw:.3f} {now / raw:.3f}; {seconds[1] / seconds[0]:.2f}")

    print("read, 8-bit RGB of this size: milliseconds by Pillow, by tifffile")
    for side in (256, 1400):
        for compression in (None, "tiff_lzw", "tiff_adobe_deflate"):
            file = BytesIO()
            Image.fromarray(photographs[0]).resize((side, side)).save(file, "TIFF", compression=compression)
            seconds = [0.0, 0.0]
            for _ in range(10):
                file.seek(0)
                theirs, first = timed(lambda file=file: pillow.decode(file, 0, Request(), "TIFF"))
                ours, second = timed(lambda file=file: TIFF.decode(file, 0, Request()))
                seconds = [seconds[0] + first, seconds[1] + second]
            assert np.array_equal(theirs.samples, ours.samples)
            print(f"{side} {compression}: {seconds[0] * 100:.1f} {seconds[1] * 100:.1f}")


if __name__ == "__main__":
    main(*sys.argv[1:])

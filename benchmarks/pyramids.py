"""Speed and memory of writing large images block by block.

    python benchmarks/pyramids.py --image PHOTOGRAPH [--gigapixels 0.1,2] [--out FOLDER]

The photograph is repeated over the image. Speed is in full megapixels per second of one core (processor time), with the
smaller copies, for 64 megapixels; `copies` is the part of the time that they take. Memory is the peak of a process that
writes so many gigapixels.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from viceversa import images
from viceversa.images import PyramidWriter

BLOCK = 1024
CASES = {
    "uint8 RGB": {},
    "uint8 RGB, JPEG": {"compression": "jpeg"},
    "uint8 grey": {"channels": 1},
    "uint16 RGB": {"number_type": "uint16"},
    "uint16, 6 bands, 0 is missing": {"number_type": "uint16", "channels": 6, "nodata": 0.0},
    "float32": {"number_type": "float32", "channels": 1},
}


def photograph(path: Path, channels: int, number_type: str) -> Any:
    """A block of a photograph in a number type; uint16 and float32 have grain below the 8 bits of the file."""
    pixels = images.read_decoded(path).samples[..., :3]
    pixels = np.tile(pixels, (-(-BLOCK // pixels.shape[0]), -(-BLOCK // pixels.shape[1]), 1))[:BLOCK, :BLOCK]
    pixels = np.take(pixels, np.arange(channels) % pixels.shape[2], axis=2)
    if number_type == "uint8":
        return np.ascontiguousarray(pixels)
    grain = np.random.default_rng(0).random(pixels.shape, np.float32)
    fine = (pixels + grain) * (16 if number_type == "uint16" else 1 / 256)  # as a camera of 12 bits
    return fine.astype(number_type)


def write(path: Path, block: Any, side: int, options: dict[str, Any]) -> tuple[float, float]:
    """Seconds of processor time for the image and for its smaller copies."""
    options = {"channels": block.shape[2], "number_type": block.dtype.name, "key": {}, "threads": 1, **options}
    begin = time.process_time()
    with PyramidWriter(path, size=(side, side), **options) as writer:
        for window in writer.blocks:
            writer.write(block[: window.height, : window.width])
        middle = time.process_time()
        writer.finish()
    return middle - begin, time.process_time() - middle


def speeds(image: Path, folder: Path) -> None:
    """Print a row for each case."""
    print("| samples | Mpx/s | copies | stored |")
    print("|---|---|---|---|")
    side = 8192
    for name, case in CASES.items():
        options = dict(case)
        block = photograph(image, int(options.pop("channels", 3)), str(options.pop("number_type", "uint8")))
        runs = [write(folder / "a.tif", block, side, options) for _ in range(3)]
        full, copies = min(runs, key=sum)
        share = (folder / "a.tif").stat().st_size / (block.nbytes * (side / BLOCK) ** 2)
        print(
            f"| {name} | {side**2 / 1e6 / (full + copies):.0f} | {copies / (full + copies):.0%} | {share:.0%} |",
            flush=True,
        )


def memory(image: Path, folder: Path, gigapixels: float) -> dict[str, float]:
    """Peak megabytes of this process, and seconds by the clock."""
    block = photograph(image, 3, "uint8")
    begin = time.monotonic()
    write(folder / "a.tif", block, int((gigapixels * 1e9) ** 0.5), {})
    seconds = time.monotonic() - begin
    lines = Path("/proc/self/status").read_text().splitlines()  # getrusage counts the parent of the process, too
    peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    return {"gigapixels": gigapixels, "peak MB": round(peak / 1e3), "s": round(seconds)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image", type=Path, required=True)
    parser.add_argument("--gigapixels", default="0.05,0.3")
    parser.add_argument("--out", type=Path, help="where the files are written for a while")
    parser.add_argument("--memory", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.out) as folder:
        if options.memory:
            print(json.dumps(memory(options.image, Path(folder), options.memory)))
            return
        speeds(options.image, Path(folder))
        for size in options.gigapixels.split(","):
            words = [sys.executable, __file__, "--image", str(options.image), "--out", folder, "--memory", size]
            print(subprocess.run(words, capture_output=True, check=True, text=True).stdout.strip(), flush=True)


if __name__ == "__main__":
    main()

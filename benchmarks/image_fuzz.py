"""Mutated image files of every format: only ImageError may come out, within five seconds and bounded memory.

    python benchmarks/image_fuzz.py --count 100000 [--seed 0]

Small files of each format are mutated (bytes flipped, cut, inserted, numbers of the header replaced) and read by a
process of its own with 2 GiB of address space beyond its imports. What that process dies of, or does not end, is a
failure of the file it was reading. Needs the extras `medical` and `heif`. Exit code 1 where a file failed.
"""

import argparse
import gzip
import json
import resource
import struct
import subprocess
import sys
import time
import warnings
import zlib
from collections import Counter
from io import BytesIO
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

import numpy as np
from PIL import Image

from viceversa.images import ImageError
from viceversa.images.decoded import Decoded, Request
from viceversa.images.formats import BY_NAME
from viceversa.images.opened import OpenImage
from viceversa.images.picture import picture_of

SLOW = 5.0  # seconds for a file
START = 120.0  # seconds for the imports and the corpus
MEMORY = 2 * 2**30  # bytes beyond the imports
EXTREMES = (0, 1, 2, 3, 7, 255, 256, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1)


def corpus() -> dict[str, list[bytes]]:
    """Small files of every format, by its name."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:40, 0:48]
    colour = np.stack([x * 4, y * 5, x + y], -1).astype(np.uint8)
    deep = rng.integers(0, 4096, (40, 48, 3), np.uint16)
    floats = rng.normal(0, 100, (40, 48, 1)).astype(np.float32)
    alpha = np.linspace(0, 1, 48, dtype=np.float32)[None].repeat(40, 0)
    transparent = Decoded(samples=colour, alpha=alpha)
    singles = [Decoded(samples=samples) for samples in (colour, colour[..., :1], deep, floats)]
    many = [Decoded(samples=floats + k) for k in range(3)]

    files: dict[str, list[bytes]] = {}
    for name, format in BY_NAME.items():
        pages = [[page] for page in (*singles, transparent)] + [many] * format.is_stack
        files[name] = [format.encode(p) for p in pages if held(format, p[0])]
    for name, modes in {"GIF": "PL", "PNG": "P1", "JPEG": ["CMYK"], "BMP": "P1", "PPM": "1"}.items():
        for mode in modes:
            files[name].append(saved(Image.fromarray(colour).convert(mode), name))
    frames = [Image.fromarray(np.roll(colour, k, 0)) for k in range(3)]
    for name in ("GIF", "PNG", "WEBP", "AVIF"):
        files[name].append(saved(frames[0], name, save_all=True, append_images=frames[1:]))
    exif = Image.Exif()
    exif[0x0110], exif[0x0112], exif[0x8769] = "camera", 6, {0x9003: "2020:01:01 00:00:00"}
    for name in ("JPEG", "PNG", "WEBP", "AVIF"):
        files[name].append(saved(frames[0], name, exif=exif, icc_profile=bytes(range(256)) * 3))
    for codec in ("tiff_lzw", "tiff_deflate", "jpeg", "packbits"):
        files["TIFF"].append(saved(frames[0], "TIFF", compression=codec))
    files["NIfTI"] += [gzip.compress(data) for data in files["NIfTI"]]
    files["DICOM"] += other_dicom(files["DICOM"][0])
    return files


def held(format: Any, page: Decoded) -> bool:
    """Whether a format can hold such a page."""
    return bool(format.holds(page.samples.dtype.name, page.samples.shape[2], page.alpha is not None))


def saved(image: Image.Image, name: str, **options: Any) -> bytes:
    """A file that Pillow writes."""
    out = BytesIO()
    image.save(out, name, **options)
    return out.getvalue()


def other_dicom(data: bytes) -> list[bytes]:
    """The same image in transfer syntaxes that viceversa does not write."""
    import pydicom
    from pydicom.uid import DeflatedExplicitVRLittleEndian, RLELossless

    packed, deflated = pydicom.dcmread(BytesIO(data)), pydicom.dcmread(BytesIO(data))
    packed.compress(RLELossless)
    deflated.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    files = []
    for dataset in (packed, deflated):
        out = BytesIO()
        dataset.save_as(out)
        files.append(out.getvalue())
    return files


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """One to four changes of a file."""
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        at = int(rng.integers(len(changed))) if len(changed) else 0
        kind = int(rng.integers(6))
        if kind == 0:  # bits
            for place in rng.integers(0, max(len(changed), 1), int(rng.integers(1, 9))):
                if place < len(changed):
                    changed[place] ^= 1 << int(rng.integers(8))
        elif kind == 1:  # the end is missing
            del changed[at:]
        elif kind == 2:  # bytes too many
            changed[at:at] = rng.bytes(int(rng.integers(1, 33)))
        elif kind == 3:  # a piece is missing
            del changed[at : at + int(rng.integers(1, 33))]
        else:  # a number, mostly of the header
            place = int(rng.integers(max(min(len(changed), 600), 1))) if kind == 4 else at
            number = EXTREMES[int(rng.integers(len(EXTREMES)))]
            form = "<>"[int(rng.integers(2))] + "BHI"[int(rng.integers(3))]
            size = struct.calcsize(form)
            changed[place : place + size] = struct.pack(form, number & ((1 << 8 * size) - 1))
    return with_checksums(bytes(changed)) if rng.random() < 0.5 else bytes(changed)


def with_checksums(data: bytes) -> bytes:
    """A PNG whose chunks have the checksums of what they hold now, so that more than these are tried."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data
    out, at = bytearray(data), 8
    while at + 12 <= len(out):
        end = at + 8 + int.from_bytes(out[at : at + 4], "big")
        if end + 4 > len(out):
            break
        out[end : end + 4] = zlib.crc32(out[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return bytes(out)


def read_whole(data: bytes) -> bool:
    """Count, describe and read a file, and its last page: whether all of it went well."""
    try:
        with OpenImage("x", BytesIO(data)) as image:
            count = image.count()
            image.describe(0)
            for page in {0, count - 1}:
                decoded = image.decode(page, Request())
                image.call(lambda format, decoded=decoded: picture_of(decoded, None, format.name))
    except ImageError:
        return False
    return True


def work(seed: int, start: int, count: int) -> None:
    """Read the files from `start`; a line before each one, and one with its result after it."""
    warnings.simplefilter("ignore")
    files = corpus()
    names = list(files)
    for name in names:  # imports, before memory is limited
        for data in files[name]:
            assert read_whole(data), name
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))

    for index in range(start, count):
        rng = np.random.default_rng((seed, index))
        name = names[index % len(names)]
        data = mutated(files[name][int(rng.integers(len(files[name])))], rng)
        print(json.dumps({"index": index, "format": name}), flush=True)
        began = time.perf_counter()
        try:
            result = "read" if read_whole(data) else "refused"
        except Exception as error:
            result = f"{type(error).__name__}: {error}"[:200]
        print(json.dumps({"result": result, "seconds": time.perf_counter() - began}), flush=True)


class Table:
    """What became of the files, by format."""

    def __init__(self) -> None:
        self.results: dict[str, Counter[str]] = {}
        self.slowest: dict[str, float] = {}
        self.failures: list[str] = []

    def add(self, index: int, name: str, result: str, seconds: float) -> None:
        """One file."""
        is_failure = result not in ("read", "refused") or seconds > SLOW
        self.results.setdefault(name, Counter())["failed" if is_failure else result] += 1
        self.slowest[name] = max(self.slowest.get(name, 0.0), seconds)
        if is_failure:
            self.failures.append(f"file {index} ({name}), {seconds:.1f} s: {result}")
            print(self.failures[-1], file=sys.stderr, flush=True)

    def show(self) -> None:
        """One line a format."""
        print("| format | files | read | refused | failed | slowest, s |\n|---|---|---|---|---|---|")
        for name, counts in self.results.items():
            row = [name, sum(counts.values()), *(counts[key] for key in ("read", "refused", "failed"))]
            print(f"| {' | '.join(map(str, row))} | {self.slowest[name]:.2f} |")


def run(seed: int, count: int) -> Table:
    """All files, by as many processes as it takes."""
    table, start = Table(), 0
    while start < count:
        command = [sys.executable, __file__, "--worker", str(start), "--seed", str(seed), "--count", str(count)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as worker:
            current = follow(worker, table)
            if current is None and worker.wait() == 0:
                return table
            if current is None:
                raise SystemExit(f"the worker ended before it read a file, with {worker.returncode}")
            worker.kill()
            ended = worker.wait()
        seconds = time.monotonic() - current["began"]
        table.add(current["index"], current["format"], f"ended or did not end (exit code {ended})", seconds)
        start = current["index"] + 1
    return table


def follow(worker: "subprocess.Popen[str]", table: Table) -> dict[str, Any] | None:
    """Take the lines of a worker until it ends or hangs: the file that it was reading, if any."""
    lines: Queue[str] = Queue()
    Thread(target=pass_lines, args=(worker, lines), daemon=True).start()
    current: dict[str, Any] | None = None
    limit = START
    while True:
        try:
            line = lines.get(timeout=limit)
        except Empty:
            return current
        if not line:
            return current
        message = json.loads(line)
        if "index" in message:
            current, limit = {**message, "began": time.monotonic()}, 2 * SLOW
        elif current:
            table.add(current["index"], current["format"], message["result"], message["seconds"])
            current = None


def pass_lines(worker: "subprocess.Popen[str]", lines: "Queue[str]") -> None:
    """The lines of a worker, and an empty one at its end."""
    assert worker.stdout
    for line in worker.stdout:
        if line.endswith("\n"):
            lines.put(line)
    lines.put("")


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker is not None:
        work(options.seed, options.worker, options.count)
        return 0
    table = run(options.seed, options.count)
    table.show()
    return 1 if table.failures else 0


if __name__ == "__main__":
    raise SystemExit(main())

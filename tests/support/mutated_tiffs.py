"""Mutated TIFF files, read in a process of its own with bounded memory: python mutated_tiffs.py SEED COUNT [windows].

Prints a line for each file that took too long or raised what is no Exception; the last line is "done" and the number of
files that were read and refused. A crash of a decoder ends the process before it.
"""

import resource
import struct
import sys
import time
from io import BytesIO
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

SLOW = 5.0  # seconds
MEMORY = 3 * 2**30  # bytes of address space beyond what the imports take
EXTREMES = (0, 1, 2, 7, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1)


def corpus() -> list[bytes]:
    """Small files of every codec and kind that is read."""
    rng = np.random.default_rng(0)
    grey, rgb = rng.integers(0, 4096, (40, 33), np.uint16), rng.integers(0, 256, (40, 33, 3), np.uint8)
    stack = rng.integers(0, 256, (3, 2, 20, 17), np.uint16)
    smooth = np.add.outer(np.arange(48), np.arange(64)).astype(np.uint8)
    smooth = np.stack([smooth, smooth // 2, 255 - smooth], -1)
    options: list[tuple[np.ndarray, dict]] = [
        (array, {"compression": compression, "predictor": predictor, "byteorder": order, "rowsperstrip": 16})
        for array in (grey, rgb, grey.astype(np.float32))
        for compression, predictor in (
            (None, False),
            ("lzw", True),
            ("zlib", True),
            ("zstd", False),
            ("packbits", False),
        )
        for order in "<>"
    ]
    options += [(smooth, {"compression": codec, "tile": (32, 32)}) for codec in ("jpeg", "webp", "jpeg2000")]
    options += [(smooth[..., 0], {"compression": codec, "tile": (32, 32)}) for codec in ("jpeg", "lerc", "jpeg2000")]
    options += [(grey.astype(np.float32), {"compression": "lerc"}), (grey[:, :32] > 9, {"photometric": "minisblack"})]
    options += [(rgb, {"tile": (16, 16), "planarconfig": "contig", "bigtiff": True, "extratags": EXTRA})]
    options += [
        (stack, {"imagej": True, "byteorder": order, "metadata": {"axes": "ZCYX", "Info": "x"}}) for order in "<>"
    ]
    options += [(stack, {"ome": True, "metadata": {"axes": "ZCYX", "Channel": {"Name": ["a", "b"]}}})]
    options += [(stack, {"metadata": {"axes": "ZCYX"}, "truncate": True}), (stack, {"metadata": None})]
    files = []
    for array, option in options:
        photometric = "rgb" if array.shape[-1] == 3 else "minisblack"
        file = BytesIO()
        tifffile.imwrite(file, array, **{"photometric": photometric, **option})
        files.append(file.getvalue())
    for mode, settings in (("1", {"compression": "group4"}), ("1", {"compression": "group3"}), ("CMYK", {}), ("P", {}),
                           ("YCbCr", {"compression": "jpeg"}), ("LAB", {}), ("1", {"compression": "tiff_ccitt"}),
                           ("RGBA", {"compression": "tiff_deflate"}), ("YCbCr", {})):  # fmt: skip
        image = Image.new(mode, (48, 40)) if mode == "LAB" else Image.fromarray(smooth[:40, :48]).convert(mode)
        file = BytesIO()
        image.save(file, "TIFF", dpi=(300, 300), **settings)
        files.append(file.getvalue())
    return files


EXTRA = [(33550, 12, 3, (1.0, 1.0, 0.0)), (42113, 2, 0, "7"), (34853, 4, 1, 8), (34665, 4, 1, 8), (274, 3, 1, 6)]


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """A few changed bytes, most of them in the directory; sometimes a file cut short or with a part doubled."""
    new = bytearray(data)
    order = "<" if data[:2] == b"II" else ">"
    first = struct.unpack_from(f"{order}I", data, 4)[0] if data[2:4] in (b"*\0", b"\0*") else 16
    for _ in range(int(rng.integers(1, 6))):
        kind = rng.integers(8)
        if kind < 4 and first + 14 < len(new):  # a number of a tag
            at = first + 2 + 12 * int(rng.integers(0, 24)) + int(rng.choice((0, 2, 4, 8)))
            if at + 4 <= len(new):
                struct.pack_into(f"{order}I", new, at, int(rng.choice(EXTREMES)))
        elif kind < 6:
            new[int(rng.integers(len(new)))] = int(rng.integers(256))
        elif kind == 6:
            at = int(rng.integers(len(new) - 4))
            struct.pack_into(f"{order}I", new, at, int(rng.integers(len(new))))
        elif rng.random() < 0.3:
            cut = int(rng.integers(8, len(new)))
            new = new[:cut] if rng.random() < 0.5 else new[:cut] + new[cut // 2 :]
    return bytes(new)


def read_windows(data: bytes, rng: np.random.Generator) -> None:
    """Read windows of the last page, at all of its levels."""
    from viceversa.images.formats.tiff_pages import read_pages
    from viceversa.images.formats.tiff_windows import open_page
    from viceversa.images.windows import Window

    pages = read_pages(BytesIO(data))
    image = open_page(BytesIO(data), "x", pages, pages.count - 1)
    for number, level in enumerate(image.about.levels):
        for _ in range(3):
            height, width = (int(rng.integers(1, min(side, 64) + 1)) for side in level[:2])
            top, left = int(rng.integers(level.height - height + 1)), int(rng.integers(level.width - width + 1))
            image.read(Window(top, left, height, width), number)


def pyramids() -> list[bytes]:
    """Small pyramids with tiles of several codecs, as directories that follow and as directories below."""
    array = np.add.outer(np.arange(160), np.arange(200))[..., None] + np.array([0, 30, 90])
    array, files = (array % 256).astype(np.uint8), []
    for codec in ("jpeg", "zlib", "lzw", "zstd", None, "jpeg2000"):
        for below in (0, 2):
            file = BytesIO()
            with tifffile.TiffWriter(file, bigtiff=codec == "lzw") as writer:
                how = {"photometric": "rgb", "tile": (32, 48), "compression": codec, "metadata": None}
                writer.write(array, subifds=below, description="Aperio x|MPP = 0.5", **how)
                writer.write(array[::2, ::2].copy(), subfiletype=1, **how)
                writer.write(array[::4, ::4].copy(), subfiletype=1, **how)
            files.append(file.getvalue())
    return files


def main(seed: int, count: int, what: str = "") -> None:
    """Read `count` mutated files, and write what was read; or read windows of them."""
    from viceversa.images.decoded import Request
    from viceversa.images.formats.tiff import TIFF

    files, rng, done = corpus(), np.random.default_rng(seed), [0, 0]
    for data in files:
        TIFF.encode([TIFF.decode(BytesIO(data), 0, Request())])  # all packages are imported, all originals are read
    if what == "windows":
        files += 4 * pyramids()
        for data in files:
            read_windows(data, rng)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY,) * 2)
    for index in range(count):
        data = mutate(files[int(rng.integers(len(files)))], rng)
        start = time.process_time()
        try:
            if what == "windows":
                read_windows(data, rng)
                done[0] += 1
                continue
            pages = TIFF.count(BytesIO(data))
            TIFF.describe(BytesIO(data))
            page = TIFF.decode(BytesIO(data), pages - 1, Request())
            if page.samples.size < 2**20:
                TIFF.encode([page])
            done[0] += 1
        except Exception:
            done[1] += 1
        except BaseException as error:
            print(f"{index}: {type(error).__name__} {error}")
        finally:
            if time.process_time() - start > SLOW:
                print(f"{index}: {time.process_time() - start:.1f} s")
    print("done", *done)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])

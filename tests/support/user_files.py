"""Files as people of medicine, microscopy and remote sensing have them, small: sets of two domains to train on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

SIDE = 40  # pixels
COUNTS = {"trainA": 5, "trainB": 4, "testA": 2, "testB": 2}
Draw = Callable[[np.random.Generator, str], np.ndarray]  # of "A" or "B": (H, W), (H, W, C)


def shapes(rng: np.random.Generator, channels: int = 1) -> np.ndarray:
    """(H, W, C) in [0, 1]: a smooth gradient, a disc and a box, another level in each channel."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    planes = []
    cy, cx, radius = rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.7), rng.uniform(0.15, 0.3)
    for _ in range(channels):
        plane = 0.2 + 0.2 * rng.random() * x + 0.2 * rng.random() * y
        plane[(y - cy) ** 2 + (x - cx) ** 2 < radius**2] += 0.4 * rng.random() + 0.1
        planes.append(np.clip(plane + 0.02 * rng.standard_normal(plane.shape), 0, 1))
    return np.stack(planes, axis=2)


def write_tiffs(folder: Path, draw: Draw, counts: dict[str, int] = COUNTS, seed: int = 0, **options: object) -> Path:
    """`trainA/0.tif` and so on; channels are planes of one page."""
    rng = np.random.default_rng(seed)
    for name, count in counts.items():
        (folder / name).mkdir(parents=True)
        for i in range(count):
            write_tiff(folder / name / f"{i}.tif", draw(rng, name[-1]), **options)
    return folder


def write_tiff(path: Path, samples: np.ndarray, **options: object) -> None:
    """One image (H, W) or (H, W, C) as a TIFF file, every channel a sample of its pixels."""
    many = samples.ndim == 3 and samples.shape[2] > 1
    settings = {"photometric": "minisblack", **({"planarconfig": "contig"} if many else {})}
    tifffile.imwrite(path, samples[..., 0] if samples.ndim == 3 and not many else samples, **settings, **options)


def magnetic_resonance(rng: np.random.Generator) -> np.ndarray:
    """uint16 in arbitrary units, 0 to about 900."""
    return np.rint(900 * shapes(rng)[..., 0]).astype(np.uint16)


def tomography(rng: np.random.Generator) -> np.ndarray:
    """int16 in Hounsfield units: air, soft tissue, bone."""
    ct = -1000 + 1040 * (shapes(rng)[..., 0] > 0.25) + 30 * rng.standard_normal((SIDE, SIDE))
    ct[18:22, 18:22] = 1200
    return np.clip(np.rint(ct), -1024, 3071).astype(np.int16)


def scanner(rng: np.random.Generator, side: str) -> np.ndarray:
    """A: MR, B: CT in Hounsfield units."""
    return magnetic_resonance(rng) if side == "A" else tomography(rng)


def counts_of_camera(rng: np.random.Generator, side: str) -> np.ndarray:
    """uint16 counts, 0 to 900 in A, 0 to 4095 in B."""
    return np.rint((900 if side == "A" else 4000) * shapes(rng)[..., 0]).astype(np.uint16)


def write_images(
    folder: Path, draw: Draw, suffix: str = ".png", counts: dict[str, int] = COUNTS, **options: object
) -> Path:
    """The same as files that Pillow writes."""
    rng = np.random.default_rng(0)
    for name, count in counts.items():
        (folder / name).mkdir(parents=True)
        for i in range(count):
            Image.fromarray(draw(rng, name[-1])).save(folder / name / f"{i}{suffix}", **options)
    return folder


def write_stacks(folder: Path, pages: dict[str, int]) -> Path:
    """One stack of 12-bit counts in 16 bits in each folder."""
    rng = np.random.default_rng(0)
    for name, count in pages.items():
        (folder / name).mkdir(parents=True)
        stack = np.stack([np.rint(4095 * shapes(rng)[..., 0]).astype(np.uint16) for _ in range(count)])
        tifffile.imwrite(folder / name / "stack.tif", stack, photometric="minisblack")
    return folder

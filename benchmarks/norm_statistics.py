"""Instance norm on large images: seams, difference to the whole image, sampling error and time by --statistics.

    python benchmarks/norm_statistics.py WORK --data KIDNEY [--steps 400]

KIDNEY has folders `he` and `pas` of fields of kidney biopsies. A small `cyclegan` (ResNet of width 8 with 6 blocks)
learns both stains from crops of 128 px of fields 1 to 6; WORK keeps crops and run. Fields 7 and 8 make an image of
2,048 x 2,048 px, which is translated to `pas` in tiles of 256 px with the statistics of the whole image (`exact`), a
sample of it (`picture`), the training images (`training`), and each tile alone (`tile`). Differences are to the network
on the whole image at once, in 8-bit levels. Seams: the mean step of neighbouring pixels across lines between tiles, by
that elsewhere, relative to the whole image. Everything goes to benchmarks/results/norm_statistics.json.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

import viceversa
from viceversa import images
from viceversa.hardware.device import processor_name
from viceversa.images.windows import Window
from viceversa.methods.protocol import Side
from viceversa.networks.translation import TranslationModule
from viceversa.training.train import train
from viceversa.translation.calibration import SIDE, Sampler, calibrate
from viceversa.translation.sampling import PaddedImage
from viceversa.translation.statistics import (
    Part,
    Statistics,
    exact_statistics,
    freeze,
    joint_statistics,
    per_tile,
)
from viceversa.translation.tiles import TiledTranslation, grid
from viceversa.translation.training_statistics import mean_statistics, training_statistics
from viceversa.translation.translator import load

OUT = Path(__file__).parent / "results" / "norm_statistics.json"
SIZE, CROPS_PER_FIELD, IMAGE = 128, 60, 2048  # pixels of a crop, crops, pixels of a side of the large image
HELD_OUT = 48  # crops on which statistics of training are compared
TO: Side = "B"
LEVELS = 127.5  # of 255 for a difference of 1 in [-1, 1]
SETTINGS = (
    "method.width=8", "method.blocks=6", "method.d_width=16", "method.d_layers=2", "method.cycle_downsampling=2",
    "method.lr_g=1e-3", "method.lr_d=1e-3", f"data.load={SIZE}", "train.threads=1", "train.samples=0", "train.probes=0",
)  # fmt: skip
Pixels = NDArray[np.float32]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=400)
    args = parser.parse_args()

    torch.set_num_threads(1)
    run = trained(args.work, args.data, args.steps)
    net = load(run, device="cpu").generators[TO]
    picture = large_image(args.data)
    read = reader(picture)
    results: dict[str, Any] = {
        "date": time.strftime("%F"),
        "viceversa": viceversa.__version__,
        "torch": torch.__version__,
        "processor": processor_name(),
        "steps": args.steps,
        "image": [IMAGE, IMAGE],
        "tile": SIDE,
    }
    results |= {"modes": modes(net, read, picture, run, results)}
    results["crops"] = of_crops(net, run, args.data)
    OUT.write_text(json.dumps(results, indent=1) + "\n")
    print(json.dumps(results, indent=1))


def trained(work: Path, data: Path, steps: int) -> Path:
    """The run, trained on crops of fields 1 to 6."""
    crops = work / "crops"
    for stain, folder in (("he", "trainA"), ("pas", "trainB")):
        if not (crops / folder).exists():
            (crops / folder).mkdir(parents=True)
            for i, crop in enumerate(crops_of(fields(data, stain)[:6], CROPS_PER_FIELD, seed=len(stain))):
                levels = images.to_uint8(crop).transpose(1, 2, 0)
                Image.fromarray(levels).save(crops / folder / f"{i:04}.png")
    options = dict(preset="cyclegan", size=SIZE, device="cpu", precision="fp32", quiet=True, set=SETTINGS)
    train(crops, out=work / "run", steps=steps, **options)
    return work / "run"


def fields(data: Path, stain: str) -> list[Pixels]:
    """The fields of a stain, (3, H, W) in [-1, 1]."""
    return [images.read(path).pixels for path in sorted((data / stain).glob("*.jpg"))]


def crops_of(pictures: list[Pixels], each: int, seed: int) -> list[Pixels]:
    """Random crops of pictures."""
    rng = np.random.default_rng(seed)
    corners = rng.integers(0, pictures[0].shape[1] - SIZE, (len(pictures), each, 2))
    pairs = zip(pictures, corners, strict=True)
    return [picture[:, y : y + SIZE, x : x + SIZE] for picture, own in pairs for y, x in own]


def large_image(data: Path) -> Pixels:
    """Fields 7 and 8 and their mirror images, cut to the size of the large image."""
    a, b = fields(data, "he")[6:8]
    rows = [np.concatenate([a, b], 2), np.concatenate([b[:, ::-1], a[:, ::-1]], 2)]
    return np.ascontiguousarray(np.concatenate(rows, 1)[:, :IMAGE, :IMAGE])


def reader(picture: Pixels) -> Callable[[Window], Pixels]:
    """The function that reads its windows."""
    return lambda window: picture[:, window.slices[0], window.slices[1]]


def modes(net: nn.Module, read: Any, picture: Pixels, run: Path, results: dict[str, Any]) -> dict[str, Any]:
    """Difference, seams and time of each kind of statistics."""
    module, size = TranslationModule(net), (IMAGE, IMAGE)
    with torch.inference_mode():
        whole = module(torch.from_numpy(picture)[None])[0].numpy()

    padded = PaddedImage(module, read, size)
    sampler = Sampler(module, padded, padded.cells(SIDE), "fp32", torch.float32)
    parts = [sampler.part(cell) for cell in sampler.order]
    seconds: dict[str, float] = {}
    kinds: dict[str, Statistics] = {
        "exact": timed(seconds, "exact", lambda: exact_statistics(net, parts)),
        "joint": timed(seconds, "joint", lambda: joint_statistics(net, parts)),
        "joint, 16 bits": timed(seconds, "joint, 16 bits", lambda: joint_statistics(net, parts, torch.float16)),
        "training": timed(seconds, "training", lambda: training_statistics(run, TO)),
    }
    found = timed(seconds, "picture", lambda: calibrate(module, read, size))
    kinds["picture"] = found.statistics
    results["picture"] = str(found)

    rows = {}
    frozen = {name: freeze(net, statistics) for name, statistics in kinds.items()} | {"tile": per_tile(net)}
    for name, other in frozen.items():
        output = timed(seconds, f"translate {name}", lambda other=other: translated(other, read))
        rows[name] = compared(output, whole) | {"cpu_seconds": round(seconds.get(name, 0.0), 2)}
    forward = seconds["translate exact"]
    for row in rows.values():
        row["share_of_translation"] = round(row["cpu_seconds"] / forward, 3)
    results["translation_cpu_seconds"] = round(forward, 2)
    results["sampling"] = [sampled(module, read, whole, n) for n in (16, 32)]
    return rows


def timed(seconds: dict[str, float], name: str, work: Callable[[], Any]) -> Any:
    """The result of `work`; its seconds of processor time go into `seconds`."""
    start = time.process_time()
    result = work()
    seconds[name] = time.process_time() - start
    return result


def translated(net: nn.Module, read: Any) -> Pixels:
    """The large image translated in tiles."""
    tiled = TiledTranslation(TranslationModule(net), (IMAGE, IMAGE), side=SIDE)
    windows = grid((IMAGE, IMAGE), SIDE)
    output = np.empty((3, IMAGE, IMAGE), np.float32)
    for window, tile in zip(windows, tiled.tiles(windows, read), strict=True):
        output[:, window.slices[0], window.slices[1]] = tile
    return output


def compared(output: Pixels, whole: Pixels) -> dict[str, float]:
    """Mean and largest difference in levels, and the seam figure."""
    difference = np.abs(output - whole) * LEVELS
    return {
        "mean_levels": round(float(difference.mean()), 4),
        "largest_levels": round(float(difference.max()), 3),
        "seams": round(seams(output) / seams(whole), 4),
    }


def seams(pixels: Pixels) -> float:
    """Mean step between neighbours across lines between tiles, by the mean step elsewhere."""
    on, off = [], []
    for axis in (1, 2):
        steps = np.abs(np.diff(pixels, axis=axis)).mean((0, 3 - axis))
        lines = np.arange(1, len(steps) + 1) % SIDE == 0
        on.append(steps[lines].mean())
        off.append(steps[~lines].mean())
    return float(np.mean(on) / np.mean(off))


def sampled(module: TranslationModule, read: Any, whole: Pixels, tiles: int) -> dict[str, Any]:
    """Stated and true error of samples of so many tiles, for three seeds; the true one on every fourth tile."""
    stated, true = [], []
    windows = grid((IMAGE, IMAGE), SIDE)[::4]
    for seed in range(3):
        found = calibrate(module, read, (IMAGE, IMAGE), enough_levels=0.0, most_tiles=tiles, seed=seed)
        stated.append(round(found.error_levels, 3))
        frozen = TranslationModule(freeze(module.generator, found.statistics))
        outputs = TiledTranslation(frozen, (IMAGE, IMAGE), side=SIDE).tiles(windows, read)
        errors = [
            np.abs(output - whole[:, window.slices[0], window.slices[1]]).mean()
            for window, output in zip(windows, outputs, strict=True)
        ]
        true.append(round(float(np.mean(errors)) * LEVELS, 3))
    return {"tiles": tiles, "of": found.of, "stated_levels": stated, "true_levels": true}


@torch.inference_mode()
def of_crops(net: nn.Module, run: Path, data: Path) -> dict[str, dict[str, float]]:
    """How near frozen statistics of training crops come to the network on whole crops that it has not seen.

    `mean`: means of the moments of each crop, normalised by itself; `joint`: the crops as one virtual image.
    """
    seen = [torch.from_numpy(crop)[None] for crop in crops_of(fields(data, "he")[:6], 11, seed=7)][:64]
    unseen = [torch.from_numpy(crop)[None] for crop in crops_of(fields(data, "he")[6:8], HELD_OUT // 2, seed=8)]
    parts = [Part(lambda crop=crop: crop, Window(0, 0, SIZE, SIZE)) for crop in seen]
    kinds = {"mean": mean_statistics(net, seen), "joint": joint_statistics(net, parts)}
    return {name: nearness(freeze(net, statistics), net, unseen) for name, statistics in kinds.items()}


def nearness(frozen: nn.Module, net: nn.Module, crops: list[Tensor]) -> dict[str, float]:
    """Mean difference of translations of crops, and root of the mean of its square, in levels."""
    differences = torch.cat([frozen(crop) - net(crop) for crop in crops])
    mean, root = differences.abs().mean(), differences.square().mean().sqrt()
    return {"mean_levels": round(float(mean) * LEVELS, 3), "root_mean_square_levels": round(float(root) * LEVELS, 3)}


if __name__ == "__main__":
    main()

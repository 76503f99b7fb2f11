"""method.norm=renorm beside instance norm: quality on whole images and on tiles, and how far the two differ.

    python benchmarks/renorm.py WORK [--worlds orchard seasons] [--seeds 0 1] [--steps 800] [--only orchard-instance-0]

Trains a small `cyclegan` (ResNet of width 16 with 3 blocks, discriminators of width 16, both rates 1e-3) on crops of 64
px of drawn images of 128 px, one thread. The test images are translated as a whole, and in four tiles of 64 px each of
which is translated alone, as training has seen them. PSNR against the truth, in dB. Disparity: the mean difference of
the colours in the middle of a tile, which its borders hardly reach, in 8-bit levels. Each run is added to
benchmarks/results/renorm.json when it ends; runs that the file has are not repeated.
"""

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import viceversa
from viceversa import images
from viceversa.hardware.device import processor_name
from viceversa.metrics.paired import psnr
from viceversa.networks.translation import TranslationModule
from viceversa.training.train import train
from viceversa.translation.translator import load
from viceversa.worlds.make import make

OUT = Path(__file__).parent / "results" / "renorm.json"
SIZE, SIDE = 64, 128  # of training crops and of images, pixels
COUNT, TEST = 200, 24  # images of a domain
LEVELS = 127.5  # of 255 for a difference of 1 in [-1, 1]
SETTINGS = (
    "method.width=16", "method.blocks=3", "method.d_width=16", "method.d_layers=2", "method.cycle_downsampling=2",
    "method.lr_g=1e-3", "method.lr_d=1e-3", f"data.load={SIDE}", "train.threads=1", "train.samples=0", "train.probes=0",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--worlds", nargs="+", default=["orchard", "seasons"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--only", help="one run, by its name")
    args = parser.parse_args()

    torch.set_num_threads(1)
    results: dict[str, Any] = json.loads(OUT.read_text()) if OUT.exists() else {"runs": {}}
    for name, world, norm, seed in runs(args.worlds, args.seeds):
        if name in results["runs"] or args.only not in (None, name):
            continue
        data = args.work / world
        make(world, data, count=COUNT, test=TEST, size=SIDE)
        started = time.process_time()
        run = args.work / name
        words = (*SETTINGS, f"method.norm={norm}")
        options = dict(preset="cyclegan", size=SIZE, device="cpu", precision="fp32", quiet=True)
        train(data, out=run, steps=args.steps, seed=seed, set=words, **options)
        seconds = time.process_time() - started

        scores = {side: measured(run, data, side) for side in "AB"}
        results["runs"][name] = {"steps": args.steps, "cpu_seconds": round(seconds, 1), "to": scores}
        results |= {"date": time.strftime("%F"), "processor": processor_name(), "torch": torch.__version__}
        results["viceversa"] = viceversa.__version__
        OUT.write_text(json.dumps(results, indent=1) + "\n")
        print(name, json.dumps(results["runs"][name]), flush=True)


def runs(worlds: list[str], seeds: list[int]) -> Iterator[tuple[str, str, str, int]]:
    """Name, world, norm and seed of each run."""
    for seed in seeds:
        for world in worlds:
            for norm in ("instance", "renorm"):
                yield f"{world}-{norm}-{seed}", world, norm, seed


@torch.inference_mode()
def measured(run: Path, data: Path, side: str) -> dict[str, float]:
    """PSNR of whole images and of tiles translated to `side`, and their disparity."""
    source = "B" if side == "A" else "A"
    paths = sorted((data / f"test{source}").glob("*.png"))
    x = stacked(paths)
    truth = stacked([data / f"truth{source}" / path.name for path in paths])
    module = TranslationModule(load(run, device="cpu").generators[side])

    whole = module(x)
    tiled = torch.empty_like(whole)
    drifts = []
    for top in range(0, SIDE, SIZE):
        for left in range(0, SIDE, SIZE):
            part = (..., slice(top, top + SIZE), slice(left, left + SIZE))
            tiled[part] = module(x[part])
            drifts.append((middle(tiled[part]) - middle(whole[part])).abs().mean())
    return {
        "psnr_whole": round(psnr(whole.numpy(), truth.numpy()), 3),
        "psnr_tiles": round(psnr(tiled.numpy(), truth.numpy()), 3),
        "psnr_untouched": round(psnr(x.numpy(), truth.numpy()), 3),
        "disparity_levels": round(float(torch.stack(drifts).mean()) * LEVELS, 3),
        "difference_levels": round(float((tiled - whole).abs().mean()) * LEVELS, 3),
    }


def middle(x: Tensor) -> Tensor:
    """Mean colours (N, C) of the middle of tiles, half as wide as they are."""
    quarter = SIZE // 4
    return x[..., quarter:-quarter, quarter:-quarter].mean((2, 3))


def stacked(paths: list[Path]) -> Tensor:
    """Images (N, 3, SIDE, SIDE)."""
    return torch.from_numpy(np.stack([images.read(path).pixels for path in paths]))


if __name__ == "__main__":
    main()

"""Does every score fall step by step when pictures are spoilt step by step? What the embedded extractor can see.

    python benchmarks/ladder.py [--pictures 640] [--apple2orange DIR]

Half of the pictures of a world are the reference, the other half are spoilt more and more: blurred, drowned in noise,
tinted, paled, pixelated, or with more and more kinds of them left out (ten kinds, by k-means on small copies; as many
pictures stay). JSON into benchmarks/results/ladder.json; benchmarks/ladder_page.py puts it into docs/extractor.md.
"""

import argparse
import json
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from viceversa import images
from viceversa.data.transforms import reader
from viceversa.evaluation.extractors import FeatureNet, load_extractor
from viceversa.evaluation.scores import score
from viceversa.hardware.device import processor_name
from viceversa.metrics.clusters import k_means, nearest_centres
from viceversa.worlds.make import STRIDE
from viceversa.worlds.scenes import WORLDS

HERE = Path(__file__).parent
SIZE, KINDS = 64, 10
FIRST = 7 * STRIDE  # scene seeds that the extractor has not seen
SETS = {"orchard": "B", "seasons": "A", "facades": "A", "faces": "B"}  # world: side
Pictures = np.ndarray  # (N, 3, H, W) in [-1, 1]


def blur(x: Pictures, level: float) -> Pictures:
    """A Gaussian of `level` pixels."""
    at = torch.arange(-10, 11, dtype=torch.float32)
    window = torch.exp(-(at**2) / (2 * level**2))
    window = (window / window.sum()).expand(3, 1, 1, -1)
    y = functional.conv2d(functional.pad(torch.from_numpy(x), (10, 10, 0, 0), "reflect"), window, groups=3)
    y = functional.conv2d(functional.pad(y, (0, 0, 10, 10), "reflect"), window.transpose(2, 3), groups=3)
    return y.numpy()


def noise(x: Pictures, level: float) -> Pictures:
    """Gaussian noise of deviation `level`."""
    return np.clip(x + level * np.random.default_rng(0).standard_normal(x.shape), -1, 1).astype(np.float32)


def tint(x: Pictures, level: float) -> Pictures:
    """Towards red and away from blue by `level` of the range."""
    return np.clip(x + 2 * level * np.array([1, 0, -1], np.float32)[:, None, None], -1, 1)


def pale(x: Pictures, level: float) -> Pictures:
    """A share `level` of the contrast gone."""
    return x + level * (x.mean((1, 2, 3), keepdims=True) - x)


def pixelate(x: Pictures, level: float) -> Pictures:
    """Squares of 4 pixels mixed in by a share `level`."""
    coarse = x.reshape(len(x), 3, SIZE // 4, 4, SIZE // 4, 4).mean((3, 5)).repeat(4, 2).repeat(4, 3)
    return x + np.float32(level) * (coarse - x)


def dropped(x: Pictures, level: float) -> Pictures:
    """Without the `level` brightest of ten kinds; the others stand in, so that the number stays."""
    small = x.reshape(len(x), 3, 8, SIZE // 8, 8, SIZE // 8).mean((3, 5)).reshape(len(x), -1)
    centres = k_means(small, KINDS)
    gone = np.argsort(-centres.mean(1), kind="stable")[: int(level)]
    kept = np.flatnonzero(~np.isin(nearest_centres(small, centres), gone))
    return x[kept[np.arange(len(x)) % len(kept)]]


LADDERS: dict[str, tuple[Callable[[Pictures, float], Pictures], tuple[float, ...]]] = {
    "blur, px": (blur, (0.5, 1, 1.5, 2, 3)),
    "noise": (noise, (0.05, 0.1, 0.2, 0.3, 0.4)),
    "tint": (tint, (0.04, 0.08, 0.12, 0.16, 0.2)),
    "contrast lost": (pale, (0.15, 0.3, 0.45, 0.6, 0.75)),
    "squares": (pixelate, (0.2, 0.4, 0.6, 0.8, 1.0)),
    "kinds dropped": (dropped, (2, 4, 6, 8)),
}


def draw(job: tuple[str, str, int]) -> np.ndarray:
    name, side, scene = job
    return WORLDS[name].draw(scene, SIZE, side)[0]  # type: ignore[arg-type]


def drawn(name: str, side: str, count: int) -> Pictures:
    """Pictures of one side of a world."""
    with ProcessPoolExecutor() as pool:
        found = list(pool.map(draw, [(name, side, FIRST + i) for i in range(count)], chunksize=16))
    return images.from_uint8(np.stack(found).transpose(0, 3, 1, 2))


def photographs(folder: Path) -> Pictures:
    """Real oranges, those of training and of test together."""
    read = reader(SIZE, "squash", 3)
    return np.stack(
        [images.from_uint8(read(p)) for part in ("trainB", "testB") for p in sorted((folder / part).iterdir())]
    )


def climb(pictures: Pictures, net: FeatureNet) -> dict[str, list[dict[str, Any]]]:
    """Every ladder on one set; its first rung is the other half as it is."""
    reference, other = net(pictures[::2]), pictures[1::2]
    clean = asdict(score(net(other), reference))
    found = {}
    for name, (spoil, levels) in LADDERS.items():
        rungs = [{"level": 0.0, **clean}]
        rungs += [{"level": level, **asdict(score(net(spoil(other, level)), reference))} for level in levels]
        found[name] = rungs
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=640)
    parser.add_argument("--apple2orange", type=Path, help="folder with trainB and testB of real photographs")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "ladder.json")
    args = parser.parse_args()
    net = load_extractor()
    found: dict[str, Any] = {}
    for name, side in SETS.items():
        found[f"{name} {WORLDS[name].domains['AB'.index(side)]}"] = climb(drawn(name, side, args.pictures), net)
        print(name, flush=True)
    if args.apple2orange:
        found["real oranges"] = climb(photographs(args.apple2orange), net)
    head = {"extractor": net.name, "sha256": net.sha256, "size": SIZE, "pictures": args.pictures}
    head |= {"processor": processor_name(), "torch": torch.__version__, "date": time.strftime("%F")}
    args.out.write_text(json.dumps(head | {"sets": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""Whether every score worsens monotonically with corruption: a test of the embedded feature extractor.

    python benchmarks/ladder.py [--pictures 640] [--apple2orange DIR]

Half of the images of a set are the reference; the other half is corrupted more and more: blurred, with noise, tinted,
reduced in contrast, pixelated, or with clusters of images left out (ten clusters by k-means on reduced copies; the
number of images stays). Writes benchmarks/results/ladder.json; benchmarks/ladder_page.py writes docs/extractor.md.
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
from viceversa.data.preparation import Preparation
from viceversa.evaluation.extractors import FeatureNet, load_extractor
from viceversa.evaluation.scores import score
from viceversa.hardware.device import processor_name
from viceversa.metrics.clusters import k_means, nearest_centres
from viceversa.worlds.make import STRIDE
from viceversa.worlds.scenes import WORLDS

HERE = Path(__file__).parent
SIZE, CLUSTERS = 64, 10
FIRST = 7 * STRIDE  # first scene seed; the extractor was trained on others
SETS = {"orchard": "B", "seasons": "A", "facades": "A", "faces": "B"}  # world: side
Images = np.ndarray  # (N, 3, H, W) in [-1, 1]


def blur(x: Images, level: float) -> Images:
    """Gaussian blur of deviation `level`, pixels."""
    offsets = torch.arange(-10, 11, dtype=torch.float32)
    kernel = torch.exp(-(offsets**2) / (2 * level**2))
    kernel = (kernel / kernel.sum()).expand(3, 1, 1, -1)
    y = functional.conv2d(functional.pad(torch.from_numpy(x), (10, 10, 0, 0), "reflect"), kernel, groups=3)
    y = functional.conv2d(functional.pad(y, (0, 0, 10, 10), "reflect"), kernel.transpose(2, 3), groups=3)
    return y.numpy()


def noise(x: Images, level: float) -> Images:
    """Gaussian noise of deviation `level`."""
    return np.clip(x + level * np.random.default_rng(0).standard_normal(x.shape), -1, 1).astype(np.float32)


def tint(x: Images, level: float) -> Images:
    """Red raised and blue lowered by the share `level` of the range."""
    return np.clip(x + 2 * level * np.array([1, 0, -1], np.float32)[:, None, None], -1, 1)


def reduce_contrast(x: Images, level: float) -> Images:
    """Contrast reduced by the share `level`."""
    return x + level * (x.mean((1, 2, 3), keepdims=True) - x)


def pixelate(x: Images, level: float) -> Images:
    """Blend with squares of 4 pixels, of weight `level`."""
    coarse = x.reshape(len(x), 3, SIZE // 4, 4, SIZE // 4, 4).mean((3, 5)).repeat(4, 2).repeat(4, 3)
    return x + np.float32(level) * (coarse - x)


def drop_clusters(x: Images, level: float) -> Images:
    """Without the `level` brightest of ten clusters; the other images repeat, so that the number stays."""
    small = x.reshape(len(x), 3, 8, SIZE // 8, 8, SIZE // 8).mean((3, 5)).reshape(len(x), -1)
    centres = k_means(small, CLUSTERS)
    dropped = np.argsort(-centres.mean(1), kind="stable")[: int(level)]
    kept = np.flatnonzero(~np.isin(nearest_centres(small, centres), dropped))
    return x[kept[np.arange(len(x)) % len(kept)]]


LADDERS: dict[str, tuple[Callable[[Images, float], Images], tuple[float, ...]]] = {
    "blur, px": (blur, (0.5, 1, 1.5, 2, 3)),
    "noise": (noise, (0.05, 0.1, 0.2, 0.3, 0.4)),
    "tint": (tint, (0.04, 0.08, 0.12, 0.16, 0.2)),
    "contrast lost": (reduce_contrast, (0.15, 0.3, 0.45, 0.6, 0.75)),
    "squares": (pixelate, (0.2, 0.4, 0.6, 0.8, 1.0)),
    "kinds dropped": (drop_clusters, (2, 4, 6, 8)),
}


def draw_image(job: tuple[str, str, int]) -> np.ndarray:
    """One image, (SIZE, SIZE, 3) uint8."""
    name, side, scene = job
    return WORLDS[name].draw(scene, SIZE, side)[0]  # type: ignore[arg-type]


def draw_images(name: str, side: str, count: int) -> Images:
    """Images of one side of a world."""
    with ProcessPoolExecutor() as pool:
        drawn = list(pool.map(draw_image, [(name, side, FIRST + i) for i in range(count)], chunksize=16))
    return images.from_uint8(np.stack(drawn).transpose(0, 3, 1, 2))


def read_photographs(folder: Path) -> Images:
    """Real oranges of the training and the test set."""
    read = Preparation(size=SIZE, fit="squash").stored
    return np.stack(
        [images.from_uint8(read(p)) for part in ("trainB", "testB") for p in sorted((folder / part).iterdir())]
    )


def score_ladders(pictures: Images, net: FeatureNet) -> dict[str, list[dict[str, Any]]]:
    """Scores at every level of every corruption of one set; level 0 is the other half unchanged."""
    reference, other = net(pictures[::2]), pictures[1::2]
    clean = asdict(score(net(other), reference))
    ladders = {}
    for name, (corrupt, levels) in LADDERS.items():
        scores = [{"level": 0.0, **clean}]
        scores += [{"level": level, **asdict(score(net(corrupt(other, level)), reference))} for level in levels]
        ladders[name] = scores
    return ladders


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=640)
    parser.add_argument("--apple2orange", type=Path, help="folder with trainB and testB of real photographs")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "ladder.json")
    args = parser.parse_args()
    net = load_extractor()
    sets: dict[str, Any] = {}
    for name, side in SETS.items():
        domain = WORLDS[name].domains["AB".index(side)]
        sets[f"{name} {domain}"] = score_ladders(draw_images(name, side, args.pictures), net)
        print(name, flush=True)
    if args.apple2orange:
        sets["real oranges"] = score_ladders(read_photographs(args.apple2orange), net)
    head = {"extractor": net.name, "sha256": net.sha256, "size": SIZE, "pictures": args.pictures}
    head |= {"processor": processor_name(), "torch": torch.__version__, "date": time.strftime("%F")}
    args.out.write_text(json.dumps(head | {"sets": sets}, indent=1) + "\n")


if __name__ == "__main__":
    main()

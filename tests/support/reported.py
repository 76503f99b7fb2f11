"""A run of no training at all, for tests of its report."""

import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from viceversa import images
from viceversa.methods.cyclegan import CycleGAN, CycleGANConfig
from viceversa.runs import checkpoint
from viceversa.runs.config import DataConfig, RunConfig, TrainConfig
from viceversa.runs.folder import RunFolder

SIZE, TESTS = 16, 5
HOSTILE = "<script>alert(1)</script>"


def paint(path: Path, seed: int, shape=(SIZE, SIZE)) -> str:
    """A PNG of random blobs, written by Pillow alone."""
    rng = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = Image.fromarray(rng.integers(0, 256, (4, 4, 3), np.uint8))
    coarse.resize(shape[::-1], Image.Resampling.BICUBIC).save(path)
    return str(path)


def build(tmp_path, names=("apples", "oranges"), with_truth=True, fit="cover", **method):
    """A run of no training at all: config, pictures, truth, metrics, samples, a checkpoint at step 7 of 20."""
    torch.manual_seed(0)
    config = RunConfig(
        preset="quickstart",
        method=CycleGANConfig(width=4, blocks=1, d_width=4, d_layers=1, **method),
        data=DataConfig(size=SIZE, fit=fit, source=str(tmp_path / "data")),
        train=TrainConfig(batch=2, total_nimg=40),
    )
    shapes = [(SIZE, SIZE), (SIZE, SIZE), (SIZE, 24), (SIZE, 24), (20, SIZE)]
    listed = {"train_a": [], "train_b": []}
    for k, side in enumerate("ab"):
        for j, kind in enumerate(("test", "truth")):
            seeds = (1000 * k + 100 * j + i for i in range(TESTS))
            folder = tmp_path / "data" / f"{kind}{side.upper()}"
            paths = [paint(folder / f"{i}.png", s, shapes[i]) for i, s in enumerate(seeds)]
            listed[f"{kind}_{side}"] = paths if kind == "test" or with_truth else []
    run = RunFolder(tmp_path / "run")
    counts = {"train_a": 30, "train_b": 40, "test_a": TESTS, "test_b": TESTS}
    data = {"names": list(names), "counts": counts, "files": listed, "skipped": {}, "notes": []}
    env = {"command": "viceversa train data --size 16", "device": "cpu", "processor": "Z80", "threads": 1}
    run.start(config, {**env, "versions": {"torch": "2"}}, data)
    net = CycleGAN(config.method)
    checkpoint.save(run.checkpoints, net, {"step": 7, "nimg": 14, "window": {}})
    rng = np.random.default_rng(1)
    lines = [
        {"step": s, "nimg": 2 * s, "rate": 1.0, "gan": rng.random(), "cyc": 0.5 / s, "idt": 0.0, "D_A": 0.2, "D_B": 0.3}
        for s in range(1, 8)
    ]
    run.metrics.write_text("".join(json.dumps(line) + "\n" for line in lines))
    for step in (0, 7):
        sheet = images.grid([[rng.uniform(-1, 1, (3, SIZE, SIZE)).astype(np.float32)] * 6] * 2)
        run.samples.mkdir(exist_ok=True)
        images.save_png(run.samples / f"step-{step:06}.png", sheet)
    return run, net

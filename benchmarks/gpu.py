"""On a GPU: losses of 200 steps of `cyclegan` at 256 px, bfloat16, compiled and as a CUDA graph, against eager float32.

    python benchmarks/gpu.py [--steps 200] [--out benchmarks/results/gpu.json]

Four trainings start from the same weights and see the same images in the same order: the one-page reference, ours in
float32 twice (which shows what the order of sums changes), and ours in bfloat16 with every speed-up. A loss is compared
by its mean over windows of 20 steps, since Adam's first steps and the image pools amplify rounding.
"""

import argparse
import json
import runpy
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from viceversa import images
from viceversa.bench.report import machine
from viceversa.hardware.compile import compile_net
from viceversa.hardware.cuda_graph import device_step
from viceversa.methods.cyclegan import CycleGAN
from viceversa.methods.protocol import SIDES, Side
from viceversa.runs.presets import preset
from viceversa.training.trainer import seed_of
from viceversa.worlds.scenes import WORLDS

HERE = Path(__file__).parent
SIZE, IMAGES, WINDOW = 256, 24, 20
LOSSES = ("gan", "cyc", "idt", "D_A", "D_B")
Losses = dict[str, float]  # of one step, by name


def draw_image(index: int, side: Side) -> torch.Tensor:
    """One drawn image, (1, 3, SIZE, SIZE)."""
    scene = index + 1000 * (side == "B")
    pixels, _ = WORLDS["orchard"].draw(scene, SIZE, side)
    return torch.from_numpy(images.from_uint8(pixels.transpose(2, 0, 1)))[None]


def draw_images() -> list[list[torch.Tensor]]:
    """IMAGES of each domain."""
    return [[draw_image(i, side) for i in range(IMAGES)] for side in SIDES]


def train_ours(a: list[torch.Tensor], b: list[torch.Tensor], steps: int, precision: str, fast: bool) -> list[Losses]:
    """Losses of every step of ours; `fast` compiles the networks and captures the step as a CUDA graph."""
    torch.manual_seed(0)
    model = CycleGAN(preset("cyclegan", SIZE).method, precision=precision, device="cuda")  # type: ignore[arg-type]
    if fast:
        for net in model.nets.values():
            compile_net(net, "cuda")
    step_fn = device_step(model.step, model.players.values(), "cuda", capture=fast)

    history = []
    for i in range(steps):
        torch.manual_seed(seed_of(0, i))
        losses = step_fn(a[i % IMAGES], b[(i * 7) % IMAGES])
        history.append({name: losses[name].detach().clone() for name in LOSSES})
    return [{name: value.item() for name, value in losses.items()} for losses in history]


def train_reference(a: list[torch.Tensor], b: list[torch.Tensor], steps: int) -> list[Losses]:
    """Losses of every step of the one-page reference, from the initial weights of ours."""
    torch.manual_seed(0)
    ours = CycleGAN(preset("cyclegan", SIZE).method)  # type: ignore[arg-type]
    model = runpy.run_path(str(HERE.parent / "examples" / "cyclegan_one_page.py"))["CycleGAN"]()
    for name, net in ours.nets.items():
        getattr(model, name).load_state_dict(net.model.state_dict())
        getattr(model, name).cuda()
    return [model.step(a[i % IMAGES].cuda(), b[(i * 7) % IMAGES].cuda()) for i in range(steps)]


def largest_differences(reference: list[Losses], other: list[Losses]) -> Losses:
    """By loss, the largest relative difference of its means over windows."""
    differences = {}
    for name in LOSSES:
        x, y = (
            np.array([losses[name] for losses in history]).reshape(-1, WINDOW).mean(1) for history in (reference, other)
        )
        differences[name] = float((np.abs(x - y) / np.abs(x)).max())
    return differences


def last_window(history: list[Losses]) -> Losses:
    """By loss, the mean over the last window."""
    return {name: float(np.mean([losses[name] for losses in history[-WINDOW:]])) for name in LOSSES}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "gpu.json")
    args = parser.parse_args()
    a, b = draw_images()
    trainings = {
        "one page": lambda: train_reference(a, b, args.steps),
        "float32": lambda: train_ours(a, b, args.steps, "fp32", False),
        "float32 again": lambda: train_ours(a, b, args.steps, "fp32", False),
        "bfloat16, compiled, recorded": lambda: train_ours(a, b, args.steps, "bf16", True),
    }
    runs: dict[str, list[Losses]] = {}
    for name, training in trainings.items():
        start = time.monotonic()
        runs[name] = training()
        print(name, f"{time.monotonic() - start:.1f} s", runs[name][0], runs[name][-1], flush=True)

    differences = {name: largest_differences(runs["float32"], run) for name, run in runs.items() if name != "float32"}
    result: dict[str, Any] = {
        "machine": machine(),
        "steps": args.steps,
        "window": WINDOW,
        "first step": {name: run[0] for name, run in runs.items()},
        "last window": {name: last_window(run) for name, run in runs.items()},
        "largest difference from float32": differences,
    }
    args.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(differences, indent=1))


if __name__ == "__main__":
    main()

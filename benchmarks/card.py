"""On a graphics card: 200 steps of `cyclegan` at 256 px in bfloat16, compiled and recorded, beside eager float32.

    python benchmarks/card.py [--steps 200] [--out benchmarks/results/card.json]

Four trainings from the same weights on the same pictures in the same order: the one page as it is, ours in float32
twice (what the order of sums alone does), and ours in bfloat16 as fast as it goes. A loss is compared by its mean over
windows of 20 steps, since Adam's first steps and the image pools enlarge any rounding.
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
from viceversa.runs.presets import preset
from viceversa.training.trainer import seed_of
from viceversa.worlds.scenes import WORLDS

HERE = Path(__file__).parent
SIZE, PICTURES, WINDOW = 256, 24, 20
LOSSES = ("gan", "cyc", "idt", "D_A", "D_B")


def drawn() -> list[list[torch.Tensor]]:
    """PICTURES of each domain, (1, 3, SIZE, SIZE)."""
    world = WORLDS["orchard"]
    return [
        [
            torch.from_numpy(images.from_uint8(world.draw(i + 1000 * (side == "B"), SIZE, side)[0].transpose(2, 0, 1)))[
                None
            ]
            for i in range(PICTURES)
        ]
        for side in "AB"
    ]


def ours(
    a: list[torch.Tensor], b: list[torch.Tensor], steps: int, precision: str, fast: bool
) -> list[dict[str, float]]:
    """Losses of every step."""
    torch.manual_seed(0)
    model = CycleGAN(preset("cyclegan", SIZE).method, precision=precision, device="cuda")  # type: ignore[arg-type]
    for net in model.nets.values() if fast else ():
        compile_net(net, "cuda")
    take, told = device_step(model.step, model.players.values(), "cuda", capture=fast), []
    for i in range(steps):
        torch.manual_seed(seed_of(0, i))
        losses = take(a[i % PICTURES], b[(i * 7) % PICTURES])
        told.append({name: losses[name].detach().clone() for name in LOSSES})
    return [{name: value.item() for name, value in losses.items()} for losses in told]


def page(a: list[torch.Tensor], b: list[torch.Tensor], steps: int) -> list[dict[str, float]]:
    """The same of the one page."""
    torch.manual_seed(0)
    known = CycleGAN(preset("cyclegan", SIZE).method)  # type: ignore[arg-type]
    model = runpy.run_path(str(HERE.parent / "examples" / "cyclegan_one_page.py"))["CycleGAN"]()
    for name, net in known.nets.items():
        getattr(model, name).load_state_dict(net.model.state_dict())
        getattr(model, name).cuda()
    return [model.step(a[i % PICTURES].cuda(), b[(i * 7) % PICTURES].cuda()) for i in range(steps)]


def apart(one: list[dict[str, float]], two: list[dict[str, float]]) -> dict[str, float]:
    """The largest relative difference of a loss's means over windows."""
    found = {}
    for name in LOSSES:
        x, y = (np.array([losses[name] for losses in told]).reshape(-1, WINDOW).mean(1) for told in (one, two))
        found[name] = float((np.abs(x - y) / np.abs(x)).max())
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "card.json")
    args = parser.parse_args()
    a, b = drawn()
    runs: dict[str, Any] = {}
    makers = {
        "one page": lambda: page(a, b, args.steps),
        "float32": lambda: ours(a, b, args.steps, "fp32", False),
        "float32 again": lambda: ours(a, b, args.steps, "fp32", False),
        "bfloat16, compiled, recorded": lambda: ours(a, b, args.steps, "bf16", True),
    }
    for name, make in makers.items():
        begun = time.monotonic()
        runs[name] = make()
        print(name, f"{time.monotonic() - begun:.1f} s", runs[name][0], runs[name][-1], flush=True)
    first = {name: run[0] for name, run in runs.items()}
    tolerances = {name: apart(runs["float32"], run) for name, run in runs.items() if name != "float32"}
    last = {
        name: {loss: float(np.mean([s[loss] for s in run[-WINDOW:]])) for loss in LOSSES} for name, run in runs.items()
    }
    found = {"machine": machine(), "steps": args.steps, "window": WINDOW, "first step": first, "last window": last}
    found["largest difference from float32"] = tolerances
    args.out.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(tolerances, indent=1))


if __name__ == "__main__":
    main()

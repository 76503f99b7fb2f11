"""Quality at equal wall-clock time: preset `quickstart` beside the one-page reference.

    python benchmarks/quality.py [--worlds orchard seasons photographs] [--seeds 3] [--seconds 240] [--apple2orange DIR]

Worlds with a truth are judged by PSNR on held-out pictures, beside the input as it is and the best global colour
change. Real apples and oranges (--apple2orange, a folder with trainA trainB testA testB) have no truth: there the
sliced Wasserstein distance of 7x7 patches to the target's test set, with its real-vs-real floor, checkerboard
energy, and the share of translations that a small CNN, trained on the real photographs, takes for the other fruit.
Both train side by side, one core each. Last checkpoint, all test pictures. JSON into benchmarks/results/.
"""

import argparse
import itertools
import json
import os
import platform
import runpy
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import viceversa
from viceversa import images
from viceversa.data.prepare import reader
from viceversa.metrics.patches import checkerboard, sliced_wasserstein
from viceversa.metrics.truth import apply_affine_colour, fit_affine_colour, psnr
from viceversa.training.run_folder import processor_name
from viceversa.training.train import train

HERE = Path(__file__).parent
SIZE = 64
Translate = Callable[[np.ndarray, str], np.ndarray]  # (N, 3, H, W) in [-1, 1], "A" or "B" -> the same


def world(name: str, folder: Path) -> Path:
    """The training and test pictures of a world with truth."""
    if name == "photographs":
        subprocess.run([sys.executable, HERE / "photographs.py", folder, "--size", str(SIZE)], check=True)
    else:
        viceversa.data.make(name, folder, count=400, size=SIZE, seed=1)
    return folder


def pictures(folder: Path) -> np.ndarray:
    """All pictures of a folder, (N, 3, SIZE, SIZE) in [-1, 1]."""
    read = reader(SIZE, "squash", 3)
    return np.stack([images.from_uint8(read(path)) for path in sorted(folder.iterdir())])


def quickstart(data: Path, out: Path, seconds: float, seed: int) -> tuple[Translate, int]:
    """Train our preset for `seconds`, planning included."""
    result = train(data, out=out, preset="quickstart", size=SIZE, max_time=seconds, seed=seed, quiet=True)
    translator = viceversa.load(result.run)
    return lambda x, side: translator.batch(torch.from_numpy(x), side).numpy(), result.step


def one_page(data: Path, out: Path, seconds: float, seed: int) -> tuple[Translate, int]:
    """Train the reference for `seconds`: its pace is measured on 10 steps, its schedule fitted to the rest."""
    page = runpy.run_path(str(HERE.parent / "examples" / "cyclegan_one_page.py"))
    start = time.monotonic()
    page["train"](data, SIZE, 10, blocks=6)
    steps = max(10, int((seconds - (time.monotonic() - start)) / ((time.monotonic() - start) / 10) * 0.98))
    done = [0]

    def until(step: int) -> bool:
        done[0] = step + 1
        return time.monotonic() - start < seconds

    model = page["train"](data, SIZE, steps, blocks=6, seed=seed, until=until)
    nets = {"B": model.G, "A": model.F}

    @torch.no_grad()
    def translate(x: np.ndarray, side: str) -> np.ndarray:
        return torch.cat([nets[side](part) for part in torch.from_numpy(x).split(16)]).numpy()

    return translate, done[0]


METHODS = {"quickstart": quickstart, "one_page": one_page}


def judge_truth(data: Path, translate: Translate) -> dict[str, Any]:
    """PSNR both ways, of the translation, the input and the best colour map."""
    scores = {}
    for source, side in (("A", "B"), ("B", "A")):
        x, truth = pictures(data / f"test{source}"), pictures(data / f"truth{source}")
        best = psnr(apply_affine_colour(x, fit_affine_colour(x, truth)), truth)
        found = psnr(translate(x, side), truth)
        scores[f"{source}_to_{side}"] = {
            "input": psnr(x, truth), "best_colour": best, "translation": found, "over_best_colour": found - best,
        }  # fmt: skip
    return scores


def judge_real(data: Path, translate: Translate, fruit: nn.Module) -> dict[str, Any]:
    """Patch distance with its floor and ceiling, checkerboard, share taken for the other fruit."""
    scores = {}
    for source, side in (("A", "B"), ("B", "A")):
        x, target, known = (pictures(data / folder) for folder in (f"test{source}", f"test{side}", f"train{side}"))
        y = translate(x, side)
        scores[f"{source}_to_{side}"] = {
            "patch_distance": sliced_wasserstein(y, target),
            "patch_distance_of_input": sliced_wasserstein(x, target),
            "patch_distance_real_vs_real": sliced_wasserstein(known[:: len(known) // len(target)], target),
            "checkerboard": checkerboard(y), "checkerboard_of_target": checkerboard(target),
            "taken_for_target": share(fruit, y, side), "input_taken_for_target": share(fruit, x, side),
            "target_taken_for_target": share(fruit, target, side),
        }  # fmt: skip
    return scores


@torch.no_grad()
def share(fruit: nn.Module, x: np.ndarray, side: str) -> float:
    """Share of pictures that the classifier puts into domain `side`."""
    says_b = fruit(torch.from_numpy(x)).flatten() > 0
    return (says_b == (side == "B")).float().mean().item()


def classifier(data: Path, epochs: int = 12) -> nn.Module:
    """A small CNN, A against B, trained on the real training pictures; positive = B."""
    torch.manual_seed(0)
    widths, layers = (3, 24, 48, 96, 96), list[nn.Module]()
    for a, b in itertools.pairwise(widths):
        layers += [nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d(2)]
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.3), nn.Linear(96, 1))
    a, b = pictures(data / "trainA"), pictures(data / "trainB")
    x = torch.from_numpy(np.concatenate([a, b]))
    y = torch.cat([torch.zeros(len(a)), torch.ones(len(b))])
    optimizer = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=1e-2)
    rates = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0.01, epochs * (len(x) // 64))
    for _ in range(epochs):
        for chosen in torch.randperm(len(x)).split(64)[:-1]:
            loss = nn.functional.binary_cross_entropy_with_logits(net(jitter(x[chosen])).flatten(), y[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            rates.step()
    return net.eval()


def jitter(x: Tensor) -> Tensor:
    """A shared mirror flip and shift of up to 6 px."""
    x = x.flip(3) if torch.rand(()) < 0.5 else x
    return torch.roll(x, tuple(torch.randint(-6, 7, (2,)).tolist()), (2, 3))


def sheet(data: Path, translate: Translate, path: Path) -> None:
    """The first 12 test pictures of each domain over their translations: not picked."""
    rows = []
    for source, side in (("A", "B"), ("B", "A")):
        x = pictures(data / f"test{source}")[:12]
        rows += [list(x), list(translate(x, side))]
    images.save_png(path, images.grid(rows))


def worker(name: str, data: Path, method: str, seed: int, args: argparse.Namespace) -> dict[str, Any]:
    """Train one method with one seed in this process and judge it."""
    real = name == "apple2orange"
    begun = time.monotonic()
    with TemporaryDirectory() as scratch:
        translate, steps = METHODS[method](data, Path(scratch) / "run", args.seconds, seed)
        seconds = time.monotonic() - begun
        scores = judge_real(data, translate, classifier(data)) if real else judge_truth(data, translate)
        if seed == 0 and args.sheets:
            sheet(data, translate, args.sheets / f"{name}-{method}.png")
    return {"world": name, "method": method, "seed": seed, "steps": steps, "seconds": seconds, **scores}


def measure(name: str, data: Path, args: argparse.Namespace) -> list[dict[str, Any]]:
    """Every seed of one world: the two methods train side by side, one core each, on the same machine."""
    rows = []
    for seed in range(args.seeds):
        options = ["--seconds", str(args.seconds), *(["--sheets", str(args.sheets)] if args.sheets else [])]
        commands = [
            [sys.executable, __file__, "--worker", name, str(data), method, str(seed), *options] for method in METHODS
        ]
        one_core = os.environ | {"OMP_NUM_THREADS": "1"}
        running = [subprocess.Popen(c, stdout=subprocess.PIPE, text=True, env=one_core) for c in commands]
        for process in running:
            rows.append(json.loads(process.communicate()[0].splitlines()[-1]))
            print(json.dumps(rows[-1]), flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", nargs="*", default=["orchard", "seasons", "photographs"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=240, help="of training, the same for both")
    parser.add_argument("--apple2orange", type=Path, help="folder with trainA trainB testA testB")
    parser.add_argument("--sheets", type=Path, help="folder for sheets of test translations")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "quality.json")
    parser.add_argument("--worker", nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        name, data, method, seed = args.worker
        print(json.dumps(worker(name, Path(data), method, int(seed), args)))
        return
    rows: list[dict[str, Any]] = []
    with TemporaryDirectory() as scratch:
        for name in args.worlds:
            rows += measure(name, world(name, Path(scratch) / name), args)
    if args.apple2orange:
        rows += measure("apple2orange", args.apple2orange.resolve(), args)
    machine = {"processor": processor_name(), "threads": 1, "torch": torch.__version__}
    machine |= {"viceversa": viceversa.__version__, "python": platform.python_version(), "date": time.strftime("%F")}
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps({**machine, "seconds": args.seconds, "size": SIZE, "runs": rows}, indent=1) + "\n")
    print(args.out)


if __name__ == "__main__":
    main()

"""Images per second and peak memory of a training step and of `translate`, paired with the one-page reference.

    python benchmarks/speed.py [--rounds 3] [--steps 6] [--out benchmarks/results/speed.json]

Every measurement is a process of its own; ours and the reference's take turns, so that a change of the machine's
pace meets both. Ratios are medians over the rounds. `cyclegan` does the same arithmetic as the reference.
"""

import argparse
import json
import platform
import resource
import runpy
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

HERE = Path(__file__).parent
ONE_PAGE = HERE.parent / "examples" / "cyclegan_one_page.py"
CASES = {  # name: (ours, size); the reference runs at the same size
    "train cyclegan 128 px": ("train", "cyclegan", 128),
    "train cyclegan 256 px": ("train", "cyclegan", 256),
    "train quickstart 64 px": ("train", "quickstart", 64),
    "translate cyclegan 256 px": ("translate", "cyclegan", 256),
    "translate quickstart 64 px": ("translate", "quickstart", 64),
}


def train_ours(preset: str, size: int) -> tuple[Callable[[], Any], int]:
    """A training step of a preset on random pictures, and how many images of each domain it takes."""
    import torch

    from viceversa.methods.cyclegan import CycleGAN
    from viceversa.presets import preset as named
    from viceversa.training.device import choose_precision

    config = named(preset, size)
    torch.manual_seed(0)
    method = CycleGAN(config.method, precision=choose_precision(config.train.precision, "cpu"))
    a, b = (torch.rand(config.train.batch, 3, size, size) * 2 - 1 for _ in "ab")
    return lambda: {name: loss.item() for name, loss in method.step(a, b).items()}, config.train.batch


def train_reference(preset: str, size: int) -> tuple[Callable[[], Any], int]:
    """A step of the one-page reference on one random picture of each domain."""
    import torch

    page = runpy.run_path(str(ONE_PAGE))
    torch.manual_seed(0)
    model = page["CycleGAN"](blocks=9 if size >= 256 else 6)
    a, b = (torch.rand(1, 3, size, size) * 2 - 1 for _ in "ab")
    return lambda: model.step(a, b), 1


def translate_ours(preset: str, size: int) -> tuple[Callable[[], Any], int]:
    """One picture from file to file through a translator with random weights."""
    from viceversa.methods.cyclegan import make_generator
    from viceversa.presets import preset as named
    from viceversa.translation.files import translate_files
    from viceversa.translation.translator import Translator

    c = named(preset, size).method
    nets = {side: make_generator(c, 3, 3) for side in "AB"}
    translator = Translator(nets, ("a", "b"), (3, 3), size, 0)
    source = picture(size)
    return lambda: translate_files(translator, [source], "b", source.parent / "out"), 1


def translate_reference(preset: str, size: int) -> tuple[Callable[[], Any], int]:
    """One picture from file to file as the one-page reference does it."""
    import torch
    from PIL import Image

    page = runpy.run_path(str(ONE_PAGE))
    net, source = page["generator"](blocks=9 if size >= 256 else 6), picture(size)

    def one() -> None:
        with torch.no_grad():
            x = net(page["picture"](source, size, crop=False))[0]
        pixels = ((x + 1) * 127.5).round().clamp(0, 255).byte().permute(1, 2, 0).numpy()
        Image.fromarray(pixels).save(source.parent / "reference.png")

    return one, 1


def picture(size: int) -> Path:
    """A picture of a scene, in the working folder."""
    from viceversa import images
    from viceversa.data.scenes import WORLDS

    path = Path(f"scene-{size}.png").resolve()
    images.save_png(path, images.from_uint8(WORLDS["orchard"].draw(0, size, "A")[0]).transpose(2, 0, 1))
    return path


WORKERS = {
    ("train", "ours"): train_ours, ("train", "reference"): train_reference,
    ("translate", "ours"): translate_ours, ("translate", "reference"): translate_reference,
}  # fmt: skip


def worker(case: str, who: str, steps: int) -> None:
    """Measure one case in this process and print it as JSON."""
    task, preset, size = CASES[case]
    step, images_per_step = WORKERS[task, who](preset, size)
    step()
    start = time.perf_counter()
    for _ in range(steps):
        step()
    pace = images_per_step * steps / (time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"images_per_second": pace, "peak_mb": peak}))


def measure(case: str, rounds: int, steps: int) -> dict[str, Any]:
    """Both sides in turn; medians, and the median of the paired ratios."""
    found: dict[str, list[dict[str, float]]] = {"ours": [], "reference": []}
    with TemporaryDirectory() as folder:
        for _ in range(rounds):
            for who, list_ in found.items():
                command = [sys.executable, str(Path(__file__).resolve()), "--worker", case, who, "--steps", str(steps)]
                done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
                list_.append(json.loads(done.stdout.splitlines()[-1]))
    pairs = list(zip(found["ours"], found["reference"], strict=True))
    row: dict[str, Any] = {"case": case}
    for who, list_ in found.items():
        row[who] = {key: statistics.median(x[key] for x in list_) for key in list_[0]}
    row["speed_ratio"] = statistics.median(o["images_per_second"] / r["images_per_second"] for o, r in pairs)
    row["memory_ratio"] = statistics.median(o["peak_mb"] / r["peak_mb"] for o, r in pairs)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "speed.json")
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        return worker(*args.worker, args.steps)
    rows = []
    for case in CASES:
        slow = "256" in case and "train" in case
        rows.append(measure(case, args.rounds, 2 if slow else args.steps * (10 if "64 px" in case else 1)))
        row = rows[-1]
        print(
            f"{case:<28} {row['ours']['images_per_second']:8.2f} img/s  {row['speed_ratio']:5.2f} x reference  "
            f"{row['ours']['peak_mb']:6.0f} MB  {row['memory_ratio']:.2f} x reference",
            flush=True,
        )
    import torch

    from viceversa.training.run_folder import processor_name

    machine = {"processor": processor_name(), "threads": torch.get_num_threads(), "torch": torch.__version__}
    machine |= {"python": platform.python_version(), "date": time.strftime("%F"), "rounds": args.rounds}
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps({**machine, "cases": rows}, indent=1) + "\n")
    print(args.out)


if __name__ == "__main__":
    main()

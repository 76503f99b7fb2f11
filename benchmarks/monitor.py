"""Cost of the health monitor: CPU time of a training with it and without it, in alternation.

    python benchmarks/monitor.py [--rounds 3] [--out FILE]

Both trainings have the same steps and seed, one thread and no samples. The start (reading images, fitting the probe) is
not counted, since it does not grow with the steps.
"""

import argparse
import json
import os
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from modes import about

import viceversa
from viceversa.training.train import train
from viceversa.training.trainer import Trainer
from viceversa.worlds import digits

HERE = Path(__file__).parent
CASES = {"dcgan": ("digits", 28, 200), "wgan-gp": ("digits", 28, 100), "quickstart": ("orchard", 64, 800)}


def train_seconds(data: Path, out: Path, preset: str, size: int, steps: int, probes: int) -> float:
    """CPU seconds of the steps alone."""
    seconds = 0.0
    fit = Trainer.fit

    def timed_fit(self: Trainer, *arguments: Any) -> bool:
        nonlocal seconds
        start = time.process_time()
        try:
            return fit(self, *arguments)
        finally:
            seconds += time.process_time() - start

    Trainer.fit = timed_fit  # type: ignore[method-assign]
    try:
        changes = ["train.threads=1", "train.samples=0", f"train.probes={probes}"]
        train(data, out=out, preset=preset, size=size, steps=steps, seed=0, device="cpu", quiet=True, set=changes)
    finally:
        Trainer.fit = fit  # type: ignore[method-assign]
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "monitor.json")
    a = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    with TemporaryDirectory() as folder:
        digits.write(digits.load("handwritten"), Path(folder) / "digits")
        viceversa.data.make("orchard", Path(folder) / "orchard", count=120, size=64, seed=1)
        for preset, (world, size, steps) in CASES.items():
            pairs = []
            for i in range(a.rounds):
                seconds = {}
                for probes in (40, 0) if i % 2 else (0, 40):
                    out = Path(folder) / f"{preset}-{i}-{probes}"
                    seconds[probes] = train_seconds(Path(folder) / world, out, preset, size, steps, probes)
                pairs.append(seconds)
            ratios = [pair[40] / pair[0] for pair in pairs]
            rows.append({"preset": preset, "steps": steps, "ratio": median(ratios), "ratios": ratios, "seconds": pairs})
            print(rows[-1], flush=True)
    a.out.write_text(json.dumps({"about": about(), "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()

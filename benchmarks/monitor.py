"""Cost of the health monitor: CPU time of a training with it and without it, in alternation.

    python benchmarks/monitor.py [--rounds 3] [--out FILE]
    python benchmarks/monitor.py --checks [--out FILE]       only what one check costs, in training steps

Both trainings have the same steps and seed, one thread and no samples. The start (reading images, fitting the probe) is
not counted, since it does not grow with the steps. With --checks one short training of each preset is checked six
times; `estimate` is what Task.probe_cost says, by which training spaces its checks.
"""

import argparse
import json
import math
import os
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from modes import about

import viceversa
from viceversa.health import monitor
from viceversa.health.monitor import Monitor
from viceversa.health.symptoms import Verdict
from viceversa.runs.folder import RunFolder
from viceversa.tasks import task_of
from viceversa.training.train import train
from viceversa.training.trainer import Trainer
from viceversa.worlds import digits

HERE = Path(__file__).parent
CASES = {"dcgan": ("digits", 28, 200), "wgan-gp": ("digits", 28, 100), "quickstart": ("orchard", 64, 800)}

CHECKED = {  # of --checks: world, size, steps, changes (without the cheaper steps of a warm-up)
    "dcgan": ("digits", 28, 60, ()),
    "wgan-gp": ("digits", 28, 30, ()),
    "quickstart": ("orchard", 64, 30, ()),
    "details": ("orchard", 64, 30, ("method.d_warmup_steps=0",)),
    "pix2pix-quick": ("pairs", 64, 60, ()),
    "cyclegan": ("orchard", 64, 6, ()),
}


def check_cost(data: Path, out: Path, preset: str, size: int, steps: int, changes: Sequence[str]) -> dict[str, Any]:
    """CPU time of a health check over that of a training step, and what the task estimates."""
    checks: list[float] = []
    check, share = Monitor.check, monitor.SHARE

    def timed_check(self: Monitor, step: int) -> list[Verdict]:
        start = time.process_time()
        try:
            return check(self, step)
        finally:
            checks.append(time.process_time() - start)

    Monitor.check, monitor.SHARE = timed_check, math.inf  # type: ignore[method-assign]
    try:
        every = ["train.log_every=1", *changes]
        seconds = train_seconds(data, out, preset, size, steps, 6, every)
    finally:
        Monitor.check, monitor.SHARE = check, share  # type: ignore[method-assign]
    config = RunFolder(out).config()
    return {
        "preset": preset,
        "size": size,
        "batch": config.train.batch,
        "precision": config.train.precision,
        "step": (seconds - sum(checks)) / steps,
        "check": median(checks),
        "measured": median(checks) * steps / (seconds - sum(checks)),
        "estimate": task_of(config.method).probe_cost(config),
    }


def train_seconds(
    data: Path, out: Path, preset: str, size: int, steps: int, probes: int, more: Sequence[str] = ()
) -> float:
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
        changes = ["train.threads=1", "train.samples=0", f"train.probes={probes}", *more]
        train(data, out=out, preset=preset, size=size, steps=steps, seed=0, device="cpu", quiet=True, set=changes)
    finally:
        Trainer.fit = fit  # type: ignore[method-assign]
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--checks", action="store_true", help="measure the cost of one check only")
    parser.add_argument("--out", type=Path, default=None)
    a = parser.parse_args()
    torch.set_num_threads(1)
    out = a.out or HERE / "results" / ("monitor_checks.json" if a.checks else "monitor.json")
    with TemporaryDirectory() as folder:
        digits.write(digits.load("handwritten"), Path(folder) / "digits")
        viceversa.data.make("orchard", Path(folder) / "orchard", count=160, size=64, seed=1)
        viceversa.data.make("facades", Path(folder) / "pairs", count=160, size=64, seed=1, paired=True)
        rows = checks(Path(folder)) if a.checks else overheads(Path(folder), a.rounds)
    out.write_text(json.dumps({"about": about(), "rows": rows}, indent=1) + "\n")


def checks(folder: Path) -> list[dict[str, Any]]:
    """The cost of a check of each preset."""
    rows = []
    for preset, (world, *rest) in CHECKED.items():
        rows.append(check_cost(folder / world, folder / f"{preset}-checked", preset, *rest))
        print(rows[-1], flush=True)
    return rows


def overheads(folder: Path, rounds: int) -> list[dict[str, Any]]:
    """Time with the monitor over time without it."""
    rows = []
    for preset, (world, size, steps) in CASES.items():
        pairs = []
        for i in range(rounds):
            seconds = {}
            for probes in (40, 0) if i % 2 else (0, 40):
                out = folder / f"{preset}-{i}-{probes}"
                seconds[probes] = train_seconds(folder / world, out, preset, size, steps, probes)
            pairs.append(seconds)
        ratios = [pair[40] / pair[0] for pair in pairs]
        rows.append({"preset": preset, "steps": steps, "ratio": median(ratios), "ratios": ratios, "seconds": pairs})
        print(rows[-1], flush=True)
    return rows


if __name__ == "__main__":
    main()

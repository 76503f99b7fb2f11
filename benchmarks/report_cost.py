"""What the report costs: its share of a training's processor time while the run is in progress, and at the end.

python benchmarks/report_cost.py DATA --steps 400 --size 64 --out RUN
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import viceversa
from viceversa.report import live, page


class Timed:
    """A function that adds up the processor time of its calls."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.seconds, self.calls = function, 0.0, 0

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        begun = time.process_time()
        try:
            return self.function(*arguments, **options)
        finally:
            self.seconds += time.process_time() - begun
            self.calls += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--preset", default="quickstart")
    parser.add_argument("--out", type=Path, required=True)
    a = parser.parse_args()

    live.make_quick, page.make = Timed(live.make_quick), Timed(page.make)
    begun = time.process_time()
    one_thread = ("train.threads=1",)
    viceversa.train(a.data, preset=a.preset, size=a.size, steps=a.steps, out=a.out, set=one_thread, quiet=True)
    total = time.process_time() - begun
    during, last = live.make_quick, page.make
    training = total - during.seconds - last.seconds
    print(f"training {training:.1f} s of processor time, {a.steps} steps of {a.preset} at {a.size} px")
    print(f"report while training: {during.calls} times, {during.seconds:.2f} s, {during.seconds / training:.2%}")
    print(f"report at the end: {last.seconds:.2f} s, {(a.out / 'report.html').stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()

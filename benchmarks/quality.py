"""Quality over time: preset `quickstart`, planned for each of several times, beside one long run of the one page.

    python benchmarks/quality.py [--worlds orchard seasons photographs faces apple2orange] [--seeds 0 1 2]
                                 [--methods one_page quickstart] [--apple2orange DIR] [--sheets docs/images]

The reference trains for ten minutes, its rates falling over the second half, and is judged on the way at the times
MARKS; judging stops its clock. Ours is a run of its own for each time. Every training has one core, two run at once,
and what is planned counts. Judged on all held-out pictures: PSNR where the truth is known, elsewhere the share that a
small CNN, trained on the real pictures, takes for the target; patch distance and KID, with real against real beside.
Each run is added to benchmarks/results/quality.json when it ends; runs that stand there are not made again.
"""

import argparse
import json
import os
import platform
import queue
import runpy
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from judges import SIZE, Translate, judge, known, sheet

import viceversa
from viceversa.hardware.device import processor_name
from viceversa.training.train import train

HERE = Path(__file__).parent
WORLDS = ("orchard", "seasons", "photographs", "faces", "apple2orange")
REFERENCE = 600.0  # seconds
MARKS = (75, 240, 420)  # at which the reference is judged on its way
OURS = (75, 240)  # seconds, a run each: an eighth of the reference's, and the four minutes of `make demo`
Found = Iterator[tuple[float, int, Translate]]  # seconds of training, steps, what has been learned


def world(name: str, folder: Path) -> Path:
    """The training and test pictures of a world with truth."""
    if name == "photographs":
        subprocess.run([sys.executable, HERE / "photographs.py", folder, "--size", str(SIZE)], check=True)
    else:
        viceversa.data.make(name, folder, count=400, size=SIZE, seed=1)
    return folder


def ours(method: str, data: Path, seconds: float, seed: int) -> Found:
    """A preset, with changes after it: "quickstart method.width=24"; trained for `seconds`, planning included."""
    begun = time.monotonic()
    preset, *words = method.split()
    with TemporaryDirectory() as scratch:
        out = Path(scratch) / "run"
        result = train(data, out=out, preset=preset, size=SIZE, max_time=seconds, seed=seed, set=words, quiet=True)
        took = time.monotonic() - begun
        translator = viceversa.load(result.run)
        yield took, result.step, lambda x, side: translator.batch(torch.from_numpy(x), side).numpy()


class Stopwatch:
    """Seconds since it was made, those left out during which it was stopped."""

    def __init__(self) -> None:
        self.begun = time.monotonic()

    def seconds(self) -> float:
        return time.monotonic() - self.begun

    @contextmanager
    def stopped(self) -> Iterator[None]:
        paused = time.monotonic()
        yield
        self.begun += time.monotonic() - paused


def one_page(data: Path, seconds: float, seed: int) -> Found:
    """The reference: how much of its time is over sets its rates, so that it uses all of it."""
    page = runpy.run_path(str(HERE.parent / "examples" / "cyclegan_one_page.py"))
    marks = [mark for mark in MARKS if mark < seconds]
    passed: queue.Queue[tuple[float, int, Any] | Exception] = queue.Queue(1)
    judged, clock, last = threading.Semaphore(0), Stopwatch(), (0.0, 0)

    def over(step: int, steps: int, model: Any) -> float:
        nonlocal last
        last = clock.seconds(), step
        if marks and last[0] >= marks[0]:
            marks.pop(0)
            with clock.stopped():
                passed.put((*last, model))
                judged.acquire()
        return last[0] / seconds

    def work() -> None:
        try:
            model = page["train"](data, SIZE, 0, blocks=6, seed=seed, over=over)
            passed.put((*last, model))
        except Exception as e:
            passed.put(e)

    training = threading.Thread(target=work, daemon=True)
    training.start()
    for _ in (*marks, seconds):
        if isinstance(found := passed.get(), Exception):
            raise found
        took, step, model = found
        nets = {"B": model.G, "A": model.F}

        @torch.no_grad()
        def translate(x: np.ndarray, side: str, nets: dict[str, Any] = nets) -> np.ndarray:
            return torch.cat([nets[side](part) for part in torch.from_numpy(x).split(16)]).numpy()

        yield took, step, translate
        judged.release()


def worker(name: str, data: Path, method: str, seconds: float, seed: int, sheets: Path | None) -> list[dict[str, Any]]:
    """Train one method in this process and judge it; a row for each time that it is judged at."""
    rows = []
    train_one = one_page if method == "one_page" else partial(ours, method)
    for took, steps, translate in train_one(data, seconds, seed):
        row = {"world": name, "method": method, "seed": seed, "planned": seconds, "seconds": took, "steps": steps}
        row["processor"] = processor_name()
        rows.append(row | judge(data, translate))
        if seed == 0 and sheets:
            sheet(data, translate, sheets / f"{name}-{method}.png")  # that of the longest stays
    return rows


class Results:
    """benchmarks/results/quality.json, written anew whenever a run ends."""

    def __init__(self, path: Path) -> None:
        self.path, self.lock = path, threading.Lock()
        machine = {"threads": 1, "torch": torch.__version__}
        machine |= {"viceversa": viceversa.__version__, "python": platform.python_version()}
        fresh = {**machine, "date": time.strftime("%F"), "size": SIZE, "known": {}, "runs": []}
        self.found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else fresh

    def has(self, name: str, method: str, seconds: float, seed: int) -> bool:
        wanted = {"world": name, "method": method, "planned": seconds, "seed": seed}
        return any(wanted.items() <= run.items() for run in self.found["runs"])

    def add(self, rows: list[dict[str, Any]]) -> None:
        with self.lock:
            self.found["runs"] += rows
            self.write()

    def write(self) -> None:
        self.path.write_text(json.dumps(self.found, indent=1) + "\n")


def measure(jobs: list[tuple[int, str, str, float]], folders: dict[str, Path], results: Results, sheets: Path) -> None:
    """Every job in a process of one thread, two at a time."""
    waiting = iter(jobs)
    turn = threading.Lock()

    def core() -> None:
        while True:
            with turn:
                job = next(waiting, None)
            if job is None:
                return
            seed, name, method, seconds = job
            words = [name, str(folders[name]), method, str(seconds), str(seed)]
            command = [sys.executable, __file__, "--worker", *words, *(["--sheets", str(sheets)] if sheets else [])]
            env = os.environ | {"OMP_NUM_THREADS": "1"}
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=env, check=True)
            rows = json.loads(done.stdout.splitlines()[-1])
            results.add(rows)
            print(json.dumps(rows[-1]), flush=True)

    cores = [threading.Thread(target=core) for _ in range(2)]
    for one in cores:
        one.start()
    for one in cores:
        one.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", nargs="*", default=[w for w in WORLDS if w != "apple2orange"], choices=WORLDS)
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--methods", nargs="*", default=["one_page", "quickstart"], help="or 'PRESET KEY=VALUE ...'")
    parser.add_argument("--ours", type=float, nargs="*", default=OURS, help="seconds of ours, a run each")
    parser.add_argument("--reference", type=float, default=REFERENCE, help="seconds of the one page")
    parser.add_argument("--apple2orange", type=Path, help="folder with trainA trainB testA testB")
    parser.add_argument("--sheets", type=Path, help="folder for sheets of test translations")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "quality.json")
    parser.add_argument("--worker", nargs=5, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        name, data, method, seconds, seed = args.worker
        print(json.dumps(worker(name, Path(data), method, float(seconds), int(seed), args.sheets)))
        return
    results = Results(args.out)
    with TemporaryDirectory() as scratch:
        folders = {}
        for name in args.worlds:
            own = name == "apple2orange"
            folders[name] = args.apple2orange.resolve() if own else world(name, Path(scratch) / name)
            results.found["known"].setdefault(name, {}) or results.found["known"][name].update(known(folders[name]))
        times = [(m, s) for m in args.methods for s in ((args.reference,) if m == "one_page" else args.ours)]
        wanted = [(seed, name, *one) for seed, name, one in product(args.seeds, args.worlds, times)]
        measure([job for job in wanted if not results.has(job[1], *job[2:], job[0])], folders, results, args.sheets)
    results.write()
    print(args.out)


if __name__ == "__main__":
    main()

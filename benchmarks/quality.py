"""Quality over training time: preset `quickstart`, planned for several times, against the one-page reference.

    python benchmarks/quality.py [--worlds orchard seasons photographs faces apple2orange] [--seeds 0 1 2]
                                 [--methods one_page quickstart] [--apple2orange DIR] [--sheets docs/images]

The reference trains once for ten minutes, with learning rates that fall over the second half, and is also scored at the
times SCORED_AT; scoring stops its clock. A preset trains a run of its own for each time, planning included. Every
training uses one core; two run at a time. Scores are taken on all held-out images: PSNR where the truth is known,
otherwise the share that a small CNN, trained on real images, assigns to the target; patch distance and KID, with the
distance between real images as the floor. Each run is added to benchmarks/results/quality.json when it ends; runs that
the file has are not repeated.
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
from scores import SIZE, Translate, save_sheet, score_baselines, score_translations

import viceversa
from viceversa.hardware.device import processor_name
from viceversa.training.train import train

HERE = Path(__file__).parent
WORLDS = ("orchard", "seasons", "photographs", "faces", "apple2orange")
REFERENCE_SECONDS = 600.0
SCORED_AT = (75, 240, 420)  # seconds at which the reference is scored while it trains
PRESET_SECONDS = (75, 240)  # a run each: an eighth of the reference's time, and the four minutes of `make demo`
Trained = Iterator[tuple[float, int, Translate]]  # seconds of training, steps, the translator


def make_dataset(name: str, folder: Path) -> Path:
    """Training and test images of a dataset with known truth."""
    if name == "photographs":
        subprocess.run([sys.executable, HERE / "photographs.py", folder, "--size", str(SIZE)], check=True)
    else:
        viceversa.data.make(name, folder, count=400, size=SIZE, seed=1)
    return folder


def train_preset(method: str, data: Path, seconds: float, seed: int) -> Trained:
    """Train a preset, with changes after its name ("quickstart method.width=24"), for `seconds`, planning included."""
    start = time.monotonic()
    preset, *changes = method.split()
    with TemporaryDirectory() as scratch:
        out = Path(scratch) / "run"
        result = train(data, out=out, preset=preset, size=SIZE, max_time=seconds, seed=seed, set=changes, quiet=True)
        elapsed = time.monotonic() - start
        translator = viceversa.load(result.run)
        yield elapsed, result.step, lambda x, side: translator.batch(torch.from_numpy(x), side).numpy()


class Stopwatch:
    """Seconds since its construction, without those in `paused` blocks."""

    def __init__(self) -> None:
        self.start = time.monotonic()

    def seconds(self) -> float:
        return time.monotonic() - self.start

    @contextmanager
    def paused(self) -> Iterator[None]:
        pause = time.monotonic()
        yield
        self.start += time.monotonic() - pause


def train_reference(data: Path, seconds: float, seed: int) -> Trained:
    """Train the reference for `seconds`; the elapsed share of the time sets its learning rates.

    It trains in a thread, which waits while the caller scores a model.
    """
    page = runpy.run_path(str(HERE.parent / "examples" / "cyclegan_one_page.py"))
    times = [at for at in SCORED_AT if at < seconds]
    models: queue.Queue[tuple[float, int, Any] | Exception] = queue.Queue(1)
    scored, clock, last = threading.Semaphore(0), Stopwatch(), (0.0, 0)

    def progress(step: int, steps: int, model: Any) -> float:
        nonlocal last
        last = clock.seconds(), step
        if times and last[0] >= times[0]:
            times.pop(0)
            with clock.paused():
                models.put((*last, model))
                scored.acquire()
        return last[0] / seconds

    def work() -> None:
        try:
            model = page["train"](data, SIZE, 0, blocks=6, seed=seed, progress=progress)
            models.put((*last, model))
        except Exception as e:
            models.put(e)

    training = threading.Thread(target=work, daemon=True)
    training.start()
    for _ in (*times, seconds):
        trained = models.get()
        if isinstance(trained, Exception):
            raise trained
        elapsed, step, model = trained
        nets = {"B": model.G, "A": model.F}

        @torch.no_grad()
        def translate(x: np.ndarray, side: str, nets: dict[str, Any] = nets) -> np.ndarray:
            return torch.cat([nets[side](chunk) for chunk in torch.from_numpy(x).split(16)]).numpy()

        yield elapsed, step, translate
        scored.release()


def worker(name: str, data: Path, method: str, seconds: float, seed: int, sheets: Path | None) -> list[dict[str, Any]]:
    """Train one method in this process and score it; a row for each time at which it is scored."""
    rows = []
    train_method = train_reference if method == "one_page" else partial(train_preset, method)
    for elapsed, steps, translate in train_method(data, seconds, seed):
        row = {"world": name, "method": method, "seed": seed, "planned": seconds, "seconds": elapsed, "steps": steps}
        row["processor"] = processor_name()
        rows.append(row | score_translations(data, translate))
        if seed == 0 and sheets:
            save_sheet(data, translate, sheets / f"{name}-{method}.png")  # a longer training overwrites it
    return rows


class Results:
    """benchmarks/results/quality.json, rewritten whenever a run ends."""

    def __init__(self, path: Path) -> None:
        self.path, self.lock = path, threading.Lock()
        if path.exists():
            self.content: dict[str, Any] = json.loads(path.read_text())
            return
        self.content = {
            "threads": 1,
            "torch": torch.__version__,
            "viceversa": viceversa.__version__,
            "python": platform.python_version(),
            "date": time.strftime("%F"),
            "size": SIZE,
            "known": {},  # scores of the baselines
            "runs": [],
        }

    def has(self, name: str, method: str, seconds: float, seed: int) -> bool:
        """Whether this run has been made."""
        job = {"world": name, "method": method, "planned": seconds, "seed": seed}
        return any(job.items() <= run.items() for run in self.content["runs"])

    def add(self, rows: list[dict[str, Any]]) -> None:
        with self.lock:
            self.content["runs"] += rows
            self.write()

    def add_baselines(self, name: str, data: Path) -> None:
        """Score the baselines of a dataset unless the file has them."""
        if not self.content["known"].get(name):
            self.content["known"][name] = score_baselines(data)

    def write(self) -> None:
        self.path.write_text(json.dumps(self.content, indent=1) + "\n")


def run_jobs(jobs: list[tuple[int, str, str, float]], folders: dict[str, Path], results: Results, sheets: Path) -> None:
    """Run every job (seed, dataset, method, seconds) in a process of one thread, two at a time."""
    remaining = iter(jobs)
    lock = threading.Lock()

    def run_on_core() -> None:
        while True:
            with lock:
                job = next(remaining, None)
            if job is None:
                return
            seed, name, method, seconds = job
            arguments = [name, str(folders[name]), method, str(seconds), str(seed)]
            command = [sys.executable, __file__, "--worker", *arguments]
            if sheets:
                command += ["--sheets", str(sheets)]
            env = os.environ | {"OMP_NUM_THREADS": "1"}
            process = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=env, check=True)
            rows = json.loads(process.stdout.splitlines()[-1])
            results.add(rows)
            print(json.dumps(rows[-1]), flush=True)

    cores = [threading.Thread(target=run_on_core) for _ in range(2)]
    for core in cores:
        core.start()
    for core in cores:
        core.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", nargs="*", default=[w for w in WORLDS if w != "apple2orange"], choices=WORLDS)
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--methods", nargs="*", default=["one_page", "quickstart"], help="or 'PRESET KEY=VALUE ...'")
    parser.add_argument("--ours", type=float, nargs="*", default=PRESET_SECONDS, help="seconds of a preset, a run each")
    parser.add_argument("--reference", type=float, default=REFERENCE_SECONDS, help="seconds of the one-page reference")
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
            if name == "apple2orange":
                folders[name] = args.apple2orange.resolve()
            else:
                folders[name] = make_dataset(name, Path(scratch) / name)
            results.add_baselines(name, folders[name])

        jobs = []
        for seed, name, method in product(args.seeds, args.worlds, args.methods):
            for seconds in (args.reference,) if method == "one_page" else args.ours:
                if not results.has(name, method, seconds, seed):
                    jobs.append((seed, name, method, seconds))
        run_jobs(jobs, folders, results, args.sheets)
    results.write()
    print(args.out)


if __name__ == "__main__":
    main()

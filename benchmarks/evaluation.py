"""Ablation of the losses of CycleGAN on two drawn datasets with labels, scored by viceversa evaluate.

    python benchmarks/evaluation.py train --folder DIR    # every run; finished ones are kept, interrupted ones resume
    python benchmarks/evaluation.py score --folder DIR    # viceversa evaluate on each, JSON into benchmarks/results/
    python benchmarks/evaluation.py page                  # the table of docs/evaluation.md from that JSON

The datasets are `facades` (labels and day, drawn paired, used unpaired except by pix2pix, in the role of Cityscapes in
the paper) and `seasons` (summer and winter). Every method has the networks and the number of steps of `quickstart`,
except `cyclegan`: the networks and recipe of the paper and a fifth of the steps, which still take twice as long. One
core each, last checkpoint.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from marks import write_tables

import viceversa
from viceversa.evaluation.results import saved_evaluation
from viceversa.hardware.device import processor_name

HERE = Path(__file__).parent

SIZE, COUNT, TEST, STEPS = 64, 400, 300, 1000
WORLDS = {"facades": ("labels", "day"), "seasons": ("summer", "winter")}
METHODS: dict[str, tuple[str, tuple[str, ...], int]] = {  # preset, changes, steps
    "quickstart": ("quickstart", (), STEPS),
    "pix2pix": ("pix2pix-quick", (), STEPS),
    "GAN only": ("quickstart", ("method.lambda_cyc=0",), STEPS),
    "cycle only": ("quickstart", ("method.lambda_gan=0",), STEPS),
    "cyclegan": ("cyclegan", (), STEPS // 5),
}
FAST = ("train.probes=0", "train.samples=1", "train.threads=1", "train.log_every=50")


@dataclass(frozen=True)
class Trial:
    """One training."""

    world: str
    method: str
    seed: int

    @property
    def name(self) -> str:
        return f"{self.world}-{self.method.replace(', ', '-').replace(' ', '-')}-{self.seed}"


def trials(seeds: int) -> Iterator[Trial]:
    """Every training: all datasets and methods of one seed before those of the next."""
    for seed in range(seeds):
        for world in WORLDS:
            for method in METHODS:
                yield Trial(world, method, seed)


def make_dataset(folder: Path, world: str) -> Path:
    """Draw the images of a world, once."""
    out = folder / "worlds" / world
    viceversa.data.make(world, out, count=COUNT, test=TEST, size=SIZE, seed=1, domains=WORLDS[world], paired=True)
    return out


def train(folder: Path, seeds: int) -> None:
    """Train every run as the command line would."""
    for trial in trials(seeds):
        preset, changes, steps = METHODS[trial.method]
        viceversa.train(
            make_dataset(folder, trial.world),
            out=folder / trial.name,
            preset=preset,
            size=SIZE,
            steps=steps,
            seed=trial.seed,
            device="cpu",
            set=(*changes, *FAST),
            quiet=True,
        )
        print(trial.name, flush=True)


def train_segmenters(folder: Path) -> dict[str, list[Path]]:
    """Train the segmentation networks of each dataset, on scenes of another seed than the evaluated ones."""
    networks: dict[str, list[Path]] = {}
    for world, domains in WORLDS.items():
        for domain in domains:
            if domain == "labels":
                continue
            pairs, out = folder / "worlds" / f"{world}-{domain}", folder / f"fcn-{domain}"
            viceversa.data.make(world, pairs, count=COUNT, size=SIZE, seed=2, domains=("labels", domain), paired=True)
            viceversa.train(pairs, out=out, preset="fcn", size=SIZE, device="cpu", set=("train.threads=1",), quiet=True)
            networks.setdefault(world, []).append(out)
    return networks


def score(folder: Path, seeds: int, out: Path) -> None:
    """Evaluate every finished run and write the results to `out`."""
    networks = train_segmenters(folder)
    rows = []
    for trial in trials(seeds):
        run = folder / trial.name
        if not (run / "report.html").exists():
            print(f"{trial.name} has not been trained", flush=True)
            continue
        evaluation = saved_evaluation(run)
        if not evaluation or not all(direction.get("fcn") for direction in evaluation["directions"]):
            evaluation = viceversa.evaluate(run, segmenters=networks[trial.world], quiet=True)
        rows.append({"world": trial.world, "method": trial.method, "seed": trial.seed, **evaluation})
        print(trial.name, flush=True)
    head = {"size": SIZE, "count": COUNT, "test": TEST, "processor": processor_name(), "date": time.strftime("%F")}
    out.write_text(json.dumps(head | {"runs": rows}, indent=1) + "\n")


SCORES: dict[str, tuple[tuple[str, ...], str]] = {  # column: keys in the result of evaluate, number format
    "FCN pixel": (("fcn", "translation", "pixel"), ".2f"),
    "class": (("fcn", "translation", "class_"), ".2f"),
    "IoU": (("fcn", "translation", "iou"), ".2f"),
    "Fréchet": (("rows", "translation", "frechet"), ".2f"),
    "KID × 1000": (("rows", "translation", "kid"), ".0f"),
    "PSNR, dB": (("truth", "psnr"), ".1f"),
}
BASELINES = {  # row: the key that replaces "translation", the key of its PSNR
    "untranslated input": ("input", "input_psnr"),
    "real images": ("real", None),
}


def number_at(result: dict[str, Any], keys: tuple[str, ...]) -> float | None:
    """A number in a nested result of evaluate; None where it is missing."""
    value: Any = result
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return None if value is None else float(value)


def cell(values: list[float | None], spec: str) -> str:
    """Mean ± deviation of the values that are known."""
    known = [v for v in values if v is not None]
    if not known:
        return "–"
    return f"{mean(known):{spec}}" + (f" ± {stdev(known):{spec}}" if len(known) > 1 else "")


def baseline_cells(result: dict[str, Any], key: str, psnr: str | None) -> list[str]:
    """The row of a baseline: its scores where the table has those of the translations."""
    cells = []
    for keys, spec in SCORES.values():
        if keys[0] == "truth":
            value = number_at(result, ("truth", psnr)) if psnr else None
        else:
            value = number_at(result, (keys[0], key, keys[2]))
        cells.append(cell([value], spec))
    return cells


def table(rows: list[dict[str, Any]]) -> list[str]:
    """Scores of every method over the seeds, by dataset and direction; below them the baselines."""
    lines = [
        "| dataset | direction | method | seeds | " + " | ".join(SCORES) + " |",
        "|---|---|---|---|" + "---|" * len(SCORES),
    ]
    for world, domains in WORLDS.items():
        for source, target in (domains, domains[::-1]):
            start = f"| {world} | {source} → {target} |"
            by_method: dict[str, list[dict[str, Any]]] = {}
            for row in rows:
                matches = [d for d in row["directions"] if (d["source"], d["target"]) == (source, target)]
                if row["world"] == world and matches:
                    by_method.setdefault(row["method"], []).append(matches[0])

            for method, results in by_method.items():
                cells = [cell([number_at(r, keys) for r in results], spec) for keys, spec in SCORES.values()]
                lines.append(f"{start} {method} | {len(results)} | {' | '.join(cells)} |")
            any_result = next(iter(by_method.values()))[0]
            for name, (key, psnr) in BASELINES.items():
                lines.append(f"{start} *{name}* | | {' | '.join(baseline_cells(any_result, key, psnr))} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stage", choices=["train", "score", "page"])
    parser.add_argument("--folder", type=Path, help="folder of the runs")
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    out = HERE / "results" / "evaluation.json"
    if args.stage == "train":
        train(args.folder, args.seeds)
        return
    if args.stage == "score":
        score(args.folder, args.seeds, out)
    results = json.loads(out.read_text())
    origin = f"{results['count']} training and {results['test']} test images, {results['processor']}, {results['date']}"
    write_tables(HERE.parent / "docs" / "evaluation.md", {"table": table(results["runs"])}, origin)


if __name__ == "__main__":
    main()

"""The losses of CycleGAN taken apart, on two worlds with labels: who is nearest to the truth, and who only looks it?

    python benchmarks/evaluation.py train --folder DIR    # every run; what is there is left, what was cut goes on
    python benchmarks/evaluation.py judge --folder DIR    # viceversa evaluate on each, JSON into benchmarks/results/

`facades` (labels and day, drawn paired, used unpaired but by pix2pix: the part Cityscapes plays in the paper) and
`seasons` (summer and winter). Every method has the networks of `quickstart` and as many steps, but for `cyclegan`: the
paper's own networks and recipe, a fifth as many steps, which still take twice as long. One core each, last checkpoint.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from marks import put

import viceversa
from viceversa.evaluation.evaluate import written
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
LEAN = ("train.probes=0", "train.samples=1", "train.threads=1", "train.log_every=50")


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
    """Every training: all worlds and methods of one seed before the next."""
    for seed in range(seeds):
        for world in WORLDS:
            for method in METHODS:
                yield Trial(world, method, seed)


def data(folder: Path, world: str) -> Path:
    """A world's pictures, drawn once."""
    return_to = folder / "worlds" / world
    viceversa.data.make(world, return_to, count=COUNT, test=TEST, size=SIZE, seed=1, domains=WORLDS[world], paired=True)
    return return_to


def train(folder: Path, seeds: int) -> None:
    """Every run, as the command line would make it."""
    for trial in trials(seeds):
        preset, changes, steps = METHODS[trial.method]
        viceversa.train(
            data(folder, trial.world), out=folder / trial.name, preset=preset, size=SIZE, steps=steps, seed=trial.seed,
            device="cpu", set=(*changes, *LEAN), quiet=True,
        )  # fmt: skip
        print(trial.name, flush=True)


def segmenters(folder: Path) -> dict[str, list[Path]]:
    """The segmentation networks of each world, trained on scenes of another seed than those that are judged."""
    found: dict[str, list[Path]] = {}
    for world, domains in WORLDS.items():
        for domain in domains:
            if domain == "labels":
                continue
            pairs, out = folder / "worlds" / f"{world}-{domain}", folder / f"fcn-{domain}"
            viceversa.data.make(world, pairs, count=COUNT, size=SIZE, seed=2, domains=("labels", domain), paired=True)
            viceversa.train(pairs, out=out, preset="fcn", size=SIZE, device="cpu", set=("train.threads=1",), quiet=True)
            found.setdefault(world, []).append(out)
    return found


def judge(folder: Path, seeds: int, out: Path) -> None:
    """What evaluate finds of each run that is there."""
    networks = segmenters(folder)
    rows = []
    for trial in trials(seeds):
        run = folder / trial.name
        if not (run / "report.html").exists():
            print(f"{trial.name} has not been trained", flush=True)
            continue
        found = written(run)
        if not found or not all(way.get("fcn") for way in found["directions"]):
            found = viceversa.evaluate(run, segmenters=networks[trial.world], quiet=True)
        rows.append({"world": trial.world, "method": trial.method, "seed": trial.seed, **found})
        print(trial.name, flush=True)
    head = {"size": SIZE, "count": COUNT, "test": TEST, "processor": processor_name(), "date": time.strftime("%F")}
    out.write_text(json.dumps(head | {"runs": rows}, indent=1) + "\n")


NUMBERS: dict[str, tuple[tuple[str, ...], str]] = {
    "FCN pixel": (("fcn", "translation", "pixel"), ".2f"),
    "class": (("fcn", "translation", "class_"), ".2f"),
    "IoU": (("fcn", "translation", "iou"), ".2f"),
    "Fréchet": (("rows", "translation", "frechet"), ".2f"),
    "KID × 1000": (("rows", "translation", "kid"), ".0f"),
    "PSNR, dB": (("truth", "psnr"), ".1f"),
}
PLAIN = {  # what stands in their place for the input as it is, and for real pictures
    "input as it is": (("fcn", "input"), ("rows", "input"), ("truth", "input_psnr")),
    "real pictures": (("fcn", "real"), ("rows", "real"), None),
}


def look(way: dict[str, Any], place: tuple[str, ...]) -> float | None:
    """A number deep in what evaluate wrote, or none."""
    found: Any = way
    for key in place:
        found = found.get(key) if isinstance(found, dict) else None
    return None if found is None else float(found)


def cell(values: list[float | None], spec: str) -> str:
    """Mean ± deviation."""
    known = [v for v in values if v is not None]
    if not known:
        return "–"
    return f"{mean(known):{spec}}" + (f" ± {stdev(known):{spec}}" if len(known) > 1 else "")


def table(rows: list[dict[str, Any]]) -> list[str]:
    """Every method on every world, both ways, over the seeds; below them the input as it is and real pictures."""
    lines = [
        "| world | direction | method | seeds | " + " | ".join(NUMBERS) + " |",
        "|---|---|---|---|" + "---|" * len(NUMBERS),
    ]
    for world, domains in WORLDS.items():
        for way in (domains, domains[::-1]):
            start = f"| {world} | {way[0]} → {way[1]} |"
            found: dict[str, list[dict[str, Any]]] = {}
            for row in rows:
                ways = [d for d in row["directions"] if (d["source"], d["target"]) == way]
                if row["world"] == world and ways:
                    found.setdefault(row["method"], []).append(ways[0])
            for method, ways in found.items():
                cells = [cell([look(w, place) for w in ways], spec) for place, spec in NUMBERS.values()]
                lines.append(f"{start} {method} | {len(ways)} | {' | '.join(cells)} |")
            some = next(iter(found.values()))[0]
            for name, (fcn, distances, psnr) in PLAIN.items():
                places = [(*fcn, p[-1]) for p, _ in list(NUMBERS.values())[:3]]
                places += [(*distances, p[-1]) for p, _ in list(NUMBERS.values())[3:5]]
                numbers = [look(some, p) for p in places] + [look(some, psnr) if psnr else None]
                cells = [cell([n], spec) for n, (_, spec) in zip(numbers, NUMBERS.values(), strict=True)]
                lines.append(f"{start} *{name}* | | {' | '.join(cells)} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stage", choices=["train", "judge", "page"])
    parser.add_argument("--folder", type=Path, help="where the runs are")
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    out = HERE / "results" / "evaluation.json"
    match args.stage:
        case "train":
            train(args.folder, args.seeds)
        case "judge":
            judge(args.folder, args.seeds, out)
    if args.stage != "train":
        found = json.loads(out.read_text())
        origin = f"{found['count']} training and {found['test']} test pictures, {found['processor']}, {found['date']}"
        put(HERE.parent / "docs" / "evaluation.md", {"table": table(found["runs"])}, origin)


if __name__ == "__main__":
    main()

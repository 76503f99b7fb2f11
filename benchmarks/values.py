"""Errors in the unit of the target, on drawn measurements with known truth: after training on the numbers of the
files, on 8 bits of them, and beside the best affine map.

    python benchmarks/values.py [--worlds microscope satellite scanner] [--seeds 0 1 2] [--steps 200]
        [--sheets DIR]
    python benchmarks/values.py --examples docs/images/measurements.png

Each run trains `quickstart` with one thread through the commands `train` and `translate`, and compares the files that
`translate` wrote with the truth: mean absolute error over all channels and all pixels that the input has. The 8-bit
runs use a copy of the dataset in which the range that the other run has found for each domain is 256 levels (255 where
pixels are missing: level 0 means missing); their translations are brought back to the unit before they are compared.
Each run is added to benchmarks/results/values.json when it ends; runs that the file has are not repeated. The table in
docs/results.md is written at the end.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, stdev
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import tifffile
import torch
from marks import write_tables
from numpy.typing import NDArray
from PIL import Image

import viceversa
from viceversa.hardware.device import processor_name
from viceversa.images.values import Values
from viceversa.worlds.measured import MEASURED_WORLDS

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "values.json"
PAGE = HERE.parent / "docs" / "results.md"
WORLDS = ("microscope", "satellite", "scanner")
SIZE, COUNT, TEST = 64, 300, 30
DIRECTIONS = {"A_to_B": ("A", "B"), "B_to_A": ("B", "A")}
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Range:
    """The numbers of a domain: those that become -1 and +1, and what missing pixels hold."""

    low: float
    high: float
    nodata: float | None

    @property
    def first(self) -> int:
        """The level of the lowest number: level 0 means missing where pixels are."""
        return 0 if self.nodata is None else 1

    def to_levels(self, numbers: Numbers, missing: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """Numbers as 8-bit levels."""
        share = np.clip((numbers - self.low) / (self.high - self.low), 0, 1)
        levels = np.round(self.first + share * (255 - self.first))
        levels[missing] = 0
        return levels.astype(np.uint8)

    def from_levels(self, levels: Numbers) -> Numbers:
        """8-bit levels as numbers."""
        return self.low + (levels - self.first) / (255 - self.first) * (self.high - self.low)


WINDOWS = {  # black and white of the examples
    "microscope": (Range(100, 3600, None), Range(100, 2600, None)),
    "satellite": (Range(0, 1, -9999.0), Range(290, 316, 0.0)),
    "scanner": (Range(0, 1500, None), Range(-400, 900, None)),
}


def read(path: Path) -> tuple[Numbers, NDArray[np.bool_], float | None]:
    """Numbers (H, W, C) of a TIFF file, where they are missing (H, W), and the number that says so."""
    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        pixels = page.asarray().astype(float)
        nodata = float(page.tags[42113].value) if 42113 in page.tags else None
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    missing = (pixels == nodata).any(axis=-1) if nodata is not None else np.zeros(pixels.shape[:2], bool)
    return pixels, missing, nodata


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.tif"))


def ranges_of(run: Path) -> dict[str, Range]:
    """The range that a run has found for each domain."""
    ranges = {}
    for side, saved in json.loads((run / "data.json").read_text())["values"].items():
        values = Values(**saved)
        ranges[side] = Range(*values.span(values.number_type), values.nodata)
    return ranges


def write_8_bits(data: Path, out: Path, ranges: dict[str, Range]) -> None:
    """A copy of the training and test images in 8 bits."""
    for folder in (f"{split}{side}" for split in ("train", "test") for side in "AB"):
        (out / folder).mkdir(parents=True)
        domain = ranges[folder[-1]]
        tags = [] if domain.nodata is None else [(42113, "s", 0, "0", True)]
        for path in files(data / folder):
            pixels, missing, _ = read(path)
            levels = domain.to_levels(pixels, missing)
            shape = levels if levels.shape[-1] > 1 else levels[..., 0]
            file = out / folder / path.name
            planar = "contig" if shape.ndim == 3 else None
            tifffile.imwrite(file, shape, photometric="minisblack", planarconfig=planar, metadata=None, extratags=tags)


def test_pairs(data: Path, direction: str) -> Iterator[tuple[str, Numbers, Numbers, NDArray[np.bool_]]]:
    """Name, input, truth and the pixels that the input has, of every test image."""
    source, _ = DIRECTIONS[direction]
    for path in files(data / f"test{source}"):
        pixels, missing, _ = read(path)
        yield path.name, pixels, read(data / f"truth{source}" / path.name)[0], ~missing


def affine_error(data: Path, direction: str) -> float:
    """The error of the affine map of the input's channels that has the smallest, fitted to the test truth itself.

    Least absolute errors by iteratively reweighted least squares, from the least-squares map.
    """
    pairs = [(pixels[seen], truth[seen]) for _, pixels, truth, seen in test_pairs(data, direction)]
    x = np.concatenate([pixels for pixels, _ in pairs])
    x = np.c_[(x - x.mean(axis=0)) / x.std(axis=0), np.ones(len(x))]
    errors = []
    for y in np.concatenate([truth for _, truth in pairs]).T:
        weights, best = np.ones(len(y)), np.inf
        for _ in range(60):
            solution = np.linalg.solve((x.T * weights) @ x, (x.T * weights) @ y)
            residual = np.abs(y - x @ solution)
            best = min(best, residual.mean())
            weights = 1 / np.maximum(residual, 1e-3 * y.std())
        errors.append(best)
    return float(np.mean(errors))


def constant_error(data: Path, direction: str) -> float:
    """The error of the median of the truth."""
    truth = np.concatenate([truth[seen] for _, _, truth, seen in test_pairs(data, direction)])
    return float(np.abs(truth - np.median(truth, axis=0)).mean())


def train_and_translate(data: Path, work: Path, steps: int, seed: int) -> dict[str, Path]:
    """Train a run and translate both test folders, by the commands; the folder of each direction."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    run = work / "run"
    options = ["--preset", "quickstart", "--size", SIZE, "--steps", steps, "--seed", seed, "--precision", "fp32"]
    commands = [["train", data, "--out", run, *options, "--set", "train.threads=1", "--quiet"]]
    out = {direction: work / direction for direction in DIRECTIONS}
    for direction, (source, target) in DIRECTIONS.items():
        inputs = data / f"test{source}"
        commands.append(
            ["translate", run, inputs, "--to", target, "--out", out[direction], "--precision", "fp32", "--quiet"]
        )
    for command in commands:
        subprocess.run(
            [sys.executable, "-m", "viceversa", *map(str, command)],
            env=environment,
            stdout=subprocess.DEVNULL,
            check=True,
        )
    return out


def score(data: Path, outputs: Path, direction: str, target: Range | None) -> dict[str, Any]:
    """Error of the translations, and what type and range of numbers their files hold; `target` undoes 8 bits."""
    errors, weights, lowest, highest = [], [], np.inf, -np.inf
    for name, _, truth, seen in test_pairs(data, direction):
        pixels = tifffile.imread(outputs / name)
        number_type = pixels.dtype.name
        numbers = pixels.astype(float).reshape(truth.shape)
        if target is not None:
            numbers = target.from_levels(numbers)
        lowest, highest = min(lowest, numbers[seen].min()), max(highest, numbers[seen].max())
        errors.append(np.abs(numbers - truth)[seen].mean())
        weights.append(seen.sum())
    return {
        "error": float(np.average(errors, weights=weights)),
        "number_type": number_type,
        "lowest": float(lowest),
        "highest": float(highest),
    }


def run_once(
    world: str, data: Path, known: dict[str, Any], bits: str, steps: int, seed: int, sheet: Path | None
) -> dict[str, Any]:
    """One run: trained on the files (`own`) or on 8 bits of them (`8`), with its errors in both directions.

    The first one on the files adds ranges and baselines to `known`.
    """
    row: dict[str, Any] = {"world": world, "bits": bits, "steps": steps, "seed": seed, "processor": processor_name()}
    with TemporaryDirectory() as scratch:
        source = data
        if bits == "8":
            source = Path(scratch) / "data"
            write_8_bits(data, source, {side: Range(**known[world]["ranges"][side]) for side in "AB"})
        start = time.monotonic()
        outputs = train_and_translate(source, Path(scratch), steps, seed)
        row["seconds"] = round(time.monotonic() - start, 1)

        if world not in known:
            known[world] = describe(data, ranges_of(Path(scratch) / "run"))
        ranges = {side: Range(**known[world]["ranges"][side]) for side in "AB"}
        for direction, (_, target) in DIRECTIONS.items():
            row[direction] = score(data, outputs[direction], direction, ranges[target] if bits == "8" else None)
        if sheet is not None:
            save_sheet(sheet, data, outputs, ranges)
    return row


def display(numbers: Numbers, domain: Range, missing: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """An image (H, W, 3) for a sheet: grey; membranes green and nuclei blue; or red, green and blue of six bands."""
    share = np.clip((numbers - domain.low) / (domain.high - domain.low), 0, 1)
    if share.shape[-1] == 2:
        share = np.stack([0 * share[..., 1], 2 * share[..., 1], 1.5 * share[..., 0]], axis=-1)
    elif share.shape[-1] == 6:
        share = 2.2 * share[..., 2::-1] ** 0.8
    pixels = np.round(255 * np.clip(np.broadcast_to(share, (*share.shape[:2], 3)), 0, 1)).astype(np.uint8)
    return np.where(missing[..., None], np.array([255, 0, 255], np.uint8), pixels)


def save_sheet(path: Path, data: Path, outputs: dict[str, Path], ranges: dict[str, Range]) -> None:
    """The first six test images of each direction: input, translation, truth, each a row; missing pixels magenta."""
    rows = []
    for direction, (source, target) in DIRECTIONS.items():
        columns = []
        for name, pixels, truth, seen in list(test_pairs(data, direction))[:6]:
            translation = tifffile.imread(outputs[direction] / name).astype(float).reshape(truth.shape)
            shown = [display(pixels, ranges[source], ~seen), display(translation, ranges[target], ~seen)]
            columns.append(np.concatenate([*shown, display(truth, ranges[target], np.zeros_like(seen))]))
        rows.append(np.concatenate(columns, axis=1))
    Image.fromarray(np.concatenate(rows, axis=1)).save(path, optimize=True)


def save_examples(path: Path, size: int = 128, count: int = 6) -> None:
    """The first scenes of every dataset: A above B, in the windows WINDOWS."""
    rows = []
    for world, windows in WINDOWS.items():
        drawn = MEASURED_WORLDS[world]
        for side, window in zip(("A", "B"), windows, strict=True):
            images = []
            for seed in range(1, count + 1):
                pixels = drawn.draw(seed, size, side)[0].astype(float).reshape(size, size, -1)
                images.append(display(pixels, window, (pixels == window.nodata).any(axis=-1)))
            rows.append(np.concatenate(images, axis=1))
    Image.fromarray(np.concatenate(rows)).save(path, optimize=True)


def describe(data: Path, ranges: dict[str, Range]) -> dict[str, Any]:
    """Units, ranges, and the errors of the baselines."""
    known: dict[str, Any] = {"units": json.loads((data / "world.json").read_text())["units"]}
    known["ranges"] = {side: asdict(domain) for side, domain in ranges.items()}
    for direction in DIRECTIONS:
        known[direction] = {"affine": affine_error(data, direction), "constant": constant_error(data, direction)}
    return known


def table(results: dict[str, Any]) -> list[str]:
    """Errors, one row for each direction of each dataset."""
    runs = results["runs"]
    seeds = len({run["seed"] for run in runs})
    lines = [
        f"Mean absolute error to the true translation in the unit of the target, {TEST} held-out images at {SIZE} px, "
        f"mean ± deviation over {seeds} seeds: `quickstart`, {runs[0]['steps']} steps, {COUNT} images per domain, one "
        f"thread ({runs[0]['processor']}).",
        "",
        "| dataset | direction | unit | range of the target | median of the truth | best affine map "
        "| trained on 8 bits | trained on the numbers |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for world, known in results["known"].items():
        for direction, (source, target) in DIRECTIONS.items():
            domain, unit = known["ranges"][target], known["units"]["AB".index(target)]
            digits = 4 if domain["high"] <= 2 else 2 if unit == "K" else 1
            cells = [f"{known[direction][base]:.{digits}f}" for base in ("constant", "affine")]
            for bits in ("8", "own"):
                errors = [r[direction]["error"] for r in runs if r["world"] == world and r["bits"] == bits]
                cells.append(_spread(errors, digits))
            span = f"{domain['low']:g} to {domain['high']:g}"
            lines.append(f"| {world} | {source} → {target} | {unit} | {span} | {' | '.join(cells)} |")
    return lines


def _spread(values: list[float], digits: int) -> str:
    if not values:
        return "–"
    text = f"{mean(values):.{digits}f}"
    return f"{text}\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}{stdev(values):.{digits}f}" if len(values) > 1 else text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", nargs="*", default=WORLDS, choices=WORLDS)
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--bits", nargs="*", default=["own", "8"], choices=["own", "8"])
    parser.add_argument("--sheets", type=Path, help="folder for a sheet of test translations of each dataset")
    parser.add_argument("--examples", type=Path, help="save a picture of the datasets to this file, and stop")
    parser.add_argument("--out", type=Path, default=RESULTS)
    args = parser.parse_args()
    if args.examples:
        save_examples(args.examples)
        return

    results: dict[str, Any] = json.loads(args.out.read_text()) if args.out.exists() else {}
    results.setdefault("viceversa", viceversa.__version__)
    results.setdefault("torch", torch.__version__)
    results.setdefault("python", platform.python_version())
    results.setdefault("date", time.strftime("%F"))
    results.setdefault("known", {})
    results.setdefault("runs", [])
    with TemporaryDirectory() as scratch:
        for seed in args.seeds:
            for world in args.worlds:
                data = Path(scratch) / world
                viceversa.data.make(world, data, count=COUNT, test=TEST, size=SIZE, seed=1)
                for bits in args.bits:
                    job = {"world": world, "bits": bits, "steps": args.steps, "seed": seed}
                    if any(job.items() <= run.items() for run in results["runs"]):
                        continue
                    drawn = args.sheets and seed == args.seeds[0] and bits == "own"
                    sheet = args.sheets / f"{world}-quickstart.png" if drawn else None
                    results["runs"].append(run_once(world, data, results["known"], bits, args.steps, seed, sheet))
                    args.out.write_text(json.dumps(results, indent=1) + "\n")
                    print(json.dumps(results["runs"][-1]), flush=True)

    if args.out == RESULTS:
        write_tables(
            PAGE, {"values": table(results)}, "benchmarks/results/values.json, by `python benchmarks/values.py`"
        )
    print("\n".join(table(results)))


if __name__ == "__main__":
    main()

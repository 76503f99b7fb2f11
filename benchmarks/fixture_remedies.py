"""What remedies do to the fixtures of health.py, with paired seeds: the same trainings, changed and as they are.

    python benchmarks/fixture_remedies.py [--seeds 10] [--first 0] [--cases NAME ...] [--jobs 2] [--out FILE]

Sick translators take a third of the steps of their fixture. What is scored is the sign of the illness at the last look,
of translators the mean of both directions, turned so that more is better: `traced`, the share of translations that lead
back to their input; `way`, how far the texture has come from the input's to the target's, 1 at the distance of real
pictures from each other; `luminance`, the correlation of light in and light out; `smoothness`, -log2 of the energy of
the checkerboard over that of real pictures. A GAN of digits takes all steps and is scored by `coverage`, where only
pictures can tell: batch norm is nothing to the perceptrons of remedies.py. Effect: mean difference over the seeds with
a 95 % bootstrap interval. Writes the numbers, and with those of remedies.py src/viceversa/diagnosis/measured.json.
"""

import argparse
import json
import math
import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import mean
from tempfile import mkdtemp
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from modes import about
from remedies import effect, write_summary

from health import CASES, HERE, draw, train_case
from viceversa import settings as config
from viceversa.health.catalogue import CURES, changes
from viceversa.runs import presets
from viceversa.runs.folder import RunFolder

SCORES = {  # of each fixture
    "no cycle": "traced",
    "heavy cycle": "way",
    "negatives": "luminance",
    "transposed": "smoothness",
    "grey": "way",
    "high rates": "coverage",
}
ONLY = {"high rates": ("norm",)}  # the others are measured by remedies.py


def signs(signals: dict[str, float]) -> dict[str, float]:
    """Every score of a look, of translators the mean of both directions."""
    if "coverage" in signals:
        return {"coverage": round(signals["coverage"], 4)}

    def way(d: str) -> float:
        source, floor = signals[f"distance_source_{d}"], signals[f"distance_floor_{d}"]
        return (source - signals[f"distance_{d}"]) / (source - floor)

    of = {
        "traced": [signals[f"retrieval_{d}"] for d in ("ab", "ba")],
        "way": [way(d) for d in ("ab", "ba")],
        "luminance": [signals[f"luminance_{d}"] for d in ("ab", "ba")],
        "smoothness": [-math.log2(max(signals[f"checkerboard_{d}"], 1e-6)) for d in ("ab", "ba")],
    }
    return {name: round(mean(found), 4) for name, found in of.items()}


def method_of(name: str) -> Any:
    """The configuration of a fixture's method."""
    case = CASES[name]
    return config.changed(presets.preset(case.preset, case.size), config.parse_assignments(case.change)).method


def run(name: str, remedy: str, seed: int, worlds: Path) -> dict[str, float]:
    """Train a fixture, changed by a remedy if there is one; the signs at its last look."""
    case, out = CASES[name], Path(mkdtemp()) / "run"
    changed = changes(remedy, method_of(name)) if remedy else {}
    steps = case.steps if case.preset == "dcgan" else case.steps // 3
    words = [*(f"{key}={value}" for key, value in changed.items()), "train.probes=4"]
    train_case(name, seed, worlds, out, steps=steps, change=words)
    folder = RunFolder(out)
    found = signs(folder.read_lines(folder.health)[-1]["signals"])
    shutil.rmtree(out)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="*", choices=SCORES, default=list(SCORES))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "fixture_remedies.json")
    a = parser.parse_args()
    worlds = Path(mkdtemp()) / "worlds"
    draw(worlds)
    rows: list[dict[str, Any]] = json.loads(a.out.read_text())["rows"] if a.out.exists() else []
    seeds = range(a.first, a.first + a.seeds)
    with ProcessPoolExecutor(a.jobs) as pool:
        for name in a.cases:
            unit, illness = SCORES[name], CASES[name].illness
            assert illness is not None
            rows = [row for row in rows if row["illness"] != illness]
            without: list[dict[str, float]] = []
            for remedy in ("", *ONLY.get(name, CURES[illness])):
                if remedy and not changes(remedy, method_of(name)):
                    continue
                n = len(seeds)
                found = list(pool.map(run, [name] * n, [remedy] * n, seeds, [worlds] * n))
                without = without or found
                told = effect(illness, name, unit, found, without) if remedy else {"unit": unit}
                rows.append({"illness": illness, "remedy": remedy or None, "runs": found, **told})
                print(name, remedy, rows[-1], flush=True)
                a.out.write_text(json.dumps({"about": about(), "rows": rows}, indent=1) + "\n")
    if a.first == 0:
        write_summary()


if __name__ == "__main__":
    main()

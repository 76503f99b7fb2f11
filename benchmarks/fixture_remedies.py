"""The effect of remedies on the failing trainings of health.py: the same seeds with and without each remedy.

    python benchmarks/fixture_remedies.py [--seeds 10] [--first 0] [--cases NAME ...] [--jobs 2] [--out FILE]

Translators train for a third of the steps of their case. The score is a signal of the symptom at the last health check,
for translators the mean of both directions, with a sign so that higher is better: `traced`, the share of translations
whose input is retrieved from them; `way`, the share of the distance from the texture of the input to that of the target
that has been covered, 1 at the distance between real images; `luminance`, the correlation of brightness before and
after; `smoothness`, -log2 of the checkerboard energy over that of real images. A GAN of digits trains for all steps and
is scored by `coverage`; it measures batch norm, which the perceptrons of remedies.py do not have. Effect: mean
difference over the seeds with a 95 % bootstrap interval. Writes the numbers and, with those of remedies.py,
src/viceversa/health/measured.json.
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

from health import CASES, HERE, make_datasets, train_case
from viceversa import settings
from viceversa.health.catalogue import CURES, changes
from viceversa.runs import presets
from viceversa.runs.folder import RunFolder

SCORES = {  # by case
    "no cycle": "traced",
    "heavy cycle": "way",
    "negatives": "luminance",
    "transposed": "smoothness",
    "grey": "way",
    "high rates": "coverage",
    "absurd rate": "finished",
}
TRIED = {  # besides those of the catalogue, which lists what helped
    "no cycle": ("cycle", "lower-g-rate"),
    "heavy cycle": ("lower-d-rate",),
    "negatives": ("identity",),
    "grey": ("lower-d-rate", "instance-noise"),
    "absurd rate": ("halve-rates", "spectral"),
}
ONLY = {"high rates": ("norm",)}  # remedies.py measures its other remedies
SHORT = 60  # steps of a training that fails at once


def scores_of(signals: dict[str, float]) -> dict[str, float]:
    """Every score of a health check, for translators the mean of both directions."""
    if "coverage" in signals:
        return {"coverage": round(signals["coverage"], 4)}

    def covered_distance(d: str) -> float:
        source, floor = signals[f"distance_source_{d}"], signals[f"distance_floor_{d}"]
        return (source - signals[f"distance_{d}"]) / (source - floor)

    scores = {
        "traced": [signals[f"retrieval_{d}"] for d in ("ab", "ba")],
        "way": [covered_distance(d) for d in ("ab", "ba")],
        "luminance": [signals[f"luminance_{d}"] for d in ("ab", "ba")],
        "smoothness": [-math.log2(max(signals[f"checkerboard_{d}"], 1e-6)) for d in ("ab", "ba")],
    }
    return {name: round(mean(values), 4) for name, values in scores.items()}


def method_of(name: str) -> Any:
    """The configuration of the method of a case."""
    case = CASES[name]
    return settings.changed(presets.preset(case.preset, case.size), settings.parse_assignments(case.change)).method


def run(name: str, remedy: str, seed: int, worlds: Path) -> dict[str, float]:
    """Train a case, with a remedy unless that is empty; its scores at the last health check."""
    case, out = CASES[name], Path(mkdtemp()) / "run"
    changed = changes(remedy, method_of(name)) if remedy else {}
    steps = case.steps if case.preset == "dcgan" else case.steps // 3
    if SCORES[name] == "finished":
        finished = train_case(name, seed, worlds, out, steps=SHORT, change=[f"{k}={v}" for k, v in changed.items()])
        return {"finished": float(finished)}
    assignments = [*(f"{key}={value}" for key, value in changed.items()), "train.probes=4"]
    train_case(name, seed, worlds, out, steps=steps, change=assignments)
    folder = RunFolder(out)
    scores = scores_of(folder.read_lines(folder.health)[-1]["signals"])
    shutil.rmtree(out)
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="*", choices=SCORES, default=list(SCORES))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "fixture_remedies.json")
    a = parser.parse_args()
    worlds = Path(mkdtemp()) / "worlds"
    make_datasets(worlds)
    rows: list[dict[str, Any]] = json.loads(a.out.read_text())["rows"] if a.out.exists() else []
    seeds = range(a.first, a.first + a.seeds)
    with ProcessPoolExecutor(a.jobs) as pool:
        for name in a.cases:
            unit, symptom = SCORES[name], CASES[name].symptom
            assert symptom is not None
            rows = [row for row in rows if row["illness"] != symptom]
            without: list[dict[str, float]] = []
            for remedy in ("", *ONLY.get(name, CURES[symptom] + TRIED.get(name, ()))):
                if remedy and not changes(remedy, method_of(name)):
                    continue
                n = len(seeds)
                scores = list(pool.map(run, [name] * n, [remedy] * n, seeds, [worlds] * n))
                if remedy:
                    summary = effect(symptom, name, unit, scores, without)
                else:
                    without, summary = scores, {"unit": unit}
                rows.append({"illness": symptom, "remedy": remedy or None, "runs": scores, **summary})
                print(name, remedy, rows[-1], flush=True)
                a.out.write_text(json.dumps({"about": about(), "rows": rows}, indent=1) + "\n")
    if a.first == 0:
        write_summary()


if __name__ == "__main__":
    main()

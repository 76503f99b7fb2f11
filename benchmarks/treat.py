"""Whether `--on-symptom treat` saves runs that fail with `watch`: the same failing trainings and seeds, both ways.

    python benchmarks/treat.py [--cases NAME ...] [--seeds 10] [--first 0] [--again] [--jobs 2] [--keep DIR] [--out F]

With --keep, the folder of that name of benchmarks/health.py, watched runs are taken from there: they are the same.
With --again, watched runs are taken from the file and only the treated ones are repeated, which is valid as long as
cases and rules have not changed.

A run is well when it finished, its last health check has no alarm, and its coverage of the real images is at least half
the median of healthy trainings of the same length (three seeds).
"""

import argparse
import json
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median
from tempfile import mkdtemp
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from modes import about

from health import HERE, make_datasets, train_case
from viceversa.runs.folder import RunFolder

FAILING = ("imbalance", "high rates")
HEALTHY = "healthy nonsaturating"


def run(name: str, seed: int, on_symptom: str, keep: Path) -> dict[str, Any]:
    """The outcome of a case, trained now or taken from `keep`."""
    kept = keep / f"{name.replace(' ', '-')}-{seed}"
    if on_symptom == "watch" and (kept / "health.jsonl").exists():
        return outcome_of(RunFolder(kept), True)
    out = Path(mkdtemp()) / "run"
    finished = train_case(name, seed, keep / "worlds", out, on_symptom=on_symptom)
    outcome = outcome_of(RunFolder(out), finished)
    print(name, seed, on_symptom, outcome, flush=True)
    return outcome


def outcome_of(folder: RunFolder, finished: bool) -> dict[str, Any]:
    """Verdict, coverage and remedies of a run, from its last health check."""
    last = folder.read_lines(folder.health)[-1]
    remedies = [treatment["remedy"] for treatment in folder.treatments()]
    coverage = last["signals"].get("coverage", 0.0)
    return {"finished": finished, "verdict": last["verdict"], "coverage": coverage, "remedies": remedies}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="*", choices=FAILING, default=list(FAILING))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, default=None)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "treat.json")
    a = parser.parse_args()
    keep = a.keep or Path(mkdtemp())
    if not (keep / "worlds").exists():
        make_datasets(keep / "worlds")
    previous = json.loads(a.out.read_text()) if a.out.exists() else {"rows": []}
    outcomes = {}
    if a.again:
        outcomes = {(row["case"], row["seed"], "watch"): row["watched"] for row in previous["rows"]}
    pairs = [(name, seed) for name in a.cases for seed in range(a.first, a.first + a.seeds)]
    jobs = [] if a.again else [(HEALTHY, seed, "watch") for seed in range(3)]
    jobs += [(*pair, mode) for pair in pairs for mode in ("watch", "treat") if (*pair, mode) not in outcomes]
    with ProcessPoolExecutor(a.jobs) as pool:
        outcomes |= dict(zip(jobs, pool.map(run, *zip(*jobs, strict=True), [keep] * len(jobs)), strict=True))

    if a.again:
        enough = previous["enough coverage"]
    else:
        enough = median(outcomes[HEALTHY, seed, "watch"]["coverage"] for seed in range(3)) / 2
    for outcome in outcomes.values():
        no_alarm = outcome["verdict"] != "alarm"
        outcome["well"] = outcome["finished"] and no_alarm and outcome["coverage"] >= enough

    rows = [row for row in previous["rows"] if row["case"] not in a.cases]
    rows += [
        {"case": name, "seed": seed, "watched": outcomes[name, seed, "watch"], "treated": outcomes[name, seed, "treat"]}
        for name, seed in pairs
    ]
    a.out.write_text(json.dumps({"about": about(), "enough coverage": enough, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()

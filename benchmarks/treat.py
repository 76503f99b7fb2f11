"""Does `--on-symptom treat` save what `watch` loses? The same sick trainings from the same seeds, both ways.

    python benchmarks/treat.py [--cases NAME ...] [--seeds 10] [--first 0] [--again] [--jobs 2] [--keep DIR] [--out F]

With --keep, the folder of that name of benchmarks/health.py, watched runs are taken from there: they are the same.
With --again, what was watched is taken from the file and only the treatments are measured anew: right as long as the
cases and the rules are the same.

A run is well when it finished, its last look has no alarm, and what it makes covers at least half as much of the real
pictures as the median of healthy trainings of the same length (three seeds).
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

from health import HERE, draw, train_case
from viceversa.runs.folder import RunFolder

SICK = ("imbalance", "high rates")
HEALTHY = "healthy nonsaturating"


def run(name: str, seed: int, manner: str, keep: Path) -> dict[str, Any]:
    """Train one case, or take it from `keep`; how it ended."""
    known = keep / f"{name.replace(' ', '-')}-{seed}"
    if manner == "watch" and (known / "health.jsonl").exists():
        return judged(RunFolder(known), True)
    out = Path(mkdtemp()) / "run"
    finished = train_case(name, seed, keep / "worlds", out, on_symptom=manner)
    ended = judged(RunFolder(out), finished)
    print(name, seed, manner, ended, flush=True)
    return ended


def judged(folder: RunFolder, finished: bool) -> dict[str, Any]:
    """What the last look says."""
    last = folder.read_lines(folder.health)[-1]
    remedies = [t["remedy"] for t in folder.treatments()]
    coverage = last["signals"].get("coverage", 0.0)
    return {"finished": finished, "verdict": last["verdict"], "coverage": coverage, "remedies": remedies}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="*", choices=SICK, default=list(SICK))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, default=None)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "treat.json")
    a = parser.parse_args()
    keep = a.keep or Path(mkdtemp())
    if not (keep / "worlds").exists():
        draw(keep / "worlds")
    before = json.loads(a.out.read_text()) if a.out.exists() else {"rows": []}
    ended = {(row["case"], row["seed"], "watch"): row["watched"] for row in before["rows"] if a.again}
    pairs = [(name, seed) for name in a.cases for seed in range(a.first, a.first + a.seeds)]
    jobs = [] if a.again else [(HEALTHY, seed, "watch") for seed in range(3)]
    jobs += [(*pair, manner) for pair in pairs for manner in ("watch", "treat") if (*pair, manner) not in ended]
    with ProcessPoolExecutor(a.jobs) as pool:
        ended |= dict(zip(jobs, pool.map(run, *zip(*jobs, strict=True), [keep] * len(jobs)), strict=True))
    healthy = [ended[HEALTHY, seed, "watch"]["coverage"] for seed in range(3)] if not a.again else []
    enough = median(healthy) / 2 if healthy else before["enough coverage"]
    for found in ended.values():
        found["well"] = found["finished"] and found["verdict"] != "alarm" and found["coverage"] >= enough
    rows = [row for row in before["rows"] if row["case"] not in a.cases]
    rows += [
        {"case": name, "seed": seed, "watched": ended[name, seed, "watch"], "treated": ended[name, seed, "treat"]}
        for name, seed in pairs
    ]
    a.out.write_text(json.dumps({"about": about(), "enough coverage": enough, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()

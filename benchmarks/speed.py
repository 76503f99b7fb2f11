"""Measure with `viceversa bench` and put the figures into docs/performance.md.

python benchmarks/speed.py [--tables]           # --tables: only write the pages from benchmarks/results/
python benchmarks/speed.py --machine amd        # a processor of another kind, into bench_amd.json
python benchmarks/speed.py --machine card       # on a machine with a graphics card: its part, into bench_card.json
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import table
from marks import put

from viceversa import bench

HERE = Path(__file__).parent
RESULTS = {name: HERE / "results" / f"{file}.json" for name, file in {
    "intel": "bench", "amd": "bench_amd", "card": "bench_card",
}.items()}  # fmt: skip
PAGE = HERE.parent / "docs" / "performance.md"


def ratio(row: dict[str, Any], key: str) -> str:
    """Median, and the spread over the rounds."""
    found = row.get(key)
    return f"{found['median']:.2f} ({found['low']:.2f} to {found['high']:.2f})" if found else "–"


def machine(found: dict[str, Any]) -> list[str]:
    """Where it was measured, and what that machine can do."""
    m = found["machine"]
    lines = [
        f"{m['processor']}, {m['threads']} threads, {m['system']}; torch {m['torch']}, Python {m['python']}, "
        f"viceversa {m['viceversa']}, {m['date']}" + (f"; {m['card']}" if m["card"] else ""),
        "",
        "| ceiling | wall clock | per second of CPU time |",
        "|---|---|---|",
    ]
    for device, rates in found["ceilings"].items():
        for name, rate in rates.items():
            unit = "GB/s" if name == "memory" else "Gflop/s"
            lines.append(f"| {name}, {device} | {rate['wall']:.0f} {unit} | {rate['processor']:.0f} {unit} |")
    return lines


def rows(found: dict[str, Any]) -> list[str]:
    """A row for each case."""
    lines = [
        "| | per second | × reference, wall clock | × reference, CPU time | Gflop each | of the convolution ceiling "
        "| peak MB | × reference |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in found["cases"]:
        memory = row.get("memory", {})
        cells = [
            row["case"],
            f"{row['ours']['per_second']:.2f}",
            ratio(row, "speed"),
            ratio(row, "processor") if row["device"] == "cpu" else "–",
            f"{row['gflop']:.3g}" if "gflop" in row else "–",
            f"{row['share']:.0%} ({row['precision']})" if "share" in row else "–",
            f"{memory['ours']:.0f}" if memory else "–",
            f"{memory['ratio']:.2f}" if "ratio" in memory else "–",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def losses() -> list[str]:
    """How far 200 steps on a card are from float32's, from card.json."""
    found = json.loads((HERE / "results" / "card.json").read_text())["largest difference from float32"]
    names = list(next(iter(found.values())))
    lines = [f"| | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    return lines + [f"| {run} | {' | '.join(f'{row[name]:.0%}' for name in names)} |" for run, row in found.items()]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tables", action="store_true", help="only write the pages")
    parser.add_argument("--machine", choices=RESULTS, default="intel", help="of which kind this one is")
    args = parser.parse_args()
    if not args.tables:
        device = "cuda" if args.machine == "card" else "cpu"
        found = bench.run(device=device, show=lambda line: print(line, file=sys.stderr, flush=True))
        RESULTS[args.machine].write_text(json.dumps(found, indent=1) + "\n")
    for name, path in RESULTS.items():
        found = json.loads(path.read_text())
        put(PAGE, {name: machine(found), f"{name}-cases": rows(found)}, f"benchmarks/results/{path.name}")
    put(PAGE, {"card-losses": losses()}, "benchmarks/results/card.json, by `python benchmarks/card.py`")
    table.main()


if __name__ == "__main__":
    main()

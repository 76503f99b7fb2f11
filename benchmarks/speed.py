"""Measure with `viceversa bench` and put the figures into docs/performance.md and README.md.

python benchmarks/speed.py [--tables]     # --tables: only write the pages from benchmarks/results/bench.json
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
RESULT = HERE / "results" / "bench.json"
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
        "| ceiling | by the clock | for each second of a processor |",
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
        "| | per second | × reference, by the clock | by processor time | Gflop each | of the convolution ceiling "
        "| peak MB | × reference |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in found["cases"]:
        memory = row.get("memory", {})
        cells = [
            row["case"] if row["device"] == "cpu" else f"{row['case']}, {row['device']}",
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


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tables", action="store_true", help="only write the pages")
    if not parser.parse_args().tables:
        found = bench.run(show=lambda line: print(line, file=sys.stderr, flush=True))
        RESULT.write_text(json.dumps(found, indent=1) + "\n")
    found = json.loads(RESULT.read_text())
    put(PAGE, {"machine": machine(found), "cases": rows(found)}, "benchmarks/results/bench.json, by `make bench`")
    table.main()


if __name__ == "__main__":
    main()

"""Measure with `viceversa bench` and write the tables of docs/performance.md.

python benchmarks/speed.py [--tables]           # --tables: only write the pages from benchmarks/results/
python benchmarks/speed.py --machine amd        # a CPU of another kind, into bench_amd.json
python benchmarks/speed.py --machine gpu        # on a machine with a GPU: its part, into bench_gpu.json
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import table
from marks import write_tables

from viceversa import bench

HERE = Path(__file__).parent
FILES = {"intel": "bench", "amd": "bench_amd", "gpu": "bench_gpu"}
RESULTS = {name: HERE / "results" / f"{file}.json" for name, file in FILES.items()}
PAGE = HERE.parent / "docs" / "performance.md"


def ratio(row: dict[str, Any], key: str) -> str:
    """Median and spread over the rounds."""
    values = row.get(key)
    return f"{values['median']:.2f} ({values['low']:.2f} to {values['high']:.2f})" if values else "–"


def machine_table(result: dict[str, Any]) -> list[str]:
    """The machine of a measurement, and its ceilings."""
    m = result["machine"]
    lines = [
        f"{m['processor']}, {m['threads']} threads, {m['system']}; torch {m['torch']}, Python {m['python']}, "
        f"viceversa {m['viceversa']}, {m['date']}" + (f"; {m['card']}" if m["card"] else ""),
        "",
        "| ceiling | wall clock | per second of CPU time |",
        "|---|---|---|",
    ]
    for device, rates in result["ceilings"].items():
        for name, rate in rates.items():
            unit = "GB/s" if name == "memory" else "Gflop/s"
            lines.append(f"| {name}, {device} | {rate['wall']:.0f} {unit} | {rate['processor']:.0f} {unit} |")
    return lines


def case_table(result: dict[str, Any]) -> list[str]:
    """A row for each case."""
    lines = [
        "| | per second | × reference, wall clock | × reference, CPU time | Gflop each | of the convolution ceiling "
        "| peak MB | × reference |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in result["cases"]:
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


def loss_table() -> list[str]:
    """The difference of the losses of 200 steps on a GPU from those of float32, from gpu.json."""
    differences = json.loads((HERE / "results" / "gpu.json").read_text())["largest difference from float32"]
    names = list(next(iter(differences.values())))
    lines = [f"| | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for run, row in differences.items():
        lines.append(f"| {run} | {' | '.join(f'{row[name]:.0%}' for name in names)} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tables", action="store_true", help="only write the pages")
    parser.add_argument("--machine", choices=RESULTS, default="intel", help="the kind of this machine")
    args = parser.parse_args()
    if not args.tables:
        device = "cuda" if args.machine == "gpu" else "cpu"
        result = bench.run(device=device, show=lambda line: print(line, file=sys.stderr, flush=True))
        RESULTS[args.machine].write_text(json.dumps(result, indent=1) + "\n")

    for name, path in RESULTS.items():
        result = json.loads(path.read_text())
        tables = {name: machine_table(result), f"{name}-cases": case_table(result)}
        write_tables(PAGE, tables, f"benchmarks/results/{path.name}")
    write_tables(PAGE, {"gpu-losses": loss_table()}, "benchmarks/results/gpu.json, by `python benchmarks/gpu.py`")
    table.main()


if __name__ == "__main__":
    main()

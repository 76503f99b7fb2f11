"""The bench command: measure, print a table or JSON, compare with committed figures."""

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from ..api import Quiet
from .evaluation import print_table
from .options import long_work
from .output import print_json


@long_work
def bench(
    *,
    quick: Annotated[bool, Parameter(negative=())] = False,
    check: Annotated[list[Path] | None, Parameter(negative=())] = None,
    device: Literal["cpu", "cuda"] | None = None,
    as_json: Annotated[bool, Parameter("--json", negative=())] = False,
    quiet: Quiet = False,
) -> None:
    """How fast this machine trains, translates, reads and scores, in turns with the one-page reference.

    Args:
        quick: Only small cases; a minute or two. All of them take about five.
        check: Fail (exit code 5) when a ratio is more than 20 % below that in this file, an earlier result as JSON; may
            be given several times: the one from a machine of this kind counts.
        device: Measure here only; default: on the CPU and, where there is one, on the GPU.
        as_json: Print one JSON document.
        quiet: Print no progress, only the result.
    """
    from .. import bench as room
    from ..console import LiveLine

    with LiveLine(quiet=quiet) as show:
        result = room.run(quick=quick, check=check or (), device=device, show=show)
    if as_json:
        return print_json(result)
    print_bench(result)
    if check:
        kind = f"{result['machine']['processor']}, {result['machine']['threads']} threads"
        print(f"no worse than {result['checked']}" if result["checked"] else f"nothing compared: no file is of {kind}")


def print_bench(result: dict[str, Any]) -> None:
    """Ceilings, then a row for each case."""
    machine = result["machine"]
    print(f"{machine['processor']}, {machine['threads']} threads, torch {machine['torch']}")
    for device, rates in result["ceilings"].items():
        parts = [f"{name} {rate['wall']:.0f} {'GB' if name == 'memory' else 'Gflop'}/s" for name, rate in rates.items()]
        print(f"{device}: {', '.join(parts)}")
    lines: list[tuple[str, ...]] = [
        ("", "per second", "x reference", "by processor time", "of the ceiling", "peak MB", "x reference")
    ]
    for row in result["cases"]:
        speed, memory = row.get("speed"), row.get("memory", {})
        lines.append(
            (
                row["case"] if row["device"] == "cpu" else f"{row['case']}, {row['device']}",
                f"{row['ours']['per_second']:.2f}",
                f"{speed['median']:.2f} ({speed['low']:.2f} to {speed['high']:.2f})" if speed else "-",
                f"{row['processor']['median']:.2f}" if speed and row["device"] == "cpu" else "-",
                f"{row['share']:.0%}" if "share" in row else "-",
                f"{memory['ours']:.0f}" if memory else "-",
                f"{memory['ratio']:.2f}" if "ratio" in memory else "-",
            )
        )
    print_table(lines)

"""Performance guard: compare a benchmark with the committed one of the same kind of machine."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ..errors import DataError, SlowerError

Bench = dict[str, Any]  # as `viceversa bench --json` prints it
Row = dict[str, Any]
TOLERANCE = 0.2  # share by which a ratio may fall
TRIES = 3  # a ratio has regressed when it is too low in every measurement
SAME_KIND = 3.0  # ceilings of one kind of machine differ less: by up to 2.5 from other programs, more from matrix units


def read(path: Path) -> Bench:
    """Read a result of `viceversa bench --json`; DataError for anything else."""
    try:
        content: Bench = json.loads(path.read_text())
    except (OSError, ValueError) as e:
        raise DataError(f"--check {path}: {e}; name a file that viceversa bench --json has written") from None
    if not is_bench(content):
        raise DataError(f"--check {path} is no result of a bench; name a file that viceversa bench --json has written")
    return content


def is_bench(content: Any) -> bool:
    """Whether `content` has the structure that `viceversa bench --json` prints."""
    if not isinstance(content, dict):
        return False
    machine, cases, ceilings = (content.get(key) for key in ("machine", "cases", "ceilings"))
    if not isinstance(machine, dict) or not isinstance(cases, list) or not isinstance(ceilings, dict):
        return False
    return "processor" in machine and all(isinstance(row, dict) and "case" in row for row in cases)


def matching_file(result: Bench, committed: dict[str, Bench]) -> str | None:
    """The first file from the same kind of machine (CPU, threads, GPU, similar ceilings), or None.

    Ratios depend on the vector units and the memory of a machine.
    """
    for file, other in committed.items():
        same_names = all(result["machine"][key] == other["machine"][key] for key in ("processor", "threads", "card"))
        pairs = [
            (rate["processor"], other["ceilings"][device][name]["processor"])
            for device, rates in result["ceilings"].items()
            for name, rate in rates.items()
            if name in other["ceilings"].get(device, {})
        ]
        similar = bool(pairs) and all(1 / SAME_KIND < ours / theirs < SAME_KIND for ours, theirs in pairs)
        if same_names and similar:
            return file
    return None


def ratios(row: Row) -> dict[str, float]:
    """The ratios of a row to the reference, higher is better; on a CPU by CPU time.

    The share of the ceiling is left out: other programs change it by half from one hour to the next.
    """
    values = {}
    if "speed" in row:
        values["speed"] = row["processor" if row["device"] == "cpu" else "speed"]["median"]
    if "ratio" in row.get("memory", {}):
        values["memory"] = 1 / row["memory"]["ratio"]
    return values


def regressions(rows: Iterable[Row], committed: Bench) -> dict[tuple[str, str], str]:
    """Messages by case and device: the ratios that are more than TOLERANCE below the committed ones."""
    known = {(row["case"], row["device"]): ratios(row) for row in committed["cases"]}
    slower = {}
    for row in rows:
        key = row["case"], row["device"]
        worse = [
            f"{name} {value:.2f}, committed {known[key][name]:.2f}"
            for name, value in ratios(row).items()
            if name in known.get(key, {}) and value < (1 - TOLERANCE) * known[key][name]
        ]
        if worse:
            slower[key] = f"{key[0]} ({key[1]}): {'; '.join(worse)}"
    return slower


def require_no_slower(result: Bench, committed: Bench, file: str, remeasure: Callable[[str, str], Row]) -> None:
    """SlowerError naming the ratios that regressed in all TRIES; DataError when there is no case in common.

    `remeasure(case, device)` returns a new row, which replaces the old one in `result`.
    """
    rows = {(row["case"], row["device"]): row for row in result["cases"]}
    if not rows.keys() & {(row["case"], row["device"]) for row in committed["cases"]}:
        raise DataError(f"--check {file}: it holds none of the cases measured here; write it anew")
    slower = regressions(rows.values(), committed)
    for _ in range(TRIES - 1):
        rows |= {key: remeasure(*key) for key in slower}
        slower = regressions((rows[key] for key in slower), committed)
    result["cases"] = list(rows.values())
    if slower:
        raise SlowerError(
            f"more than {TOLERANCE:.0%} below {file}, {TRIES} times: {'; '.join(slower.values())}; if it has to be so, "
            "measure those figures anew on a quiet machine"
        )

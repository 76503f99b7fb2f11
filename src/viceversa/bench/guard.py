"""The guard against falling back: a bench beside committed ones, of which that of the same kind of machine counts."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ..errors import DataError, SlowerError

Bench = dict[str, Any]  # as `viceversa bench --json` prints it
Row = dict[str, Any]
ALLOWED = 0.2  # part of a ratio that may be lost
TRIES = 3  # a ratio counts as fallen when it is so every time
ALIKE = 3.0  # ceilings of one kind of machine differ by less: matrix units by more, neighbours up to 2.5


def read(path: Path) -> Bench:
    """Figures that a bench has printed; DataError for anything else."""
    try:
        found: Bench = json.loads(path.read_text())
        _ = [row["case"] for row in found["cases"]], found["machine"]["processor"], found["ceilings"].items()
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as e:
        raise DataError(f"--check {path}: {e}; name a file that viceversa bench --json has written") from None
    return found


def of_this_kind(found: Bench, committed: dict[str, Bench]) -> str | None:
    """The first that comes from such a machine: processor, threads, and what it can do at most. None: there is none.

    Ratios belong to a kind of machine, its vector units and its memory.
    """
    for where, other in committed.items():
        named = all(found["machine"][key] == other["machine"][key] for key in ("processor", "threads", "card"))
        pairs = [
            (rate["processor"], other["ceilings"][device][name]["processor"])
            for device, rates in found["ceilings"].items()
            for name, rate in rates.items()
            if name in other["ceilings"].get(device, {})
        ]
        if named and pairs and all(1 / ALIKE < ours / theirs < ALIKE for ours, theirs in pairs):
            return where
    return None


def ratios(row: Row) -> dict[str, float]:
    """What of a row can be compared with another day's, more being better; on a processor by its own seconds.

    Not its share of the ceiling, which neighbours of a machine move by half from one hour to the next.
    """
    found = {}
    if "speed" in row:
        found["speed"] = row["processor" if row["device"] == "cpu" else "speed"]["median"]
    if "ratio" in row.get("memory", {}):
        found["memory"] = 1 / row["memory"]["ratio"]
    return found


def fallen(rows: Iterable[Row], committed: Bench) -> dict[tuple[str, str], str]:
    """By case and device, what of it is more than a fifth worse than the committed ratio."""
    known = {(row["case"], row["device"]): ratios(row) for row in committed["cases"]}
    told = {}
    for row in rows:
        key = row["case"], row["device"]
        worse = [
            f"{name} {value:.2f}, committed {known[key][name]:.2f}"
            for name, value in ratios(row).items()
            if name in known.get(key, {}) and value < (1 - ALLOWED) * known[key][name]
        ]
        if worse:
            told[key] = f"{key[0]} ({key[1]}): {'; '.join(worse)}"
    return told


def require_no_slower(found: Bench, committed: Bench, where: str, again: Callable[[str, str], Row]) -> None:
    """SlowerError naming what fell each time it was measured, DataError when the two have no case in common.

    `again(case, device)` measures a row anew; it takes the old one's place in `found`.
    """
    rows = {(row["case"], row["device"]): row for row in found["cases"]}
    if not rows.keys() & {(row["case"], row["device"]) for row in committed["cases"]}:
        raise DataError(f"--check {where}: it holds none of the cases measured here; write it anew")
    told = fallen(rows.values(), committed)
    for _ in range(TRIES - 1):
        rows |= {key: again(*key) for key in told}
        told = fallen((rows[key] for key in told), committed)
    found["cases"] = list(rows.values())
    if told:
        raise SlowerError(
            f"more than {ALLOWED:.0%} below {where}, {TRIES} times: {'; '.join(told.values())}; if it has to be so, "
            "measure those figures anew on a quiet machine"
        )

"""All cases with the machine they ran on, and the guard against falling back."""

import json
import platform
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from ..errors import DataError, SlowerError
from ..training.device import choose_device
from ..training.run_folder import processor_name
from .cases import CASES
from .ceilings import ceilings
from .measure import measured

ROUNDS = 5
SLOW = 2  # rounds of cases whose block takes many seconds
ALLOWED = 0.2  # part of a ratio that may be lost before --check fails


def run(*, quick: bool, check: str | Path | None, device: str | None, show: Callable[[str], None]) -> dict[str, Any]:
    """Measure on one device or all; compare with the figures in the file `check`, which is read first."""
    committed = read(Path(check)) if check is not None else None
    found: dict[str, Any] = {"machine": machine(), "quick": quick, "ceilings": {}, "cases": []}
    here = ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)
    for place in here if device is None else (choose_device(device),):
        show(f"{place}: ceilings")
        found["ceilings"][place] = ceilings(place)
        for name, case in CASES.items():
            if (quick and not case.quick) or place not in case.devices:
                continue
            show(f"{place}: {name}")
            rounds = SLOW if place == "cpu" and "256 px" in name and name.startswith(("train", "translate")) else ROUNDS
            found["cases"].append(measured(name, rounds, place, found["ceilings"][place]))
    if committed is not None:
        require_no_slower(found, committed, str(check))
    return found


def machine() -> dict[str, Any]:
    """Hardware and versions."""
    return {
        "processor": processor_name(), "threads": torch.get_num_threads(), "system": platform.system(),
        "card": torch.cuda.get_device_name() if torch.cuda.is_available() else None, "python": sys.version.split()[0],
        "torch": torch.__version__, "viceversa": version("viceversa"), "date": time.strftime("%F"),
    }  # fmt: skip


def read(path: Path) -> dict[str, Any]:
    """Figures that a bench has printed; DataError for anything else."""
    try:
        found: dict[str, Any] = json.loads(path.read_text())
        _ = [row["case"] for row in found["cases"]]
    except (OSError, ValueError, LookupError, TypeError) as e:
        raise DataError(f"--check {path}: {e}; name a file that viceversa bench --json has written") from None
    return found


def ratios(row: dict[str, Any]) -> dict[str, float]:
    """What of a row can be compared with another day's, more being better; on a processor by its own seconds."""
    found = {}
    if "speed" in row:
        found["speed"] = row["processor" if row["device"] == "cpu" else "speed"]["median"]
    elif "share" in row:
        found["share of the ceiling"] = row["share"]
    if "ratio" in row.get("memory", {}):
        found["memory"] = 1 / row["memory"]["ratio"]
    return found


def fallen(found: dict[str, Any], committed: dict[str, Any]) -> list[str]:
    """A sentence for every ratio that is more than a fifth worse than the committed one."""
    known = {(row["case"], row["device"]): ratios(row) for row in committed["cases"]}
    told = []
    for row in found["cases"]:
        before = known.get((row["case"], row["device"]), {})
        for name, value in ratios(row).items():
            if name in before and value < (1 - ALLOWED) * before[name]:
                told.append(f"{row['case']} ({row['device']}): {name} {value:.2f}, committed {before[name]:.2f}")
    return told


def require_no_slower(found: dict[str, Any], committed: dict[str, Any], where: str) -> None:
    """SlowerError naming what fell, DataError when the two files have no case in common."""
    both = {row["case"] for row in found["cases"]} & {row["case"] for row in committed["cases"]}
    if not both:
        raise DataError(f"--check {where}: it holds none of the cases measured here; write it anew")
    if told := fallen(found, committed):
        raise SlowerError(f"more than {ALLOWED:.0%} below {where}: {'; '.join(told)}; measure again on a quiet machine")

"""All cases, and the machine they ran on."""

import platform
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from ..hardware.device import choose_device, processor_name
from . import guard
from .cases import CASES
from .ceilings import ceilings
from .measure import PEAKS, measure

ROUNDS = 5
SLOW_ROUNDS = 2  # of cases whose block takes many seconds


def run(*, quick: bool, check: Sequence[str | Path], device: str | None, show: Callable[[str], None]) -> dict[str, Any]:
    """Measure on one device or all, and compare with the file of `check` that is from a machine of this kind.

    "checked" in the result is the file that was compared with; none where no file is from such a machine.
    """
    committed = {str(path): guard.read(Path(path)) for path in check}
    result: dict[str, Any] = {"machine": machine(), "quick": quick, "ceilings": {}, "cases": []}

    def row(name: str, place: str) -> dict[str, Any]:
        show(f"{place}: {name}")
        slow = place == "cpu" and "256 px" in name and name.startswith(("train", "translate"))
        return measure(name, SLOW_ROUNDS if slow else ROUNDS, place, result["ceilings"][place])

    def again(name: str, place: str) -> dict[str, Any]:
        PEAKS.clear()  # memory too
        return row(name, place)

    here = ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)
    for place in here if device is None else (choose_device(device),):
        show(f"{place}: ceilings")
        result["ceilings"][place] = ceilings(place)
        names = [name for name, case in CASES.items() if place in case.devices and (case.quick or not quick)]
        result["cases"] += [row(name, place) for name in names]
    if committed:
        result["checked"] = file = guard.of_this_kind(result, committed)
        if file is not None:
            guard.require_no_slower(result, committed[file], file, again)
    return result


def machine() -> dict[str, Any]:
    """Hardware and versions."""
    return {
        "processor": processor_name(),
        "threads": torch.get_num_threads(),
        "system": platform.system(),
        "card": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "python": sys.version.split()[0],
        "torch": torch.__version__,
        "viceversa": version("viceversa"),
        "date": time.strftime("%F"),
    }

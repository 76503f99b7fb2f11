"""The result of the benchmark: all cases, and the machine they ran on."""

import platform
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from ..hardware.device import choose_device, processor_name
from ..hardware.threads import use_fastest_threads
from . import guard
from .cases import CASES
from .ceilings import ceilings
from .measure import PEAKS, measure

ROUNDS = 5
SLOW_ROUNDS = 2  # of cases whose calls take many seconds


def run(*, quick: bool, check: Sequence[str | Path], device: str | None, show: Callable[[str], None]) -> dict[str, Any]:
    """Measure on `device` or on all devices; compare with the first file of `check` from the same kind of machine.

    "checked" in the result names that file; None where there is none.
    """
    use_fastest_threads()
    committed = {str(path): guard.read(Path(path)) for path in check}
    result: dict[str, Any] = {"machine": machine(), "quick": quick, "ceilings": {}, "cases": []}

    def measure_row(name: str, device: str) -> dict[str, Any]:
        show(f"{device}: {name}")
        slow = device == "cpu" and (("256 px" in name and name.startswith("t")) or name.startswith("tiles cyclegan"))
        return measure(name, SLOW_ROUNDS if slow else ROUNDS, device, result["ceilings"][device])

    def remeasure(name: str, device: str) -> dict[str, Any]:
        PEAKS.clear()  # measure the memory again too
        return measure_row(name, device)

    available = ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)
    for measured in available if device is None else (choose_device(device),):
        show(f"{measured}: ceilings")
        result["ceilings"][measured] = ceilings(measured)
        names = [name for name, case in CASES.items() if measured in case.devices and (case.quick or not quick)]
        result["cases"] += [measure_row(name, measured) for name in names]

    if committed:
        result["checked"] = file = guard.matching_file(result, committed)
        if file is not None:
            guard.require_no_slower(result, committed[file], file, remeasure)
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

"""A summary of this machine: versions, device, precision, disk space and extras."""

import os
import shutil
import sys
from importlib.metadata import version
from typing import Any

import torch

from ..extras import EXTRAS, is_installed
from .cpus import available_cpus
from .device import choose_device, processor_name
from .precision import choose_precision
from .threads import use_fastest_threads


def doctor() -> dict[str, Any]:
    """The values that `viceversa doctor` prints, JSON-serialisable; `precision` is what auto chooses here."""
    device = choose_device("auto")
    return {
        "viceversa": version("viceversa"),
        "python": sys.version.split()[0],
        "torch": torch.__version__,
        "processor": processor_name(),
        "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
        "cpus": available_cpus(),
        "threads": use_fastest_threads(),
        "precision": choose_precision("auto", device),
        "free_disk_gb": round(shutil.disk_usage(os.getcwd()).free / 1e9, 1),
        "writable_here": os.access(os.getcwd(), os.W_OK),
        "extras": {extra: is_installed(extra) for extra in EXTRAS},
    }

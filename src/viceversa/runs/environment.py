"""What a run depends on besides its configuration: command, versions, hardware."""

import platform
import subprocess
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from ..hardware.cpus import available_cpus
from ..hardware.device import processor_name


def environment(command: str, device: str, threads: int) -> dict[str, Any]:
    """What a run depends on besides its configuration."""
    names = ("viceversa", "torch", "numpy", "pillow", "safetensors")
    return {
        "command": command,
        "started": time.strftime("%F %T %z"),
        "versions": {name: version(name) for name in names},
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": processor_name(),
        "cores": available_cpus(),
        "threads": threads,
        "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
        "commit": _commit(),
    }


def _commit() -> str | None:
    """The source tree's commit, with + when it has changes; none for an installed package."""
    here = Path(__file__).parent
    command = ["git", "-C", str(here), "describe", "--always", "--dirty=+", "--abbrev=12"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout.strip() or None
    except (OSError, subprocess.SubprocessError):
        return None

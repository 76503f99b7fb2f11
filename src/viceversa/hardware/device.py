"""Which device a command runs on."""

import platform
from pathlib import Path
from typing import Literal

import torch

from ..errors import UsageError


def choose_device(requested: str) -> Literal["cpu", "cuda"]:
    """cpu or cuda for `requested` auto, cpu or cuda; UsageError where PyTorch has no CUDA device."""
    if requested == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if requested == "cuda" and not torch.cuda.is_available():
        raise UsageError("--device cuda: this PyTorch sees no CUDA device; use --device cpu or install a CUDA build")
    return "cuda" if requested == "cuda" else "cpu"


def processor_name() -> str:
    """Model name of the CPU; its architecture where the system gives no name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()

"""Which device a command runs on."""

import platform
from pathlib import Path
from typing import Literal

import torch

from ..errors import UsageError

DeviceType = Literal["cpu", "cuda", "mps"]
DEVICES = "auto, cpu, cuda, cuda:1 (the second GPU) or mps"


def choose_device(requested: str) -> DeviceType:
    """The device type for `requested`: auto, cpu, cuda, cuda:N or mps; auto is cuda where there is a CUDA device.

    cuda:N makes the GPU with index N the current one of this process. UsageError where PyTorch has no such device.
    """
    kind, _, index = requested.partition(":")
    match kind:
        case "auto" if not index:
            return "cuda" if torch.cuda.is_available() else "cpu"
        case "cpu" if not index:
            return "cpu"
        case "mps" if not index:
            if not torch.backends.mps.is_available():
                raise UsageError(f"--device {requested}: this PyTorch has no Apple GPU (MPS); use --device cpu")
            return "mps"
        case "cuda":
            return choose_gpu(requested, index)
    raise UsageError(f"--device '{requested}' is unknown; choose {DEVICES}")


def choose_gpu(requested: str, index: str) -> Literal["cuda"]:
    """Make the GPU `index` the current one, where an index is given. UsageError where there is none."""
    if not torch.cuda.is_available():
        raise UsageError(
            f"--device {requested}: this PyTorch sees no CUDA device; use --device cpu or install a CUDA build"
        )
    if index or requested.endswith(":"):
        count = torch.cuda.device_count()
        if not index.isdecimal() or int(index) >= count:
            last = f"cuda:{count - 1}" if count > 1 else "cuda:0"
            raise UsageError(f"--device {requested}: there is no such GPU; the last one is {last}")
        torch.cuda.set_device(int(index))
    return "cuda"


def processor_name() -> str:
    """Model name of the CPU; its architecture where the system gives no name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()

"""Which device and which precision, chosen by asking the machine."""

from typing import Literal

import torch
from torch import nn

from ..errors import UsageError
from .timing import best_seconds

WORTH_IT = 1.3  # bf16 is taken where a convolution runs this many times faster in it


def choose_device(wanted: str) -> Literal["cpu", "cuda"]:
    """The device that `wanted` (auto, cpu, cuda) comes to here."""
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if wanted == "cuda" and not torch.cuda.is_available():
        raise UsageError("--device cuda: this PyTorch sees no CUDA device; use --device cpu or install a CUDA build")
    return "cuda" if wanted == "cuda" else "cpu"


def choose_precision(wanted: str, device: str) -> Literal["fp32", "bf16"]:
    """fp32 or bf16; auto measures on a processor and asks a graphics card."""
    if wanted != "auto":
        return "bf16" if wanted == "bf16" else "fp32"
    if device == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    return "bf16" if _convolution_seconds(torch.float32) > WORTH_IT * _convolution_seconds(torch.bfloat16) else "fp32"


@torch.inference_mode()
def _convolution_seconds(dtype: torch.dtype) -> float:
    """Best time of a 3x3 convolution of 64 channels at 64 px."""
    conv, x = nn.Conv2d(64, 64, 3, padding=1).to(dtype), torch.randn(2, 64, 64, 64).to(dtype)
    return best_seconds(lambda: conv(x), 7)

"""Whether convolutions run in float32 or bfloat16 on this machine."""

from typing import Literal

import torch
from torch import nn

from .timing import best_seconds

MIN_SPEEDUP = 1.3  # of a convolution in bfloat16 over float32, from which a CPU uses bfloat16


def choose_precision(requested: str, device: str) -> Literal["fp32", "bf16"]:
    """`requested` (fp32, bf16) itself; for auto, what the GPU supports or what is faster on the CPU by measurement."""
    if requested != "auto":
        return "bf16" if requested == "bf16" else "fp32"
    if device == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"

    speedup = _convolution_seconds(torch.float32) / _convolution_seconds(torch.bfloat16)
    return "bf16" if speedup > MIN_SPEEDUP else "fp32"


@torch.inference_mode()
def _convolution_seconds(dtype: torch.dtype) -> float:
    """Shortest time in seconds of a 3x3 convolution of 64 channels on two maps of 64x64."""
    conv, x = nn.Conv2d(64, 64, 3, padding=1).to(dtype), torch.randn(2, 64, 64, 64).to(dtype)
    return best_seconds(lambda: conv(x), 7)

"""Whether convolutions run in float32, bfloat16 or float16 on this machine."""

from functools import partial
from typing import Literal

import torch
from torch import nn

from .timing import Call, compared_seconds

Precision = Literal["fp32", "bf16", "fp16"]

MIN_SPEEDUP = 1.3  # of a convolution in bfloat16 over float32, from which a CPU uses bfloat16
FP16_CAPABILITY = (7, 0)  # compute capability from which a GPU has float16 tensor cores (Volta)


def choose_precision(requested: str, device: str) -> Precision:
    """`requested` (fp32, bf16, fp16) itself; for auto, what the GPU's hardware has or what the CPU is faster with."""
    match requested:
        case "fp32" | "bf16" | "fp16":
            return requested
    if device == "cuda":
        return gpu_precision()
    return "bf16" if device == "cpu" and bf16_speedup() > MIN_SPEEDUP else "fp32"


def gpu_precision() -> Precision:
    """bf16 where the hardware has it (PyTorch also emulates it), else fp16 where it has tensor cores, else fp32."""
    if torch.cuda.is_bf16_supported(including_emulation=False):
        return "bf16"
    return "fp16" if torch.cuda.get_device_capability() >= FP16_CAPABILITY else "fp32"


def bf16_speedup() -> float:
    """How many times as fast a convolution is in bfloat16 as in float32 on one thread of this CPU.

    Both are measured in turns and the shortest durations compared, so that neither other work on the machine nor a
    slow moment decides.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            fp32, bf16 = compared_seconds([convolution(dtype) for dtype in (torch.float32, torch.bfloat16)])
    finally:
        torch.set_num_threads(threads)
    return min(fp32) / min(bf16)


def convolution(dtype: torch.dtype) -> Call:
    """A call that computes a 3x3 convolution of 64 channels on two feature maps of 64x64 in `dtype`."""
    return partial(nn.Conv2d(64, 64, 3, padding=1).to(dtype), torch.randn(2, 64, 64, 64).to(dtype))

"""Which device and which precision, chosen by asking the machine."""

import logging
import os
import shutil
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Literal

import torch
from torch import nn

from ..errors import UsageError
from ..networks.layers import Chain, ResidualBlock

LONG_STEPS, LONG_SECONDS = 20_000, 1200.0  # a run that wins back the minute that a compiler takes
WORTH_IT = 1.3  # bf16 is taken where a convolution runs this many times faster in it
TURNS = 4  # of both, since a busy machine disturbs now one and now the other
WINOGRAD_GAIN = 1.2  # Winograd's convolutions where a residual block does; a step gains half as much


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


def choose_compile(wanted: bool | None, device: str, steps: int, seconds: float | None) -> bool:
    """Whether to compile the networks: as `wanted`, else for long runs on a graphics card where all is there for it."""
    if wanted is not None:
        return wanted
    long = seconds >= LONG_SECONDS if seconds is not None else steps >= LONG_STEPS
    return device == "cuda" and long and can_compile()


def can_compile() -> bool:
    """Whether the compiler for a graphics card has what it needs: Triton, a C compiler, a card of 2017 or later."""
    compilers = (os.environ.get("CC", "cc"), "gcc", "clang")
    return (
        find_spec("triton") is not None
        and any(map(shutil.which, compilers))
        and torch.cuda.get_device_capability() >= (7, 0)
    )


def compile_net(net: nn.Module, device: str, dynamic: bool = False) -> None:
    """Compile a network: whole, or on a graphics card piece by piece where it has pieces.

    For one shape, or `dynamic`: on a processor for any; on a card each shape anew, 2.5 times as fast (docs/log.md).
    """
    logging.getLogger("torch.utils._sympy.interp").setLevel(logging.ERROR)  # it warns of what it only tries
    chains = [part for part in net.modules() if isinstance(part, Chain)] if device == "cuda" else []
    torch._dynamo.config.recompile_limit = 64  # each kind of piece is one variant of one function to the compiler
    for chain in chains:
        chain.compile_pieces()
    if not chains:
        net.compile(dynamic=dynamic and device == "cpu")


def winograd_pays(channels: int, side: int, batch: int) -> bool:
    """Whether residual blocks at `side` px, there and back, are WINOGRAD_GAIN times faster with fewer multiplications.

    PyTorch's direct convolutions are as fast as the processor on some and far from it on others.
    """
    x = torch.randn(batch, channels, side, side, requires_grad=True)

    def there_and_back(block: ResidualBlock) -> None:
        block(x).sum().backward()

    direct, fewer = (partial(there_and_back, ResidualBlock(channels, winograd)) for winograd in (False, True))
    turns = [(_best_seconds(direct, 3), _best_seconds(fewer, 3)) for _ in range(TURNS)]
    return min(turn[0] for turn in turns) > WINOGRAD_GAIN * min(turn[1] for turn in turns)


@torch.inference_mode()
def _convolution_seconds(dtype: torch.dtype) -> float:
    """Best time of a 3x3 convolution of 64 channels at 64 px."""
    conv, x = nn.Conv2d(64, 64, 3, padding=1).to(dtype), torch.randn(2, 64, 64, 64).to(dtype)
    return _best_seconds(lambda: conv(x), 7)


def _best_seconds(call: Callable[[], object], times: int) -> float:
    """The shortest of so many calls, after one that does not count."""
    call()
    found = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return min(found)

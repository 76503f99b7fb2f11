"""Whether and how networks are compiled with torch.compile."""

import logging
import os
import shutil
from importlib.util import find_spec
from typing import Any

import torch
from torch import nn

LONG_STEPS, LONG_SECONDS = 20_000, 1200.0  # runs long enough to amortise torch.compile, about one minute


def choose_compile(requested: bool | None, device: str, steps: int, seconds: float | None) -> bool:
    """Whether to compile the networks: `requested`, or if that is None, for long runs on a GPU that can compile.

    The length of the run is given by its time limit in seconds or, without one, by its steps.
    """
    if requested is not None:
        return requested
    long = seconds >= LONG_SECONDS if seconds is not None else steps >= LONG_STEPS
    return device == "cuda" and long and can_compile()


def can_compile() -> bool:
    """True if torch.compile has what it needs for the GPU: Triton, a C compiler, compute capability 7.0 or higher."""
    compilers = (os.environ.get("CC", "cc"), "gcc", "clang")
    has_compiler = any(shutil.which(compiler) for compiler in compilers)
    return find_spec("triton") is not None and has_compiler and torch.cuda.get_device_capability() >= (7, 0)


def compile_net(net: nn.Module, device: str, dynamic: bool = False) -> None:
    """Compile a network in place: on a GPU segment by segment where it has segments, else as a whole.

    With `dynamic` a CPU compiles once for inputs of any size. A GPU always compiles for each size anew, which is
    2.5 times as fast as a dynamic graph (docs/log.md).
    """
    logging.getLogger("torch.utils._sympy.interp").setLevel(logging.ERROR)  # warnings about attempts that it discards
    torch._dynamo.config.recompile_limit = 64  # each kind of segment counts as a recompilation of one function

    segmented: list[Any] = []
    if device == "cuda":
        segmented = [module for module in net.modules() if hasattr(module, "compile_segments")]
    for module in segmented:
        module.compile_segments()
    if not segmented:
        net.compile(dynamic=dynamic and device == "cpu")

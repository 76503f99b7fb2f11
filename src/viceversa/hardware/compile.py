"""torch.compile: whether, and how."""

import logging
import os
import shutil
from importlib.util import find_spec
from typing import Any

import torch
from torch import nn

LONG_STEPS, LONG_SECONDS = 20_000, 1200.0  # a run that wins back the minute that a compiler takes


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
    parts: list[Any] = [part for part in net.modules() if hasattr(part, "compile_segments")] if device == "cuda" else []
    torch._dynamo.config.recompile_limit = 64  # each kind of piece is one variant of one function to the compiler
    for part in parts:
        part.compile_segments()
    if not parts:
        net.compile(dynamic=dynamic and device == "cpu")

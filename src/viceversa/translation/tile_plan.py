"""The size of tiles and how many go through the network together, by halo, memory and cache."""

from typing import Any, NamedTuple

import torch
from torch import nn

from ..networks.receptive_field import ReceptiveField
from ..networks.translation import TranslationModule
from .tiles import can_be_tiled, input_side, require_local

SIDES = (256, 512, 1024, 2048)  # pixels of a result
CPU_SIDE, GPU_SIDE = 512, 2048  # a CPU is slower on larger tiles, which leave its cache (docs/performance.md)
MOST_OVERHEAD = 2.0  # pixels computed for each pixel of the result, from which a tile should be larger
LARGE = 2**21  # pixels, from which the activations of an image as a whole may take more than CPU_BYTES
CPU_BYTES = 2**30  # of activations of a tile
GPU_SHARE = 0.5  # of the free memory of a GPU
MOST_TILES = 64  # of a batch
WORKSPACE = 2.5  # memory of a network over the largest sum of a layer's input and output, measured on a CPU
PROBE_SIDE = 64  # pixels of the input that activations are measured with


class TilePlan(NamedTuple):
    """How an image is cut."""

    side: int  # pixels of the result
    batch: int  # tiles that go through the network together


def tile_plan(module: TranslationModule, channels: int, device: str, precision: str = "fp32") -> TilePlan:
    """The tiles for a generator on this machine. UsageError for a network that sees the whole image."""
    field = require_local(module.generator)
    per_pixel = activation_bytes(module, channels, device, precision)
    if device != "cuda":
        return TilePlan(tile_side(field, per_pixel, CPU_SIDE, CPU_BYTES), 1)

    free = gpu_budget()
    side = tile_side(field, per_pixel, GPU_SIDE, free)
    fitting = int(free / (per_pixel * input_side(side, field.halo, field.multiple) ** 2))
    return TilePlan(side, max(1, min(MOST_TILES, fitting)))


def tile_side(field: ReceptiveField, bytes_per_pixel: float, preferred: int, memory: float) -> int:
    """The side of tiles in pixels: `preferred`, larger where the halo would cost too much, smaller to fit in memory.

    `preferred` too where not even the smallest fits, because the halo alone is too large.
    """
    fitting = [side for side in SIDES if bytes_per_pixel * input_side(side, field.halo, field.multiple) ** 2 <= memory]
    candidates = [side for side in fitting if side >= preferred] or fitting[-1:] or [preferred]
    return next((side for side in candidates if overhead(side, field) <= MOST_OVERHEAD), candidates[-1])


def plan_for(module: TranslationModule, shape: tuple[int, ...], device: str, precision: str) -> TilePlan | None:
    """The tiles for images of `shape` (N, C, H, W) in memory; None where they go through the network as a whole.

    As a whole go images that take little memory so, and all for networks that see the whole image.
    """
    n, channels, height, width = shape
    pixels = height * width * (n if device == "cuda" else 1)
    if pixels <= LARGE or not can_be_tiled(module.generator):
        return None
    if device == "cuda" and pixels * activation_bytes(module, channels, device, precision) <= gpu_budget():
        return None

    plan = tile_plan(module, channels, device, precision)
    field = require_local(module.generator)
    tile_pixels = plan.batch * input_side(plan.side, field.halo, field.multiple) ** 2
    return plan if tile_pixels < n * height * width else None


def gpu_budget() -> float:
    """Bytes that activations may take on the current GPU."""
    return GPU_SHARE * torch.cuda.mem_get_info()[0]


def overhead(side: int, field: ReceptiveField) -> float:
    """Pixels that are computed for each pixel of the result."""
    return ((side + 2 * field.halo) / side) ** 2


@torch.inference_mode()
def activation_bytes(module: TranslationModule, channels: int, device: str, precision: str = "fp32") -> float:
    """Memory of activations in bytes per pixel of the input, estimated from the largest layer on a small image."""
    side = max(PROBE_SIDE, module.multiple)
    largest = 0

    def note(layer: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        nonlocal largest
        largest = max(largest, sum(x.numel() for x in (*inputs, output) if isinstance(x, torch.Tensor)))

    leaves = [layer for layer in module.generator.modules() if not any(layer.children())]
    hooks = [leaf.register_forward_hook(note) for leaf in leaves]
    try:
        with torch.compiler.set_stance("force_eager"):  # no compilation for this size
            module.generator(torch.zeros(1, channels, side, side, device=device))
    finally:
        for hook in hooks:
            hook.remove()
    size = 4 if precision == "fp32" else 2
    return WORKSPACE * size * largest / side**2

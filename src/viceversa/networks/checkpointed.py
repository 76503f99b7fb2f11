"""A sequence of layers that can be recomputed in the backward pass, or compiled segment by segment."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from .layers import Block


class CheckpointedSequential(nn.Sequential):
    """`nn.Sequential` with optional activation checkpointing: less memory, the same bits (Chen et al. 2016).

    With `recompute` only the inputs of the segments are stored for the backward pass, which computes each segment a
    second time: a third more arithmetic. A segment ends after a ReLU or a residual block. arXiv 1604.06174.
    """

    def __init__(self, *layers: nn.Module, recompute: bool = False, channels_last: bool = False) -> None:
        super().__init__(*layers)
        self.recompute = recompute
        self.channels_last = channels_last  # every layer, not only residual blocks, keeps channels-last inputs
        self.compiled: tuple[Callable[[Tensor], Tensor], ...] = ()  # segments, after `compile_segments`

    def forward(self, x: Tensor) -> Tensor:
        recompute = self.recompute and torch.is_grad_enabled()
        if not recompute and not self.compiled:
            return self.run_layers(list(self), x)

        for segment in self.compiled or [partial(self.run_layers, layers) for layers in self.segments()]:
            x = checkpoint(segment, x, use_reentrant=False, preserve_rng_state=False) if recompute else segment(x)
        return x

    def compile_segments(self) -> None:
        """Compile each segment by itself, for one input shape; equal segments (residual blocks) compile once."""
        self.compiled = tuple(torch.compile(nn.Sequential(*layers), dynamic=False) for layers in self.segments())

    def segments(self) -> list[list[nn.Module]]:
        """The layers in order, split after each ReLU and residual block."""
        segments: list[list[nn.Module]] = [[]]
        last = len(self) - 1
        for i, layer in enumerate(self):
            segments[-1].append(layer)
            if isinstance(layer, nn.ReLU | Block) and i < last:
                segments.append([])
        return segments

    def run_layers(self, layers: list[nn.Module], x: Tensor) -> Tensor:
        """Apply `layers` in order. On a CPU, layers that do not keep channels-last inputs get contiguous ones."""
        for layer in layers:
            if not (self.channels_last or x.is_cuda or isinstance(layer, Block)):
                x = x.contiguous()
            x = layer(x)
        return x

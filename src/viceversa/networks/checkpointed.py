"""Layers one after another, recomputed in the backward pass or compiled piece by piece."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from .layers import Block


class Chain(nn.Sequential):
    """Layers one after another. With `recompute` only what lies between its pieces is kept for the way back.

    A piece ends after a ReLU or a residual block; its inside is computed a second time when its gradient is due: a
    third more arithmetic, the same bits (Chen et al. 2016, arXiv 1604.06174).
    """

    def __init__(self, *layers: nn.Module, recompute: bool = False, lying: bool = False) -> None:
        super().__init__(*layers)
        self.recompute, self.lying = recompute, lying  # lying: every layer takes what lies channels last
        self.compiled: tuple[Callable[[Tensor], Tensor], ...] = ()  # its pieces, where they are

    def forward(self, x: Tensor) -> Tensor:
        keeping = not (self.recompute and torch.is_grad_enabled())
        if keeping and not self.compiled:
            return self.through(list(self), x)
        for piece in self.compiled or [partial(self.through, piece) for piece in self.pieces()]:
            x = piece(x) if keeping else checkpoint(piece, x, use_reentrant=False, preserve_rng_state=False)
        return x

    def compile_segments(self) -> None:
        """Compile each piece by itself: those that are alike, such as residual blocks, once for all."""
        self.compiled = tuple(torch.compile(nn.Sequential(*piece), dynamic=False) for piece in self.pieces())

    def pieces(self) -> list[list[nn.Module]]:
        """The layers, cut."""
        found: list[list[nn.Module]] = [[]]
        for layer, after in pairwise([*self, None]):
            found[-1].append(layer)
            if isinstance(layer, nn.ReLU | Block) and after is not None:
                found.append([])
        return found

    def through(self, layers: list[nn.Module], x: Tensor) -> Tensor:
        """One layer after another; where not all take what lies channels last, only residual blocks are given it."""
        for layer in layers:
            x = layer(x if self.lying or x.is_cuda or isinstance(layer, Block) else x.contiguous())
        return x

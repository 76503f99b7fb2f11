"""Exponential moving averages of generator weights."""

import copy

import torch
from torch import Tensor, nn


class Average(nn.Module):
    """Averaged copies of networks, under the same names in `nets`, in evaluation mode.

    mean <- d * mean + (1 - d) * weights with d = min(decay, (1 + t) / (10 + t)) at update t, so that a short run
    forgets its random start. Buffers, such as statistics of a batch norm, are copied. With decay 0 `nets` are the
    networks themselves, and nothing is stored or computed.
    """

    updates: Tensor

    def __init__(self, nets: dict[str, nn.Module], decay: float = 0.999) -> None:
        super().__init__()
        self.decay = decay
        self.register_buffer("updates", torch.zeros(()))
        self.sources = [p for net in nets.values() for p in net.parameters()]
        self.source_buffers = [b for net in nets.values() for b in net.buffers()]
        self.nets: dict[str, nn.Module] | nn.ModuleDict = nets
        if decay:
            copies = nn.ModuleDict({name: copy.deepcopy(net) for name, net in nets.items()})
            self.nets = copies.requires_grad_(False).eval()
            self.copied_buffers = list(copies.buffers())

    @torch.no_grad()
    def update(self) -> None:
        """Move the means towards the current weights, after each step of the optimiser."""
        if not self.decay:
            return

        self.updates += 1
        weight = 1 - ((1 + self.updates) / (10 + self.updates)).clamp(max=self.decay)
        for mean, source in zip(self.parameters(), self.sources, strict=True):
            mean.lerp_(source, weight)
        for copied, buffer in zip(self.copied_buffers, self.source_buffers, strict=True):
            copied.copy_(buffer)

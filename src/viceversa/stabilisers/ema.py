"""The averaged generator: a moving mean of its weights, steadier than any single step."""

import copy

import torch
from torch import Tensor, nn


class Average(nn.Module):
    """Moving means of some networks, under the same names in `nets`.

    mean <- d * mean + (1 - d) * weights with d = min(decay, (1 + t) / (10 + t)) at update t, so that a short run
    forgets its random start. With decay 0 `nets` are the networks themselves: nothing is kept, nothing computed.
    """

    updates: Tensor

    def __init__(self, nets: dict[str, nn.Module], decay: float = 0.999) -> None:
        super().__init__()
        self.decay = decay
        self.register_buffer("updates", torch.zeros(()))
        self.sources = [p for net in nets.values() for p in net.parameters()]
        self.statistics = [b for net in nets.values() for b in net.buffers()]  # of batch norms: copied, not averaged
        self.nets: dict[str, nn.Module] | nn.ModuleDict = nets
        if decay:
            copies = nn.ModuleDict({name: copy.deepcopy(net) for name, net in nets.items()})
            self.nets = copies.requires_grad_(False).eval()
            self.kept_statistics = list(copies.buffers())

    @torch.no_grad()
    def update(self) -> None:
        """Move the means towards the current weights."""
        if self.decay:
            self.updates += 1
            weight = 1 - ((1 + self.updates) / (10 + self.updates)).clamp(max=self.decay)
            for mean, now in zip(self.parameters(), self.sources, strict=True):
                mean.lerp_(now, weight)
            for kept, latest in zip(self.kept_statistics, self.statistics, strict=True):
                kept.copy_(latest)

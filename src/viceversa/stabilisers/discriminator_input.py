"""What a discriminator is shown: the same blur of noise, shifts or packs over real and generated samples."""

import torch
from torch import Tensor, nn

from .. import distributed
from .diffaugment import augment, parse

PACE = 0.98  # of the moving mean of D's advantage


class DiscriminatorInput(nn.Module):
    """(N, C, H, W) -> what D sees of it; with every part off it is the input itself, and nothing is drawn.

    `noise`: standard deviation of instance noise (Sønderby et al. 2017; Arjovsky and Bottou 2017), multiplied by D's
    advantage 2 AUC - 1, so that it fades as D loses its lead. `operations`: of `diffaugment.augment`. `packing`: so
    many samples of one kind judged as one, their channels stacked (Lin et al. 2018, PacGAN): (N/m, m C, H, W).
    """

    lead: Tensor

    def __init__(self, noise: float = 0.0, operations: str = "", packing: int = 1) -> None:
        super().__init__()
        self.noise, self.operations, self.packing = noise, parse(operations), packing
        self.register_buffer("lead", torch.ones(()), persistent=bool(noise))  # moving mean of 2 AUC - 1

    def forward(self, x: Tensor) -> Tensor:
        if self.operations:
            x = augment(x, self.operations)
        if self.noise:
            whole = (len(x) * distributed.world_size(), *x.shape[1:])
            x = x + self.noise * self.lead * distributed.shard(torch.randn(whole, device=x.device))
        if self.packing > 1:
            x = x.reshape(len(x) // self.packing, self.packing * x.shape[1], *x.shape[2:])
        return x

    def fade(self, auc: Tensor) -> None:
        """Follow D's advantage."""
        if self.noise:
            self.lead.lerp_((2 * auc - 1).clamp(0, 1), 1 - PACE)

"""What a discriminator gets to see: real and generated samples with noise, augmentation or packing."""

import torch
from torch import Tensor, nn

from .. import distributed
from .diffaugment import augment, parse_operations

ADVANTAGE_DECAY = 0.98  # per step, of the moving mean of 2 AUC - 1


class DiscriminatorInput(nn.Module):
    """(N, C, H, W) -> the input of D, (N / packing, packing * C, H, W); without options the input itself.

    `noise`: standard deviation of instance noise (Sønderby et al. 2017; Arjovsky and Bottou 2017), multiplied by D's
    advantage 2 AUC - 1, so that it fades as D loses it. `operations`: names for `diffaugment.augment`, separated by
    commas. `packing`: number of samples that D sees as one, with stacked channels (Lin et al. 2018, PacGAN).
    """

    lead: Tensor

    def __init__(self, noise: float = 0.0, operations: str = "", packing: int = 1) -> None:
        super().__init__()
        self.noise, self.operations, self.packing = noise, parse_operations(operations), packing
        self.register_buffer("lead", torch.ones(()), persistent=bool(noise))  # moving mean of D's advantage

    def forward(self, x: Tensor) -> Tensor:
        if self.operations:
            x = augment(x, self.operations)
        if self.noise:
            shape = (len(x) * distributed.world_size(), *x.shape[1:])
            x = x + self.noise * self.lead * distributed.shard(torch.randn(shape, device=x.device))
        if self.packing > 1:
            x = x.reshape(len(x) // self.packing, self.packing * x.shape[1], *x.shape[2:])
        return x

    def fade(self, auc: Tensor) -> None:
        """Update D's advantage after a step with this `auc`, a scalar in [0, 1]."""
        if self.noise:
            self.lead.lerp_((2 * auc - 1).clamp(0, 1), 1 - ADVANTAGE_DECAY)

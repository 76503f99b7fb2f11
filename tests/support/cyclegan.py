"""A small CycleGAN and what a few steps of it compute."""

import torch
from torch import Tensor

from viceversa.methods.cyclegan import CycleGAN, CycleGANConfig

SMALL = CycleGANConfig(width=8, blocks=2, d_width=4, d_layers=1, pool=3, ema=0.9)


def train_steps(config: CycleGANConfig, batch: int, steps: int = 3, precision: str = "fp32") -> dict[str, Tensor]:
    """The state after `steps` steps on fixed random batches, and the losses of every step."""
    torch.manual_seed(0)
    method = CycleGAN(config, precision=precision)
    losses = {}
    for i in range(steps):
        rng = torch.Generator().manual_seed(i)
        a, b = (torch.rand(batch, 3, 32, 32, generator=rng) * 2 - 1 for _ in range(2))
        torch.manual_seed(i)
        losses |= {f"{name}, step {i}": value for name, value in method.step(a, b).items()}
    return {**method.state_dict(), **losses}

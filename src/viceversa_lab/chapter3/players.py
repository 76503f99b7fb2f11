"""What the experiments on known densities share: small networks that judge numbers, and players that teach them."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from viceversa.networks.mlp import MLP
from viceversa.optimize import Player, linear_decay

Draw = Callable[[int], Tensor]  # so many fresh samples, (count, 1) or (count, 2)
BATCH = 256


def smooth_judge(seed: int, inputs: int = 1, width: int = 32, depth: int = 2) -> MLP:
    """A small network with a smooth activation, so that its slope can be punished."""
    torch.manual_seed(seed)
    return MLP(inputs, 1, width, depth, activation="mish", init="he_normal")


def rounds(player: Player, steps: int) -> Iterator[int]:
    """Count the steps while the rate of the player falls to zero."""
    for step in range(steps):
        player.set_rate(linear_decay(step, steps, 0))
        yield step

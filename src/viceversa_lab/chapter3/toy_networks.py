"""What the experiments on known densities share: small networks on numbers, and a decaying learning rate."""

from collections.abc import Iterator

import torch

from viceversa.networks.mlp import MLP
from viceversa.optimize import Player, linear_decay

BATCH = 256


def smooth_mlp(seed: int, inputs: int = 1, width: int = 32, depth: int = 2) -> MLP:
    """A small network with one output and a smooth activation, so that its slope can be penalised."""
    torch.manual_seed(seed)
    return MLP(inputs, 1, width, depth, activation="mish", init="he_normal")


def decaying_steps(player: Player, steps: int) -> Iterator[int]:
    """Count the steps while the learning rate of the player falls to zero."""
    for step in range(steps):
        player.set_rate(linear_decay(step, steps, 0))
        yield step

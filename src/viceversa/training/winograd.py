"""Whether Winograd convolutions are worth it on this CPU, by measuring both."""

from functools import partial

import torch

from ..hardware.timing import best_seconds
from ..networks.layers import ResidualBlock

ROUNDS = 4  # both variants are measured in turns, so that a busy moment disturbs both
WINOGRAD_GAIN = 1.2  # smallest speed-up of a residual block for which Winograd is chosen; a step gains half as much


def winograd_is_worthwhile(channels: int, side: int, batch: int) -> bool:
    """True if a residual block, forward and backward, is WINOGRAD_GAIN times faster with Winograd convolutions.

    `channels` and `side` (pixels) are those of the feature map. PyTorch's direct convolutions reach the CPU's peak on
    some processors and are far from it on others.
    """
    x = torch.randn(batch, channels, side, side, requires_grad=True)

    def forward_backward(block: ResidualBlock) -> None:
        block(x).sum().backward()

    direct, winograd = (partial(forward_backward, ResidualBlock(channels, winograd)) for winograd in (False, True))
    rounds = [(best_seconds(direct, 3), best_seconds(winograd, 3)) for _ in range(ROUNDS)]
    return min(first for first, _ in rounds) > WINOGRAD_GAIN * min(second for _, second in rounds)

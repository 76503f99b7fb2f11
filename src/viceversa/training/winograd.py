"""Whether Winograd convolutions are worth it on this CPU, by measuring both."""

from functools import partial

import torch

from ..hardware.timing import compared_seconds
from ..networks.layers import ResidualBlock

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
    direct_seconds, winograd_seconds = compared_seconds([direct, winograd])
    return min(direct_seconds) > WINOGRAD_GAIN * min(winograd_seconds)

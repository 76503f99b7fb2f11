"""A segmenter: one network that names every pixel (Long, Shelhamer, Darrell 2015)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..networks.fcn import FCN
from ..networks.layers import evaluating
from ..optimize import Player
from ..settings import Channels, Count, Decay, Weight

IGNORE = 255  # class number of a pixel that is not to be learnt


@dataclass(frozen=True, kw_only=True)
class SegmenterConfig:
    channels: Channels = 3  # colour channels of the pictures: 3, or 1 for grey
    width: Count = 16  # channels of the finest map; twice as many each time the sides are halved, up to eight times
    depth: Count = 2  # 3x3 convolutions at each coarser map
    lr: Weight = 1e-2  # Adam learning rate
    beta1: Decay = 0.9  # of Adam
    beta2: Decay = 0.999  # of Adam


class Segmenter(nn.Module):
    """One network that says of each pixel what it shows."""

    def __init__(self, config: SegmenterConfig, *, classes: int, precision: str = "fp32", device: str = "cpu") -> None:
        super().__init__()
        c = config
        self.nets = nn.ModuleDict({"S": make_network(c, classes)}).to(device)
        self.segmenter = Player(self.nets.values(), c.lr, (c.beta1, c.beta2), precision)
        self.players = {"segmenter": self.segmenter}

    def step(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:  # x: (N, C, H, W) in [-1, 1], y: (N, H, W) class numbers
        (S,) = self.nets.values()

        with self.segmenter.turn() as update:
            scores = S(x).float()
            # over all pixels, void ones too, so that ranks with more of them weigh alike and none divides by nothing
            L = functional.cross_entropy(scores, y, ignore_index=IGNORE, reduction="sum") / y.numel()
            update(L)

        named = (y != IGNORE).sum().clamp(min=1)
        return dict(loss=L, accuracy=(scores.argmax(1) == y).sum() / named)

    @torch.no_grad()
    def preview(self, x: Tensor) -> dict[str, Tensor]:
        """Scores (N, classes, H, W) of pictures (N, C, H, W)."""
        with evaluating(self.nets["S"]) as S:
            return dict(scores=S(x).float())


def make_network(config: SegmenterConfig, classes: int) -> nn.Module:
    """The configured network with fresh weights."""
    return FCN(config.channels, classes, config.width, config.depth)

"""A segmenter: one network that predicts the class of every pixel (Long, Shelhamer, Darrell 2015)."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import UsageError
from ..networks.fcn import FCN, STRIDE
from ..networks.layers import evaluating
from ..optimize import Player
from ..settings import Channels, Count, Decay, Weight
from .protocol import LossText, MethodConfig

IGNORE = 255  # class number of pixels without a class (void)


@dataclass(frozen=True, kw_only=True)
class SegmenterConfig(MethodConfig):
    task: ClassVar[str] = "segmentation"

    channels: Channels = 3  # colour channels of the images: 3, or 1 for grey
    width: Count = 16  # channels of the finest map; twice as many each time the sides are halved, up to eight times
    depth: Count = 2  # 3x3 convolutions at each coarser map
    lr: Weight = 1e-2  # Adam learning rate
    beta1: Decay = 0.9  # of Adam
    beta2: Decay = 0.999  # of Adam

    def explain(self, loss: str, names: tuple[str, ...]) -> LossText | None:
        texts = {
            "loss": LossText("Loss", "What the network minimises. Should fall."),
            "accuracy": LossText("Training accuracy", "Share of the training pixels classified correctly."),
        }
        return texts.get(loss) or super().explain(loss, names)

    def check_size(self, size: int, batch: int) -> None:
        if size <= STRIDE and batch == 1:
            raise UsageError(
                f"train.batch is 1, and the coarsest map of a picture of {size} px is one number, which has no "
                "variance; choose 2 or more, or a larger --size"
            )


class Segmenter(nn.Module):
    """One network that predicts the class of each pixel."""

    def __init__(
        self, config: SegmenterConfig, *, classes: int, size: int = 0, precision: str = "fp32", device: str = "cpu"
    ) -> None:
        super().__init__()
        c = config
        self.nets = nn.ModuleDict({"S": make_network(c, classes)}).to(device)
        self.segmenter = Player(self.nets.values(), c.lr, (c.beta1, c.beta2), precision)
        self.players = {"segmenter": self.segmenter}

    def step(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:  # x: (N, C, H, W) in [-1, 1], y: (N, H, W) class numbers
        (S,) = self.nets.values()

        with self.segmenter.turn() as backward:
            scores = S(x).float()
            # over all pixels, void ones too, so that ranks with more of them weigh alike and none divides by nothing
            L = functional.cross_entropy(scores, y, ignore_index=IGNORE, reduction="sum") / y.numel()
            backward(L)

        labelled = (y != IGNORE).sum().clamp(min=1)
        return dict(loss=L, accuracy=(scores.argmax(1) == y).sum() / labelled)

    @torch.no_grad()
    def preview(self, x: Tensor) -> dict[str, Tensor]:
        """Scores (N, classes, H, W) of images (N, C, H, W)."""
        with evaluating(self.nets["S"]) as S:
            return dict(scores=S(x).float())


def make_network(config: SegmenterConfig, classes: int) -> nn.Module:
    """The configured network with fresh weights."""
    return FCN(config.channels, classes, config.width, config.depth)

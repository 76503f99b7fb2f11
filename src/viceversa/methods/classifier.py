"""A classifier: the first rungs of the ladder, from one dense layer to convolutions."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from ..losses.classification import CLASSIFICATION
from ..networks.cnn import CNN
from ..networks.layers import evaluating
from ..networks.mlp import MLP
from ..optimize import Player
from ..settings import Channels, Count, Decay, Number, Weight
from .protocol import LossText, MethodConfig


@dataclass(frozen=True, kw_only=True)
class ClassifierConfig(MethodConfig):
    task: ClassVar[str] = "classification"

    channels: Channels = 1  # colour channels: 1 for grey, or 3
    network: Literal["mlp", "cnn"] = "cnn"  # dense layers, or convolutions and one dense layer
    width: Count = 128  # neurons of a hidden dense layer
    depth: Number = 1  # hidden dense layers of the mlp; 0 is the single layer of a perceptron
    activation: Literal["sigmoid", "tanh", "relu", "mish"] = "relu"  # of the mlp
    init: Literal["normal", "uniform"] = "normal"  # of the mlp, deviation 0.05
    conv_widths: str = "32,64"  # channels of the convolutions, each followed by pooling
    kernel: Count = 3  # side of the convolution kernels, pixels
    stride: Count = 1  # of the convolutions, pixels
    padding: Literal["same", "valid"] = "same"  # of the convolutions: zeros, or none
    pooling: Literal["max", "average", "none"] = "max"  # halves the sides
    dropout: Decay = 0.0  # probability that an input of a dense layer is set to 0 in training
    norm: bool = False  # batch norm after each convolution
    loss: Literal["cross_entropy", "mse", "mae", "perceptron"] = "cross_entropy"  # perceptron: Rosenblatt's rule (1958)
    optimizer: Literal["adam", "sgd", "momentum", "rmsprop"] = "adam"  # momentum: SGD with momentum beta1
    lr: Weight = 1e-3  # learning rate
    beta1: Decay = 0.9  # of Adam, and the momentum of momentum
    beta2: Decay = 0.999  # of Adam

    @property
    def widths(self) -> tuple[int, ...]:
        """`conv_widths` as numbers."""
        return tuple(int(word) for word in self.conv_widths.split(","))

    def explain(self, loss: str, names: tuple[str, ...]) -> LossText | None:
        texts = {
            "loss": LossText("Loss", "What the network minimises. Should fall."),
            "accuracy": LossText("Training accuracy", "Share of the training images classified correctly."),
        }
        return texts.get(loss) or super().explain(loss, names)

    def __post_init__(self) -> None:
        if not all(word.strip().isdecimal() and int(word) for word in self.conv_widths.split(",")):
            raise ValueError(f"method.conv_widths is '{self.conv_widths}'; write it as 32,64")


def make_network(config: ClassifierConfig, size: int, classes: int) -> nn.Module:
    """The configured network for images of `size` pixels, with fresh weights."""
    c = config
    if c.network == "mlp":
        inputs = c.channels * size * size
        return MLP(inputs, classes, c.width, c.depth, activation=c.activation, init=c.init, dropout=c.dropout)
    return CNN(
        c.channels,
        classes,
        size,
        widths=c.widths,
        kernel=c.kernel,
        stride=c.stride,
        padding=c.padding,
        pool=c.pooling,
        dense=c.width,
        dropout=c.dropout,
        norm=c.norm,
    )


class Classifier(nn.Module):
    """One network that predicts the class of an image."""

    def __init__(
        self, config: ClassifierConfig, *, size: int, classes: int, precision: str = "fp32", device: str = "cpu"
    ) -> None:
        super().__init__()
        self.nets = nn.ModuleDict({"C": make_network(config, size, classes)})
        self.to(device)
        self.loss = CLASSIFICATION[config.loss]
        betas = config.beta1, config.beta2
        self.classifier = Player(self.nets.values(), config.lr, betas, precision, config.optimizer)
        self.players = {"classifier": self.classifier}

    def step(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:  # x: (N, C, H, W) in [-1, 1], y: (N,) class numbers
        (C,) = self.nets.values()

        with self.classifier.turn() as backward:
            scores = C(x).float()
            L = self.loss(scores, y)
            backward(L)

        return dict(loss=L, accuracy=(scores.argmax(1) == y).float().mean())

    @torch.no_grad()
    def preview(self, x: Tensor) -> dict[str, Tensor]:
        """Scores (N, classes) of images (N, C, H, W)."""
        with evaluating(self.nets["C"]) as C:
            return dict(scores=C(x).float())

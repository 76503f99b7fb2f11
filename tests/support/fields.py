"""Large images drawn from smooth noise, with a colour that drifts, and generators that react to it."""

import numpy as np
import torch
from numpy.typing import NDArray

from viceversa.images.windows import Window
from viceversa.networks.resnet import ResNetGenerator
from viceversa.networks.translation import TranslationModule

Pixels = NDArray[np.float32]


def drifting_field(height: int, width: int, channels: int = 3, seed: int = 0) -> Pixels:
    """(channels, height, width) in [-1, 1]: noise of two scales on a slope."""
    rng = np.random.default_rng(seed)
    fine = rng.normal(size=(channels, height, width))
    coarse = np.kron(rng.normal(size=(channels, -(-height // 16), -(-width // 16))), np.ones((16, 16)))
    slope = np.linspace(-0.4, 0.4, height)[:, None] + np.linspace(-0.3, 0.3, width)
    field = slope + 0.15 * fine + 0.25 * coarse[:, :height, :width]
    return np.clip(field, -1, 1).astype(np.float32)


def reader(pixels: Pixels, log: list[Window] | None = None):
    """The function that reads windows of an image in memory, and notes them."""

    def read(window: Window) -> Pixels:
        if log is not None:
            log.append(window)
        assert window.top >= 0 and window.left >= 0
        assert window.top + window.height <= pixels.shape[1] and window.left + window.width <= pixels.shape[2]
        return pixels[:, window.slices[0], window.slices[1]]

    return read


def lively_resnet(**options) -> TranslationModule:
    """A small ResNet generator whose layers keep the scale of their input, so that statistics matter in all of them."""
    torch.manual_seed(0)
    net = ResNetGenerator(**dict(width=8, blocks=2) | options).eval().requires_grad_(False)
    for weight in net.parameters():
        if weight.ndim > 1:
            torch.nn.init.kaiming_normal_(weight)
    return TranslationModule(net)

"""Training algorithms: each has its networks, its players and a step that reads like its paper."""

from typing import Any, cast

from torch import nn

from .classifier import Classifier, ClassifierConfig
from .cyclegan import CycleGAN, CycleGANConfig
from .gan import GAN, GANConfig
from .pix2pix import Pix2Pix, Pix2PixConfig
from .protocol import Method, MethodConfig
from .segmenter import Segmenter, SegmenterConfig
from .wgan import WGAN, WGANConfig

__all__ = ["METHODS", "Method", "MethodConfig", "make", "make_generators"]

METHODS: dict[type[MethodConfig], Any] = {
    ClassifierConfig: Classifier,
    SegmenterConfig: Segmenter,
    GANConfig: GAN,
    WGANConfig: WGAN,
    Pix2PixConfig: Pix2Pix,
    CycleGANConfig: CycleGAN,
}


def make(config: MethodConfig, *, size: int, classes: int = 0, precision: str = "fp32", device: str = "cpu") -> Method:
    """The method of a configuration with fresh weights; `size` in pixels, `classes` for classifiers and segmenters."""
    method = METHODS[type(config)](config, size=size, classes=classes, precision=precision, device=device)
    return cast(Method, method)


def make_generators(config: MethodConfig, size: int) -> dict[str, nn.Module]:
    """The generators of a method that translates, by their names in `nets`, with fresh weights."""
    generators: dict[str, nn.Module] = METHODS[type(config)].make_generators(config, size)
    return generators

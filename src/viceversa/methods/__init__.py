"""Training algorithms: each has its networks, its players and a step that reads like its paper."""

from typing import Any

from .classifier import Classifier, ClassifierConfig
from .cyclegan import CycleGAN, CycleGANConfig
from .gan import GAN, GANConfig
from .pix2pix import Pix2Pix, Pix2PixConfig
from .wgan import WGAN, WGANConfig

MethodConfig = ClassifierConfig | GANConfig | WGANConfig | Pix2PixConfig | CycleGANConfig
Method = Classifier | GAN | WGAN | Pix2Pix | CycleGAN

METHODS: dict[type[MethodConfig], Any] = {
    ClassifierConfig: Classifier,
    GANConfig: GAN,
    WGANConfig: WGAN,
    Pix2PixConfig: Pix2Pix,
    CycleGANConfig: CycleGAN,
}


def make(config: MethodConfig, *, size: int, classes: int, precision: str = "fp32", device: str = "cpu") -> Method:
    """The method of a configuration, with fresh weights; `size` in pixels, `classes` for a classifier."""
    shape = {"size": size}
    if isinstance(config, CycleGANConfig):
        shape = {}  # its networks take any size
    elif isinstance(config, ClassifierConfig):
        shape["classes"] = classes
    method: Method = METHODS[type(config)](config, **shape, precision=precision, device=device)
    return method

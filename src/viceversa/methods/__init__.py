"""Training algorithms: each has its networks, its players and a step that reads like its paper."""

from typing import Any

from .classifier import Classifier, ClassifierConfig
from .cyclegan import CycleGAN, CycleGANConfig
from .gan import GAN, GANConfig
from .pix2pix import Pix2Pix, Pix2PixConfig
from .segmenter import Segmenter, SegmenterConfig
from .wgan import WGAN, WGANConfig

MethodConfig = ClassifierConfig | SegmenterConfig | GANConfig | WGANConfig | Pix2PixConfig | CycleGANConfig
Method = Classifier | Segmenter | GAN | WGAN | Pix2Pix | CycleGAN

METHODS: dict[type[MethodConfig], Any] = {
    ClassifierConfig: Classifier,
    SegmenterConfig: Segmenter,
    GANConfig: GAN,
    WGANConfig: WGAN,
    Pix2PixConfig: Pix2Pix,
    CycleGANConfig: CycleGAN,
}


def make(config: MethodConfig, *, size: int, classes: int, precision: str = "fp32", device: str = "cpu") -> Method:
    """The method of a configuration, with fresh weights; `size` in pixels, `classes` for what names things."""
    shape = {} if isinstance(config, CycleGANConfig | SegmenterConfig) else {"size": size}  # these take any size
    if isinstance(config, ClassifierConfig | SegmenterConfig):
        shape["classes"] = classes
    method: Method = METHODS[type(config)](config, **shape, precision=precision, device=device)
    return method

"""A generative adversarial network (Goodfellow et al. 2014, arXiv 1406.2661); DCGAN's nets (Radford et al. 2016)."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from .. import distributed
from ..config import Channels, Count, Decay, Number, Weight
from ..losses.adversarial import ADVERSARIAL
from ..networks.dcgan import DCGANDiscriminator, DCGANGenerator
from ..networks.layers import evaluating
from ..optimize import Player
from ..remedies.ema import Average


@dataclass(frozen=True, kw_only=True)
class GANConfig:
    channels: Channels = 3  # colour channels: 3, or 1 for grey
    latent: Count = 100  # numbers that the generator starts from, sec. 4 of DCGAN
    width: Count = 64  # generator channels before the last layer; twice as many each layer down
    depth: Number = 0  # 3x3 convolutions of the generator before it doubles the sides
    upsampling: Literal["transposed", "bilinear"] = "transposed"
    d_width: Count = 64  # discriminator channels after the first layer
    d_norm: Literal["batch", "instance", "layer", "none"] = "batch"
    d_dropout: Decay = 0.0  # share of the discriminator's channels silenced in training
    loss: Literal["nonsaturating", "minimax", "lsgan"] = "nonsaturating"
    lr_g: Weight = 2e-4  # Adam learning rate of the generator, sec. 4 of DCGAN
    lr_d: Weight = 2e-4  # Adam learning rate of the discriminator
    beta1: Decay = 0.5  # Adam, sec. 4 of DCGAN
    beta2: Decay = 0.999  # Adam
    ema: Decay = 0.0  # decay per step of the averaged generator; 0 = none


def noise(count: int, latent: int, device: torch.device | str) -> Tensor:
    """z ~ N(0, 1), (count, latent); ranks draw for the whole batch and keep their share."""
    return distributed.share(torch.randn(count * distributed.world(), latent, device=device))


class GAN(nn.Module):
    """G: z -> picture, judged by D."""

    def __init__(self, config: GANConfig, *, size: int, precision: str = "fp32", device: str = "cpu") -> None:
        super().__init__()
        c = config
        self.nets = nn.ModuleDict(
            {
                "G": DCGANGenerator(c.latent, c.channels, size, c.width, upsampling=c.upsampling, depth=c.depth),
                "D": DCGANDiscriminator(c.channels, size, c.d_width, norm=c.d_norm, dropout=c.d_dropout),
            }
        )
        self.to(device)
        G, D = self.nets.values()
        self.latent = c.latent
        self.average = Average({"G": G}, c.ema).to(device)
        self.d_loss, self.g_loss = ADVERSARIAL[c.loss]
        self.generator = Player([G], c.lr_g, (c.beta1, c.beta2), precision)
        self.discriminator = Player([D], c.lr_d, (c.beta1, c.beta2), precision)
        self.players = {"generator": self.generator, "discriminator": self.discriminator}

    def step(self, x: Tensor) -> dict[str, Tensor]:  # x: (N, C, H, W) in [-1, 1]
        G, D = self.nets.values()
        z = noise(len(x), self.latent, x.device)

        with self.discriminator.turn() as update:  # max over D of Eq. (1)
            L_D = self.d_loss(D(x), D(G(z)))
            update(L_D)

        with self.generator.turn() as update:  # min over G of Eq. (1), or its variant at the end of sec. 3
            L_G = self.g_loss(D(G(z)))
            update(L_G)

        self.average.update()
        return dict(D=L_D, G=L_G)

    @torch.no_grad()
    def preview(self, z: Tensor) -> dict[str, Tensor]:
        """Pictures from z (N, latent), by the averaged generator."""
        with evaluating(self.average.nets["G"]) as G:
            return dict(fake=G(z))

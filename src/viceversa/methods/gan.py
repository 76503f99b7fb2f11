"""A generative adversarial network (Goodfellow et al. 2014, arXiv 1406.2661); DCGAN's nets (Radford et al. 2016)."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from .. import distributed
from ..losses.adversarial import ADVERSARIAL, EQUILIBRIUM, smoothed_d_loss
from ..losses.discriminator_auc import auc
from ..losses.r1_r2 import zero_centred_penalty
from ..networks.dcgan import DCGANDiscriminator, DCGANGenerator
from ..networks.layers import evaluating
from ..optimize import Player
from ..settings import Channels, Count, Decay, Number, Weight
from ..stabilisers.discriminator_input import DiscriminatorInput
from ..stabilisers.ema import Average
from ..stabilisers.image_pool import ImagePool
from ..stabilisers.similarity import similarity
from .protocol import AdversarialLog, LossText, MethodConfig, cannot_tell


@dataclass(frozen=True, kw_only=True)
class GANConfig(MethodConfig):
    task: ClassVar[str] = "generation"
    adversarial: ClassVar[AdversarialLog] = AdversarialLog(generator="G")
    proven_rates: ClassVar[dict[str, float]] = {"lr_g": 1e-3, "lr_d": 5e-4, "beta1": 0.5}

    channels: Channels = 3  # colour channels: 3, or 1 for grey
    latent: Count = 100  # dimension of z, sec. 4 of DCGAN
    width: Count = 64  # generator channels before the last layer; twice as many each layer down
    depth: Number = 0  # 3x3 convolutions of the generator before it doubles the sides
    upsampling: Literal["transposed", "bilinear"] = "transposed"  # of the generator; bilinear leaves no checkerboard
    d_width: Count = 64  # discriminator channels after the first layer
    d_norm: Literal["batch", "instance", "layer", "spectral", "none"] = "batch"  # of the discriminator, sec. 3 of DCGAN
    d_dropout: Decay = 0.0  # share of the discriminator's channels silenced in training
    loss: Literal["nonsaturating", "minimax", "lsgan", "relativistic"] = "nonsaturating"  # Goodfellow et al., sec. 3
    lr_g: Weight = 2e-4  # Adam learning rate of the generator, sec. 4 of DCGAN
    lr_d: Weight = 2e-4  # Adam learning rate of the discriminator
    beta1: Decay = 0.5  # Adam, sec. 4 of DCGAN
    beta2: Decay = 0.999  # Adam
    ema: Decay = 0.0  # decay per step of the averaged generator; 0 = none
    d_turns: Count = 1  # of the discriminator per step; train.batch is divided among them
    g_turns: Count = 1  # of the generator per step
    smoothing: Decay = 0.0  # real images have the target 1 - smoothing (Salimans et al. 2016)
    noise: Weight = 0.0  # deviation of noise on D's inputs; fades with its advantage
    augment: str = ""  # augmentation of D's inputs: colour, shift, cutout (Zhao et al. 2020)
    packing: Count = 1  # samples that D scores as one (Lin et al. 2018)
    minibatch: Number = 0  # kernels of minibatch discrimination (Salimans et al. 2016)
    r1: Weight = 0.0  # gamma of the zero-centred penalty at real images (Mescheder et al. 2018)
    r2: Weight = 0.0  # the same at generated images
    similarity: Weight = 0.0  # weight of a penalty on G for samples more similar than real images
    pool: Number = 0  # past samples kept for D (Shrivastava et al. 2017)

    def explain(self, loss: str, names: tuple[str, ...]) -> LossText | None:
        d, g = EQUILIBRIUM[self.loss]
        texts = {
            "D": LossText("Discriminator loss (D)", cannot_tell(d), d),
            "G": LossText("Generator loss, adversarial (G)", f"Loss of the generator; {g:.2g} when D cannot tell.", g),
        }
        return texts.get(loss) or super().explain(loss, names)

    def __post_init__(self) -> None:
        smoothed_d_loss(self.loss, self.smoothing)
        DiscriminatorInput(operations=self.augment)


def noise(count: int, latent: int, device: torch.device | str) -> Tensor:
    """z ~ N(0, 1), (count, latent); ranks draw for the whole batch and keep their share."""
    return distributed.shard(torch.randn(count * distributed.world_size(), latent, device=device))


def make_networks(c: GANConfig, size: int) -> tuple[nn.Module, nn.Module]:
    """G and D of DCGAN."""
    G = DCGANGenerator(c.latent, c.channels, size, c.width, upsampling=c.upsampling, depth=c.depth)
    channels = c.channels * c.packing
    D = DCGANDiscriminator(channels, size, c.d_width, norm=c.d_norm, dropout=c.d_dropout, minibatch=c.minibatch)
    return G, D


class GAN(nn.Module):
    """G: z -> image, trained against D."""

    def __init__(
        self,
        config: GANConfig,
        *,
        size: int,
        classes: int = 0,
        precision: str = "fp32",
        device: str = "cpu",
        nets: tuple[nn.Module, nn.Module] | None = None,  # other than DCGAN's, for points in the plane
    ) -> None:
        super().__init__()
        c = config
        self.nets = nn.ModuleDict(dict(zip("GD", nets or make_networks(c, size), strict=True))).to(device)
        G, D = self.nets.values()
        self.latent, self.d_turns, self.g_turns = c.latent, c.d_turns, c.g_turns
        self.average = Average({"G": G}, c.ema).to(device)
        self.view = DiscriminatorInput(c.noise, c.augment, c.packing).to(device)
        self.pool = ImagePool(c.pool).to(device)
        self.d_loss, self.g_loss = smoothed_d_loss(c.loss, c.smoothing), ADVERSARIAL[c.loss].g_loss
        self.relative, self.r1, self.r2, self.similarity = c.loss == "relativistic", c.r1, c.r2, c.similarity
        self.generator = Player([G], c.lr_g, (c.beta1, c.beta2), precision)
        self.discriminator = Player([D], c.lr_d, (c.beta1, c.beta2), precision)
        self.players = {"generator": self.generator, "discriminator": self.discriminator}

    def step(self, x: Tensor) -> dict[str, Tensor]:  # x: (d_turns * N, C, H, W) in [-1, 1]
        G, D = self.nets.values()
        show = self.view  # D's inputs: the images themselves, unless noise, augmentation or packing is on

        for turn in range(self.d_turns):
            real = x[turn :: self.d_turns]
            z = noise(len(real), self.latent, x.device)
            with self.discriminator.turn() as backward:  # max over D of Eq. (1)
                shown_real, shown_fake = show(real), show(self.pool(G(z)))
                true, false = D(shown_real), D(shown_fake)
                L_D = self.d_loss(true, false)
                L_r1 = zero_centred_penalty(D, shown_real, self.r1)
                L_r2 = zero_centred_penalty(D, shown_fake, self.r2)
                backward(L_D + L_r1 + L_r2)
            d_auc = auc(true, false)
            show.fade(d_auc)

        for turn in range(self.g_turns):
            z = noise(len(real), self.latent, x.device) if turn else z
            with self.generator.turn() as backward:  # min over G of Eq. (1), or its variant at the end of sec. 3
                fake = G(z)
                scores = (D(show(fake)), D(show(real))) if self.relative else (D(show(fake)),)
                L_G = self.g_loss(*scores)
                backward(L_G + similarity(fake, real, self.similarity))

        self.average.update()
        return dict(D=L_D, G=L_G, auc=d_auc)

    @torch.no_grad()
    def preview(self, z: Tensor) -> dict[str, Tensor]:
        """Images from z (N, latent), by the averaged generator."""
        with evaluating(self.average.nets["G"]) as G:
            return dict(fake=G(z))

"""Wasserstein GAN: clipped weights (Arjovsky et al. 2017) or gradient penalty (Gulrajani et al. 2017)."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from .. import distributed
from ..losses.adversarial import ADVERSARIAL
from ..losses.discriminator_auc import auc
from ..losses.wasserstein import clip_weights, gradient_penalty
from ..networks.dcgan import DCGANDiscriminator, DCGANGenerator
from ..networks.layers import evaluating
from ..optimize import Player
from ..settings import Channels, Count, Decay, Number, Weight
from ..stabilisers.ema import Average
from .gan import noise
from .protocol import AdversarialLog, LossText, MethodConfig


@dataclass(frozen=True, kw_only=True)
class WGANConfig(MethodConfig):
    task: ClassVar[str] = "generation"
    adversarial: ClassVar[AdversarialLog] = AdversarialLog(generator="G", discriminator=None)
    proven_rates: ClassVar[dict[str, float]] = {"lr_g": 1e-3, "lr_d": 1e-3, "beta1": 0.0}

    channels: Channels = 3  # colour channels: 3, or 1 for grey
    latent: Count = 100  # dimension of z
    width: Count = 64  # generator channels before the last layer; twice as many each layer down
    depth: Number = 0  # 3x3 convolutions of the generator before it doubles the sides
    upsampling: Literal["transposed", "bilinear"] = "transposed"  # of the generator; bilinear leaves no checkerboard
    d_width: Count = 64  # critic channels after the first layer
    critic_turns: Count = 5  # of the critic for one of the generator, Algorithm 1; train.batch is divided among them
    lipschitz: Literal["penalty", "clipping"] = "penalty"  # how the critic is kept 1-Lipschitz
    lambda_gp: Weight = 10.0  # weight of the gradient penalty, Gulrajani et al., Eq. (3)
    clip: Weight = 0.01  # largest weight of a clipped critic, Arjovsky et al., Algorithm 1
    optimizer: Literal["adam", "rmsprop"] = "adam"  # rmsprop with clipping, as its authors advise
    lr_g: Weight = 1e-4  # learning rate of the generator, Gulrajani et al., Algorithm 1
    lr_d: Weight = 1e-4  # learning rate of the critic
    beta1: Decay = 0.0  # Adam, Gulrajani et al., Algorithm 1
    beta2: Decay = 0.9  # Adam
    ema: Decay = 0.0  # decay per step of the averaged generator; 0 = none

    def explain(self, loss: str, names: tuple[str, ...]) -> LossText | None:
        texts = {
            "W": LossText(
                "Critic, Wasserstein distance (W)",
                "The critic's estimate for real and generated images. Should fall.",
                0.0,
            ),
            "G": LossText(
                "Generator loss (G)", "Minus the critic's mean score of generated images; only changes mean something."
            ),
            "gp": LossText("Gradient penalty (gp)", "Squared difference of the critic's gradient norm from 1."),
        }
        return texts.get(loss) or super().explain(loss, names)

    @property
    def batch_divisor(self) -> int:
        return self.critic_turns


def make_networks(c: WGANConfig, size: int) -> tuple[nn.Module, nn.Module]:
    """G of DCGAN, and its discriminator as the critic."""
    norm = "none" if c.lipschitz == "penalty" else "batch"  # the penalty is per image, which batch norm would mix
    G = DCGANGenerator(c.latent, c.channels, size, c.width, upsampling=c.upsampling, depth=c.depth)
    return G, DCGANDiscriminator(c.channels, size, c.d_width, norm=norm)


class WGAN(nn.Module):
    """G: z -> image; the critic f estimates the distance between generated and real images."""

    def __init__(
        self,
        config: WGANConfig,
        *,
        size: int,
        classes: int = 0,
        precision: str = "fp32",
        device: str = "cpu",
        nets: tuple[nn.Module, nn.Module] | None = None,  # other than DCGAN's, for points in the plane
    ) -> None:
        super().__init__()
        c = config
        self.nets = nn.ModuleDict(dict(zip("Gf", nets or make_networks(c, size), strict=True))).to(device)
        G, f = self.nets.values()
        self.latent, self.critic_turns, self.lipschitz = c.latent, c.critic_turns, c.lipschitz
        self.lambda_gp, self.clip = c.lambda_gp, c.clip
        self.average = Average({"G": G}, c.ema).to(device)
        self.d_loss, self.g_loss = ADVERSARIAL["wasserstein"]
        self.generator = Player([G], c.lr_g, (c.beta1, c.beta2), precision, c.optimizer)
        self.critic = Player([f], c.lr_d, (c.beta1, c.beta2), precision, c.optimizer)
        self.players = {"generator": self.generator, "critic": self.critic}

    def step(self, x: Tensor) -> dict[str, Tensor]:  # x: (critic_turns * N, C, H, W) in [-1, 1]
        G, f = self.nets.values()

        for turn in range(self.critic_turns):
            real = x[turn :: self.critic_turns]
            with self.critic.turn() as backward:  # max over f of E f(x) - E f(G(z)), Arjovsky et al., Eq. (2)
                fake = G(noise(len(real), self.latent, x.device))
                true, false = f(real), f(fake)
                L_f = self.d_loss(true, false)
                L_gp = self.penalty(f, real, fake)
                backward(L_f + self.lambda_gp * L_gp)
            if self.lipschitz == "clipping":
                clip_weights(f, self.clip)

        with self.generator.turn() as backward:  # min over G of -E f(G(z))
            L_G = self.g_loss(f(G(noise(len(real), self.latent, x.device))))
            backward(L_G)

        self.average.update()
        losses = dict(W=-L_f, G=L_G, auc=auc(true, false))  # W: the critic's estimate of the distance
        return losses if self.lipschitz == "clipping" else losses | dict(gp=L_gp)

    def penalty(self, f: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        """Gulrajani et al. 2017, Eq. (3); 0 for a clipped critic."""
        if self.lipschitz == "clipping":
            return real.new_zeros(())
        u = torch.rand(len(real) * distributed.world_size(), device=real.device)
        return gradient_penalty(f, real, fake, distributed.shard(u))

    @torch.no_grad()
    def preview(self, z: Tensor) -> dict[str, Tensor]:
        """Images from z (N, latent), by the averaged generator."""
        with evaluating(self.average.nets["G"]) as G:
            return dict(fake=G(z))

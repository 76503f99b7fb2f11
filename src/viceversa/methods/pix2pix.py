"""pix2pix: translation learned from pairs (Isola, Zhu, Zhou, Efros 2017, arXiv 1611.07004)."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss as l1

from ..losses.adversarial import ADVERSARIAL, EQUILIBRIUM
from ..losses.discriminator_auc import auc
from ..networks.layers import evaluating
from ..networks.painter import PaintingGenerator
from ..networks.patchgan import PatchGAN
from ..networks.resnet import ResNetGenerator
from ..networks.translation import TranslationModule
from ..networks.unet import UNetGenerator
from ..optimize import Player
from ..settings import Channels, Count, Decay, Number, Weight
from ..stabilisers.ema import Average
from .patch_discriminator import require_layers
from .protocol import AdversarialLog, Direction, LossText, MethodConfig, cannot_tell


@dataclass(frozen=True, kw_only=True)
class Pix2PixConfig(MethodConfig):
    task: ClassVar[str] = "paired"
    directions: ClassVar[tuple[Direction, ...]] = (
        Direction(source="A", target="B", network="G", discriminator="D", back=None),
    )
    adversarial: ClassVar[AdversarialLog] = AdversarialLog(generator="gan", discriminator_scale=0.5)
    proven_rates: ClassVar[dict[str, float]] = {"lr_g": 2e-4, "lr_d": 2e-4, "beta1": 0.5}

    channels_a: Channels | None = None  # channels of domain A; none: from the data
    channels_b: Channels | None = None  # channels of domain B; none: from the data
    generator: Literal["unet", "resnet", "painting"] = "unet"  # sec. 3.2.1; the others as in CycleGAN
    width: Count = 64  # generator channels after the first layer (sec. 6.1)
    blocks: Number = 9  # residual blocks of resnet and painting
    upsampling: Literal["transposed", "bilinear"] = "transposed"  # of resnet and painting
    norm: Literal["batch", "instance"] = "batch"  # of the U-Net
    dropout: Decay = 0.5  # in the U-Net's inner layers, its only noise (sec. 3.1)
    noise: bool = False  # keep the dropout when translating, as its authors do (sec. 3.3)
    d_width: Count = 64  # discriminator channels after the first layer (sec. 6.1)
    d_layers: Count = 3  # 3 sees patches of 70 px, 2 of 34 px, 1 of 16 px
    loss: Literal["nonsaturating", "lsgan", "minimax"] = "nonsaturating"  # sec. 3.3
    lambda_l1: Weight = 100.0  # weight of the L1 loss, Eq. (4) and sec. 3.3
    lr_g: Weight = 2e-4  # Adam learning rate of the generator, sec. 3.3
    lr_d: Weight = 2e-4  # Adam learning rate of the discriminator, sec. 3.3
    beta1: Decay = 0.5  # Adam, sec. 3.3
    beta2: Decay = 0.999  # Adam, sec. 3.3
    ema: Decay = 0.0  # decay per step of the averaged generator; 0 = none

    def explain(self, loss: str, names: tuple[str, ...]) -> LossText | None:
        d, g = EQUILIBRIUM[self.loss]
        texts = {
            "gan": LossText(
                "Generator loss, adversarial (gan)", f"Loss of the generator; {g:.2g} when D cannot tell.", g
            ),
            "l1": LossText("L1 loss (l1)", "Mean absolute error to the truth; black to white is 2. Should fall."),
            "D": LossText("Discriminator loss (D)", cannot_tell(d / 2), d / 2),
        }
        return texts.get(loss) or super().explain(loss, names)

    def check_size(self, size: int, batch: int) -> None:
        require_layers(self.d_layers, size)


def make_generator(config: Pix2PixConfig, size: int) -> nn.Module:
    """A generator of the configured kind, with fresh weights."""
    c, a, b = config, config.channels_of("A"), config.channels_of("B")
    if c.generator == "painting":
        return PaintingGenerator(a, c.width, c.blocks, c.upsampling, channels_out=b)
    if c.generator == "resnet":
        return ResNetGenerator(a, b, c.width, c.blocks, c.upsampling)
    return UNetGenerator(a, b, size, c.width, c.norm, c.dropout, c.noise)


class Pix2Pix(nn.Module):
    """G: A -> B, trained against a D that sees input and output together."""

    def __init__(
        self, config: Pix2PixConfig, *, size: int, classes: int = 0, precision: str = "fp32", device: str = "cpu"
    ) -> None:
        super().__init__()
        c = config
        self.nets = nn.ModuleDict(
            {
                "G": make_generator(c, size),
                "D": PatchGAN(c.channels_of("A") + c.channels_of("B"), c.d_width, c.d_layers),
            }
        )
        self.to(device)
        G, D = self.nets.values()
        self.average = Average({"G": G}, c.ema).to(device)
        self.d_loss, self.g_loss = ADVERSARIAL[c.loss]
        self.lambda_l1 = c.lambda_l1
        self.generator = Player([G], c.lr_g, (c.beta1, c.beta2), precision)
        self.discriminator = Player([D], c.lr_d, (c.beta1, c.beta2), precision)
        self.players = {"generator": self.generator, "discriminator": self.discriminator}

    def step(self, a: Tensor, b: Tensor) -> dict[str, Tensor]:  # a, b: (N, C, H, W) in [-1, 1], pairs
        G, D = self.nets.values()

        with self.generator.turn() as backward:  # min over G of Eq. (4)
            fake_b = G(a)
            L_gan = self.g_loss(D(torch.cat([a, fake_b], 1)))
            L_l1 = l1(fake_b, b) if self.lambda_l1 else a.new_zeros(())
            backward(L_gan + self.lambda_l1 * L_l1)

        with self.discriminator.turn() as backward:  # max over D of Eq. (1), halved to slow D down (sec. 3.3)
            true, false = D(torch.cat([a, b], 1)), D(torch.cat([a, fake_b.detach()], 1))
            L_D = self.d_loss(true, false) / 2
            backward(L_D)

        self.average.update()
        return dict(gan=L_gan, l1=L_l1, D=L_D, auc=auc(true, false))

    @staticmethod
    def make_generators(config: Pix2PixConfig, size: int) -> dict[str, nn.Module]:
        """G with fresh weights."""
        return {"G": make_generator(config, size)}

    @torch.no_grad()
    def preview(self, a: Tensor) -> dict[str, Tensor]:
        """Translations of fixed images, by the averaged generator."""
        with evaluating(self.average.nets["G"]) as G:
            return dict(fake_b=TranslationModule(G)(a))

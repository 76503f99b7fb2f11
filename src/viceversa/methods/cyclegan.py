"""CycleGAN: unpaired translation in both directions (Zhu, Park, Isola, Efros 2017, arXiv 1703.10593).

Domains A and B are X and Y of the paper. D_A scores images of A, and so sees F's output; in the authors' code
netD_A is the discriminator of G's output.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d
from torch.nn.functional import l1_loss as l1

from .. import distributed
from ..errors import UsageError
from ..losses.adversarial import ADVERSARIAL, EQUILIBRIUM, smoothed_d_loss, with_image_term
from ..losses.discriminator_auc import auc
from ..networks.layers import apply_batched, to_device
from ..networks.norms import renorm_layers, running_statistics, tracking, update_statistics
from ..networks.painter import PaintingGenerator
from ..networks.patchgan import PatchGAN
from ..networks.resnet import ResNetGenerator
from ..networks.translation import TranslationModule
from ..optimize import Backward, Player
from ..settings import Channels, Count, Decay, Number, Share, Weight
from ..stabilisers.discriminator_input import DiscriminatorInput
from ..stabilisers.ema import Average
from ..stabilisers.image_pool import ImagePool
from .patch_discriminator import require_layers
from .protocol import AdversarialLog, Direction, LossText, MethodConfig, cannot_tell


@dataclass(frozen=True, kw_only=True)
class CycleGANConfig(MethodConfig):
    task: ClassVar[str] = "unpaired"
    directions: ClassVar[tuple[Direction, ...]] = (
        Direction(source="A", target="B", network="G", discriminator="D_B", back="F"),
        Direction(source="B", target="A", network="F", discriminator="D_A", back="G"),
    )
    adversarial: ClassVar[AdversarialLog] = AdversarialLog(generator="gan", discriminator_scale=0.5)
    proven_rates: ClassVar[dict[str, float]] = {"lr_g": 2e-4, "lr_d": 2e-4, "beta1": 0.5}
    RENAMED: ClassVar[dict[str, str]] = {
        "head_start": "d_warmup_steps",
        "picture_share": "image_logit_weight",
        "cycle_shrink": "cycle_downsampling",
        "parts": "micro_batches",
    }

    channels_a: Channels | None = None  # channels of domain A; none: from the data
    channels_b: Channels | None = None  # channels of domain B; none: from the data
    generator: Literal["resnet", "painting"] = "resnet"  # painting: the input plus a predicted change, per pixel norm
    width: Count = 64  # generator channels after the first layer (sec. 7.2)
    blocks: Number = 9  # residual blocks: 9 at 256 px, 6 at 128 px (sec. 7.2)
    upsampling: Literal["transposed", "bilinear"] = "transposed"  # bilinear + convolution leaves no checkerboard
    norm: Literal["instance", "renorm"] = "instance"  # of resnet; renorm: running statistics take over from 70 % on
    d_width: Count = 64  # discriminator channels after the first layer (sec. 7.2)
    d_layers: Count = 3  # 3 sees patches of 70 px, 2 of 34 px, 1 of 16 px
    d_norm: Literal["instance", "spectral", "none"] = "instance"  # of the discriminators (sec. 7.2)
    d_warmup_steps: Number = 0  # discriminator-only steps at the start, at most 20 % of the run
    loss: Literal["lsgan", "nonsaturating", "minimax"] = "lsgan"  # sec. 4
    image_logit_weight: Share = 0.0  # share of that loss on the mean logit of an image; the rest on each patch's
    lambda_gan: Weight = 1.0  # weight of the adversarial loss, Eq. (3); 0 leaves the discriminators out
    lambda_cyc: Weight = 10.0  # weight of the cycle loss, Eq. (3)
    cycle_downsampling: Count = 1  # factor by which images are reduced before the cycle loss; 2 saves a fifth of a step
    lambda_idt: Weight = 5.0  # weight of the identity loss, sec. 5.2: half of lambda_cyc; 0 skips its passes
    pool: Number = 50  # past translations kept per domain for D, sec. 4; 0 = none
    lr_g: Weight = 2e-4  # Adam learning rate of the generators, sec. 4
    lr_d: Weight = 2e-4  # Adam learning rate of the discriminators, sec. 4
    beta1: Decay = 0.5  # Adam, authors' code
    beta2: Decay = 0.999  # Adam, authors' code
    ema: Decay = 0.0  # decay per step of the averaged generators; 0 = none
    cycle_noise: Weight = 0.0  # deviation of noise added to translations before the cycle, against hidden information
    smoothing: Decay = 0.0  # real images have the target 1 - smoothing (Salimans et al. 2016)
    noise: Weight = 0.0  # deviation of noise on the discriminators' inputs; fades with their advantage
    augment: str = ""  # augmentation of the discriminators' inputs: colour, shift, cutout (Zhao et al. 2020)
    winograd: bool | None = None  # Winograd for 3x3 convolutions in float32 on a CPU; none: measured at the start
    recompute: bool = False  # recompute generator activations in the backward pass: same bits, less memory
    micro_batches: Count = 1  # parts of a batch that G and F process one after another: same gradients, less memory

    def __post_init__(self) -> None:
        smoothed_d_loss(self.loss, self.smoothing)
        DiscriminatorInput(operations=self.augment)
        if self.norm != "instance" and self.generator != "resnet":
            raise ValueError("method.norm=renorm is for method.generator=resnet; painting has no norm over the image")
        a, b = self.channels_of("A"), self.channels_of("B")
        changes = {"method.lambda_idt=0": self.lambda_idt, "method.d_warmup_steps=0": self.d_warmup_steps}
        if a != b and any(changes.values()):
            words = " and ".join(change for change, is_needed in changes.items() if is_needed)
            raise ValueError(f"A has {a} channels and B {b}, so G(b) and F(a) do not exist: set {words}")

    def explain(self, loss: str, names: tuple[str, ...]) -> LossText | None:
        if loss == "idt" and not self.lambda_idt:
            return None
        d, g = EQUILIBRIUM[self.loss]
        cycle = "Mean error of F(G(a)) and G(F(b)), added; black to white is 2. Should fall and level off."
        texts = {
            "gan": LossText(
                "Generator loss, adversarial (gan)", f"Of both generators; {2 * g:.2g} when D cannot tell.", 2 * g
            ),
            "cyc": LossText("Cycle loss (cyc)", cycle),
            "idt": LossText("Identity loss (idt)", "Mean change of images already in the target domain. Should fall."),
            "D_A": LossText(f"Discriminator loss, {names[0]} (D_A)", cannot_tell(d / 2), d / 2),
            "D_B": LossText(f"Discriminator loss, {names[-1]} (D_B)", cannot_tell(d / 2), d / 2),
        }
        return texts.get(loss) or super().explain(loss, names)

    def residual_channels(self) -> int | None:
        undecided = self.winograd is None and self.generator == "resnet" and self.blocks
        return 4 * self.width if undecided else None

    def check_size(self, size: int, batch: int) -> None:
        if size % (4 * self.cycle_downsampling):
            raise UsageError(
                f"method.cycle_downsampling is {self.cycle_downsampling}, and {size} / {self.cycle_downsampling} is "
                "not a multiple of 4; choose 1, or another --size"
            )
        require_layers(self.d_layers, size)


class Terms(NamedTuple):
    """The three losses computed from a batch of one domain: scalars, means over the batch, without their weights."""

    gan: Tensor  # adversarial, Eq. (1)
    cyc: Tensor  # cycle consistency, Eq. (2)
    idt: Tensor  # identity, sec. 5.2


class CycleGAN(nn.Module):
    """G: A -> B and F: B -> A, trained against D_B and D_A and tied by F(G(a)) = a and G(F(b)) = b."""

    def __init__(
        self, config: CycleGANConfig, *, size: int = 0, classes: int = 0, precision: str = "fp32", device: str = "cpu"
    ) -> None:
        super().__init__()
        c = config
        self.nets = nn.ModuleDict(self.make_generators(c, size))
        self.nets["D_A"] = PatchGAN(c.channels_of("A"), c.d_width, c.d_layers, c.d_norm)
        self.nets["D_B"] = PatchGAN(c.channels_of("B"), c.d_width, c.d_layers, c.d_norm)
        to_device(self, device)
        G, F, D_A, D_B = self.nets.values()

        self.renorm_layers = renorm_layers(G, F)  # none with method.norm=instance
        self.average = Average({"G": G, "F": F}, c.ema).to(device)
        self.pool_a, self.pool_b = ImagePool(c.pool).to(device), ImagePool(c.pool).to(device)
        self.view_a = DiscriminatorInput(c.noise, c.augment).to(
            device
        )  # what D_A is shown: images, unless set otherwise
        self.view_b = DiscriminatorInput(c.noise, c.augment).to(device)

        self.d_loss = with_image_term(smoothed_d_loss(c.loss, c.smoothing), c.image_logit_weight)
        self.g_loss = with_image_term(ADVERSARIAL[c.loss].g_loss, c.image_logit_weight)
        self.lambda_gan, self.lambda_cyc, self.lambda_idt = c.lambda_gan, c.lambda_cyc, c.lambda_idt
        self.cycle_noise, self.cycle_downsampling = c.cycle_noise, c.cycle_downsampling
        self.micro_batches = c.micro_batches
        self.d_warmup_steps = c.d_warmup_steps if c.lambda_gan else 0

        self.generators = Player([G, F], c.lr_g, (c.beta1, c.beta2), precision)
        self.discriminators = Player([D_A, D_B], c.lr_d, (c.beta1, c.beta2), precision)
        self.players = {"generators": self.generators, "discriminators": self.discriminators}

    def step(self, a: Tensor, b: Tensor) -> dict[str, Tensor]:  # a, b: (N, C, H, W) in [-1, 1], not paired
        G, F, D_A, D_B = self.nets.values()  # G: A -> B against D_B, F: B -> A against D_A

        with self.generators.turn() as backward:  # min over G and F of Eq. (3) and the identity loss (sec. 5.2)
            fake_b, from_a = self.generator_gradients(backward, a, forth=G, back=F, D=D_B, show=self.view_b)
            fake_a, from_b = self.generator_gradients(backward, b, forth=F, back=G, D=D_A, show=self.view_a)
        update_statistics(self.renorm_layers)
        self.average.update()
        losses = {name: getattr(from_a, name) + getattr(from_b, name) for name in Terms._fields}

        if self.lambda_gan:  # D_A and D_B learn to tell real from fake, Eq. (1), on a history of translations (sec. 4)
            losses |= self.discriminator_turn(a, b, self.pool_a(fake_a), self.pool_b(fake_b))
        return losses

    def terms(
        self, x: Tensor, forth: nn.Module, back: nn.Module, D: nn.Module, show: nn.Module
    ) -> tuple[Tensor, Terms]:
        """forth(x), and the three losses that start from x; a weight of 0 costs nothing."""
        zero = x.new_zeros(())
        with tracking(forth):
            fake = forth(x)
        gan = self.g_loss(D(show(fake))) if self.lambda_gan else zero  # Eq. (1)
        returned = self.translate_back(back, fake, x)
        cyc = l1(returned["cycle"], downsampled(x, self.cycle_downsampling)) if self.lambda_cyc else zero  # Eq. (2)
        idt = l1(returned["identity"], x) if self.lambda_idt else zero  # sec. 5.2: back(x) should be x
        return fake.detach(), Terms(gan, cyc, idt)

    def translate_back(self, back: nn.Module, fake: Tensor, x: Tensor) -> dict[str, Tensor]:
        """ "cycle": back(forth(x)), and "identity": back(x), where their weights are not 0; in one pass if faster."""
        inputs = {}
        if self.lambda_cyc:
            inputs["cycle"] = noisy(downsampled(fake, self.cycle_downsampling), self.cycle_noise)
        if self.lambda_idt:
            inputs["identity"] = x
        return dict(zip(inputs, apply_batched(back, *inputs.values()), strict=True))

    def generator_gradients(
        self, backward: Backward, x: Tensor, forth: nn.Module, back: nn.Module, D: nn.Module, show: nn.Module
    ) -> tuple[Tensor, Terms]:
        """Add the gradients of Eq. (3) from one domain, in micro-batches so that one graph is alive at a time.

        Returns forth(x) and the losses, averaged over the batch.
        """
        fakes, losses = [], []
        for part in x.tensor_split(min(self.micro_batches, len(x))):
            fake, loss = self.terms(part, forth, back, D, show)
            share = len(part) / len(x)  # the losses are means over their micro-batch
            total = self.lambda_gan * loss.gan + self.lambda_cyc * loss.cyc + self.lambda_idt * loss.idt  # Eq. (3)
            backward(share * total)
            fakes.append(fake)
            losses.append(share * torch.stack(loss).detach())
        return torch.cat(fakes), Terms(*torch.stack(losses).sum(0))

    def discriminator_turn(self, a: Tensor, b: Tensor, fake_a: Tensor, fake_b: Tensor) -> dict[str, Tensor]:
        """One update of D_A and D_B, which tell real from fake, Eq. (1); returns their losses and AUCs."""
        _, _, D_A, D_B = self.nets.values()
        show_a, show_b = self.view_a, self.view_b

        with self.discriminators.turn() as backward:
            score_a, score_fake_a = apply_batched(D_A, show_a(a), show_a(fake_a))
            score_b, score_fake_b = apply_batched(D_B, show_b(b), show_b(fake_b))
            L_A = self.d_loss(score_a, score_fake_a) / 2  # halved, which slows D down (sec. 4)
            L_B = self.d_loss(score_b, score_fake_b) / 2
            backward(L_A + L_B)

        auc_a, auc_b = auc(score_a, score_fake_a), auc(score_b, score_fake_b)
        show_a.fade(auc_a)
        show_b.fade(auc_b)
        return dict(D_A=L_A, D_B=L_B, auc_A=auc_a, auc_B=auc_b)

    def warmup_step(self, a: Tensor, b: Tensor) -> dict[str, Tensor]:
        """One step of the discriminator warm-up: D_A and D_B learn to tell A from B; G and F stay as they are."""
        _, _, D_A, D_B = self.nets.values()
        with torch.no_grad():
            gan = self.g_loss(D_B(self.view_b(a))) + self.g_loss(D_A(self.view_a(b)))
        zero = torch.zeros_like(gan)
        return dict(gan=gan, cyc=zero, idt=zero) | self.discriminator_turn(a, b, fake_a=b, fake_b=a)

    @torch.no_grad()
    def preview(self, a: Tensor, b: Tensor) -> dict[str, Tensor]:
        """Translations and cycles of fixed images, by the averaged generators: {"fake_b", "cycle_a", ...}."""
        G, F = (TranslationModule(net) for net in self.average.nets.values())
        with running_statistics(G, F):
            fake_b, fake_a = G(a), F(b)
            return dict(fake_b=fake_b, cycle_a=F(fake_b), fake_a=fake_a, cycle_b=G(fake_a))

    def set_share(self, share: float) -> None:
        """Prepare the next step, after `share` of the training: running statistics take over near its end."""
        for layer in self.renorm_layers:
            layer.set_share(share)

    @staticmethod
    def make_generators(config: CycleGANConfig, size: int = 0) -> dict[str, nn.Module]:
        """G and F with fresh weights, for images of any size."""
        a, b = config.channels_of("A"), config.channels_of("B")
        return {"G": make_generator(config, a, b), "F": make_generator(config, b, a)}


def make_generator(config: CycleGANConfig, channels_in: int, channels_out: int) -> nn.Module:
    """A generator of the configured kind, with fresh weights."""
    c = config
    if c.generator == "painting":
        return PaintingGenerator(channels_in, c.width, c.blocks, c.upsampling, c.recompute, channels_out)
    winograd = c.winograd is not False
    return ResNetGenerator(channels_in, channels_out, c.width, c.blocks, c.upsampling, winograd, c.recompute, c.norm)


def downsampled(x: Tensor, factor: int) -> Tensor:
    """(N, C, H, W) with means over `factor` x `factor` pixels; x itself for factor 1."""
    return avg_pool2d(x, factor) if factor > 1 else x


def noisy(x: Tensor, deviation: float) -> Tensor:
    """x with Gaussian noise; several ranks draw for the whole batch and keep their share."""
    if not deviation:
        return x
    whole = (len(x) * distributed.world_size(), *x.shape[1:])
    return x + deviation * distributed.shard(torch.randn(whole, device=x.device))

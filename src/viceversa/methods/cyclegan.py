"""CycleGAN: unpaired translation in both directions (Zhu, Park, Isola, Efros 2017, arXiv 1703.10593)."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d
from torch.nn.functional import l1_loss as l1

from .. import distributed
from ..losses.adversarial import ADVERSARIAL, of_pictures, smoothed
from ..losses.discriminator_auc import auc
from ..networks.layers import settle, together
from ..networks.painter import PaintingGenerator
from ..networks.patchgan import PatchGAN
from ..networks.resnet import ResNetGenerator
from ..optimize import Player, Update
from ..settings import Channels, Count, Decay, Number, Share, Weight
from ..stabilisers.ema import Average
from ..stabilisers.image_pool import ImagePool
from ..stabilisers.view import View


@dataclass(frozen=True, kw_only=True)
class CycleGANConfig:
    channels_a: Channels = 3  # colour channels of domain A: 3, or 1 for grey
    channels_b: Channels = 3  # colour channels of domain B
    generator: Literal["resnet", "painting"] = "resnet"  # painting: the input plus a painted change
    width: Count = 64  # generator channels after the first layer (sec. 7.2)
    blocks: Number = 9  # residual blocks: 9 at 256 px, 6 at 128 px (sec. 7.2)
    upsampling: Literal["transposed", "bilinear"] = "transposed"  # bilinear + convolution draws no checkerboard
    d_width: Count = 64  # discriminator channels after the first layer (sec. 7.2)
    d_layers: Count = 3  # 3 sees patches of 70 px, 2 of 34 px, 1 of 16 px
    d_norm: Literal["instance", "spectral", "none"] = "instance"
    head_start: Number = 0  # steps, at most a fifth, in which D_A and D_B learn the worlds before G and F begin
    loss: Literal["lsgan", "nonsaturating", "minimax"] = "lsgan"  # sec. 4
    picture_share: Share = 0.0  # of that loss, on the mean logit of a picture; the rest on each patch's
    lambda_gan: Weight = 1.0  # weight of the adversarial loss, Eq. (3); 0 leaves the discriminators out
    lambda_cyc: Weight = 10.0  # weight of the cycle loss, Eq. (3)
    cycle_shrink: Count = 1  # how many times smaller the pictures are on which the cycle is closed; 2 saves a fifth
    lambda_idt: Weight = 5.0  # weight of the identity loss, sec. 5.2: half of lambda_cyc; 0 skips its passes
    pool: Number = 50  # past translations kept per domain for D, sec. 4; 0 = none
    lr_g: Weight = 2e-4  # Adam learning rate of the generators, sec. 4
    lr_d: Weight = 2e-4  # Adam learning rate of the discriminators, sec. 4
    beta1: Decay = 0.5  # Adam, authors' code
    beta2: Decay = 0.999  # Adam, authors' code
    ema: Decay = 0.0  # decay per step of the averaged generators; 0 = none
    cycle_noise: Weight = 0.0  # deviation of noise on translations before the way back, against hidden information
    smoothing: Decay = 0.0  # real pictures have the target 1 - smoothing (Salimans et al. 2016)
    noise: Weight = 0.0  # deviation of noise on what D sees; fades with D's advantage
    augment: str = ""  # what D sees changed: colour, shift, cutout (Zhao et al. 2020)
    winograd: bool | None = None  # fp32 3x3 convolutions on a processor with fewer multiplications; none: if they pay
    recompute: bool = False  # generators keep little for the way back and compute it again: same bits, less memory
    parts: Count = 1  # in how many parts, one after another, G and F see a batch: same gradients, less memory

    def __post_init__(self) -> None:
        smoothed(self.loss, self.smoothing)
        View(operations=self.augment)
        alike = self.lambda_idt or self.head_start or self.generator == "painting"
        if self.channels_a != self.channels_b and alike:
            ahead = "method.head_start=0, " if self.head_start else ""
            raise ValueError(
                f"A has {self.channels_a} channels and B {self.channels_b}, so G(b) and F(a) do not exist: "
                f"set {ahead}method.lambda_idt=0 and method.generator=resnet"
            )


def make_generator(config: CycleGANConfig, channels_in: int, channels_out: int) -> nn.Module:
    """A generator of the configured kind, with fresh weights."""
    c = config
    if c.generator == "painting":
        return PaintingGenerator(channels_in, c.width, c.blocks, c.upsampling, c.recompute)
    winograd = c.winograd is not False
    return ResNetGenerator(channels_in, channels_out, c.width, c.blocks, c.upsampling, winograd, c.recompute)


def shrunk(x: Tensor, times: int) -> Tensor:
    """(N, C, H, W) with the means of `times` x `times` pixels; for 1 the very tensor."""
    return avg_pool2d(x, times) if times > 1 else x


def noisy(x: Tensor, deviation: float) -> Tensor:
    """x with Gaussian noise; ranks draw for the whole batch and keep their share."""
    if not deviation:
        return x
    whole = (len(x) * distributed.world(), *x.shape[1:])
    return x + deviation * distributed.share(torch.randn(whole, device=x.device))


class CycleGAN(nn.Module):
    """G: A -> B and F: B -> A head to tail, judged by D_B and D_A."""

    def __init__(self, config: CycleGANConfig, *, precision: str = "fp32", device: str = "cpu") -> None:
        super().__init__()
        c, a, b = config, config.channels_a, config.channels_b
        self.nets = nn.ModuleDict(
            {
                "G": make_generator(c, a, b),
                "F": make_generator(c, b, a),
                "D_A": PatchGAN(a, c.d_width, c.d_layers, c.d_norm),
                "D_B": PatchGAN(b, c.d_width, c.d_layers, c.d_norm),
            }
        )
        settle(self, device)
        G, F, D_A, D_B = self.nets.values()
        self.average = Average({"G": G, "F": F}, c.ema).to(device)
        self.pool_a, self.pool_b = ImagePool(c.pool).to(device), ImagePool(c.pool).to(device)
        self.view_a, self.view_b = (View(c.noise, c.augment).to(device) for _ in "ab")  # what D is shown
        losses = smoothed(c.loss, c.smoothing), ADVERSARIAL[c.loss].g_loss
        self.d_loss, self.g_loss = (of_pictures(loss, c.picture_share) for loss in losses)
        self.d_warmup_steps = c.head_start if c.lambda_gan else 0
        self.lambda_gan, self.lambda_cyc, self.lambda_idt = c.lambda_gan, c.lambda_cyc, c.lambda_idt
        self.cycle_noise, self.cycle_shrink, self.parts = c.cycle_noise, c.cycle_shrink, c.parts
        self.generators = Player([G, F], c.lr_g, (c.beta1, c.beta2), precision)
        self.discriminators = Player([D_A, D_B], c.lr_d, (c.beta1, c.beta2), precision)
        self.players = {"generators": self.generators, "discriminators": self.discriminators}

    def step(self, a: Tensor, b: Tensor) -> dict[str, Tensor]:  # a, b: (N, C, H, W) in [-1, 1], not paired
        G, F, D_A, D_B = self.nets.values()  # G: A -> B,  F: B -> A
        see_a, see_b = self.view_a, self.view_b  # the pictures themselves, unless a remedy is on

        with self.generators.turn() as update:  # min over G and F of the full objective, Eq. (3)
            fake_b, gan_a, cyc_a, idt_a = self.in_parts(update, a, G, F, D_B, see_b)
            fake_a, gan_b, cyc_b, idt_b = self.in_parts(update, b, F, G, D_A, see_a)
        self.average.update()
        told = dict(gan=gan_a + gan_b, cyc=cyc_a + cyc_b, idt=idt_a + idt_b)
        if not self.lambda_gan:
            return told  # nothing asks the discriminators
        return told | self.judge(a, b, self.pool_a(fake_a), self.pool_b(fake_b))  # on a history of translations, sec. 4

    def judge(self, a: Tensor, b: Tensor, fake_a: Tensor, fake_b: Tensor) -> dict[str, Tensor]:
        """The turn of D_A and D_B, which maximise Eq. (1); what they told apart."""
        _, _, D_A, D_B = self.nets.values()
        see_a, see_b = self.view_a, self.view_b
        with self.discriminators.turn() as update:
            true_a, false_a = together(D_A, see_a(a), see_a(fake_a))
            true_b, false_b = together(D_B, see_b(b), see_b(fake_b))
            L_A, L_B = self.d_loss(true_a, false_a) / 2, self.d_loss(true_b, false_b) / 2
            update(L_A + L_B)
        auc_a, auc_b = auc(true_a, false_a), auc(true_b, false_b)
        see_a.fade(auc_a)
        see_b.fade(auc_b)
        return dict(D_A=L_A, D_B=L_B, auc_A=auc_a, auc_B=auc_b)

    def warmup_step(self, a: Tensor, b: Tensor) -> dict[str, Tensor]:
        """A step of the head start: D_A and D_B learn what sets the worlds apart, the identity in place of G and F."""
        _, _, D_A, D_B = self.nets.values()
        with torch.no_grad():
            gan = self.g_loss(D_B(self.view_b(a))) + self.g_loss(D_A(self.view_a(b)))
        nothing = torch.zeros_like(gan)  # there and back is the picture itself
        return dict(gan=gan, cyc=nothing, idt=nothing) | self.judge(a, b, fake_a=b, fake_b=a)

    def in_parts(self, update: Update, x: Tensor, *nets: nn.Module) -> tuple[Tensor, ...]:
        """`there_and_back` from x, a part of it after the other; each frees its graph before the next begins."""
        fakes, told = [], []
        for part in x.tensor_split(min(self.parts, len(x))):
            fake, L_gan, L_cyc, L_idt = self.there_and_back(part, *nets)
            share = len(part) / len(x)  # the losses are means
            update(share * (self.lambda_gan * L_gan + self.lambda_cyc * L_cyc + self.lambda_idt * L_idt))
            fakes.append(fake)
            told.append(share * torch.stack([L_gan, L_cyc, L_idt]).detach())
        return torch.cat(fakes), *torch.stack(told).sum(0)

    def there_and_back(
        self, x: Tensor, forth: nn.Module, back: nn.Module, D: nn.Module, see: nn.Module
    ) -> tuple[Tensor, ...]:
        """The three terms that start from x, and forth(x): Eq. (1), Eq. (2), identity (sec. 5.2)."""
        fake = forth(x)
        L_gan = self.g_loss(D(see(fake))) if self.lambda_gan else x.new_zeros(())
        small_x, small_fake = (shrunk(y, self.cycle_shrink) for y in (x, fake))  # as they are, in the paper
        wanted = [noisy(small_fake, self.cycle_noise)] * bool(self.lambda_cyc) + [x] * bool(self.lambda_idt)
        seen = together(back, *wanted)
        L_cyc = l1(seen[0], small_x) if self.lambda_cyc else x.new_zeros(())
        L_idt = l1(seen[-1], x) if self.lambda_idt else x.new_zeros(())
        return fake.detach(), L_gan, L_cyc, L_idt

    @torch.no_grad()
    def preview(self, a: Tensor, b: Tensor) -> dict[str, Tensor]:
        """Translations and cycles of fixed images, by the averaged generators: {"fake_b", "cycle_a", ...}."""
        G, F = self.average.nets.values()
        fake_b, fake_a = G(a).clamp(-1, 1), F(b).clamp(-1, 1)
        return dict(fake_b=fake_b, cycle_a=F(fake_b), fake_a=fake_a, cycle_b=G(fake_a))

"""Pieces that generators and discriminators share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from .. import distributed
from .winograd import Conv3x3, LyingNorm

EIGHT = 8  # channels that the matrix units of a graphics card take at once


def normal_init(module: nn.Module, std: float = 0.02) -> None:
    """Draw weights from N(0, std), the scale of a batch norm from N(1, std); biases are 0 (Zhu et al. 2017)."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d | nn.Linear | nn.BatchNorm2d):
            nn.init.normal_(part.weight, 1.0 if isinstance(part, nn.BatchNorm2d) else 0.0, std)
            if part.bias is not None:
                nn.init.zeros_(part.bias)


def full(x: Tensor) -> Tensor:
    """At least float32: what autocast computed in bfloat16 is widened, float64 stays."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def batch_norm(channels: int) -> nn.Module:
    """Batch normalisation of a map (Ioffe and Szegedy 2015), over the batch of all ranks."""
    return BatchNorm(channels)


class BatchNorm(nn.BatchNorm2d):
    """Batch normalisation whose mean and variance in training are those of all ranks together."""

    def forward(self, x: Tensor) -> Tensor:
        if distributed.world() == 1 or not self.training:
            return super().forward(x)
        x = x.float()
        mean = distributed.mean(x.mean((0, 2, 3)))
        offset = x - mean[:, None, None]
        variance = distributed.mean(offset.square().mean((0, 2, 3)))
        with torch.no_grad():
            count = x.numel() / len(mean) * distributed.world()
            self.running_mean.lerp_(mean, self.momentum)  # type: ignore[union-attr, arg-type]
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)  # type: ignore[union-attr, arg-type]
            self.num_batches_tracked.add_(1)  # type: ignore[union-attr]
        scale = self.weight * (variance + self.eps).rsqrt()
        return offset * scale[:, None, None] + self.bias[:, None, None]


class ChannelNorm(nn.Module):
    """Layer norm over the channels of each place by itself: (N, C, H, W) -> same (Ba et al. 2016; Liu et al. 2022).

    What one place becomes does not depend on the rest of its picture. Quick where the channels lie last.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        scale, shift = self.weight.to(x.dtype), self.bias.to(x.dtype)
        return functional.layer_norm(x.permute(0, 2, 3, 1), scale.shape, scale, shift).permute(0, 3, 1, 2)


NORMS: dict[str, Callable[[int], nn.Module]] = {
    "batch": batch_norm,
    "instance": LyingNorm,
    "layer": lambda channels: nn.GroupNorm(1, channels),  # for a critic with gradient penalty (Gulrajani et al. 2017)
    "spectral": lambda channels: nn.Identity(),  # on the weights instead: `spectral`
    "none": lambda channels: nn.Identity(),
}


def spectral(net: nn.Module) -> None:
    """Divide each convolution and dense weight by its largest singular value (Miyato et al. 2018, sec. 2.1)."""
    for part in list(net.modules()):
        if isinstance(part, nn.Conv2d | nn.Linear):
            nn.utils.parametrizations.spectral_norm(part)


@contextmanager
def evaluating(net: nn.Module) -> Iterator[nn.Module]:
    """The network as it is used, without dropout and with kept statistics, and afterwards as it was."""
    training = net.training
    yield net.eval()
    net.train(training)


class Dropout(nn.Module):
    """Zero each number with probability `p` and scale the others up (Srivastava et al. 2014).

    In training only, unless `lasting`: pix2pix's only source of noise (Isola et al. 2017, sec. 2.1). Ranks draw for
    the whole batch and keep their share.
    """

    def __init__(self, p: float, lasting: bool = False) -> None:
        super().__init__()
        self.p, self.lasting = p, lasting

    def forward(self, x: Tensor) -> Tensor:
        if not (self.training or self.lasting):
            return x
        whole = (len(x) * distributed.world(), *x.shape[1:])
        kept = distributed.share(torch.rand(whole, device=x.device)) >= self.p
        return x * kept / (1 - self.p)


def dropout(p: float, lasting: bool = False) -> nn.Module:
    """`Dropout`, or nothing at all for `p` = 0."""
    return Dropout(p, lasting) if p else nn.Identity()


class MinibatchDiscrimination(nn.Module):
    """A layer that sees a batch at once, and so notices copies (Salimans et al. 2016, sec. 3.2).

    (N, features) -> (N, features + kernels): o_b(x_i) = sum over j != i of exp(-|M_ib - M_jb|_1), M = f(x) T.

    n copies give n - 1 in every kernel. A batch is that of one rank.
    """

    def __init__(self, features: int, kernels: int = 32, dims: int = 5) -> None:
        super().__init__()
        self.projection = nn.Parameter(torch.randn(features, kernels, dims) * features**-0.5)

    def forward(self, features: Tensor) -> Tensor:
        m = torch.einsum("nf,fkd->knd", features.float(), self.projection)
        apart = (m[:, :, None] - m[:, None]).abs().sum(3)  # torch.cdist cannot be differentiated twice, as R1 does
        closeness = torch.exp(-apart).sum(2) - 1  # without itself
        return torch.cat([features.float(), closeness.T], 1)


class Block(nn.Module):
    """x + conv_block(x). (N, C, H, W) -> same."""

    conv_block: nn.Sequential

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.conv_block(x)
        return out


class ResidualBlock(Block):
    """x + conv3-norm-relu-conv3-norm(x), reflection padded (Johnson et al. 2016). (N, C, H, W) -> same."""

    def __init__(self, channels: int, winograd: bool = False) -> None:
        super().__init__()
        conv = Conv3x3 if winograd else partial(nn.Conv2d, kernel_size=3)
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1),
            conv(channels, channels),
            LyingNorm(channels),
            nn.ReLU(inplace=True),
            nn.ReflectionPad2d(1),
            conv(channels, channels),
            LyingNorm(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        conv = self.conv_block[1]
        if isinstance(conv, Conv3x3) and conv.pays(x):
            x = x.contiguous(memory_format=torch.channels_last)
        return super().forward(x)


class EdgeConv(nn.Conv2d):
    """A convolution from or to the few channels of a picture or of logits.

    A graphics card is quick with multiples of eight channels only: there zeros fill them up, which add nothing.
    """

    def forward(self, x: Tensor) -> Tensor:
        return self.in_eights(x) if x.is_cuda else super().forward(x)

    def in_eights(self, x: Tensor) -> Tensor:
        """The same with channels filled up, on any device."""
        more_in, more_out = -self.in_channels % EIGHT, -self.out_channels % EIGHT
        weight = functional.pad(self.weight, (0, 0, 0, 0, 0, more_in, 0, more_out))
        bias = functional.pad(self.bias, (0, more_out)) if self.bias is not None and more_out else self.bias
        x = functional.pad(x, (0, 0, 0, 0, 0, more_in)) if more_in else x
        out = functional.conv2d(x, weight, bias, self.stride, self.padding)
        return out[:, : self.out_channels] if more_out else out


def together(net: nn.Module, *batches: Tensor) -> tuple[Tensor, ...]:
    """net(x) of each batch, for a network that treats every picture by itself.

    One pass after the other, or on a graphics card, which few pictures do not fill, a single one for all of one size.
    """
    if len(batches) < 2 or not batches[0].is_cuda or len({x.shape[1:] for x in batches}) > 1:
        return tuple(net(x) for x in batches)
    found: tuple[Tensor, ...] = net(torch.cat(batches)).split([len(x) for x in batches])
    return found


def settle(net: nn.Module, device: str) -> nn.Module:
    """Move a network to its device; on a graphics card its weights lie channels last, as the matrix units ask."""
    lying = torch.channels_last if device == "cuda" else torch.preserve_format
    return net.to(device, memory_format=lying)  # type: ignore[call-overload, no-any-return]


class Chain(nn.Sequential):
    """Layers one after another. With `recompute` only what lies between its pieces is kept for the way back.

    A piece ends after a ReLU or a residual block; its inside is computed a second time when its gradient is due: a
    third more arithmetic, the same bits (Chen et al. 2016, arXiv 1604.06174).
    """

    def __init__(self, *layers: nn.Module, recompute: bool = False, lying: bool = False) -> None:
        super().__init__(*layers)
        self.recompute, self.lying = recompute, lying  # lying: every layer takes what lies channels last
        self.compiled: tuple[Callable[[Tensor], Tensor], ...] = ()  # its pieces, where they are

    def forward(self, x: Tensor) -> Tensor:
        keeping = not (self.recompute and torch.is_grad_enabled())
        if keeping and not self.compiled:
            return self.through(list(self), x)
        for piece in self.compiled or [partial(self.through, piece) for piece in self.pieces()]:
            x = piece(x) if keeping else checkpoint(piece, x, use_reentrant=False, preserve_rng_state=False)
        return x

    def compile_pieces(self) -> None:
        """Compile each piece by itself: those that are alike, such as residual blocks, once for all."""
        self.compiled = tuple(torch.compile(nn.Sequential(*piece), dynamic=False) for piece in self.pieces())

    def pieces(self) -> list[list[nn.Module]]:
        """The layers, cut."""
        found: list[list[nn.Module]] = [[]]
        for layer, after in pairwise([*self, None]):
            found[-1].append(layer)
            if isinstance(layer, nn.ReLU | Block) and after is not None:
                found.append([])
        return found

    def through(self, layers: list[nn.Module], x: Tensor) -> Tensor:
        """One layer after another; where not all take what lies channels last, only residual blocks are given it."""
        for layer in layers:
            x = layer(x if self.lying or x.is_cuda or isinstance(layer, Block) else x.contiguous())
        return x


def upsample(channels_in: int, channels_out: int, how: str, kernel: int = 3) -> list[nn.Module]:
    """Twice the size: `transposed` as in the reference, or `bilinear` + convolution, which draws no checkerboard.

    Both hold one convolution (Odena et al. 2016 for the second). Transposed, an even kernel overlaps evenly.
    """
    before, after = (kernel - 1) // 2, kernel // 2
    if how == "transposed":
        odd = kernel % 2
        return [nn.ConvTranspose2d(channels_in, channels_out, kernel, stride=2, padding=before, output_padding=odd)]
    if how == "bilinear":
        grow = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        edge = nn.ReflectionPad2d((before, after, before, after))
        return [grow, edge, nn.Conv2d(channels_in, channels_out, kernel)]
    raise ValueError(f"upsampling '{how}' is unknown; choose transposed or bilinear")


def count_parameters(module: nn.Module) -> int:
    """Number of trainable numbers."""
    return sum(p.numel() for p in module.parameters())


def receptive_field(module: nn.Module) -> int:
    """Side in pixels of what one output of a chain of convolutions sees."""
    field, jump = 1, 1
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            field += (part.kernel_size[0] - 1) * jump
            jump *= part.stride[0]
    return field

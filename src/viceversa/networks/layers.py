"""Pieces that generators and discriminators share."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import distributed
from .norms import InstanceNorm
from .winograd import Conv3x3

TENSOR_CORE_MULTIPLE = 8  # channels that the matrix units of a graphics card take at once


def normal_init(module: nn.Module, std: float = 0.02) -> None:
    """Draw weights from N(0, std), the scale of a batch norm from N(1, std); biases are 0 (Zhu et al. 2017)."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d | nn.Linear | nn.BatchNorm2d):
            nn.init.normal_(part.weight, 1.0 if isinstance(part, nn.BatchNorm2d) else 0.0, std)
            if part.bias is not None:
                nn.init.zeros_(part.bias)


def at_least_float32(x: Tensor) -> Tensor:
    """At least float32: what autocast computed in bfloat16 is widened, float64 stays."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


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
        whole = (len(x) * distributed.world_size(), *x.shape[1:])
        kept = distributed.shard(torch.rand(whole, device=x.device)) >= self.p
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
            InstanceNorm(channels),
            nn.ReLU(inplace=True),
            nn.ReflectionPad2d(1),
            conv(channels, channels),
            InstanceNorm(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        conv = self.conv_block[1]
        if isinstance(conv, Conv3x3) and conv.is_worthwhile(x):
            x = x.contiguous(memory_format=torch.channels_last)
        return super().forward(x)


class ImageConv(nn.Conv2d):
    """A convolution from or to the few channels of a picture or of logits.

    A graphics card is quick with multiples of eight channels only: there zeros fill them up, which add nothing.
    """

    def forward(self, x: Tensor) -> Tensor:
        return self.in_eights(x) if x.is_cuda else super().forward(x)

    def in_eights(self, x: Tensor) -> Tensor:
        """The same with channels filled up, on any device."""
        more_in, more_out = -self.in_channels % TENSOR_CORE_MULTIPLE, -self.out_channels % TENSOR_CORE_MULTIPLE
        weight = functional.pad(self.weight, (0, 0, 0, 0, 0, more_in, 0, more_out))
        bias = functional.pad(self.bias, (0, more_out)) if self.bias is not None and more_out else self.bias
        x = functional.pad(x, (0, 0, 0, 0, 0, more_in)) if more_in else x
        out = functional.conv2d(x, weight, bias, self.stride, self.padding)
        return out[:, : self.out_channels] if more_out else out


def apply_batched(net: nn.Module, *batches: Tensor) -> tuple[Tensor, ...]:
    """net(x) of each batch, for a network that treats every picture by itself.

    One pass after the other, or on a graphics card, which few pictures do not fill, a single one for all of one size.
    """
    if len(batches) < 2 or not batches[0].is_cuda or len({x.shape[1:] for x in batches}) > 1:
        return tuple(net(x) for x in batches)
    found: tuple[Tensor, ...] = net(torch.cat(batches)).split([len(x) for x in batches])
    return found


def to_device(net: nn.Module, device: str) -> nn.Module:
    """Move a network to its device; on a graphics card its weights lie channels last, as the matrix units ask."""
    lying = torch.channels_last if device == "cuda" else torch.preserve_format
    return net.to(device, memory_format=lying)  # type: ignore[call-overload, no-any-return]


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


def output_size(n: int, kernel: int, stride: int = 1, padding: str | int = "valid") -> int:
    """Side of a convolution's output: floor((n + p - kernel) / stride) + 1 for p zeros in all; 0 if it does not fit.

    `padding` is the zeros on each side, or "valid" (none), "same" (kernel - 1 in all) or "full" (2 kernel - 2).
    """
    zeros = (
        2 * padding if isinstance(padding, int) else {"valid": 0, "same": kernel - 1, "full": 2 * kernel - 2}[padding]
    )
    return max(0, (n + zeros - kernel) // stride + 1)


def receptive_field(module: nn.Module) -> int:
    """Side in pixels of what one output of a chain of convolutions sees."""
    field, jump = 1, 1
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            field += (part.kernel_size[0] - 1) * jump
            jump *= part.stride[0]
    return field

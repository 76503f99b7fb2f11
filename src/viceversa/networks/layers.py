"""Layers and functions that generators and discriminators share."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import distributed
from .norms import NORMS
from .receptive_field import Features, Through
from .winograd import Conv3x3

TENSOR_CORE_MULTIPLE = 8  # of channels: tensor cores of a GPU are fast only with multiples of it


def normal_init(module: nn.Module, std: float = 0.02) -> None:
    """Draw weights from N(0, std), the scale of a batch norm from N(1, std); biases are 0 (Zhu et al. 2017)."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear | nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0 if isinstance(layer, nn.BatchNorm2d) else 0.0, std)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def at_least_float32(x: Tensor) -> Tensor:
    """float16 and bfloat16 (from autocast) as float32; float32 and float64 unchanged."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


@contextmanager
def evaluating(net: nn.Module) -> Iterator[nn.Module]:
    """Evaluation mode (no dropout, running statistics) for the duration of a `with` block."""
    training = net.training
    yield net.eval()
    net.train(training)


class Dropout(nn.Module):
    """Zero each number with probability `p` and divide the others by 1 - p (Srivastava et al. 2014).

    In training only, unless `lasting`: it is pix2pix's only source of noise (Isola et al. 2017, sec. 2.1). Several
    ranks draw the mask of the whole batch and use their part of it.
    """

    def __init__(self, p: float, lasting: bool = False) -> None:
        super().__init__()
        self.p, self.lasting = p, lasting

    def forward(self, x: Tensor) -> Tensor:
        if not (self.training or self.lasting):
            return x
        shape = (len(x) * distributed.world_size(), *x.shape[1:])
        mask = distributed.shard(torch.rand(shape, device=x.device)) >= self.p
        return x * mask / (1 - self.p)

    def trace_field(self, features: Features, through: Through) -> Features:
        drops = self.p > 0 and (self.training or self.lasting)
        return features.hindered("dropout draws random numbers") if drops else features


def dropout(p: float, lasting: bool = False) -> nn.Module:
    """`Dropout`, or the identity for `p` = 0."""
    return Dropout(p, lasting) if p else nn.Identity()


class MinibatchDiscrimination(nn.Module):
    """Let a discriminator compare the samples of a batch and so notice copies (Salimans et al. 2016, sec. 3.2).

    (N, features) -> (N, features + kernels): o_b(x_i) = sum over j != i of exp(-|M_ib - M_jb|_1), M = f(x) T.

    For n copies every o_b is n - 1. The batch is that of one rank.
    """

    def __init__(self, features: int, kernels: int = 32, dims: int = 5) -> None:
        super().__init__()
        self.projection = nn.Parameter(torch.randn(features, kernels, dims) * features**-0.5)

    def forward(self, features: Tensor) -> Tensor:
        m = torch.einsum("nf,fkd->knd", features.float(), self.projection)
        distance = (m[:, :, None] - m[:, None]).abs().sum(3)  # torch.cdist has no second derivative, which R1 needs
        closeness = torch.exp(-distance).sum(2) - 1  # without j = i
        return torch.cat([features.float(), closeness.T], 1)


class Block(nn.Module):
    """x + conv_block(x): (N, C, H, W) -> same."""

    conv_block: nn.Sequential

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.conv_block(x)
        return out

    def trace_field(self, features: Features, through: Through) -> Features:
        return features | through(self.conv_block, features)


class ResidualBlock(Block):
    """x + conv3-norm-relu-conv3-norm(x), reflection padded (Johnson et al. 2016): (N, C, H, W) -> same."""

    def __init__(self, channels: int, winograd: bool = False, norm: str = "instance") -> None:
        super().__init__()
        conv = Conv3x3 if winograd else partial(nn.Conv2d, kernel_size=3)
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1),
            conv(channels, channels),
            NORMS[norm](channels),
            nn.ReLU(inplace=True),
            nn.ReflectionPad2d(1),
            conv(channels, channels),
            NORMS[norm](channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        conv = self.conv_block[1]
        if isinstance(conv, Conv3x3) and conv.is_worthwhile(x):
            x = x.contiguous(memory_format=torch.channels_last)
        return super().forward(x)


class ImageConv(nn.Conv2d):
    """A convolution from or to the few channels of an image or of logits.

    On a GPU the channels are padded with zeros to a multiple of eight for the tensor cores; the result is the same.
    """

    def forward(self, x: Tensor) -> Tensor:
        return self.forward_padded(x) if x.is_cuda else super().forward(x)

    def forward_padded(self, x: Tensor) -> Tensor:
        """The convolution with zero-padded channels, on any device: (N, in, H, W) -> (N, out, h, w)."""
        more_in, more_out = -self.in_channels % TENSOR_CORE_MULTIPLE, -self.out_channels % TENSOR_CORE_MULTIPLE
        weight = functional.pad(self.weight, (0, 0, 0, 0, 0, more_in, 0, more_out))
        bias = functional.pad(self.bias, (0, more_out)) if self.bias is not None and more_out else self.bias
        x = functional.pad(x, (0, 0, 0, 0, 0, more_in)) if more_in else x
        out = functional.conv2d(x, weight, bias, self.stride, self.padding)
        return out[:, : self.out_channels] if more_out else out


def apply_batched(net: nn.Module, *batches: Tensor) -> tuple[Tensor, ...]:
    """net(x) of each batch (N, C, H, W), for a network that treats the images of a batch independently.

    On a GPU, which small batches do not fill, batches of one image size go through in a single pass.
    """
    if len(batches) < 2 or not batches[0].is_cuda or len({x.shape[1:] for x in batches}) > 1:
        return tuple(net(x) for x in batches)
    outputs: tuple[Tensor, ...] = net(torch.cat(batches)).split([len(x) for x in batches])
    return outputs


def to_device(net: nn.Module, device: str) -> nn.Module:
    """Move a network to its device; on a GPU its weights become channels-last, which tensor cores need."""
    layout = torch.channels_last if device == "cuda" else torch.preserve_format
    return net.to(device, memory_format=layout)  # type: ignore[call-overload, no-any-return]


def upsample(channels_in: int, channels_out: int, how: str, kernel: int = 3) -> list[nn.Module]:
    """Layers that double the size, with one convolution: (N, channels_in, H, W) -> (N, channels_out, 2H, 2W).

    `transposed` as in the reference, where an even kernel overlaps evenly; or `bilinear` with reflection padding and
    a convolution, which leaves no checkerboard (Odena et al. 2016). ValueError for another `how`.
    """
    before, after = (kernel - 1) // 2, kernel // 2
    if how == "transposed":
        odd = kernel % 2
        return [nn.ConvTranspose2d(channels_in, channels_out, kernel, stride=2, padding=before, output_padding=odd)]
    if how == "bilinear":
        return [
            nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
            nn.ReflectionPad2d((before, after, before, after)),
            nn.Conv2d(channels_in, channels_out, kernel),
        ]
    raise ValueError(f"upsampling '{how}' is unknown; choose transposed or bilinear")


def count_parameters(module: nn.Module) -> int:
    """Number of trainable parameters."""
    return sum(p.numel() for p in module.parameters())


def output_size(n: int, kernel: int, stride: int = 1, padding: str | int = "valid") -> int:
    """Side of a convolution's output: floor((n + p - kernel) / stride) + 1 for p zeros in all; 0 if it does not fit.

    `padding` is the zeros on each side, or "valid" (none), "same" (kernel - 1 in all) or "full" (2 kernel - 2).
    """
    if isinstance(padding, int):
        zeros = 2 * padding
    else:
        zeros = {"valid": 0, "same": kernel - 1, "full": 2 * kernel - 2}[padding]
    return max(0, (n + zeros - kernel) // stride + 1)

"""Normalisation layers."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import distributed


class BatchNorm(nn.BatchNorm2d):
    """Batch normalisation (Ioffe and Szegedy 2015) over the batch of all ranks: (N, C, H, W) -> same."""

    def forward(self, x: Tensor) -> Tensor:
        if distributed.world_size() == 1 or not self.training:
            return super().forward(x)

        x = x.float()
        mean = distributed.mean_over_ranks(x.mean((0, 2, 3)))
        offset = x - mean[:, None, None]
        variance = distributed.mean_over_ranks(offset.square().mean((0, 2, 3)))

        with torch.no_grad():
            count = x.numel() / len(mean) * distributed.world_size()
            self.running_mean.lerp_(mean, self.momentum)  # type: ignore[union-attr, arg-type]
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)  # type: ignore[union-attr, arg-type]
            self.num_batches_tracked.add_(1)  # type: ignore[union-attr]

        scale = self.weight * (variance + self.eps).rsqrt()
        return offset * scale[:, None, None] + self.bias[:, None, None]


class ChannelNorm(nn.Module):
    """Layer norm over the channels of each pixel (Ba et al. 2016; Liu et al. 2022): (N, C, H, W) -> same.

    The result at a pixel does not depend on the rest of the image. Fast for channels-last inputs.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        scale, shift = self.weight.to(x.dtype), self.bias.to(x.dtype)
        return functional.layer_norm(x.permute(0, 2, 3, 1), scale.shape, scale, shift).permute(0, 3, 1, 2)


class InstanceNorm(nn.InstanceNorm2d):
    """Instance normalisation (Ulyanov et al. 2016) that keeps channels-last inputs so: (N, C, H, W) -> same.

    PyTorch's own makes its input contiguous. For a single image instance norm equals batch norm, which has a
    channels-last kernel. For torch.compile the formula is written out, so that it can be fused with its neighbours.
    """

    def forward(self, x: Tensor) -> Tensor:
        if torch.compiler.is_compiling():
            variance, mean = torch.var_mean(x.float(), (2, 3), correction=0, keepdim=True)
            return ((x - mean) * (variance + self.eps).rsqrt()).to(x.dtype)

        if x.is_contiguous() or not x.is_contiguous(memory_format=torch.channels_last):
            return super().forward(x)

        images = torch.split(x, 1)
        normed = [functional.batch_norm(image, None, None, training=True, eps=self.eps) for image in images]
        return torch.cat(normed) if len(normed) > 1 else normed[0]


NORMS: dict[str, Callable[[int], nn.Module]] = {
    "batch": BatchNorm,
    "instance": InstanceNorm,
    "layer": lambda channels: nn.GroupNorm(1, channels),  # for a critic with gradient penalty (Gulrajani et al. 2017)
    "spectral": lambda channels: nn.Identity(),  # on the weights instead: `apply_spectral_norm`
    "none": lambda channels: nn.Identity(),
}


def apply_spectral_norm(net: nn.Module) -> None:
    """Divide each convolution and dense weight by its largest singular value (Miyato et al. 2018, sec. 2.1)."""
    for module in list(net.modules()):
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.utils.parametrizations.spectral_norm(module)

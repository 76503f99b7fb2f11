"""Normalisation layers."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

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
        return instance_norm(x, self.eps)


def instance_norm(x: Tensor, eps: float) -> Tensor:
    """(x - mean) / sqrt(variance + eps) with the statistics of each image and channel: (N, C, H, W) -> same."""
    if torch.compiler.is_compiling():
        variance, mean = torch.var_mean(x.float(), (2, 3), correction=0, keepdim=True)
        return ((x - mean) * (variance + eps).rsqrt()).to(x.dtype)

    if x.is_contiguous() or not x.is_contiguous(memory_format=torch.channels_last):
        return functional.instance_norm(x, eps=eps)

    images = torch.split(x, 1)
    normed = [functional.batch_norm(image, None, None, training=True, eps=eps) for image in images]
    return torch.cat(normed) if len(normed) > 1 else normed[0]


class FrozenNorm(nn.Module):
    """What instance norm computes with given statistics, (x - mean) / sqrt(variance + eps): (N, C, H, W) -> same.

    `mean` and `variance` are (C,). They stay out of the state dict, which remains that of the network with instance
    norm, with its `weight` and `bias` where it has them. The result at a pixel does not depend on the rest of the
    image.
    """

    mean: Tensor
    variance: Tensor

    def __init__(
        self,
        mean: Tensor,
        variance: Tensor,
        eps: float = 1e-5,
        weight: nn.Parameter | None = None,  # scale of each channel
        bias: nn.Parameter | None = None,  # shift of each channel
    ) -> None:
        super().__init__()
        self.eps, self.weight, self.bias = eps, weight, bias
        self.register_buffer("mean", mean.detach().float().clone(), persistent=False)
        self.register_buffer("variance", variance.detach().float().clone(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return functional.batch_norm(x, self.mean, self.variance, self.weight, self.bias, training=False, eps=self.eps)


class TileNorm(InstanceNorm):
    """Instance norm with the statistics of each tile, for networks that are to be tiled nevertheless.

    It leaves seams and colours that jump; it is here to be compared with.
    """

    def trace_field(self, features: Any, through: Any) -> Any:
        """The receptive field without the statistics of the tile, which make it wrong."""
        return features


class Renorm(nn.Module):
    """Instance norm whose running statistics take over (batch renormalisation, Ioffe 2017): (N, C, H, W) -> same.

    In training, with the statistics mu_i and sigma_i of an image and the running mu and sigma,

        y = (x - mu_i) / sigma_i * r + d,    r = sigma_i / sigma within [1 / r_max, r_max],
                                             d = (mu_i - mu) / sigma within [-d_max, d_max],

    without gradient through r and d. `set_share` moves the limits: at first r = 1 and d = 0, which is instance norm;
    without limits y = (x - mu) / sigma. In evaluation it is always that, so that the result at a pixel does not depend
    on the rest of the image. arXiv 1702.03275, Eq. (4) to (6).

    The running statistics are means over images of their means and variances, with the weight `MOMENTUM` for the
    newest. They change in `update_statistics`, by the images that went through within `tracking`.
    """

    MOMENTUM = 0.01
    running_mean: Tensor
    running_var: Tensor
    updates: Tensor
    r_max: Tensor
    d_max: Tensor
    sums: Tensor

    def __init__(self, channels: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps, self.is_tracking = eps, False
        self.limits = 1.0, 0.0  # what r_max and d_max hold
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))
        self.register_buffer("updates", torch.zeros(()))
        self.register_buffer("r_max", torch.ones(()), persistent=False)  # follows from the share of the run
        self.register_buffer("d_max", torch.zeros(()), persistent=False)
        self.register_buffer("sums", torch.zeros(3, channels), persistent=False)  # images, means, variances

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return functional.batch_norm(x, self.running_mean, self.running_var, training=False, eps=self.eps)

        with torch.no_grad():
            variance, mean = torch.var_mean(x.float(), (2, 3), correction=0, keepdim=True)
            if self.is_tracking:
                count = torch.full_like(self.running_mean, len(x))
                self.sums += torch.stack([count, mean.sum((0, 2, 3)), variance.sum((0, 2, 3))])

            sigma = (self.running_var[:, None, None] + self.eps).sqrt()
            r = (variance + self.eps).sqrt() / sigma
            d = (mean - self.running_mean[:, None, None]) / sigma
            r = torch.minimum(torch.maximum(r, 1 / self.r_max), self.r_max)
            d = torch.minimum(torch.maximum(d, -self.d_max), self.d_max)
        return (instance_norm(x, self.eps) * r + d).to(x.dtype)

    def set_share(self, share: float) -> None:
        """Move the limits of r and d to where they are after `share` of the training."""
        limits = renorm_limits(share)
        if limits != self.limits:
            self.limits = limits
            self.r_max.fill_(limits[0])
            self.d_max.fill_(limits[1])

    def update(self) -> None:
        """Move the running statistics towards those tracked since the last update; NaN moves nothing."""
        count, *sums = self.sums
        mean, variance = (total / count for total in sums)
        is_finite = mean.isfinite().all() & variance.isfinite().all()

        self.updates += is_finite
        weight = (1 / self.updates.clamp(min=1)).clamp(min=self.MOMENTUM) * is_finite
        self.running_mean.lerp_(mean.nan_to_num(0, 0, 0), weight)
        self.running_var.lerp_(variance.nan_to_num(0, 0, 0), weight)
        self.sums.zero_()


RENORM_START, RENORM_FREE = 0.7, 0.85  # shares of the training at which the limits open, and at which they vanish
RENORM_R, RENORM_D = 3.0, 5.0  # the widest limits (Ioffe 2017, sec. 4.2)


def renorm_limits(share: float) -> tuple[float, float]:
    """r_max and d_max after `share` of the training: 1 and 0, growing to 3 and 5, then none."""
    if share >= RENORM_FREE:
        return math.inf, math.inf
    opened = max(0.0, share - RENORM_START) / (RENORM_FREE - RENORM_START)
    return 1 + (RENORM_R - 1) * opened, RENORM_D * opened


def renorm_layers(*nets: nn.Module) -> list[Renorm]:
    """The `Renorm` layers of networks; none in most."""
    return [layer for net in nets for layer in net.modules() if isinstance(layer, Renorm)]


@torch.no_grad()
def update_statistics(layers: Sequence[Renorm]) -> None:
    """Update the running statistics of all layers, on several ranks by the images of all of them."""
    distributed.average_over_ranks_([layer.sums for layer in layers])
    for layer in layers:
        layer.update()


@contextmanager
def tracking(net: nn.Module) -> Iterator[None]:
    """Within it, images that go through `net` count for the running statistics of its `Renorm` layers.

    Passes of a recomputing backward lie outside of it, and so count nothing twice.
    """
    layers = renorm_layers(net)
    for layer in layers:
        layer.is_tracking = True
    try:
        yield
    finally:
        for layer in layers:
            layer.is_tracking = False


@contextmanager
def running_statistics(*nets: nn.Module) -> Iterator[None]:
    """Within it, the `Renorm` layers of networks use their running statistics, as in evaluation."""
    layers = renorm_layers(*nets)
    before = [layer.training for layer in layers]
    for layer in layers:
        layer.eval()
    try:
        yield
    finally:
        for layer, training in zip(layers, before, strict=True):
            layer.train(training)


NORMS: dict[str, Callable[[int], nn.Module]] = {
    "batch": BatchNorm,
    "instance": InstanceNorm,
    "renorm": Renorm,
    "layer": lambda channels: nn.GroupNorm(1, channels),  # for a critic with gradient penalty (Gulrajani et al. 2017)
    "spectral": lambda channels: nn.Identity(),  # on the weights instead: `apply_spectral_norm`
    "none": lambda channels: nn.Identity(),
}


def apply_spectral_norm(net: nn.Module) -> None:
    """Divide each convolution and dense weight by its largest singular value (Miyato et al. 2018, sec. 2.1)."""
    for module in list(net.modules()):
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.utils.parametrizations.spectral_norm(module)

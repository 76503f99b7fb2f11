"""Many small trainings at once: perceptrons for points in which every layer holds one weight matrix per training.

Rows are ordered by training: of S * N rows the first N belong to the first. The trainings share only the steps: losses
are means over all rows, so each training has 1 / S of its own gradient, which the step of Adam is invariant to.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from viceversa.worlds.gaussians import GaussianMixture


class Layer(nn.Module):
    """(S, N, before) -> (S, N, after): one dense layer per training, initialised after He et al. (2015)."""

    left: Tensor

    def __init__(self, copies: int, before: int, after: int, slope: float = 0.2, spectral: bool = False) -> None:
        super().__init__()
        gain = (2 / (1 + slope**2)) ** 0.5
        self.weight = nn.Parameter(torch.randn(copies, before, after) * gain / before**0.5)
        self.bias = nn.Parameter(torch.zeros(copies, 1, after))
        self.spectral = spectral
        self.register_buffer("left", torch.randn(copies, 1, before))

    def forward(self, x: Tensor) -> Tensor:
        return torch.baddbmm(self.bias, x, self.normalised() if self.spectral else self.weight)

    def normalised(self) -> Tensor:
        """The weight divided by its largest singular value, by one power iteration per call (Miyato et al. 2018)."""
        with torch.no_grad():
            right = nn.functional.normalize(self.left @ self.weight, dim=2)
            left = nn.functional.normalize(right @ self.weight.mT, dim=2)
            self.left.copy_(left)
        return self.weight / (left @ self.weight @ right.mT)


class Net(nn.Module):
    """Perceptrons of three hidden layers: (S * N, inputs) -> (S * N, outputs).

    `signs` or `wave` add features of the inputs as in networks/points.py; `kernels` are of minibatch discrimination.
    """

    def __init__(
        self,
        copies: int,
        inputs: int,
        outputs: int,
        width: int,
        *,
        signs: bool = False,
        wave: float = 0.0,
        kernels: int = 0,
        spectral: bool = False,
    ) -> None:
        super().__init__()
        self.copies, self.signs, self.wave = copies, signs, wave
        sizes = [inputs * (1 + signs + 2 * bool(wave)), width, width, width]
        self.layers = nn.ModuleList(Layer(copies, a, b, spectral=spectral) for a, b in pairwise(sizes))
        self.last = Layer(copies, width + kernels, outputs, 1.0, spectral)
        self.projection = nn.Parameter(torch.randn(copies, width, kernels * 5) * width**-0.5) if kernels else None

    def forward(self, rows: Tensor) -> Tensor:
        x = rows.reshape(self.copies, -1, rows.shape[1])
        if self.signs:
            x = torch.cat([x, x.sign()], 2)
        if self.wave:
            x = torch.cat([x, (self.wave * x).sin(), (self.wave * x).cos()], 2)
        for layer in self.layers:
            x = nn.functional.leaky_relu(layer(x), 0.2)
        if self.projection is not None:
            x = torch.cat([x, self.closeness(x)], 2)
        out: Tensor = self.last(x)
        return out.reshape(-1, out.shape[2])

    def closeness(self, x: Tensor) -> Tensor:
        """Minibatch discrimination within each training (Salimans et al. 2016, sec. 3.2): (S, N, kernels)."""
        assert self.projection is not None
        m = (x @ self.projection).reshape(*x.shape[:2], -1, 5).permute(0, 2, 1, 3)
        return (torch.exp(-torch.cdist(m, m, p=1)).sum(3) - 1).mT


class Batches:
    """Batches of new points: for each training N from its own mixture and seed, times its scale."""

    def __init__(self, mixtures: Sequence[tuple[GaussianMixture, float]], seeds: Sequence[int], batch: int) -> None:
        self.mixtures, self.seeds, self.points = mixtures, seeds, batch
        self.batch_size = batch * len(seeds)

    def batch(self, step: int) -> tuple[Tensor, ...]:
        points = [
            mixture.sample(self.points, np.random.default_rng((seed, step))) * np.float32(scale)
            for (mixture, scale), seed in zip(self.mixtures, self.seeds, strict=True)
        ]
        return (torch.from_numpy(np.concatenate(points)),)

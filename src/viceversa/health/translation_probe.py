"""Health check of a translator on fixed images."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from ..methods.protocol import SIDES, Direction, Method
from ..metrics.edges import edge_signature, retrieval_rate
from ..metrics.patches import checkerboard, downsampled, sliced_wasserstein
from ..networks.translation import TranslationModule
from .probe import Snapshot, still
from .target_distance import FEWEST, TargetDistance

PICTURES = 16  # per direction
NOISE = 4 / 255  # deviation of what is added to a translation before the cycle is closed: two of 255 grey levels
SHEET_ROWS = 4


class TranslationProbe:
    """Images a and b (N, C, H, W) in [-1, 1], not paired, through the generators of every direction.

    `references` are further real images of A and B; with enough of them, translations are placed between the domains.
    """

    def __init__(
        self,
        a: Tensor,
        b: Tensor,
        directions: Sequence[Direction],
        *,
        references: tuple[Tensor, Tensor] | None = None,
        seed: int = 0,
    ) -> None:
        images = {"A": a, "B": b}
        self.directions = tuple(directions)
        self.images = {d.key: (images[d.source], images[d.target]) for d in directions}
        self.rng = torch.Generator().manual_seed(seed)
        self.baselines = {key: self.baseline(x, y) for key, (x, y) in self.images.items()}
        self.targets: dict[str, TargetDistance] = {}  # by direction
        if references and min(map(len, references)) >= FEWEST:
            real = dict(zip(SIDES, references, strict=True))
            for d in directions:
                source = with_channels(real[d.source], real[d.target].shape[1])
                self.targets[d.key] = TargetDistance(source, real[d.target])

    def baseline(self, x: Tensor, y: Tensor) -> dict[str, float]:
        """Properties of the images alone: spread and texture of the targets, distance of untranslated inputs."""
        half = len(y) // 2
        near = with_channels(x, y.shape[1])
        return {
            "spread": pairwise(y),
            "apart": float((near[:, None] - y).abs().mean()),
            "checkerboard": checkerboard(y.numpy()),
            "distance_floor": texture(y[:half], y[half:]),
            "distance_source": texture(near, y),
        }

    def measure(self, method: Method) -> Snapshot:
        """Signals of every direction, under names that end with its key, and a sheet of inputs and outputs."""
        nets = method.nets
        signals: dict[str, Any] = {}
        sheet = []
        with still(*nets.values()):
            for d in self.directions:
                forth, back = TranslationModule(nets[d.network]), TranslationModule(nets[d.back]) if d.back else None
                own, columns = self.direction(d.key, forth, back)
                signals |= {f"{name}_{d.key}": value for name, value in own.items()}
                sheet += columns
        return Snapshot(signals, sheet=sheet)

    def reference(self) -> dict[str, NDArray[Any]]:
        return {}

    def direction(self, key: str, forth: nn.Module, back: nn.Module | None) -> tuple[dict[str, float], list[Tensor]]:
        """Signals of one direction, and columns of inputs, translations and cycles."""
        device = next(forth.parameters()).device
        (x, y), known = self.images[key], self.baselines[key]
        fake = forth(x.to(device))
        made = fake.cpu()

        signals = {
            "diversity": pairwise(made) / max(known["spread"], 1e-6),
            "retrieval": retrieval(x, made),
            "luminance": float(np.median(correlations(grey(x), grey(made)))),
            "checkerboard": checkerboard(made.numpy()) / max(known["checkerboard"], 0.05),
            "distance": texture(made, y),
            "distance_floor": known["distance_floor"],
            "distance_source": known["distance_source"],
        }
        if made.shape == x.shape:
            change = (made - x).abs() / max(known["apart"], 1e-6)
            signals |= {"change": float(change.mean()), "most_change": largest_regional_change(change)}

        if key in self.targets:
            signals |= self.targets[key].measure(with_channels(x, y.shape[1]), made.float())

        columns = [x[:SHEET_ROWS], made[:SHEET_ROWS]]
        if back is not None:
            noise = torch.randn(made.shape, generator=self.rng.manual_seed(0)).to(device) * NOISE
            clean, noisy = back(fake).cpu(), back(fake + noise).cpu()
            signals["cycle"] = float((clean - x).abs().mean())
            signals["gain"] = float((noisy - clean).abs().mean() / noise.abs().mean().cpu())
            signals["noisy_cycle"] = float((noisy - x).abs().mean())
            columns.append(clean[:SHEET_ROWS])
        return signals, columns


def with_channels(x: Tensor, channels: int) -> Tensor:
    """Images with that many channels: their mean where they have another number."""
    return x if x.shape[1] == channels else x.mean(1, keepdim=True).expand(-1, channels, -1, -1)


def largest_regional_change(change: Tensor) -> float:
    """Change of the region that changes most, an eighth of the side wide and high; mean over the images."""
    regions = adaptive_avg_pool2d(change.mean(1, keepdim=True), 8)
    return float(regions.flatten(1).max(1).values.mean())


def grey(x: Tensor) -> NDArray[np.float64]:
    """Luminance of small copies, flat: (N, pixels)."""
    return downsampled(x).mean(1).flatten(1).numpy().astype(np.float64)


def correlations(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pearson's correlation of each row with its partner; 0 for a flat row."""
    a, b = (v - v.mean(1, keepdims=True) for v in (a, b))
    norm = np.sqrt((a**2).sum(1) * (b**2).sum(1))
    correlation: NDArray[np.float64] = (a * b).sum(1) / np.maximum(norm, 1e-12)
    return correlation


def retrieval(x: Tensor, made: Tensor) -> float:
    """Share of translations whose edges point back to their own input among all: 1 / N by chance."""
    return retrieval_rate(edge_signature(made), edge_signature(x))


def pairwise(x: Tensor) -> float:
    """Mean L1 distance per value of two images of a set."""
    flat = downsampled(x).flatten(1)
    return float(torch.pdist(flat, 1).mean() / flat.shape[1])


def texture(a: Tensor, b: Tensor) -> float:
    """Sliced Wasserstein distance of 7x7 patches, with few of them."""
    return sliced_wasserstein(a.numpy(), b.numpy(), per_image=48, directions=48)

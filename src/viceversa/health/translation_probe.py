"""A look at both directions of a translator, always on the same pictures; it changes nothing."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from ..metrics.edges import edges, led_back
from ..metrics.patches import checkerboard, sliced_wasserstein, small
from .probe import Snapshot, still

PICTURES = 16  # per direction
NOISE = 4 / 255  # deviation of what is added to a translation before the way back: two of 255 grey levels
SHOWN = 4  # rows of the sheet
WAYS = {"ab": ("G", "F"), "ba": ("F", "G")}  # direction: network there, network back


class TranslationProbe:
    """Pictures a and b (N, C, H, W) in [-1, 1], not paired; `there` maps a direction to (network there, back)."""

    def __init__(self, a: Tensor, b: Tensor, *, seed: int = 0) -> None:
        self.pictures = {"ab": (a, b), "ba": (b, a)}
        self.dice = torch.Generator().manual_seed(seed)
        self.truth = {way: self.known(x, y) for way, (x, y) in self.pictures.items()}

    def known(self, x: Tensor, y: Tensor) -> dict[str, float]:
        """What the pictures alone say: spread of the targets, their texture, how far doing nothing is from them."""
        half = len(y) // 2
        near = x if x.shape[1] == y.shape[1] else x.mean(1, keepdim=True).expand(-1, y.shape[1], -1, -1)
        return {
            "spread": pairwise(y),
            "apart": float((near[:, None] - y).abs().mean()),
            "checkerboard": checkerboard(y.numpy()),
            "distance_floor": texture(y[:half], y[half:]),
            "distance_source": texture(near, y),
        }

    def __call__(self, method: Any) -> Snapshot:
        nets = method.nets
        signals: dict[str, Any] = {}
        sheet = []
        ways = [way for way, (there, back) in WAYS.items() if there in nets]
        with still(*nets.values()):
            for way in ways:
                found, columns = self.look(way, nets[WAYS[way][0]], nets[WAYS[way][1]] if "F" in nets else None)
                signals |= {f"{name}_{way}": value for name, value in found.items()}
                sheet += columns
        return Snapshot(signals, np.zeros((0, 0), np.float32), sheet)

    def look(self, way: str, there: nn.Module, back: nn.Module | None) -> tuple[dict[str, float], list[Tensor]]:
        """Signals of one direction, and columns input, translation, way back."""
        device = next(there.parameters()).device
        x, y, known = *self.pictures[way], self.truth[way]
        fake = there(x.to(device)).clamp(-1, 1)
        made = fake.cpu()
        found = {
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
            found |= {"change": float(change.mean()), "most_change": most(change)}
        columns = [x[:SHOWN], made[:SHOWN]]
        if back is not None:
            noise = torch.randn(made.shape, generator=self.dice.manual_seed(0)).to(device) * NOISE
            clean, noisy = back(fake).clamp(-1, 1).cpu(), back(fake + noise).clamp(-1, 1).cpu()
            found["cycle"] = float((clean - x).abs().mean())
            found["gain"] = float((noisy - clean).abs().mean() / noise.abs().mean().cpu())
            found["noisy_cycle"] = float((noisy - x).abs().mean())
            columns.append(clean[:SHOWN])
        return found, columns


def most(change: Tensor) -> float:
    """The change of the place that changes most, an eighth of the side wide and high, mean over the pictures."""
    places = adaptive_avg_pool2d(change.mean(1, keepdim=True), 8)
    return float(places.flatten(1).max(1).values.mean())


def grey(x: Tensor) -> NDArray[np.float64]:
    """Luminance of small copies, flat: (N, pixels)."""
    return small(x).mean(1).flatten(1).numpy().astype(np.float64)


def correlations(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pearson's correlation of each row with its partner; 0 for a flat row."""
    a, b = (v - v.mean(1, keepdims=True) for v in (a, b))
    norm = np.sqrt((a**2).sum(1) * (b**2).sum(1))
    found: NDArray[np.float64] = (a * b).sum(1) / np.maximum(norm, 1e-12)
    return found


def retrieval(x: Tensor, made: Tensor) -> float:
    """Share of translations whose edges point back to their own input among all: 1 / N by chance."""
    return led_back(edges(made), edges(x))


def pairwise(x: Tensor) -> float:
    """Mean distance of two pictures of a set, L1 per number."""
    flat = small(x).flatten(1)
    return float(torch.pdist(flat, 1).mean() / flat.shape[1])


def texture(a: Tensor, b: Tensor) -> float:
    """Sliced Wasserstein distance of 7x7 patches, with few of them."""
    return sliced_wasserstein(a.numpy(), b.numpy(), per_image=48, directions=48)

"""Health check of a generator that starts from noise."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..methods.protocol import Method
from ..metrics.clusters import different_bins, k_means, lost_share, nearest_centres, shares
from ..metrics.coverage import coverage, mean_distance, precision
from ..metrics.frechet import frechet
from .principal_components import PrincipalComponents
from .probe import Snapshot, still

FAKES = 256  # samples of a noise probe
CLUSTERS = 20  # of real images, fewer where there are few
PER_CLUSTER = 20  # real images that a cluster needs on average


class NoiseProbe:
    """Compares samples from fixed noise with real images (N, C, H, W) in [-1, 1], by features of the images alone.

    `held`: real images that training does not see, to notice a discriminator that memorises. The real images are
    split: one part is the reference, the other gives what a perfect generator would score (`*_floor`).
    """

    def __init__(self, real: Tensor, latent: int, *, held: Tensor | None = None, seed: int = 0) -> None:
        rng = torch.Generator().manual_seed(seed)
        self.real, self.held = real, held
        self.z = torch.randn(FAKES, latent, generator=rng)
        self.space = PrincipalComponents(real)
        order = np.random.default_rng(seed).permutation(len(real))
        mapped = self.space.project(real)[order]
        self.other, self.real_features = np.split(mapped, [min(FAKES, len(mapped) // 3)])
        self.centres = k_means(self.real_features, max(2, min(CLUSTERS, len(self.real_features) // PER_CLUSTER)), seed)
        self.kinds = nearest_centres(self.real_features, self.centres)
        self.truth = self.compare(self.other)

    def compare(self, features: NDArray[np.float32]) -> dict[str, Any]:
        """Signals of samples (n, d) against the reference."""
        count, real = len(self.centres), shares(self.kinds, len(self.centres))
        made = shares(nearest_centres(features, self.centres), count)
        return {
            "diversity": mean_distance(features) / mean_distance(self.real_features),
            "coverage": coverage(features, self.real_features),
            "precision": precision(features, self.real_features),
            "lost": lost_share(made, real),
            "ndb": different_bins(made, real, len(features), len(self.kinds)),
            "distance": frechet(features, self.real_features),
            "shares": [round(float(s), 4) for s in made],
        }

    def measure(self, method: Method) -> Snapshot:
        """Compare samples from the fixed noise with the reference."""
        G, D = method.nets.values()
        device = next(G.parameters()).device
        with still(G, D):
            fake = G(self.z.to(device)).clamp(-1, 1)
            packing = getattr(getattr(method, "view", None), "packing", 1)
            signals = {} if self.held is None else {"gap": self.gap(D, fake, packing)}
        features = self.space.project(fake.cpu())
        own = self.compare(features)
        floors = {f"{key}_floor": self.truth[key] for key in ("coverage", "distance", "lost", "ndb")}
        some = self.real[:: max(1, len(self.real) // 32)]
        shown = [x[i : i + 8].cpu() for x in (some, fake) for i in range(0, 32, 8)]
        return Snapshot(signals | own | floors, features, shown)

    def reference(self) -> dict[str, NDArray[Any]]:
        return {"real": self.real_features, "kinds": self.kinds}

    def gap(self, D: nn.Module, fake: Tensor, packing: int) -> float:
        """D's mean score of held-out images, scaled: 0 like training images, 1 like generated ones (ADA's r_v)."""
        assert self.held is not None

        def mean(x: Tensor) -> float:
            packs = len(x) // packing
            shape = (packs, packing * x.shape[1], *x.shape[2:])
            return float(D(x[: packs * packing].to(fake.device).reshape(shape)).mean())

        step = max(1, len(self.real) // len(self.held))
        known, new, made = mean(self.real[::step]), mean(self.held), mean(fake)
        return (known - new) / (known - made) if known > made else 0.0

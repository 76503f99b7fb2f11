"""Which modes of a known Gaussian mixture a generator makes, by the protocol of VEEGAN and PacGAN."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .features import distances

NEAR = 3.0  # standard deviations within which a sample is of high quality


@dataclass(frozen=True)
class Modes:
    """`covered`: modes with at least one sample of high quality; `held`: modes with at least 1 % of all samples."""

    covered: int
    held: int
    quality: float  # share of samples of high quality
    kl: float  # divergence of the histogram over modes from the uniform one, nats


def modes(samples: NDArray[np.floating], centres: NDArray[np.float64], deviation: float) -> Modes:
    """Samples (N, 2) against centres (K, 2) of equal Gaussians (Srivastava et al. 2017, sec. 4.1; Lin et al. 2018).

    A perfect sampler has a quality of 1 - exp(-4.5) = 98.89 % and a KL of about (K - 1) / 2N; a single mode log K.
    """
    distance = distances(samples, centres)
    mode, good = distance.argmin(1), distance.min(1) < NEAR * deviation
    counts = np.bincount(mode[good], minlength=len(centres))
    shares = np.bincount(mode, minlength=len(centres)) / len(samples)
    return Modes(
        covered=int((counts > 0).sum()),
        held=int((counts >= 0.01 * len(samples)).sum()),
        quality=float(good.mean()),
        kl=kl_to_uniform(shares),
    )


def kl_to_uniform(shares: NDArray[np.float64]) -> float:
    """KL divergence of a histogram (K,) from the uniform one, in nats; log K for a single mode."""
    used = shares[shares > 0]
    return float((used * np.log(used * len(shares))).sum())

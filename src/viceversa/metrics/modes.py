"""Which modes of a known mixture a generator makes: the protocol of VEEGAN and PacGAN."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .features import distances

NEAR = 3.0  # standard deviations within which a sample is of high quality


@dataclass(frozen=True)
class Modes:
    """`covered`: modes with at least one sample of high quality; `held`: with at least 1 % of all samples."""

    covered: int
    held: int
    quality: float  # share of samples of high quality
    kl: float  # of the histogram over modes to the uniform one, nats


def modes(samples: NDArray[np.floating], centres: NDArray[np.float64], deviation: float) -> Modes:
    """Samples (N, 2) against centres (K, 2) of equal Gaussians (Srivastava et al. 2017, sec. 4.1; Lin et al. 2018).

    A perfect sampler has 98.89 % of high quality, 1 - exp(-4.5), and a KL of about (K - 1) / 2N; one mode log K.
    """
    apart = distances(samples, centres)
    kind, good = apart.argmin(1), apart.min(1) < NEAR * deviation
    counts = np.bincount(kind[good], minlength=len(centres))
    shares = np.bincount(kind, minlength=len(centres)) / len(samples)
    return Modes(
        covered=int((counts > 0).sum()),
        held=int((counts >= 0.01 * len(samples)).sum()),
        quality=float(good.mean()),
        kl=kl_to_uniform(shares),
    )


def kl_to_uniform(shares: NDArray[np.float64]) -> float:
    """KL of a histogram to the uniform one, nats; log K for a single mode."""
    used = shares[shares > 0]
    return float((used * np.log(used * len(shares))).sum())

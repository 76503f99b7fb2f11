"""Distances between a set of generated images and a set of real ones, by their features."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from ..metrics.coverage import prdc
from ..metrics.features import subsample
from ..metrics.frechet import frechet
from ..metrics.kid import kid
from .extractors import FeatureNet, Features

NEIGHBOURS = 5  # k of precision, recall, density and coverage (Naeem et al. 2020)
NEIGHBOUR_IMAGES = 5000  # images of a set that precision, recall, density and coverage are computed from, at most


@dataclass(frozen=True, kw_only=True)
class Scores:
    """One row: a set against the reference. None where there are too few images for a number."""

    count: int
    reference: int  # real images compared with
    frechet: float
    kid: float  # x 1000, as all three
    kid_low: float
    kid_high: float
    precision: float | None
    recall: float | None
    density: float | None
    coverage: float | None

    def as_dict(self) -> dict[str, float | int | None]:
        return asdict(self)


def score(fake: Features, real: Features, seed: int = 0) -> Scores:
    """Scores of generated (N, d) against real (M, d) features, at least two of each; `seed` of the bootstrap."""
    distance = kid(fake, real, seed)
    near = None
    if min(len(fake), len(real)) > NEIGHBOURS:
        near = prdc(subsample(fake, NEIGHBOUR_IMAGES), subsample(real, NEIGHBOUR_IMAGES), NEIGHBOURS)
    return Scores(
        count=len(fake),
        reference=len(real),
        frechet=frechet(fake, real),
        kid=1000 * distance.value,
        kid_low=1000 * distance.low,
        kid_high=1000 * distance.high,
        precision=near.precision if near else None,
        recall=near.recall if near else None,
        density=near.density if near else None,
        coverage=near.coverage if near else None,
    )


def warnings(rows: Sequence[Scores], extractor: FeatureNet) -> list[str]:
    """Notes on what small or unequal numbers of images mean for these rows."""
    notes = []
    fewest = min(min(row.count, row.reference) for row in rows)
    if fewest < extractor.min_images:
        notes.append(
            f"{fewest} pictures for {extractor.dimensions} features: the Fréchet distance is biased upwards (it needs "
            f"{extractor.min_images}); compare it only at equal counts and with its floor, or use the unbiased KID"
        )

    counts = {row.count for row in rows}
    if len(counts) > 1:
        notes.append(f"the rows hold {min(counts)} to {max(counts)} pictures, so their Fréchet biases differ")
    return notes

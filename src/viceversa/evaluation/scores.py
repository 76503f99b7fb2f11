"""How near a set of pictures is to a set of real ones, by their features."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from ..metrics.coverage import prdc
from ..metrics.features import subsample
from ..metrics.frechet import frechet
from ..metrics.kid import kid
from .extractors import FeatureNet, Features

NEIGHBOURS = 5  # k of precision, recall, density and coverage (Naeem et al. 2020)
MOST = 5000  # pictures whose neighbours are looked for


@dataclass(frozen=True, kw_only=True)
class Scores:
    """One row: a set against the reference. None where there are too few pictures to tell."""

    count: int
    reference: int  # real pictures compared with
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


def score(made: Features, real: Features, seed: int = 0) -> Scores:
    """Made (N, d) against real (M, d); two pictures of each at least."""
    found = kid(made, real, seed)
    near = None
    if min(len(made), len(real)) > NEIGHBOURS:
        near = prdc(subsample(made, MOST), subsample(real, MOST), NEIGHBOURS)
    return Scores(
        count=len(made),
        reference=len(real),
        frechet=frechet(made, real),
        kid=1000 * found.value,
        kid_low=1000 * found.low,
        kid_high=1000 * found.high,
        precision=near.precision if near else None,
        recall=near.recall if near else None,
        density=near.density if near else None,
        coverage=near.coverage if near else None,
    )


def warnings(rows: Sequence[Scores], extractor: FeatureNet) -> list[str]:
    """What small numbers of pictures mean for these rows."""
    told = []
    least = min(min(row.count, row.reference) for row in rows)
    if least < extractor.enough:
        told.append(
            f"{least} pictures for {extractor.dimensions} features: the Fréchet distance is biased upwards (it wants "
            f"{extractor.enough}); compare it only at equal counts and with its floor, or read KID, which is unbiased"
        )
    counts = {row.count for row in rows}
    if len(counts) > 1:
        told.append(f"the rows hold {min(counts)} to {max(counts)} pictures, so their Fréchet biases differ")
    return told

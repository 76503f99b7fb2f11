"""Otsu's threshold: the number that best separates two kinds of values."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 256  # of the histogram


def otsu(values: NDArray[Any], span: tuple[float, float] | None = None) -> float:
    """The threshold that separates two classes with the largest variance between them (Otsu 1979); 0 without values.

    The middle of all thresholds that are equally good. `span` are the ends of the histogram, by default those of the
    values.
    """
    if not values.size:
        return 0.0
    counts, edges = np.histogram(values, BINS, span)
    middles = (edges[:-1] + edges[1:]) / 2
    below, above = np.cumsum(counts)[:-1], np.cumsum(counts[::-1])[::-1][1:]
    sum_below, sum_above = np.cumsum(counts * middles)[:-1], np.cumsum((counts * middles)[::-1])[::-1][1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sum_below / below - sum_above / above) ** 2
    between = np.nan_to_num(between)
    best = np.flatnonzero(between >= between.max() * (1 - 1e-12))
    return float(edges[1:-1][best].mean())

"""Wasserstein distances on the line, where they are known."""

import math

import numpy as np
from numpy.typing import NDArray


def distance_1d(x: NDArray[np.floating], y: NDArray[np.floating]) -> float:
    """W1 of two samples, the integral of |F_x - F_y|; sizes may differ. Same unit as x."""
    x, y = np.sort(x, axis=None), np.sort(y, axis=None)
    places = np.sort(np.concatenate([x, y]))
    below = [np.searchsorted(side, places[:-1], side="right") / len(side) for side in (x, y)]
    return float(np.sum(np.abs(below[0] - below[1]) * np.diff(places)))


def gaussian_distance(mean_x: float, std_x: float, mean_y: float, std_y: float) -> float:
    """W1 of two Gaussians on the line: E |m + s Z| with m, s the differences of means and deviations, Z ~ N(0, 1).

    s sqrt(2 / pi) exp(-m^2 / 2 s^2) + m erf(m / (s sqrt 2)); |m| for equal deviations.
    """
    m, s = abs(mean_x - mean_y), abs(std_x - std_y)
    if s == 0:
        return m
    return s * math.sqrt(2 / math.pi) * math.exp(-(m**2) / (2 * s**2)) + m * math.erf(m / (s * math.sqrt(2)))

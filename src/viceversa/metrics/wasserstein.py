"""The Wasserstein distance of two Gaussians on the line."""

import math


def gaussian_distance(mean_x: float, std_x: float, mean_y: float, std_y: float) -> float:
    """W1 of N(mean_x, std_x^2) and N(mean_y, std_y^2): E |m + s Z| with Z ~ N(0, 1) and the differences m and s.

    m = |mean_x - mean_y|, s = |std_x - std_y|: s sqrt(2 / pi) exp(-m^2 / 2 s^2) + m erf(m / (s sqrt 2)); m for s = 0.
    """
    m, s = abs(mean_x - mean_y), abs(std_x - std_y)
    if s == 0:
        return m
    return s * math.sqrt(2 / math.pi) * math.exp(-(m**2) / (2 * s**2)) + m * math.erf(m / (s * math.sqrt(2)))

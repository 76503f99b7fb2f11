"""The 97.5 % quantile of Student's t distribution, for 95 % confidence intervals of means."""

QUANTILES = (  # for 1 to 30 degrees of freedom
    12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281,
    2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860,
    2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
)  # fmt: skip
NORMAL = 1.959964  # of the normal distribution


def quantile(freedom: int) -> float:
    """t_{0.975} for `freedom` degrees of freedom; above 30 by Abramowitz and Stegun 26.7.5, exact to four digits."""
    if freedom <= len(QUANTILES):
        return QUANTILES[freedom - 1]
    z = NORMAL
    terms = ((z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96, (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384)
    return z + sum((term / float(freedom**i) for i, term in enumerate(terms, 1)), 0.0)

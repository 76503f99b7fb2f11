"""What the figures of a slide mean, what is normal, and what is not: the same on the page and the command line."""

from .slides import SlideFigures

SEAMS_OFF = 0.02  # from 1: normal, or three standard errors where these are more
CLIPPED_MORE = 0.01  # share of the values that may be clipped beyond that of the source
DEVIATIONS = 2.0  # from training images, in units of their spread
PERCENTILE = 95.0  # of the training images
NUCLEI = 0.9  # least F1 of the nuclei
GLASS_LEVELS = 1.0  # mean change of blank glass, 8-bit levels


def seams_normal(figures: SlideFigures) -> bool | None:
    """Whether the steps across grid lines are no larger than beside them; none where they were not measured."""
    seams = figures.seams
    return None if seams is None else seams.ratio - 1 <= max(SEAMS_OFF, 3 * seams.error)


def clipping_normal(figures: SlideFigures) -> bool | None:
    """Whether hardly more values are clipped than in the source."""
    clipped = figures.clipped
    return None if clipped is None else clipped.result <= clipped.source + CLIPPED_MORE


def drift_normal(figures: SlideFigures) -> bool | None:
    """Whether the colours are those of the training images."""
    return None if figures.drift is None else abs(figures.drift.deviations) <= DEVIATIONS


def response_normal(figures: SlideFigures) -> bool | None:
    """Whether the way back reacts to noise as it does on training images."""
    return None if figures.percentile is None else figures.percentile <= PERCENTILE


def glass_normal(figures: SlideFigures) -> bool | None:
    """Whether blank glass stayed what it was."""
    return None if figures.glass is None else figures.glass.mean <= GLASS_LEVELS


def nuclei_normal(figures: SlideFigures) -> bool | None:
    """Whether nearly all nuclei are those of the source."""
    return None if figures.nuclei is None else figures.nuclei.f1 >= NUCLEI


def unusual(figures: SlideFigures) -> list[str]:
    """One line for each figure that is not normal."""
    lines = []
    if seams_normal(figures) is False and figures.seams:
        lines.append(f"seams: steps across the grid are {figures.seams.ratio:.3f} times those of the source")
    if clipping_normal(figures) is False and figures.clipped:
        shares = figures.clipped
        lines.append(
            f"clipped: {shares.result:.1%} of the values are at an end of the range, {shares.source:.1%} before"
        )
    if drift_normal(figures) is False and figures.drift:
        drift = figures.drift
        where = f"{abs(drift.deviations):.1f} spreads {'above' if drift.deviations > 0 else 'below'} training images"
        lines.append(f"colours: {drift.name} is {drift.value:.3g}, {where}")
    if response_normal(figures) is False and figures.response is not None:
        lines.append(
            f"invention: noise on it comes back {figures.response:.1f} times as strong, more than for "
            f"{figures.percentile:.0f} % of the training images"
        )
    if nuclei_normal(figures) is False and figures.nuclei:
        nuclei = figures.nuclei
        lines.append(f"nuclei: {nuclei.recall:.0%} of the source's are kept, {1 - nuclei.precision:.0%} are new")
    if glass_normal(figures) is False and figures.glass:
        lines.append(f"glass: blank glass changed by {figures.glass.mean:.1f} levels on average")
    return lines

"""The quality of one translated slide, measured on windows: seams, clipping, colours, invention, nuclei, glass."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import images
from ..data.tissue import is_on_glass, mask_of
from ..images import About, Picture, Window, WindowedImage, to_uint8
from ..images.arrays import Array
from ..methods.protocol import OPPOSITE, SIDES, Side
from ..metrics.features import evenly_spaced_indices
from ..metrics.noise_response import DRAWS, coarse_map, noise_response
from ..metrics.nuclei import Matches, nuclei_kept
from ..metrics.seams import SeamSums, seam_sums
from ..translation.large import LargeImage
from ..translation.translator import Translator
from .nuclei import COARSEST_MPP
from .slide_reference import SlideReference, back_from
from .slide_statistics import Drift, Statistics, drifts, is_stained, statistics_of
from .slide_windows import BLOCK, COUNT, lines_in, middle, sample_windows

RESPONSE_SIDE = 256  # pixels of the middle of a window that goes back through the network
RESPONSE_SHARE = 0.03  # of the work of translating the slide that these passes may take
LEAST_RESPONSES = 4  # windows in any case
ENDS = 1 - 1 / 255  # of [-1, 1]: values from here on are at an end of the range
HALF_RANGE = 127.5  # 8-bit levels for a difference of 1 in [-1, 1]


@dataclass(frozen=True, kw_only=True)
class MeasuredWindow:
    """A window of tissue, and how strongly the way back reacts to noise in its middle."""

    window: Window
    response: float | None = None  # none where it was not measured
    places: Array | None = None  # coarse map of it


@dataclass(frozen=True, kw_only=True)
class SeamFigure:
    """Steps across the lines of the grid over those beside them: of the result, of the source, and their ratio."""

    result: float
    source: float
    ratio: float  # 1 without seams
    error: float  # standard error of the ratio, from the windows


@dataclass(frozen=True, kw_only=True)
class ClippedShare:
    """Share of the values that lie at an end of the range."""

    result: float
    source: float


@dataclass(frozen=True, kw_only=True)
class GlassChange:
    """What became of blank glass, in 8-bit levels."""

    mean: float
    largest: float
    windows: int


@dataclass(frozen=True, kw_only=True)
class NucleiKept:
    """Nuclei found by stain density in source and result, see `metrics.nuclei`."""

    f1: float
    precision: float
    recall: float
    source: int  # nuclei
    result: int


@dataclass(frozen=True, kw_only=True)
class SlideFigures:
    """The figures of one translated slide; none where one does not apply or could not be measured."""

    size: tuple[int, int]  # height and width of the result
    mpp: tuple[float, float] | None  # micrometres per pixel, across and down
    source: str  # names of the domains
    target: str
    step: int
    tissue: float  # share of the slide
    windows: tuple[MeasuredWindow, ...]
    seams: SeamFigure | None
    clipped: ClippedShare | None
    drifts: tuple[Drift, ...]
    response: float | None  # mean noise response of the windows
    percentile: float | None  # share of the training images with a lower one, in percent
    nuclei: NucleiKept | None
    glass: GlassChange | None

    @property
    def drift(self) -> Drift | None:
        """The statistic that is farthest from the training images."""
        return max(self.drifts, key=lambda drift: abs(drift.deviations), default=None)

    def as_dict(self) -> dict[str, Any]:
        """For JSON, without the maps."""
        plain = asdict(self)
        plain["windows"] = [{"window": list(w.window), "response": w.response} for w in self.windows]
        plain["drifts"] = [drift.as_dict() for drift in self.drifts]
        return plain


class Measurement:
    """The figures of a slide, collected window by window."""

    def __init__(
        self, translator: Translator, source: LargeImage, made: LargeImage, side: Side, block: int = BLOCK
    ) -> None:
        self.translator, self.source, self.made, self.side, self.block = translator, source, made, side, block
        self.seams: list[tuple[SeamSums, SeamSums]] = []  # of result and source
        self.ends: list[tuple[int, int]] = []  # values at an end of the range: of result and source
        self.counts: list[tuple[int, int]] = []  # values in all
        self.statistics: list[Statistics] = []
        self.nuclei: list[Matches] = []
        self.nuclei_mpp: float | None = None  # micrometres per pixel; none where nuclei are not looked for
        self.windows: list[MeasuredWindow] = []

    def add(self, window: Window, probed: bool) -> None:
        """Measure a window of tissue; a `probed` one also goes back through the network."""
        before, after = self.source.picture(window), self.made.picture(window)
        rows, columns = lines_in(window, self.block)
        self.seams.append((seam_sums(after.pixels, rows, columns), seam_sums(before.pixels, rows, columns)))

        known = known_pixels(before, after)
        kept_after, kept_before = after.pixels[:, known], before.pixels[:, known]
        self.ends.append((at_ends(kept_after), at_ends(kept_before)))
        self.counts.append((kept_after.size, kept_before.size))
        statistics = statistics_of(after.pixels, self.made.values, known)
        if statistics is not None:
            self.statistics.append(statistics)
        if self.nuclei_mpp is not None:
            levels = [to_uint8(picture.pixels).transpose(1, 2, 0) for picture in (before, after)]
            self.nuclei.append(nuclei_kept(levels[0], levels[1], mpp=self.nuclei_mpp))
        self.windows.append(self.probe(window, after.pixels) if probed else MeasuredWindow(window=window))

    def probe(self, window: Window, pixels: Array) -> MeasuredWindow:
        """The noise response in the middle of a window of the result."""
        rows, columns = middle(window, RESPONSE_SIDE)
        patch = np.ascontiguousarray(images.to_channels(pixels, self.made.channels)[None, :, rows, columns])
        response = noise_response(back_from(self.translator, self.side), patch)[0]
        return MeasuredWindow(window=window, response=float(response.mean()), places=coarse_map(response))

    def seam_figure(self) -> SeamFigure | None:
        """The ratio over all windows, and its standard error by leaving out one window after another (jackknife)."""
        result, source = (sum((pair[i] for pair in self.seams), SeamSums()) for i in (0, 1))
        if not (result.across_count and result.elsewhere and source.elsewhere and source.across):
            return None
        left_out = np.array([seam_ratio([*self.seams[:i], *self.seams[i + 1 :]]) for i in range(len(self.seams))])
        left_out = left_out[np.isfinite(left_out)]
        count = len(left_out)
        spread = float(np.square(left_out - left_out.mean()).sum()) if count > 1 else float("nan")
        return SeamFigure(
            result=result.energy,
            source=source.energy,
            ratio=result.energy / source.energy,
            error=sqrt(spread * (count - 1) / count) if count > 1 else float("nan"),
        )

    def clipped(self) -> ClippedShare | None:
        """The shares over all windows."""
        if not self.counts:
            return None
        ends, counts = np.sum(self.ends, axis=0), np.maximum(1, np.sum(self.counts, axis=0))
        return ClippedShare(result=float(ends[0] / counts[0]), source=float(ends[1] / counts[1]))

    def nuclei_figure(self) -> NucleiKept | None:
        """The nuclei of all windows together; none where none were found in either image."""
        total = sum(self.nuclei, Matches(0, 0, 0))
        if not (total.source or total.result):
            return None
        return NucleiKept(
            f1=total.f1, precision=total.precision, recall=total.recall, source=total.source, result=total.result
        )

    def glass(self, windows: Sequence[Window]) -> GlassChange | None:
        """What became of windows of blank glass; none without them, and for domains of other channels."""
        if not windows or self.source.about.channels != self.made.about.channels:
            return None
        changes = [
            np.abs(self.made.picture(window).pixels - self.source.picture(window).pixels) * HALF_RANGE
            for window in windows
        ]
        return GlassChange(
            mean=float(np.mean([change.mean() for change in changes])),
            largest=float(max(change.max() for change in changes)),
            windows=len(windows),
        )


def measure_slide(
    translator: Translator,
    source: LargeImage,
    result: WindowedImage,
    side: Side,
    *,
    reference: SlideReference | None = None,
    thumbnail: Picture | None = None,
    windows: int = COUNT,
    block: int = BLOCK,
) -> SlideFigures:
    """Measure a translation to `side` on at most so many `windows`, the same for the same slide; changes nothing.

    `result` has the size of `source`; `block` is the grid in which it was translated and written. Drift and percentile
    need the `reference` of the run. A `thumbnail` of the source saves reading one. ValueError for a result of another
    size.
    """
    if result.about.size != source.size:
        raise ValueError(f"the result has {result.about.size} pixels, its source {source.size}")
    made = LargeImage(result, translator.values.get(side), translator.channels[side])
    thumbnail = thumbnail or source.thumbnail()
    stained = is_slide(source.about, thumbnail) and is_stained(made.values, made.about.channels)
    tissue = tissue_of(thumbnail, stained)
    sampled = sample_windows(source.size, tissue, count=windows, block=block)

    measurement = Measurement(translator, source, made, side, block)
    measurement.nuclei_mpp = nuclei_scale(source.scaled.mpp) if stained else None
    goes_back = OPPOSITE[side] in translator.generators
    count = response_count(source.size) if goes_back else 0
    probed = set(evenly_spaced_indices(len(sampled.tissue), count).tolist())
    for i, window in enumerate(sampled.tissue):
        measurement.add(window, i in probed)
    reference = reference or SlideReference()
    responses = [window.response for window in measurement.windows if window.response is not None]
    response = float(np.mean(responses)) if responses else None
    return SlideFigures(
        size=source.size,
        mpp=source.scaled.mpp,
        source=translator.names[SIDES.index(OPPOSITE[side])],
        target=translator.names[SIDES.index(side)],
        step=translator.step,
        tissue=float(tissue.mean()),
        windows=tuple(measurement.windows),
        seams=measurement.seam_figure(),
        clipped=measurement.clipped(),
        drifts=drifts(measurement.statistics, reference.statistics),
        response=response,
        percentile=None if response is None else reference.percentile(response),
        nuclei=measurement.nuclei_figure(),
        glass=measurement.glass(sampled.blank),
    )


def response_count(size: tuple[int, int]) -> int:
    """Windows whose way back is measured: as many as take RESPONSE_SHARE of the time of translating the image."""
    passes = (1 + DRAWS) * RESPONSE_SIDE**2
    return max(LEAST_RESPONSES, min(COUNT, int(RESPONSE_SHARE * size[0] * size[1] / passes)))


def seam_ratio(pairs: Sequence[tuple[SeamSums, SeamSums]]) -> float:
    """Seam energy of the result over that of the source, from windows of both."""
    result, source = (sum((pair[i] for pair in pairs), SeamSums()).energy for i in (0, 1))
    return result / source if source else float("nan")


def known_pixels(before: Picture, after: Picture) -> Array:
    """(H, W) true where both pictures have a value."""
    known = np.ones(before.pixels.shape[1:], bool)
    for picture in (before, after):
        if picture.missing is not None:
            known &= ~picture.missing
    return known


def at_ends(pixels: Array) -> int:
    """Values in [-1, 1] that lie at an end of it."""
    return int(np.count_nonzero(np.abs(pixels) > ENDS))


def is_slide(about: About, thumbnail: Picture) -> bool:
    """Whether an image shows stained tissue on bright glass, in RGB of 8 bits."""
    return len(thumbnail.pixels) == 3 and thumbnail.depth == "uint8" and is_on_glass(about, intensities_of(thumbnail))


def tissue_of(thumbnail: Picture, stained: bool) -> NDArray[np.bool_]:
    """Where a small copy of a slide shows tissue (H, W); everywhere where it is no stained slide."""
    return mask_of(intensities_of(thumbnail)) if stained else np.ones(thumbnail.pixels.shape[1:], bool)


def intensities_of(picture: Picture) -> NDArray[np.float32]:
    """(H, W, C) in [0, 1]."""
    return np.ascontiguousarray((picture.pixels.transpose(1, 2, 0) + 1) / 2, np.float32)


def nuclei_scale(mpp: tuple[float, float] | None) -> float | None:
    """Micrometres per pixel at which nuclei can be found; none where unknown, or too coarse."""
    mean = None if mpp is None else sqrt(mpp[0] * mpp[1])
    return mean if mean is not None and mean <= COARSEST_MPP else None

"""Colours of tissue in numbers: of the windows of a translated slide, and how far they are from training images."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from ..images import Values, to_uint8
from ..images.arrays import Array

DENSITY = 0.06  # mean optical density from which a pixel of a stained image is tissue: fat and glass have less
LEAST = 0.05  # share of an image that has to be tissue for its statistics to count
COLOURS = ("red", "green", "blue")
Statistics = dict[str, float]  # by name


@dataclass(frozen=True, kw_only=True)
class Drift:
    """One statistic of a slide beside the same of the training images of its domain."""

    name: str
    value: float  # mean over the windows of the slide
    expected: float  # mean over the training images
    spread: float  # standard deviation over the training images

    @property
    def deviations(self) -> float:
        """Distance from the training images in units of their spread."""
        return (self.value - self.expected) / self.spread if self.spread else 0.0

    def as_dict(self) -> dict[str, float | str]:
        return {**asdict(self), "deviations": self.deviations}


def is_stained(values: Values | None, channels: int) -> bool:
    """Whether images of a domain can be light that passed stained tissue: RGB of 8 bits."""
    return channels == 3 and (values is None or values.is_plain)


def optical_density(pixels: Array) -> NDArray[np.float32]:
    """-log10(I / 255) of an RGB image (3, H, W) in [-1, 1], mean over the channels: (H, W)."""
    table = -np.log10(np.maximum(np.arange(256), 1) / 255).astype(np.float32)
    return np.asarray(table[to_uint8(pixels)].mean(0))


def statistics_of(pixels: Array, values: Values | None, known: Array | None = None) -> Statistics | None:
    """Mean and standard deviation of each channel of (C, H, W) in the numbers of its domain, and of optical density.

    Over tissue where the domain can be stained, else over all pixels that are `known` (H, W); none where these are less
    than LEAST of the image.
    """
    chosen = np.ones(pixels.shape[1:], bool) if known is None else known
    planes = dict(zip(channel_names(len(pixels)), in_numbers(pixels, values), strict=True))
    if is_stained(values, len(pixels)):
        density = optical_density(pixels)
        chosen = chosen & (density >= DENSITY)
        planes["optical density"] = density
    if chosen.mean() < LEAST:
        return None

    statistics: Statistics = {}
    for name, plane in planes.items():
        own = plane[chosen].astype(np.float64)
        statistics |= {f"{name}, mean": float(own.mean()), f"{name}, deviation": float(own.std())}
    return statistics


def channel_names(count: int) -> tuple[str, ...]:
    """Names of the channels of an image."""
    return COLOURS if count == 3 else ("grey",) if count == 1 else tuple(f"channel {i + 1}" for i in range(count))


def in_numbers(pixels: Array, values: Values | None) -> Array:
    """Pixels in [-1, 1] in the numbers of the files of their domain; without one in 8-bit levels."""
    low, high = (0.0, 255.0) if values is None else values.span(values.number_type)
    numbers: Array = (pixels + 1) * np.float32((high - low) / 2) + np.float32(low)
    return numbers


def drifts(windows: Sequence[Statistics], training: Sequence[Statistics]) -> tuple[Drift, ...]:
    """The statistics of the windows of a slide beside those of training images; none without either."""
    if not windows or len(training) < 2:
        return ()
    return tuple(
        Drift(
            name=name,
            value=float(np.mean([own[name] for own in windows])),
            expected=float(np.mean([own[name] for own in training])),
            spread=float(np.std([own[name] for own in training], ddof=1)),
        )
        for name in windows[0]
        if all(name in own for own in training)
    )

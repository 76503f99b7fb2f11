"""The numbers in files: which of them become -1 and +1, their type, and the pixels without a value."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .arrays import Array

Span = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Values:
    """The numbers of a domain, the same for all of its files in training, translation and evaluation."""

    number_type: str = "uint8"  # of its files, by NumPy's name
    channels: int = 3
    low: float = 0.0  # becomes -1
    high: float = 255.0  # becomes +1
    relative: bool = True  # photographs: 0 to the largest number of the file's own type, 0 to 1 where it is float
    nodata: float | None = None  # stands for missing pixels, beside NaN
    managed: bool = False  # colour profiles of photographs are applied: the networks see sRGB

    @property
    def is_8_bit(self) -> bool:
        """Whether 256 levels lose nothing of it."""
        return self.number_type == "uint8"

    @property
    def is_plain(self) -> bool:
        """Whether they are photographs of 8 bits."""
        return self.is_8_bit and self.relative and self.nodata is None

    def span(self, number_type: str) -> Span:
        """The numbers of a file of this type that become -1 and +1."""
        return full_span(number_type) if self.relative else (self.low, self.high)

    def describe(self) -> str:
        """ "1 channel of int16, values -1024 to 3071, -9999 is missing"."""
        channels = f"{self.channels} channel{'s' if self.channels > 1 else ''}"
        low, high = self.span(self.number_type)
        nodata = "" if self.nodata is None else f", {self.nodata:g} is missing"
        return f"{channels} of {self.number_type}, values {low:g} to {high:g}{nodata}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def full_span(number_type: str) -> Span:
    """0 and the number of full intensity of a type; 1 for float."""
    kind = np.dtype(number_type)
    return 0.0, float(np.iinfo(kind).max) if kind.kind in "ui" else 1.0


def own_span(samples: Array, missing: Array | None = None) -> Span:
    """The span of a file that belongs to no domain: 0 to full for uint8, uint16 and float in 0..1; else min to max."""
    number_type = samples.dtype.name
    if number_type in ("uint8", "uint16"):
        return full_span(number_type)
    known = samples if missing is None else samples[~missing]
    if not known.size:
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    if samples.dtype.kind in "ui" and low >= 0 and high <= 65535:
        return 0.0, 65535.0
    return low, high


def missing_pixels(samples: Array, nodata: float | None) -> Array | None:
    """(H, W) true where a channel of (H, W, C) is NaN, infinite or `nodata`; none where every pixel has a value."""
    missing = np.zeros(samples.shape[:2], bool)
    if samples.dtype.kind == "f":
        missing |= ~np.isfinite(samples).all(axis=2)
    if nodata is not None and not np.isnan(nodata):
        with np.errstate(over="ignore"):
            stored = np.array(nodata).astype(samples.dtype)
        if float(stored) == nodata or samples.dtype.kind == "f":
            missing |= (samples == stored).any(axis=2)
    return missing if missing.any() else None


def normalise(samples: Array, span: Span, missing: Array | None = None) -> tuple[Array, int]:
    """Samples (H, W, C) as (C, H, W) float32 in [-1, 1], and how many of them were clipped.

    Missing pixels get the mean of the others, per channel.
    """
    low, high = span
    is_exact = samples.dtype.itemsize <= 2 or samples.dtype == np.float32
    pixels: Any = samples.transpose(2, 0, 1).astype(np.float32 if is_exact else np.float64, order="C")
    if missing is not None:
        fill_missing(pixels, missing, low)
    if low:  # in place: an image at the limit takes two gigabytes
        pixels -= pixels.dtype.type(low)
    pixels /= pixels.dtype.type((high - low) / 2 or 1)
    pixels -= 1
    if span == full_span(samples.dtype.name) and samples.dtype.kind == "u":
        return pixels.astype(np.float32, copy=False), 0
    clipped = int(np.count_nonzero(np.abs(pixels) > 1 + 1e-6))
    np.clip(pixels, -1, 1, out=pixels)
    return pixels.astype(np.float32, copy=False), clipped


def fill_missing(pixels: Array, missing: Array, otherwise: float) -> None:
    """Give missing pixels of (C, H, W) the mean of the others, per channel; where there are none, `otherwise`."""
    known = ~missing
    for plane in pixels:
        plane[missing] = plane[known].mean() if known.any() else otherwise


def denormalise(pixels: Array, span: Span, number_type: str) -> Array:
    """(C, H, W) in [-1, 1] as samples (H, W, C) of a number type, rounded where it is whole numbers."""
    low, high = span
    kind = np.dtype(number_type)
    samples = (np.clip(pixels, -1, 1).astype(np.float64) + 1) * ((high - low) / 2) + low
    if kind.kind in "ui":
        limits = np.iinfo(kind)
        samples = np.clip(np.rint(samples), limits.min, limits.max)
    return np.ascontiguousarray(samples.transpose(1, 2, 0)).astype(kind)


def nodata_fits(nodata: float, number_type: str) -> bool:
    """Whether a number type has the number that stands for missing pixels."""
    kind = np.dtype(number_type)
    if kind.kind == "f":
        return bool(np.isnan(nodata) or abs(nodata) <= float(np.finfo(kind).max))
    limits = np.iinfo(kind)
    return bool(np.isfinite(nodata) and limits.min <= nodata <= limits.max and float(nodata).is_integer())

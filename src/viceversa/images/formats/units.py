"""Stored numbers and the values they stand for: value = slope * stored + intercept."""

from typing import NamedTuple

import numpy as np

from ..arrays import Array


class Scale(NamedTuple):
    """How stored numbers become values in their unit."""

    slope: float = 1.0
    intercept: float = 0.0

    @property
    def is_whole(self) -> bool:
        """Whether whole numbers stay whole."""
        return float(self.slope).is_integer() and float(self.intercept).is_integer()


def value_type(stored: str, scale: Scale, span: tuple[int, int] | None = None) -> str:
    """The number type of values: whole numbers stay so; `span` are the limits of what is stored, else the type's."""
    kind = np.dtype(stored)
    if scale == Scale() and span is None:
        return stored
    if kind.kind == "f":
        return stored
    if not scale.is_whole:
        return "float32" if kind.itemsize <= 2 else "float64"
    low, high = span or (int(np.iinfo(kind).min), int(np.iinfo(kind).max))
    ends = sorted(int(scale.slope) * end + int(scale.intercept) for end in (low, high))
    candidates = ("uint8", "uint16", "int16", "uint32", "int32", "int64")
    return next((name for name in candidates if _within(ends, name)), "float64")


def _within(ends: list[int], name: str) -> bool:
    limits = np.iinfo(name)
    return bool(limits.min <= ends[0] and ends[1] <= limits.max)


def to_values(stored: Array, scale: Scale, number_type: str) -> Array:
    """Stored numbers as values of `number_type`."""
    if scale == Scale():
        return stored.astype(number_type)
    if np.dtype(number_type).kind in "ui":
        return (stored.astype(np.int64) * int(scale.slope) + int(scale.intercept)).astype(number_type)
    with np.errstate(all="ignore"):  # a damaged slope is no reason to warn
        return (stored.astype(np.float64) * scale.slope + scale.intercept).astype(number_type)


def to_stored(values: Array, scale: Scale, number_type: str, span: tuple[int, int] | None = None) -> Array | None:
    """Numbers of `number_type` that stand for exactly these values; none where there are no such numbers."""
    kind = np.dtype(number_type)
    if not scale.slope or (values.dtype.kind == "f" and kind.kind in "ui" and not np.isfinite(values).all()):
        return None
    with np.errstate(all="ignore"):
        numbers = values if scale == Scale() else (values.astype(np.float64) - scale.intercept) / scale.slope
        if kind.kind in "ui":
            numbers = np.rint(numbers) if numbers.dtype.kind == "f" else numbers
            low, high = span or (int(np.iinfo(kind).min), int(np.iinfo(kind).max))
            if not (low <= numbers.min() and numbers.max() <= high):
                return None
        stored = numbers.astype(kind)
        again = to_values(stored, scale, values.dtype.name)
    return stored if np.array_equal(again, values, equal_nan=values.dtype.kind == "f") else None

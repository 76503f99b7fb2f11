"""Tensors as images: from their own type and range of values to float32 in [-1, 1], and back."""

import warnings
from collections.abc import Callable

import torch
from torch import Tensor

from ..errors import UsageError

TOLERANCE = 1e-3  # beyond the range: a quarter of a level of 8 bits, from rounding in half precision


def normalise_tensor(x: Tensor, value_range: tuple[float, float] | None) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """A (C, H, W) or (N, C, H, W) tensor as (N, C, H, W) float32 in [-1, 1], and the function that restores its kind.

    uint8 is 0..255; float is `value_range`, by default (-1, 1). UsageError for another type, another number of
    dimensions and values outside the range; a warning for values that may be those of (0, 1).
    """
    if x.ndim not in (3, 4) or 0 in x.shape:
        raise UsageError(f"a tensor of images is (C, H, W) or (N, C, H, W), not {tuple(x.shape)}")
    if x.dtype == torch.uint8:
        if value_range not in (None, (0, 255)):
            raise UsageError(f"value_range={value_range}: a uint8 tensor is always (0, 255); leave value_range out")
        low, high = 0.0, 255.0
    elif x.is_floating_point():
        low, high = require_range(value_range) if value_range else (-1.0, 1.0)
        _require_values(x, low, high, is_default=value_range is None)
    else:
        raise UsageError(f"a tensor of images is uint8 or float, not {str(x.dtype).removeprefix('torch.')}")

    batch = x[None] if x.ndim == 3 else x
    scale = (high - low) / 2
    inputs = batch.float()
    if (low, high) != (-1.0, 1.0):
        inputs = (inputs - low) / scale - 1

    def restore(y: Tensor) -> Tensor:
        values = y if (low, high) == (-1.0, 1.0) else (y + 1) * scale + low
        values = values.round().clamp(0, 255) if x.dtype == torch.uint8 else values
        return (values[0] if x.ndim == 3 else values).to(x.dtype)

    return inputs.clamp(-1, 1), restore


def require_range(value_range: tuple[float, float]) -> tuple[float, float]:
    """The range as two numbers. UsageError where it is none."""
    try:
        low, high = map(float, value_range)
    except (TypeError, ValueError):
        low, high = 0.0, 0.0
    if not -float("inf") < low < high < float("inf"):
        raise UsageError(f"value_range={value_range}: give the lowest and the highest value, such as (0, 1)")
    return low, high


def _require_values(x: Tensor, low: float, high: float, is_default: bool) -> None:
    """UsageError for values outside [low, high]; a warning where [0, 1] may be meant."""
    least, largest = (float(value) for value in x.detach().aminmax())
    margin = TOLERANCE * (high - low) / 2
    if not low - margin <= least <= largest <= high + margin:  # false for NaN, too
        advice = "scale or clamp them, or state their range, such as value_range=(0, 1)"
        raise UsageError(
            f"a float tensor holds values from {least:g} to {largest:g}, outside [{low:g}, {high:g}]; {advice}"
        )
    if is_default and least >= 0 and largest > 0:
        warnings.warn(
            "no value of a float tensor is below 0: it is taken as [-1, 1]; for images in [0, 1] pass "
            "value_range=(0, 1), and (-1, 1) to state that it is right",
            UserWarning,
            stacklevel=4,  # the caller of the translator
        )

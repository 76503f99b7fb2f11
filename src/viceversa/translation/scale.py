"""The scale policy: at which size the network sees an image."""

from .. import images
from ..errors import UsageError, did_you_mean
from ..images.arrays import Array

Scale = str | int  # one of SCALES, or the shorter side in pixels
SCALES = ("auto", "native", "trained")
MAX_NATIVE_RATIO = 2.0  # auto: images more than this many times the training size are reduced
SMALLEST = 16  # pixels of a side below which no network was trained


def parse_scale(scale: Scale) -> Scale:
    """A scale as it was typed: one of SCALES, or a number of pixels. UsageError for anything else."""
    if scale in SCALES:
        return scale
    try:
        pixels = int(scale)
    except ValueError:
        near = did_you_mean(str(scale), SCALES)
        raise UsageError(f"--scale '{scale}': choose {', '.join(SCALES)}, or a number of pixels.{near}") from None
    if pixels < SMALLEST:
        raise UsageError(f"--scale {pixels}: the shorter side for the network has at least {SMALLEST} pixels")
    return pixels


def network_input(pixels: Array, scale: Scale, size: int, squash: bool = False) -> Array:
    """The image (C, H, W) for the network: unchanged, or reduced to a shorter side by `scale`; never enlarged.

    "trained": of `size`, the training size; "auto": the same for images more than twice as large; a number: of that.
    With `squash` the result is a square, as in training, unless the scale is "native".
    """
    _, h, w = pixels.shape
    largest = MAX_NATIVE_RATIO * size if scale == "auto" else size
    side = size
    if isinstance(scale, int):
        largest = side = scale
    if squash and scale != "native":
        side = side if min(h, w) > largest else min(h, w)
        return pixels if (h, w) == (side, side) else images.resize(pixels, (side, side))
    if scale == "native" or min(h, w) <= largest:
        return pixels
    ratio = min(h, w) / side
    return images.resize(pixels, (round(h / ratio), round(w / ratio)))

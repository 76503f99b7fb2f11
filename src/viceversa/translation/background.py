"""Blank glass around tissue, which a translation leaves as it is."""

from math import ceil
from typing import Literal

from ..data.tissue import RAMP, tissue_mask
from ..images import Window
from ..images.arrays import Array
from ..methods.protocol import OPPOSITE, Side
from .large import LargeImage
from .translator import Translator

REACH = 2 * RAMP + 2  # pixels of the mask: glass that is further from tissue is not translated at all
KeepBackground = Literal["auto", "keep", "translate"]


class Background:
    """The blank glass of a slide, which stays as it is: what share of a translation each pixel of a window gets."""

    def __init__(self, source: LargeImage) -> None:
        self.mask = tissue_mask(source.scaled.image)
        self.downsample = source.about.size[0] / source.size[0]

    def weights(self, window: Window) -> Array | None:
        """(height, width) in [0, 1]: 1 on tissue, smooth at its edge; none where all is glass."""
        weights = self.mask.weights(window, self.downsample)
        return weights if weights.any() else None

    def is_blank(self, window: Window) -> bool:
        """Whether all of a window is glass, far from tissue."""
        down, across = (REACH * scale / self.downsample for scale in self.mask.scale)
        near = Window(
            window.top - ceil(down),
            window.left - ceil(across),
            window.height + 2 * ceil(down),
            window.width + 2 * ceil(across),
        )
        return self.mask.share(near, self.downsample) == 0


def background_of(translator: Translator, source: LargeImage, side: Side, how: KeepBackground) -> Background | None:
    """The glass that is kept; none where every pixel is translated."""
    if how == "translate" or (how == "auto" and not source.about.is_slide):
        return None
    own, other = translator.values.get(OPPOSITE[side]), translator.values.get(side)
    same_numbers = own is None or other is None or (own.relative and other.relative)
    if translator.channels[side] != source.channels or not same_numbers:
        return None  # the numbers of glass mean something else in the target
    return Background(source)

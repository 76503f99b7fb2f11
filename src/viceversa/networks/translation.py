"""The tensor contract of a translation: pad, network, crop, clamp."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

MARGIN = 2  # pixels around an image for generators that state no margin of their own; by experiment (docs/log.md)
MULTIPLE = 4  # the least that both sides of a generator's input are multiples of
SMALLEST = 16  # pixels: the smallest side that every generator can process


class TranslationModule(nn.Module):
    """A generator for images of any size: (N, C, H, W) in [-1, 1] -> (N, C', H, W) float32 in [-1, 1].

    The border pixels are repeated outwards by the generator's `margin`, so that the zeros which its convolutions pad
    with lie outside of the image; then the input is padded to its `multiple`. The output is cropped to the input.
    A wide margin is worse than a narrow one: networks also learn from those zeros where in an image they are.
    """

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator
        self.margin = int(getattr(generator, "margin", MARGIN))
        self.multiple = max(MULTIPLE, int(getattr(generator, "multiple", MULTIPLE)))
        self.smallest = max(SMALLEST, self.multiple)

    def forward(self, x: Tensor) -> Tensor:
        (h, w), m = x.shape[-2:], self.margin
        padded = functional.pad(x, (m, m, m, m), mode="replicate") if m else x
        output: Tensor = self.generator(pad_to_multiple(padded, self.multiple, self.smallest))
        return self.cropped(output, slice(m, m + h), slice(m, m + w))

    def cropped(self, output: Tensor, rows: slice, columns: slice) -> Tensor:
        """The part of a generator's output that shows the image, in [-1, 1]."""
        return output[..., rows, columns].float().clamp(-1, 1)

    def padded_rows(self, size: tuple[int, int], axis: int) -> NDArray[np.intp]:
        """The row (axis 0) or column (axis 1) of an image of `size` that stands at each position of the padded input.

        The padding of `forward`, for images that are never in memory as a whole.
        """
        inner = [side + 2 * self.margin for side in size]
        positions = np.arange(padded_side(inner[axis], self.multiple, self.smallest))
        if reflects(inner, self.multiple, self.smallest):
            positions = np.where(positions < inner[axis], positions, 2 * (inner[axis] - 1) - positions)
        return np.clip(positions - self.margin, 0, size[axis] - 1)


def pad_to_multiple(x: Tensor, multiple: int = MULTIPLE, smallest: int = SMALLEST) -> Tensor:
    """Pad (N, C, H, W) at the right and bottom until both sides are multiples and at least `smallest`.

    By reflection, or by replication where the image is too small to be reflected.
    """
    h, w = x.shape[-2:]
    down, right = (padded_side(side, multiple, smallest) - side for side in (h, w))
    if not down and not right:
        return x
    mode = "reflect" if reflects((h, w), multiple, smallest) else "replicate"
    return functional.pad(x, (0, right, 0, down), mode=mode)


def padded_side(side: int, multiple: int, smallest: int) -> int:
    """The next multiple that is at least `smallest`."""
    return max(-(-side // multiple) * multiple, smallest)


def reflects(sides: Sequence[int], multiple: int, smallest: int) -> bool:
    """Whether an image is large enough to be padded by reflection, in both directions."""
    return all(padded_side(side, multiple, smallest) < 2 * side for side in sides)

"""The tensor contract of a translation: pad, network, crop, clamp."""

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

    def forward(self, x: Tensor) -> Tensor:
        (h, w), m = x.shape[-2:], self.margin
        padded = functional.pad(x, (m, m, m, m), mode="replicate") if m else x
        output: Tensor = self.generator(pad_to_multiple(padded, self.multiple, max(SMALLEST, self.multiple)))
        return output[..., m : m + h, m : m + w].float().clamp(-1, 1)


def pad_to_multiple(x: Tensor, multiple: int = MULTIPLE, smallest: int = SMALLEST) -> Tensor:
    """Pad (N, C, H, W) at the right and bottom until both sides are multiples and at least `smallest`.

    By reflection, or by replication where the image is too small to be reflected.
    """
    h, w = x.shape[-2:]
    down = max(-(-h // multiple) * multiple, smallest) - h
    right = max(-(-w // multiple) * multiple, smallest) - w
    if not down and not right:
        return x
    mode = "reflect" if down < h and right < w else "replicate"
    return functional.pad(x, (0, right, 0, down), mode=mode)

"""The tensor contract of a translation: pad, network, crop, clamp."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..networks.unet import UNetGenerator

SMALLEST = 16  # pixels: the smallest side that every generator can process


class TranslationModule(nn.Module):
    """A generator for images of any size: (N, C, H, W) in [-1, 1] -> (N, C', H, W) float32 in [-1, 1].

    The input is padded to a multiple of the generator's downsampling, its output cropped to the input's size.
    """

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator
        self.multiple = max(4, generator.multiple) if isinstance(generator, UNetGenerator) else 4

    def forward(self, x: Tensor) -> Tensor:
        h, w = x.shape[-2:]
        padded = pad_to_multiple(x, self.multiple, max(SMALLEST, self.multiple))
        output: Tensor = self.generator(padded)
        return output[..., :h, :w].float().clamp(-1, 1)


def pad_to_multiple(x: Tensor, multiple: int = 4, smallest: int = SMALLEST) -> Tensor:
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


def to_host(x: Tensor) -> Tensor:
    """Copy a GPU tensor to the host, into pinned memory."""
    host = torch.empty(x.shape, pin_memory=True)
    host.copy_(x, non_blocking=True)
    torch.cuda.current_stream().synchronize()
    return host

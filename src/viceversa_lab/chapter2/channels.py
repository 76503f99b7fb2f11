"""How does a kernel read colour? The sum over channels, a picture that the report left out."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from viceversa import images
from viceversa.worlds.scenes import WORLDS

from ..by_hand.convolution import correlate, layer
from ..experiment import Experiment, Found
from ..figures import BLUE, GREEN, INK, RED
from ..parts import Figure, Finding, Formula, Part, Text
from ..work import Work
from . import grids

CHANNELS = {"red": RED, "green": GREEN, "blue": BLUE}
SIDE = 7  # pixels of the kernel on the photograph


@dataclass(frozen=True)
class Settings:
    """A small image of random numbers, and an orchard scene of this size in pixels."""

    seed: int = 3
    size: int = 256


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """A kernel of depth 3 on a small image, on a photograph, and against PyTorch."""
    import torch
    from torch.nn import functional

    rng = np.random.default_rng(s.seed)
    image, kernel = rng.integers(0, 4, (3, 5, 5)).astype(float), rng.integers(-1, 2, (3, 3, 3)).astype(float)
    parts = [correlate(c, k) for c, k in zip(image, kernel, strict=True)]
    total = layer(image, kernel[None])[0]
    library = functional.conv2d(torch.tensor(image)[None], torch.tensor(kernel)[None])[0, 0].numpy()

    pixels, _ = WORLDS["orchard"].draw(s.seed, s.size, "A")
    colour = images.from_uint8(pixels).transpose(2, 0, 1)
    ripe = np.stack([np.full((SIDE, SIDE), weight / SIDE**2) for weight in (0.5, -0.5, 0.0)])
    answer = layer(colour, ripe[None], padding="same")[0]
    work.picture("photograph", colour)
    work.picture("red", colour[:1])
    work.picture("green", colour[1:2])
    work.picture("answer", np.clip(4 * answer - 1, -1, 1)[None].astype(np.float32))
    grey = layer(np.repeat(images.to_channels(colour, 1), 3, 0), ripe[None], padding="same")
    return {
        "image": image, "kernel": kernel, "parts": parts, "total": total,
        "library": np.abs(total - library).max(), "grey": np.abs(grey).max(), "colour": np.abs(answer).max(),
    }  # fmt: skip


def drawn(found: Found) -> Any:
    """A row for each channel: image, kernel, product; their sum on the right."""
    figure, ax = grids.canvas(22.4, 17)
    image, kernel, parts = (np.array(found[name]) for name in ("image", "kernel", "parts"))
    for i, colour in enumerate(CHANNELS.values()):
        top = 6.0 * i
        grids.squares(ax, image[i], 0, top, colour, lambda v: f"{v:g}")
        grids.write(ax, "∗", 6, top + 2.5, size=14)
        grids.squares(ax, kernel[i], 7, top + 1, colour, signed)
        grids.write(ax, "=", 11, top + 2.5, size=14)
        grids.squares(ax, parts[i], 12, top + 1, colour, signed)
        if i:
            grids.write(ax, "+", 13.5, top - 0.5, size=14)
    grids.arrow(ax, 16.2, 8.5, 1.6)
    grids.squares(ax, np.array(found["total"]), 19, 7, INK, signed)
    grids.write(ax, "sum", 20.5, 6.3, size=11)
    return figure


def signed(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def write(found: Found) -> list[Part]:
    """The sum as numbers and as pictures."""
    agree = f"differ by {found['library']:.0e}" if found["library"] else "agree in every bit"
    return [
        Text(
            "A colour image has three layers of numbers, so the kernel has three as well. Each is swept over its own "
            "layer, and the three answers are added. However deep the image is, one kernel gives one flat map; a layer "
            "of 64 kernels gives 64 maps, which are the channels of the next layer’s image."
        ),
        Formula(r"(K * I)_{x,y} = \sum_{c} \sum_{i} \sum_{j} K_{c,i,j} \, I_{c,\,x+i,\,y+j}"),
        Figure(
            drawn(found),
            "An image of 5 × 5 pixels in three colours, a kernel of 3 × 3 × 3, the products of each channel, and their "
            "sum.",
            alt="Three rows of number grids in red, green and blue, added up to one grid",
            wide=True,
        ),
        Text(
            "What the sum is good for: a kernel that counts red for and green against answers in @2 where the picture "
            "is red, not where it is bright. The white of the cloth is gone, though both channels are full of it."
        ),
        Figure(
            [found.picture(name) for name in ("photograph", "red", "green", "answer")],
            f"A scene of the embedded orchard, two of its channels, and the answer of a kernel of {SIDE} × {SIDE} × 3 "
            "that is +½ on red, −½ on green, averaged over its area. Black: zero or less.",
            alt="A still life with apples, its red and green channel, and a map in which the apples shine",
            titles=("photograph", "red", "green", "red − green"),
        ),
        Finding(
            f"The sum over channels by hand and PyTorch’s `conv2d` {agree}. On a grey copy of the picture the same "
            f"kernel answers with {found['grey']:.2g} at most, on the coloured one with up to {found['colour']:.2f}: "
            "it sees colour and nothing else."
        ),
    ]


EXPERIMENT = Experiment(
    name="channels",
    chapter=2,
    title="How does a kernel read colour?",
    full=Settings(),
    quick=Settings(),
    measure=measure,
    write=write,
)

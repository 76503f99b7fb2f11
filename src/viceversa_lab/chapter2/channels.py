"""How does a kernel read colour? The sum over channels, a figure that the report left out."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from viceversa import images
from viceversa.worlds.scenes import WORLDS

from ..blocks import Block, Figure, Finding, Formula, Text
from ..by_hand.convolution import correlate, layer
from ..experiment import Experiment, Results
from ..figures import BLUE, GREEN, INK, RED
from ..workspace import Workspace
from . import grids

COLOURS = (RED, GREEN, BLUE)
SIDE = 7  # of the kernel on the photograph, pixels


@dataclass(frozen=True)
class Settings:
    """A small image of random numbers, and an orchard scene of this size in pixels."""

    seed: int = 3
    size: int = 256


def measure(s: Settings, work: Workspace) -> dict[str, Any]:
    """A kernel of depth 3 on a small image, on a photograph, and compared with PyTorch."""
    import torch
    from torch.nn import functional

    rng = np.random.default_rng(s.seed)
    image, kernel = rng.integers(0, 4, (3, 5, 5)).astype(float), rng.integers(-1, 2, (3, 3, 3)).astype(float)
    products = [correlate(c, k) for c, k in zip(image, kernel, strict=True)]
    total = layer(image, kernel[None])[0]
    library = functional.conv2d(torch.tensor(image)[None], torch.tensor(kernel)[None])[0, 0].numpy()

    pixels, _ = WORLDS["orchard"].draw(s.seed, s.size, "A")
    colour = images.from_uint8(pixels).transpose(2, 0, 1)
    red_minus_green = np.stack([np.full((SIDE, SIDE), weight / SIDE**2) for weight in (0.5, -0.5, 0.0)])
    output = layer(colour, red_minus_green[None], padding="same")[0]
    grey = layer(np.repeat(images.to_channels(colour, 1), 3, 0), red_minus_green[None], padding="same")

    work.save_image("photograph", colour)
    work.save_image("red", colour[:1])
    work.save_image("green", colour[1:2])
    work.save_image("output", np.clip(4 * output - 1, -1, 1)[None].astype(np.float32))
    return {
        "image": image,
        "kernel": kernel,
        "products": products,
        "total": total,
        "library": np.abs(total - library).max(),
        "grey": np.abs(grey).max(),
        "colour": np.abs(output).max(),
    }


def draw_sum(results: Results) -> Any:
    """A row for each channel: image, kernel, product; their sum on the right."""
    figure, ax = grids.canvas(22.4, 17)
    image, kernel, products = (np.array(results[name]) for name in ("image", "kernel", "products"))
    for i, colour in enumerate(COLOURS):
        top = 6.0 * i
        grids.squares(ax, image[i], 0, top, colour, signed)
        grids.write(ax, "∗", 6, top + 2.5, size=14)
        grids.squares(ax, kernel[i], 7, top + 1, colour, signed)
        grids.write(ax, "=", 11, top + 2.5, size=14)
        grids.squares(ax, products[i], 12, top + 1, colour, signed)
        if i:
            grids.write(ax, "+", 13.5, top - 0.5, size=14)
    grids.arrow(ax, 16.2, 8.5, 1.6)
    grids.squares(ax, np.array(results["total"]), 19, 7, INK, signed)
    grids.write(ax, "sum", 20.5, 6.3, size=11)
    return figure


def signed(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def write(results: Results) -> list[Block]:
    agree = f"differ by {results['library']:.0e}" if results["library"] else "agree in every bit"
    return [
        Text(
            "A colour image has three layers of numbers, so the kernel has three as well. Each slides over its own "
            "layer, and the three outputs are added. However deep the image is, one kernel gives one flat map; a layer "
            "of 64 kernels gives 64 maps, which are the channels of the next layer’s image."
        ),
        Formula(r"(K * I)_{x,y} = \sum_{c} \sum_{i} \sum_{j} K_{c,i,j} \, I_{c,\,x+i,\,y+j}"),
        Figure(
            draw_sum(results),
            "An image of 5 × 5 pixels in three colours, a kernel of 3 × 3 × 3, the products of each channel, and their "
            "sum.",
            alt="Three rows of number grids in red, green and blue, added up to one grid",
            wide=True,
        ),
        Text(
            "What the sum is good for: a kernel with positive weights for red and negative ones for green responds in "
            "@2 where the image is red, not where it is bright. The white of the cloth is gone, though both channels "
            "are full of it."
        ),
        Figure(
            [results.image(name) for name in ("photograph", "red", "green", "output")],
            f"A scene of the embedded orchard, two of its channels, and the output of a kernel of {SIDE} × {SIDE} × 3 "
            "that is +½ on red, −½ on green, averaged over its area. Black: zero or less.",
            alt="A still life with apples, its red and green channel, and a map in which the apples are bright",
            titles=("photograph", "red", "green", "red − green"),
        ),
        Finding(
            f"The sum over channels by hand and PyTorch’s `conv2d` {agree}. On a grey copy of the image the same "
            f"kernel responds with {results['grey']:.2g} at most, on the coloured one with up to "
            f"{results['colour']:.2f}: it sees colour and nothing else."
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

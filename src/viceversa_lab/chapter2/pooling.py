"""What does pooling keep? Maximum and average, as numbers, as images and as accuracy."""

from dataclasses import replace
from typing import Any

import numpy as np

from viceversa import images
from viceversa.worlds import digits

from ..blocks import Block, Figure, Finding, Text
from ..by_hand.convolution import average_pool, max_pool
from ..experiment import Experiment, Results
from ..figures import BLUE, INK, RED
from ..sweep import Settings, Sweep, caption, describe
from ..workspace import Workspace
from . import grids

SWEEP = Sweep(
    label="pooling after each convolution",
    train=lambda s, series, pooling, seed: s.train(seed, pooling=pooling),
    ticks="",
)


def measure(s: Settings, work: Workspace) -> dict[str, Any]:
    """The accuracy with each kind of pooling, and one digit pooled."""
    digit = images.from_uint8(digits.load(s.data).test_x[0])[None]
    work.save_image("digit", digit)
    work.save_image("max", max_pool(digit).astype(np.float32))
    work.save_image("average", average_pool(digit).astype(np.float32))
    work.save_image("none", digit[:, ::2, ::2])
    return SWEEP.measure(s, work)


def example() -> Any:
    """A map of 4 x 4, its maxima and its means."""
    values = np.array([[0, 1, 3, 1], [2, 1, 0, 0], [0, 0, 4, 2], [0, 4, 1, 1]], float)
    figure, ax = grids.canvas(15.4, 4)
    grids.squares(ax, values, 0, 0, numbers=lambda v: f"{v:g}")
    for (down, right), colour in zip(((0, 0), (0, 2), (2, 0), (2, 2)), (BLUE, RED, RED, BLUE), strict=True):
        grids.frame(ax, right + 0.05, down + 0.05, 1.9, 1.9, colour, linewidth=1.6)
    grids.arrow(ax, 4.4, 2, 1.2)
    for left, pool, name in ((6.5, max_pool, "maximum"), (11.5, average_pool, "average")):
        grids.squares(ax, pool(values), left, 1, INK, lambda v: f"{v:g}")
        grids.write(ax, name, left + 1, 0.4, size=11)
    return figure


def write(results: Results) -> list[Block]:
    s, (curve,) = results.settings, SWEEP.curves(results)
    better = curve.select((0, 1)).best
    return [
        Text(
            "Between two convolutions the maps are made smaller: each window of 2 × 2 is replaced by one number. The "
            "maximum says that the pattern is somewhere in the window, the average how much of it there is. Neither "
            "says where. A digit that moves by a pixel changes the result little, and the next kernel sees twice as "
            "far."
        ),
        Figure(
            example(),
            "Windows of 2 × 2 on a map of 4 × 4, and what is left of them.",
            alt="A grid of sixteen numbers, the four maxima and the four means of its quarters",
        ),
        Figure(
            [results.image(name) for name in ("digit", *s.values)],
            "A digit of 28 px, the maxima and the means of its windows of 2 × 2, and every second of its pixels. The "
            "maximum thickens the strokes, the average greys their edges, leaving pixels out breaks them up.",
            alt="A digit and three coarser versions of it",
            titles=("28 px", "maximum", "average", "every second pixel"),
            sharp=True,
        ),
        Figure(
            SWEEP.plot(curve, size="full", height=230),
            caption(f"Two convolutions ({s.conv_widths.replace(',', ' and ')} kernels)", s),
            alt="Accuracy with maximum, average and no pooling",
        ),
        Finding(
            f"Maximum pooling reaches {curve.mean(0):.1%}, average pooling {curve.mean(1):.1%}, none "
            f"{curve.mean(2):.1%}. Maximum against average: {describe(curve.gain(0, 1))}. The better pooling against "
            f"none: {describe(curve.gain(better, 2))}, in "
            f"{curve.mean_seconds(better) / curve.mean_seconds(2):.1f} times the time."
        ),
    ]


FULL = Settings(
    values=("max", "average", "none"), seeds=tuple(range(20)), epochs=10, conv_widths="16,32", width=64, lr=3e-3
)
EXPERIMENT = Experiment(
    name="pooling",
    chapter=2,
    title="What does pooling keep?",
    full=FULL,
    quick=replace(FULL, seeds=(0, 1, 2), shrink=2, conv_widths="8,16", width=32, epochs=6),
    measure=measure,
    write=write,
)

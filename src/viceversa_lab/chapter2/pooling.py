"""What does pooling keep? Maximum and average, as numbers, as pictures and as accuracy."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from viceversa import images
from viceversa.methods.classifier import ClassifierConfig
from viceversa.worlds import digits

from ..by_hand.convolution import average_pool, max_pool
from ..chapter1.trials import accuracies, apart, best, called, percent, pictures, signed, trial
from ..experiment import Experiment, Found
from ..figures import BLUE, INK, RED, axes, points
from ..interval import interval
from ..parts import Figure, Finding, Part, Text
from ..work import Work
from . import grids

POOLS = {"max": max_pool, "average": average_pool}
WAYS = ("max", "average", "none")


@dataclass(frozen=True)
class Settings:
    """Two convolutions, each followed by this pooling or none."""

    seeds: tuple[int, ...] = tuple(range(20))
    data: str = "handwritten"
    digit: int = 0  # which test digit is shown
    shrink: int = 1  # 2: pictures of half the side
    conv_widths: str = "16,32"
    width: int = 64
    epochs: int = 10
    lr: float = 3e-3


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """A digit pooled once and twice, and the accuracy of a network with each kind."""
    shown = images.from_uint8(digits.load(s.data).test_x[s.digit])[None]
    work.picture("digit", shown)
    for name, pool in POOLS.items():
        work.picture(name, pool(shown).astype(np.float32))
    work.picture("none", shown[:, ::2, ::2])

    def one(pooling: Any, seed: int) -> dict[str, float]:
        config = ClassifierConfig(conv_widths=s.conv_widths, width=s.width, pooling=pooling, lr=s.lr)
        return trial(config, pictures(s.data, seed, shrink=s.shrink), seed=seed, epochs=s.epochs)

    return {"trials": work.sweep("pooling", WAYS, s.seeds, one)}


def numbers(found: Found) -> Any:
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


def write(found: Found) -> list[Part]:
    """Pooling of numbers and of a digit, and what it is worth."""
    s, share = found.settings, accuracies(found["trials"])
    figure, ax = axes("pooling after each convolution", "test accuracy, %", height=230)
    points(ax, WAYS, percent(share), joined=False)
    top, least = best(share[:2]), apart(share[0], share[1])
    none = apart(share[top], share[2])
    seconds = [interval(one["seconds"] for one in row).mean for row in found["trials"]]
    return [
        Text(
            "Between two convolutions the maps are made smaller: each window of 2 × 2 answers with one number. The "
            "maximum says that the pattern is somewhere in the window, the average how much of it there is. Neither "
            "says where. A digit that moves by a pixel changes little behind it, and the next kernel sees twice as far."
        ),
        Figure(
            numbers(found),
            "Windows of 2 × 2 on a map of 4 × 4, and what is left of them.",
            alt="A grid of sixteen numbers, the four maxima and the four means of its quarters",
        ),
        Figure(
            [found.picture(name) for name in ("digit", *WAYS)],
            "A digit of 28 px, the maxima and the means of its windows of 2 × 2, and every second of its pixels. The "
            "maximum thickens the strokes, the average greys their edges, leaving pixels out breaks them up.",
            alt="A digit and three coarser versions of it",
            titles=("28 px", "maximum", "average", "every second pixel"),
            sharp=True,
        ),
        Figure(
            figure,
            f"Two convolutions ({s.conv_widths.replace(',', ' and ')} kernels), {s.epochs} epochs ({called(s.data)}): "
            f"every seed, mean and 95 % interval, n = {len(s.seeds)}.",
            alt="Accuracy with maximum, average and no pooling",
        ),
        Finding(
            f"Maximum pooling reaches {interval(share[0]):.1%}, average pooling {interval(share[1]):.1%}, none "
            f"{interval(share[2]):.1%}. Maximum against average: {signed(least)}. The better pooling against none: "
            f"{signed(none)}, in {seconds[top] / seconds[2]:.1f} times the time."
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="pooling",
    chapter=2,
    title="What does pooling keep?",
    full=FULL,
    quick=replace(FULL, seeds=(0, 1, 2), shrink=2, conv_widths="8,16", width=32, epochs=6),
    measure=measure,
    write=write,
)

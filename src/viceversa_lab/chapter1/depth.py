"""How many layers? The report found one layer to be a perceptron, and deeper networks better but slower."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from torch import nn

from viceversa.methods.classifier import ClassifierConfig
from viceversa.networks.mlp import INITIALISATIONS

from ..experiment import Experiment, Found
from ..figures import axes, legend, points, ticks
from ..interval import interval
from ..parts import Claim, Figure, Finding, Part, Text
from ..work import Work
from .trials import accuracies, apart, best, called, percent, pictures, signed, trial

STARTS = {"normal": "deviation 0.05 everywhere", "he_normal": "He et al. 2015"}


@dataclass(frozen=True)
class Settings:
    """Hidden layers of one width; 0 leaves the single layer of a perceptron."""

    seeds: tuple[int, ...] = tuple(range(50))
    data: str = "handwritten"
    depths: tuple[int, ...] = (0, 1, 2, 3, 4, 6, 8)
    width: int = 64
    epochs: int = 20
    lr: float = 1e-3


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """Test accuracy and seconds of every depth and seed, for both ways to draw the first weights."""

    def one(init: str, depth: int, seed: int) -> dict[str, float]:
        def start(net: nn.Module) -> None:
            for part in net.modules():
                if isinstance(part, nn.Linear):
                    INITIALISATIONS[init](part.weight)

        config = ClassifierConfig(network="mlp", width=s.width, depth=depth, lr=s.lr)
        return trial(config, pictures(s.data, seed), seed=seed, epochs=s.epochs, start=start)

    return {init: work.sweep(init, s.depths, s.seeds, partial(one, init)) for init in STARTS}


def drawn(found: Found, shares: dict[str, list[list[float]]], seconds: list[list[float]]) -> list[Any]:
    """Accuracy with both starts, and time."""
    s = found.settings
    left, ax = axes("hidden layers", "test accuracy, %", size="panel")
    for series, (init, name) in enumerate(STARTS.items()):
        points(ax, s.depths, percent(shares[init]), name, series, shift=0.12 * series)
    ticks(ax, s.depths)
    legend(ax, "lower left")
    right, ax = axes("hidden layers", "seconds to train", size="panel")
    points(ax, s.depths, seconds)
    ticks(ax, s.depths)
    ax.set_ylim(bottom=0)
    return [left, right]


def write(found: Found) -> list[Part]:
    """Accuracy and time by depth."""
    s = found.settings
    shares = {init: accuracies(found[init]) for init in STARTS}
    seconds = [[one["seconds"] for one in row] for row in found["he_normal"]]
    share = shares["he_normal"]
    top = best(share[1:]) + 1
    first, more = apart(share[1], share[0]), apart(share[top], share[1])
    slower = [interval(row) for row in (seconds[1], seconds[-1])]
    lost = apart(shares["he_normal"][-1], shares["normal"][-1])
    return [
        Text(
            "Without a hidden layer the network is a perceptron with ten answers: each class gets one hyperplane. "
            "Every layer in between bends the borders once more. It also multiplies the signal by one more matrix, and "
            "with badly scaled first weights the signal dies on the way. So each depth is trained twice in @1: with "
            "the same small deviation everywhere, and with that of He et al., which keeps it as strong as it came in."
        ),
        Figure(
            drawn(found, shares, seconds),
            f"Layers of {s.width} neurons, {s.epochs} epochs ({called(s.data)}): every seed, mean and 95 % interval, "
            f"n = {len(s.seeds)}. Right: processor time of one training.",
            alt="Accuracy rises with the first hidden layer, then stays level or falls; time grows with every layer",
            titles=("accuracy", "time"),
        ),
        Finding(
            f"One layer reaches {interval(share[0]):.1%}, one hidden layer more {interval(share[1]):.1%}, and "
            f"{s.depths[-1]} hidden layers {interval(share[-1]):.1%}. At that depth the start of He et al. is worth "
            f"{lost:.1f} points against a fixed deviation of 0.05."
        ),
        Claim(
            claimed="A hidden layer does better than a single layer, the perceptron.",
            measured=f"The first hidden layer changes the accuracy by {signed(first)}.",
            holds=first.low > 0,
        ),
        Claim(
            claimed="Deeper is better.",
            measured=f"More than one hidden layer: at best ({s.depths[top]}) {signed(more)}, against one."
            if top > 1
            else "No depth is better than one hidden layer.",
            holds=top > 1 and more.low > 0,
        ),
        Claim(
            claimed="Deeper is slower.",
            measured=f"{s.depths[1]} hidden layer takes {slower[0]:.2f} s, {s.depths[-1]} take {slower[1]:.2f} s.",
            holds=slower[1].low > slower[0].high,
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="depth",
    chapter=1,
    title="Is a deeper network better?",
    full=FULL,
    quick=replace(FULL, seeds=(0, 1, 2, 3, 4), depths=(0, 1, 3, 8), epochs=6),
    measure=measure,
    write=write,
)

"""How large should a kernel be? The report found that too large ones hurt."""

from dataclasses import dataclass, replace
from typing import Any

from viceversa.methods.classifier import ClassifierConfig

from ..chapter1.trials import accuracies, apart, best, called, percent, pictures, signed, trial
from ..experiment import Experiment, Found
from ..figures import axes, points, ticks
from ..interval import interval
from ..parts import Claim, Figure, Finding, Part, Text
from ..work import Work


@dataclass(frozen=True)
class Settings:
    """Two convolutions with same padding, so that the kernel alone changes; `shrink` 2 halves the pictures."""

    seeds: tuple[int, ...] = tuple(range(20))
    data: str = "handwritten"
    kernels: tuple[int, ...] = (1, 3, 5, 7, 9, 13, 17)
    shrink: int = 1
    conv_widths: str = "16,32"
    width: int = 64
    epochs: int = 10
    lr: float = 3e-3


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """Test accuracy and seconds of every kernel size and seed."""

    def one(kernel: int, seed: int) -> dict[str, float]:
        config = ClassifierConfig(conv_widths=s.conv_widths, kernel=kernel, width=s.width, lr=s.lr)
        return trial(config, pictures(s.data, seed, shrink=s.shrink), seed=seed, epochs=s.epochs)

    return {"trials": work.sweep("kernel", s.kernels, s.seeds, one), "side": 28 // s.shrink}


def drawn(found: Found, share: list[list[float]], seconds: list[list[float]]) -> list[Any]:
    """Accuracy and time."""
    s = found.settings
    left, ax = axes("side of the kernel, pixels", "test accuracy, %", size="panel")
    points(ax, s.kernels, percent(share))
    ticks(ax, s.kernels)
    right, ax = axes("side of the kernel, pixels", "seconds to train", size="panel")
    points(ax, s.kernels, seconds)
    ticks(ax, s.kernels)
    ax.set_ylim(bottom=0)
    return [left, right]


def write(found: Found) -> list[Part]:
    """Accuracy and time by kernel size."""
    s, share = found.settings, accuracies(found["trials"])
    seconds = [[one["seconds"] for one in row] for row in found["trials"]]
    top = best(share)
    large = apart(share[top], share[-1])
    slower = interval(seconds[-1]).mean / interval(seconds[1]).mean

    def side(i: int) -> str:
        return f"{s.kernels[i]} × {s.kernels[i]}"

    return [
        Text(
            "A kernel of one pixel sees no shape at all: it can only recolour. A kernel as large as the digit is a "
            "dense layer again, with a weight for every pixel and little to gain from sweeping. Between them lies the "
            "size of the parts that digits are made of: ends, bends, crossings."
        ),
        Figure(
            drawn(found, share, seconds),
            f"Two convolutions ({s.conv_widths.replace(',', ' and ')} kernels) with same padding and max pooling, "
            f"{found['side']} px, {s.epochs} epochs ({called(s.data)}): every seed, mean and 95 % interval, n = "
            f"{len(s.seeds)}. Right: processor time of one training.",
            alt="Accuracy over the side of the kernel, low for one pixel; time grows with the side",
            titles=("accuracy", "time"),
        ),
        Finding(
            f"Kernels of {side(top)} do best, {interval(share[top]):.1%}. The smallest, {side(0)}, reach "
            f"{interval(share[0]):.1%}; the largest, {side(-1)}, reach {interval(share[-1]):.1%} and take "
            f"{slower:.1f} times as long as {side(1)}."
        ),
        Claim(
            claimed="Too large a kernel hurts.",
            measured="The largest kernel is the best."
            if top == len(s.kernels) - 1
            else f"{side(top)}, the best, against {side(-1)}: {signed(large)}.",
            holds=large.low > 0,
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="kernel-size",
    chapter=2,
    title="How large should a kernel be?",
    full=FULL,
    quick=replace(FULL, seeds=(0, 1, 2), kernels=(1, 3, 7, 13), shrink=2, conv_widths="8,16", width=32, epochs=6),
    measure=measure,
    write=write,
)

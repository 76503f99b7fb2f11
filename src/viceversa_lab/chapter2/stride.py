"""Do stride and padding matter? The report found that a stride above 1 hurts, and no effect of padding on MNIST."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from viceversa.methods.classifier import ClassifierConfig

from ..chapter1.trials import accuracies, apart, called, percent, pictures, signed, trial
from ..experiment import Experiment, Found
from ..figures import axes, legend, points, ticks
from ..interval import interval
from ..parts import Claim, Figure, Finding, Part, Text
from ..work import Work

PADDINGS = ("same", "valid")


@dataclass(frozen=True)
class Settings:
    """Two convolutions without pooling; cropped pictures lose `crop` pixels on every side."""

    seeds: tuple[int, ...] = tuple(range(20))
    data: str = "handwritten"
    strides: tuple[int, ...] = (1, 2, 3)
    crop: int = 4
    conv_widths: str = "8,16"
    kernel: int = 3
    width: int = 32
    epochs: int = 10
    lr: float = 1e-3


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """Test accuracy of every stride and padding, on whole pictures and on cropped ones."""

    def one(padding: Any, crop: int, stride: int, seed: int) -> dict[str, float]:
        config = ClassifierConfig(
            conv_widths=s.conv_widths, kernel=s.kernel, stride=stride, padding=padding, pooling="none",
            width=s.width, lr=s.lr,
        )  # fmt: skip
        return trial(config, pictures(s.data, seed, crop=crop), seed=seed, epochs=s.epochs)

    found: dict[str, Any] = {
        padding: work.sweep(padding, s.strides, s.seeds, partial(one, padding, 0)) for padding in PADDINGS
    }
    for padding in PADDINGS:
        (found[f"{padding} cropped"],) = work.sweep(f"{padding} cropped", [1], s.seeds, partial(one, padding, s.crop))
    whole, cropped = (pictures(s.data, s.seeds[0], crop=crop).train_x for crop in (0, s.crop))
    work.picture("whole", whole[0])
    work.picture("cropped", cropped[0])
    return found | {"border": {"whole": border(whole), "cropped": border(cropped)}}


def border(x: Any) -> float:
    """Mean brightness of the outermost pixels: 0 black, 1 white."""
    edge = np.concatenate([x[..., 0, :], x[..., -1, :], x[..., 0], x[..., -1]], axis=-1)
    return float((edge.mean() + 1) / 2)


def drawn(found: Found, shares: dict[str, list[list[float]]], cropped: dict[str, list[float]]) -> list[Any]:
    """Accuracy by stride, and with the border and without."""
    s = found.settings
    left, ax = axes("stride, pixels", "test accuracy, %", size="panel")
    for series, name in enumerate(PADDINGS):
        points(ax, s.strides, percent(shares[name]), name, series, shift=0.05 * series)
    ticks(ax, s.strides)
    legend(ax, "lower left")
    right, ax = axes("", "test accuracy, %", size="panel")
    for series, name in enumerate(PADDINGS):
        rows = percent([shares[name][0], cropped[name]])
        points(ax, ("whole", "cropped"), rows, name, series, shift=0.12 * series, joined=False)
    ax.set_xlim(-0.5, 1.6)
    legend(ax, "lower left")
    return [left, right]


def write(found: Found) -> list[Part]:
    """Accuracy by stride and padding, and padding where the digits touch the border."""
    s = found.settings
    shares = {name: accuracies(found[name]) for name in PADDINGS}
    cropped = {name: accuracies([found[f"{name} cropped"]])[0] for name in PADDINGS}
    lost = {name: apart(shares[name][0], shares[name][-1]) for name in PADDINGS}
    whole, edge = apart(shares["same"][0], shares["valid"][0]), apart(cropped["same"], cropped["valid"])
    seconds = [interval(one["seconds"] for one in row).mean for row in found["same"]]
    return [
        Text(
            "A stride above 1 skips places: the maps become smaller, training becomes faster, and what happens between "
            "two places is seen by fewer kernels. Padding decides whether the outermost pixels are seen as often as "
            "the others. The report explains why that does not matter on MNIST: the border is dark. If this is the "
            f"reason, padding should begin to matter when the border is cut off. So @1 also has digits without their "
            f"outer {s.crop} pixels, whose strokes touch the edge."
        ),
        Figure(
            drawn(found, shares, cropped),
            f"Two convolutions of {s.kernel} × {s.kernel} without pooling, {s.epochs} epochs ({called(s.data)}): every "
            f"seed, mean and 95 % interval, n = {len(s.seeds)}. Right: stride 1, with the dark border and without.",
            alt="Accuracy by stride for both kinds of padding, and by padding for whole and cropped digits",
            titles=("stride", "padding and border"),
        ),
        Figure(
            [found.picture("whole"), found.picture("cropped")],
            f"A digit as it is, its outermost pixels {found['border']['whole']:.0%} white on the mean of all digits, "
            f"and cropped, {found['border']['cropped']:.0%}.",
            alt="A handwritten digit with and without its dark border",
            titles=("whole", "cropped"),
            sharp=True,
        ),
        Finding(
            f"Stride 1 against {s.strides[-1]}: {signed(lost['same'])} with same padding, {signed(lost['valid'])} with "
            f"valid padding, in {seconds[0] / seconds[-1]:.1f} times the time. Same against valid padding: "
            f"{signed(whole)}; on cropped digits {signed(edge)}."
        ),
        Claim(
            claimed="A stride above 1 hurts.",
            measured=f"Stride 1 against {s.strides[-1]}: {signed(lost['same'])} (same padding).",
            holds=lost["same"].low > 0,
        ),
        Claim(
            claimed="Padding has no effect on MNIST, because its borders are dark.",
            measured=f"Same against valid padding on {called(s.data)}: {signed(whole)}. Cropped: {signed(edge)}.",
            holds=whole.low <= 0 <= whole.high,
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="stride-and-padding",
    chapter=2,
    title="Do stride and padding matter?",
    full=FULL,
    quick=replace(FULL, seeds=(0, 1, 2), conv_widths="4,8", epochs=5),
    measure=measure,
    write=write,
)

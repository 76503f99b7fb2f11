"""Do stride and padding matter? The report says that a stride above 1 hurts, and padding has no effect on MNIST."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ..blocks import Block, Claim, Figure, Finding, Text
from ..classifiers import dataset_name, load_digits
from ..experiment import Experiment, Results
from ..figures import axes, legend, points
from ..sweep import Settings, Sweep, caption, describe, difference, percent
from ..workspace import Workspace

PADDINGS = ("same", "valid")
CROP = 4  # pixels that cropped images lose on every side


def train(s: Settings, padding: str, stride: int, seed: int, crop: int = 0) -> dict[str, float]:
    return s.train(seed, crop=crop, stride=stride, padding=padding, pooling="none")


SWEEP = Sweep(
    label="stride, pixels", train=train, series={name: name for name in PADDINGS}, name="stride {}", shift=0.05
)


def measure(s: Settings, work: Workspace) -> dict[str, Any]:
    """Every stride and padding on whole images, and stride 1 on cropped ones."""
    results = SWEEP.measure(s, work)
    for padding in PADDINGS:
        name = f"{padding} cropped"
        (results[name],) = work.sweep(name, [1], s.seeds, partial(train, s, padding, crop=CROP))
    whole, cropped = (load_digits(s.data, s.seeds[0], crop=crop).train_x for crop in (0, CROP))
    work.save_image("whole", whole[0])
    work.save_image("cropped", cropped[0])
    return results | {"border": {"whole": border(whole), "cropped": border(cropped)}}


def border(x: Any) -> float:
    """Mean brightness of the outermost pixels: 0 black, 1 white."""
    edge = np.concatenate([x[..., 0, :], x[..., -1, :], x[..., 0], x[..., -1]], axis=-1)
    return float((edge.mean() + 1) / 2)


def plot_border(rows: dict[str, list[list[float]]]) -> Any:
    """Accuracy with stride 1 on whole and on cropped images, by padding."""
    figure, ax = axes("", "test accuracy, %", size="panel")
    for i, (padding, accuracies) in enumerate(rows.items()):
        points(ax, ("whole", "cropped"), percent(accuracies), padding, i, shift=0.12 * i, joined=False)
    ax.set_xlim(-0.5, 1.6)
    legend(ax, "lower left")
    return figure


def write(results: Results) -> list[Block]:
    s, (same, valid) = results.settings, SWEEP.curves(results)
    rows = {
        curve.label: [curve.accuracy[0], [trial["accuracy"] for trial in results[f"{curve.label} cropped"]]]
        for curve in (same, valid)
    }
    whole, cropped = (difference(rows["same"][i], rows["valid"][i]) for i in (0, 1))
    brightness = results["border"]
    return [
        Text(
            "A stride above 1 skips positions: the maps become smaller, training becomes faster, and what happens "
            "between two positions is seen by fewer kernels. Padding decides whether the outermost pixels are seen as "
            "often as the others. The report explains why that does not matter on MNIST: the border is dark. If this "
            "is the reason, padding should begin to matter when the border is cut off. So @1 also has digits without "
            f"their outer {CROP} pixels, whose strokes touch the edge."
        ),
        Figure(
            [SWEEP.plot(same, valid), plot_border(rows)],
            caption(
                f"Two convolutions of {s.kernel} × {s.kernel} without pooling",
                s,
                "Right: stride 1, with the dark border and without.",
            ),
            alt="Accuracy by stride for both kinds of padding, and by padding for whole and cropped digits",
            titles=("stride", "padding and border"),
        ),
        Figure(
            [results.image("whole"), results.image("cropped")],
            "A digit as it is, and cropped. On the mean of all digits the outermost pixels are "
            f"{brightness['whole']:.0%} white, after cropping {brightness['cropped']:.0%}.",
            alt="A handwritten digit with and without its dark border",
            titles=("whole", "cropped"),
            sharp=True,
        ),
        Finding(
            f"Stride 1 against {s.values[-1]} with same padding: {describe(same.gain(0, -1))}; with valid padding: "
            f"{describe(valid.gain(0, -1))}; it takes {same.mean_seconds(0) / same.mean_seconds(-1):.1f} times the "
            f"time. Same against valid padding: {describe(whole)}; on cropped digits: {describe(cropped)}."
        ),
        same.claim("A stride above 1 hurts.", better=0, worse=-1),
        Claim(
            claimed="Padding has no effect on MNIST, because its borders are dark.",
            measured=f"Same against valid padding on {dataset_name(s.data)}: {describe(whole)}. Cropped: "
            f"{describe(cropped)}.",
            holds=whole.low <= 0 <= whole.high,
        ),
    ]


FULL = Settings(values=(1, 2, 3), seeds=tuple(range(20)), epochs=10, conv_widths="8,16", kernel=3, width=32)
EXPERIMENT = Experiment(
    name="stride-and-padding",
    chapter=2,
    title="Do stride and padding matter?",
    full=FULL,
    quick=replace(FULL, seeds=(0, 1, 2), conv_widths="4,8", epochs=5),
    measure=measure,
    write=write,
)

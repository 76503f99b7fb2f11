"""How large should a kernel be? The report says that too large a kernel hurts."""

from dataclasses import replace

from ..blocks import Block, Figure, Finding, Text
from ..experiment import Experiment, Results
from ..sweep import Settings, Sweep, caption

SWEEP = Sweep(
    label="side of the kernel, pixels",
    train=lambda s, series, kernel, seed: s.train(seed, kernel=kernel),
    name="{0} × {0}",
)


def write(results: Results) -> list[Block]:
    s, (curve,) = results.settings, SWEEP.curves(results)
    names, best = curve.names, curve.best
    layers = f"Two convolutions ({s.conv_widths.replace(',', ' and ')} kernels) with same padding and max pooling"
    return [
        Text(
            "A kernel of one pixel sees no shape at all: it can only change the brightness. A kernel as large as the "
            "digit is a dense layer again, with a weight for every pixel and little to gain from sliding it. Between "
            "them lies the size of the parts that digits are made of: ends, bends, crossings."
        ),
        Figure(
            [SWEEP.plot(curve), SWEEP.plot_seconds(curve)],
            caption(f"{layers}, {28 // s.shrink} px", s, "Right: CPU time of one training."),
            alt="Accuracy over the side of the kernel, low for one pixel; time grows with the side",
            titles=("accuracy", "time"),
        ),
        Finding(
            f"Kernels of {names[best]} do best, {curve.mean(best):.1%}. The smallest, {names[0]}, reach "
            f"{curve.mean(0):.1%}; the largest, {names[-1]}, reach {curve.mean(-1):.1%} and take "
            f"{curve.mean_seconds(-1) / curve.mean_seconds(1):.1f} times as long as {names[1]}."
        ),
        curve.claim("Too large a kernel hurts.", better=best, worse=-1),
    ]


FULL = Settings(
    values=(1, 3, 5, 7, 9, 13, 17), seeds=tuple(range(20)), epochs=10, conv_widths="16,32", width=64, lr=3e-3
)
EXPERIMENT = Experiment(
    name="kernel-size",
    chapter=2,
    title="How large should a kernel be?",
    full=FULL,
    quick=replace(FULL, values=(1, 3, 7, 13), seeds=(0, 1, 2), shrink=2, conv_widths="8,16", width=32, epochs=6),
    measure=SWEEP.measure,
    write=write,
)
